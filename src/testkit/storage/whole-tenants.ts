import assert from 'node:assert/strict'
import type { Storage, Write } from '../../ports/storage.js'
import { type TableName, tables } from '../../ports/tables.js'
import {
  contract,
  delivery,
  ids,
  insert,
  lease,
  needsTwin,
  numbered,
  request,
  start,
  topic,
} from './harness.js'
import { all, byCreated } from './pages.js'

const everyTable = Object.keys(tables) as TableName[]

/** A record in every declared table. */
const everywhere = (tenantId: string) =>
  everyTable.map((table) => insert(table, { id: tenantId, tenantId }) as Write)

async function allTenants(storage: Storage, table: TableName, limit: number): Promise<string[]> {
  const found: string[] = []
  for (let pages = 0; pages < 100; pages++) {
    const page = await storage.tenants(table, found.at(-1) ?? null, limit)
    found.push(...page)
    if (page.length < limit) return found
  }
  throw new Error('the pages do not end')
}

export const wholeTenantCases = [
  ...topic('tenants of a table', [
    {
      name: 'each once, in the order of their code points, for every page size',
      async run(harness) {
        const storage = await harness.open()
        const names = ['', 'A', 'Z', 'a', 'a ', 'ab', 'b', '\uFFFD', '\u{1F600}', '\u{10FFFF}']
        const records = names.flatMap((tenantId) => [1, 2, 3].map((n) => contract(`c${n}`, { tenantId })))
        await storage.commit([...records.slice(11), ...records.slice(0, 11)])
        for (const limit of [1, 2, 3, 9, 10, 11])
          assert.deepEqual(await allTenants(storage, 'contracts', limit), names)
        assert.deepEqual(await storage.tenants('contracts', 'aa', 2), ['ab', 'b'])
        assert.deepEqual(await storage.tenants('contracts', '\u{10FFFF}', 2), [])
      },
    },
    {
      name: 'of this table only, and only as long as they have records there',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([contract('a'), contract('b', { tenantId: 'other' }), delivery('d')])
        assert.deepEqual(await storage.tenants('deliveries', null, 10), ['acme'])
        assert.deepEqual(await storage.tenants('messages', null, 10), [])
        await storage.commit([{ op: 'delete', table: 'contracts', tenantId: 'acme', id: 'a' }])
        assert.deepEqual(await storage.tenants('contracts', null, 10), ['other'])
      },
    },
  ]),
  ...topic('erasing', [
    {
      name: 'takes one tenant’s records of one table, for every table',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([...everywhere('acme'), ...everywhere('acm'), ...everywhere('acme2')])
        for (const table of everyTable) {
          assert.equal(await storage.erase(table, 'nobody', 10), 0)
          assert.equal(await storage.erase(table, 'acme', 10), 1)
          assert.deepEqual(await storage.tenants(table, null, 10), ['acm', 'acme2'])
          assert.equal(await storage.get(table, 'acme', 'acme'), null)
          assert.equal((await storage.get(table, 'acm', 'acm'))?.id, 'acm')
        }
      },
    },
    {
      name: 'takes up to the limit, and fewer when there are no more',
      async run(harness) {
        const storage = await harness.open()
        const names = numbered('c', 25)
        await storage.commit(names.map((id) => contract(id)))
        await storage.commit(names.map((id) => contract(id, { tenantId: 'other' })))
        const left = async () => (await all(storage, 'contracts', { ...byCreated, limit: 100 })).length
        assert.equal(await storage.erase('contracts', 'acme', 10), 10)
        assert.equal(await left(), 15)
        assert.equal(await storage.erase('contracts', 'acme', 15), 15)
        assert.equal(await storage.erase('contracts', 'acme', 15), 0)
        assert.equal(await storage.erase('contracts', 'other', 100), 25)
      },
    },
    {
      name: 'takes keys and index entries along',
      async run(harness) {
        const storage = await harness.open()
        const records = [contract('a'), insert('monitors', { id: 'm', tokenHash: 'h' })]
        await storage.commit(records)
        assert.equal(await storage.erase('contracts', 'acme', 10), 1)
        assert.equal(await storage.erase('monitors', 'acme', 10), 1)
        assert.equal(await storage.lookup('contracts', 'name', { tenantId: 'acme', name: 'a' }), null)
        assert.equal(await storage.lookup('monitors', 'token', { tokenHash: 'h' }), null)
        assert.deepEqual(ids(await all(storage, 'contracts', { ...byCreated, limit: 5 })), [])
        await storage.commit(records)
        assert.deepEqual(ids(await all(storage, 'contracts', { ...byCreated, limit: 5 })), ['a'])
      },
    },
    {
      name: 'ends work, also what is claimed: its outcome is lost',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([
          delivery('a'),
          delivery('b', { dueAt: start + 1 }),
          delivery('o', { tenantId: 'o' }),
        ])
        const [held] = await storage.claim('deliveries', request({ limit: 1 }))
        assert.equal(await storage.erase('deliveries', held!.tenantId, 10), held!.tenantId === 'o' ? 1 : 2)
        const { tenantId, id, fence } = held!
        const write = contract('trace')
        const set = { status: 'delivered' }
        assert.deepEqual(
          await storage.settle('deliveries', [{ kind: 'end', tenantId, id, fence, set, writes: [write] }]),
          ['lost'],
        )
        assert.equal(await storage.get('contracts', 'acme', 'trace'), null)
        const now = start + 2 * lease
        const others = await storage.claim('deliveries', request({ now }))
        assert.deepEqual([...new Set(others.map((row) => row.tenantId))], [tenantId === 'o' ? 'acme' : 'o'])
        await storage.erase('deliveries', 'acme', 10)
        await storage.erase('deliveries', 'o', 10)
        assert.equal(await storage.nextDue('deliveries'), null)
      },
    },
    {
      name: 'by several at once takes each record once',
      needs: needsTwin,
      async run(harness) {
        const [one, two] = [await harness.open(), await harness.openTwin!()]
        await one.commit(numbered('c', 60).map((id) => contract(id)))
        const racing = Array.from({ length: 10 }, (_, i) => (i % 2 ? one : two).erase('contracts', 'acme', 7))
        const erased = (await Promise.all(racing)).reduce((sum, n) => sum + n, 0)
        const rest = (await all(one, 'contracts', { ...byCreated, limit: 100 })).length
        assert.equal(erased + rest, 60)
        assert.equal(await one.erase('contracts', 'acme', 100), rest)
      },
    },
  ]),
]
