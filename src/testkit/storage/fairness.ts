import assert from 'node:assert/strict'
import type { Storage } from '../../ports/storage.js'
import type { Row } from '../../ports/tables.js'
import { delivery, ids, lease, needsTwin, numbered, request, start, topic } from './harness.js'

const count = <Item>(items: readonly Item[], of: (item: Item) => string): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const item of items) counts[of(item)] = (counts[of(item)] ?? 0) + 1
  return counts
}

const lanes = (rows: readonly Row<'deliveries'>[]) => count(rows, ({ lane }) => lane)
const tenants = (rows: readonly Row<'deliveries'>[]) => count(rows, ({ tenantId }) => tenantId)

/** Work for each lane, handed in lane after lane. */
async function fill(storage: Storage, each: Record<string, number>, tenantId = 'acme'): Promise<void> {
  for (const [lane, n] of Object.entries(each)) {
    await storage.commit(numbered(`${lane}-`, n).map((id) => delivery(id, { lane, tenantId })))
  }
}

/** Claims of one, one after another. */
async function oneByOne(storage: Storage, n: number): Promise<Row<'deliveries'>[]> {
  const rows: Row<'deliveries'>[] = []
  for (let i = 0; i < n; i++) rows.push(...(await storage.claim('deliveries', request({ limit: 1 }))))
  return rows
}

export const fairnessCases = [
  ...topic('room in a lane', [
    {
      name: 'at most perLane of a lane at once, until leases end or are settled',
      async run(harness) {
        const storage = await harness.open()
        await fill(storage, { a: 6, b: 1 })
        const first = await storage.claim('deliveries', request({ perLane: 2 }))
        assert.deepEqual(lanes(first), { a: 2, b: 1 })
        assert.deepEqual(await storage.claim('deliveries', request({ perLane: 2 })), [])
        assert.deepEqual(lanes(await storage.claim('deliveries', request({ perLane: 3 }))), { a: 1 })
        const held = first.find(({ lane }) => lane === 'a')!
        const { tenantId, id, fence } = held
        await storage.settle('deliveries', [{ kind: 'end', tenantId, id, fence, set: {}, writes: [] }])
        assert.deepEqual(lanes(await storage.claim('deliveries', request({ perLane: 3 }))), { a: 1 })
        // All leases have ended: there is room for perLane again.
        const later = await storage.claim('deliveries', request({ perLane: 3, now: start + lease }))
        assert.deepEqual(lanes(later), { a: 3, b: 1 })
      },
    },
    {
      name: 'counts what other adapters have leased',
      needs: needsTwin,
      async run(harness) {
        const [one, two] = [await harness.open(), await harness.openTwin!()]
        await fill(one, { a: 10 })
        assert.equal((await one.claim('deliveries', request({ perLane: 3 }))).length, 3)
        assert.equal((await two.claim('deliveries', request({ perLane: 4 }))).length, 1)
        assert.equal((await one.claim('deliveries', request({ perLane: 4 }))).length, 0)
        const racing = Array.from({ length: 10 }, (_, i) =>
          (i % 2 ? one : two).claim('deliveries', request({ perLane: 7 })),
        )
        assert.equal((await Promise.all(racing)).flat().length, 3)
      },
    },
    {
      name: 'a lane belongs to its tenant: equal names share no room',
      async run(harness) {
        const storage = await harness.open()
        await fill(storage, { a: 2 })
        await fill(storage, { a: 2 }, 'other')
        const claimed = await storage.claim('deliveries', request({ perLane: 1 }))
        assert.deepEqual(tenants(claimed), { acme: 1, other: 1 })
      },
    },
    {
      name: 'a full lane with a long backlog does not keep others from being found',
      async run(harness) {
        const storage = await harness.open()
        await fill(storage, { a: 3000 })
        await storage.claim('deliveries', request({ perLane: 5 }))
        await storage.commit([delivery('z', { lane: 'z' })])
        await storage.commit([delivery('other', { lane: 'a', tenantId: 'other' })])
        const claimed = await storage.claim('deliveries', request({ perLane: 5, limit: 10 }))
        assert.deepEqual(ids(claimed).sort(), ['other', 'z'])
      },
    },
  ]),
  ...topic('turns', [
    {
      name: 'lanes take turns within one claim and from claim to claim',
      async run(harness) {
        const storage = await harness.open()
        await fill(storage, { a: 50, b: 50, c: 2, d: 50 })
        assert.deepEqual(lanes(await storage.claim('deliveries', request({ limit: 11 }))), {
          a: 3,
          b: 3,
          c: 2,
          d: 3,
        })
        assert.deepEqual(lanes(await oneByOne(storage, 30)), { a: 10, b: 10, d: 10 })
      },
    },
    {
      name: 'tenants take turns, however many lanes and however much work each has',
      async run(harness) {
        const storage = await harness.open()
        await fill(storage, Object.fromEntries(numbered('busy', 40).map((lane) => [lane, 5])), 'busy')
        await fill(storage, { quiet: 20 }, 'quiet')
        await fill(storage, { calm: 20 }, 'calm')
        const together = await storage.claim('deliveries', request({ limit: 30 }))
        assert.deepEqual(tenants(together), { busy: 10, quiet: 10, calm: 10 })
        assert.deepEqual(tenants(await oneByOne(storage, 30)), { busy: 10, quiet: 10, calm: 10 })
      },
    },
    {
      name: 'the turn is kept with a backlog too long to be looked at whole',
      async run(harness) {
        const storage = await harness.open()
        await fill(storage, { a: 1500, b: 1500 }, 'busy')
        await fill(storage, { z: 40 }, 'zeta')
        await fill(storage, { m: 40 }, 'mid')
        const claimed = [
          ...(await storage.claim('deliveries', request({ limit: 30 }))),
          ...(await oneByOne(storage, 30)),
        ]
        assert.deepEqual(tenants(claimed), { busy: 20, zeta: 20, mid: 20 })
        assert.deepEqual(lanes(claimed), { a: 10, b: 10, z: 20, m: 20 })
      },
    },
    {
      name: 'whoever comes later gets a turn',
      async run(harness) {
        const storage = await harness.open()
        await fill(storage, { b: 100 })
        await oneByOne(storage, 3)
        await fill(storage, { a: 100, c: 100 })
        assert.deepEqual(lanes(await oneByOne(storage, 9)), { a: 3, b: 3, c: 3 })
        await fill(storage, { x: 100 }, 'newcomer')
        assert.deepEqual(tenants(await oneByOne(storage, 8)), { acme: 4, newcomer: 4 })
      },
    },
    {
      name: 'ten thousand idle lanes do not hide the one that is due',
      async run(harness) {
        const storage = await harness.open()
        const idle = numbered('idle', 10_000)
        for (let from = 0; from < idle.length; from += 1000) {
          const some = idle.slice(from, from + 1000)
          await storage.commit(some.map((id) => delivery(id, { lane: id, dueAt: start + lease })))
        }
        await storage.commit([delivery('due', { lane: 'zz' })])
        assert.deepEqual(ids(await storage.claim('deliveries', request())), ['due'])
        assert.deepEqual(await storage.claim('deliveries', request()), [])
      },
    },
  ]),
]
