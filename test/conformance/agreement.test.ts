/** Whatever is done to them, the storages answer alike. */
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import { memoryStorage } from '../../src/adapters/memory/storage.js'
import type { Cursor, ListQuery, Outcome, Page, Storage, Write } from '../../src/ports/storage.js'
import type { Row } from '../../src/ports/tables.js'
import { contract, delivery, request, start } from '../../src/testkit/storage/harness.js'
import { sqliteHarness } from './harnesses.js'
import { postgresHarness } from './postgres-harness.js'
import { redisHarness } from './redis-harness.js'

type Delivery = Row<'deliveries'>
type Step = (storage: Storage, held: Delivery[]) => Promise<unknown>

const few = <Value>(...values: Value[]) => fc.constantFrom(...values)
const tenantId = few('acme', 'other')
const id = few('a', 'b', 'c', '\u{1F600}', '\uFFFD')
const version = fc.nat(2)

const write: fc.Arbitrary<Write> = fc.oneof(
  fc
    .tuple(tenantId, id, id, version)
    .map(([tenantId, id, name, version]) => contract(id, { tenantId, name, version })),
  fc.record({
    op: fc.constant('update' as const),
    table: fc.constant('contracts' as const),
    tenantId,
    id,
    set: fc.record({ name: id, version, vendor: fc.option(id) }, { requiredKeys: [] }),
    expect: fc.record({ version, vendor: fc.option(id) }, { requiredKeys: [] }),
    optional: fc.boolean(),
  }),
  fc.record({
    op: fc.constant('delete' as const),
    table: few('contracts' as const, 'deliveries' as const),
    tenantId,
    id,
    optional: fc.boolean(),
  }),
  fc.tuple(tenantId, id, few('l', 'm'), fc.nat(3), fc.boolean()).map(([tenantId, id, lane, ms, done]) =>
    delivery(id, {
      tenantId,
      lane,
      dueAt: done ? null : start + ms,
      createdAt: start + ms,
      subscriptionId: lane,
    }),
  ),
)
const writes = fc.oneof(
  write.map((each) => [each]),
  fc.array(write, { maxLength: 4 }),
)

/** What came of it, refusals included. */
const result = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value ?? null,
    (error: { write: number; reason: string; key: string }) => [error.write, error.reason, error.key],
  )

const byId = (rows: Delivery[]) => [...rows].sort((a, b) => (a.tenantId + a.id < b.tenantId + b.id ? -1 : 1))

const listed = fc.record({
  tenantId,
  limit: fc.integer({ min: 1, max: 4 }),
  descending: fc.boolean(),
  range: fc.record(
    { from: fc.nat(3).map((ms) => start + ms), to: fc.nat(3).map((ms) => start + ms) },
    { requiredKeys: [] },
  ),
  filter: fc.record(
    { lane: few<string | string[]>('l', ['l', 'm'], []), leaseUntil: few(null, start + 5) },
    { requiredKeys: [] },
  ),
})

const step: fc.Arbitrary<Step> = fc.oneof(
  writes.map(
    (each): Step =>
      (storage) =>
        result(storage.commit(each)),
  ),
  fc.tuple(fc.nat(12), few(1, 2, 9)).map(
    ([ms, perLane]): Step =>
      async (storage, held) => {
        const rows = await storage.claim(
          'deliveries',
          request({ now: start + ms, leaseUntil: start + ms + 5, perLane }),
        )
        held.push(...byId(rows))
        return byId(rows)
      },
  ),
  fc.tuple(fc.nat(9), few('end', 'retry', 'defer', 'renew'), fc.nat(9), writes).map(
    ([at, kind, ms, writes]): Step =>
      async (storage, held) => {
        const claim = held[at % (held.length || 1)]
        if (!claim) return null
        const { tenantId, id, fence } = claim
        const when = { dueAt: start + ms, leaseUntil: start + ms }
        const outcome = {
          kind,
          tenantId,
          id,
          fence,
          ...when,
          set: { status: kind },
          writes,
        } as Outcome<'deliveries'>
        return storage.settle('deliveries', [outcome])
      },
  ),
  listed.map(
    (query): Step =>
      async (storage) => {
        const pages = []
        let after: Cursor | null = null
        do {
          const asked = { ...query, index: 'created', after } as ListQuery<'deliveries'>
          const page: Page<'deliveries'> = await storage.list('deliveries', asked)
          pages.push(page)
          after = page.next
        } while (after !== null)
        return pages
      },
  ),
  fc.constant<Step>((storage) => storage.nextDue('deliveries')),
)

/** Something to work on from the start: three pieces in each lane of each tenant. */
const initial = ['acme', 'other'].flatMap((tenantId) =>
  ['l', 'm'].flatMap((lane) =>
    [0, 1, 1].map((ms, i) =>
      delivery(`${lane}${i}`, { tenantId, lane, dueAt: start + ms, createdAt: start + ms }),
    ),
  ),
)

/** Runs the same steps on the memory storage and on another, `numRuns` times, and compares every answer. */
async function agree(open: () => Promise<Storage>, close: () => Promise<void>, numRuns: number) {
  let claims = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
      const stores = [memoryStorage(), await open()]
      for (const storage of stores) await storage.commit(initial)
      const held: Delivery[][] = [[], []]
      for (const run of steps) {
        const [memory, other] = await Promise.all(stores.map((storage, at) => run(storage, held[at]!)))
        expect(other).toEqual(memory)
      }
      claims += held[0]!.length
      await close()
    }),
    { numRuns },
  )
  // The steps were not all in vain.
  expect(claims).toBeGreaterThan(2 * numRuns)
}

it('memory and SQLite agree on any sequence of steps', { timeout: 60_000 }, async () => {
  const harness = sqliteHarness()
  await agree(harness.open, harness.close, 16)
})

it('memory and PostgreSQL agree on any sequence of steps', { timeout: 60_000 }, async () => {
  const harness = postgresHarness()
  onTestFinished(() => harness.end())
  await agree(harness.open, harness.close, 12)
})

it('memory and Redis agree on any sequence of steps', { timeout: 60_000 }, async () => {
  const harness = redisHarness()
  onTestFinished(() => harness.end())
  await agree(harness.open, harness.close, 16)
})
