import assert from 'node:assert/strict'
import type { Cursor, ListQuery, Page } from '../../ports/storage.js'
import { contract, delivery, ids, insert, numbered, start, topic } from './harness.js'
import { all, byCreated } from './pages.js'

export const listCases = topic('list', [
  {
    name: 'every entry once, in order, both directions, for every page size, also among ties',
    async run(harness) {
      const storage = await harness.open()
      const names = numbered('c', 30)
      // Handed in out of order, three to an instant.
      const shuffled = names.map((id, i) => contract(id, { createdAt: start + Math.floor(i / 3) })).reverse()
      await storage.commit([...shuffled.slice(7), ...shuffled.slice(0, 7)])
      for (const limit of [1, 2, 3, 7, 29, 30, 31, 1000]) {
        assert.deepEqual(ids(await all(storage, 'contracts', { ...byCreated, limit })), names)
        const descending = await all(storage, 'contracts', { ...byCreated, limit, descending: true })
        assert.deepEqual(ids(descending), [...names].reverse())
      }
    },
  },
  {
    name: 'the last page says that it is the last',
    async run(harness) {
      const storage = await harness.open()
      assert.deepEqual(await storage.list('contracts', { ...byCreated, limit: 5 }), { items: [], next: null })
      await storage.commit(numbered('c', 5).map((id) => contract(id)))
      assert.equal((await storage.list('contracts', { ...byCreated, limit: 5 })).next, null)
      assert.notEqual((await storage.list('contracts', { ...byCreated, limit: 4 })).next, null)
    },
  },
  {
    name: 'a prefix reads only the entries that have it',
    async run(harness) {
      const storage = await harness.open()
      await storage.commit([
        ...numbered('d', 6).map((id, i) =>
          delivery(id, { subscriptionId: i % 2 ? 's' : 's2', createdAt: start + i }),
        ),
        delivery('other', { tenantId: 'other', subscriptionId: 's' }),
      ])
      const query = {
        tenantId: 'acme',
        index: 'subscription',
        prefix: { subscriptionId: 's' },
        limit: 2,
      } as const
      assert.deepEqual(ids(await all(storage, 'deliveries', query)), ['d00001', 'd00003', 'd00005'])
      assert.deepEqual(ids(await all(storage, 'deliveries', { ...query, descending: true })), [
        'd00005',
        'd00003',
        'd00001',
      ])
      assert.deepEqual(await all(storage, 'deliveries', { ...query, prefix: { subscriptionId: 'S' } }), [])
    },
  },
  {
    name: 'an index in the order of a unique key reads as any other',
    async run(harness) {
      const storage = await harness.open()
      const made = numbered('d', 12).map((id, i) =>
        delivery(id, { messageId: `m${i % 3}`, subscriptionId: `s${9 - Math.floor(i / 3)}` }),
      )
      await storage.commit(made)
      const taken = delivery('again', { messageId: 'm1', subscriptionId: 's9' })
      await assert.rejects(storage.commit([taken]), { name: 'PreconditionFailed', reason: 'exists' })
      await storage.commit([delivery('d00001', { tenantId: 'other', messageId: 'm1', subscriptionId: 's9' })])
      const key = { tenantId: 'acme', messageId: 'm2', subscriptionId: 's8' }
      assert.equal((await storage.lookup('deliveries', 'once', key))?.id, 'd00005')
      const query = { tenantId: 'acme', index: 'message' } as const
      const read = async (more: Partial<ListQuery<'deliveries'>>) =>
        ids(await all(storage, 'deliveries', { ...query, limit: 2, ...more })).map((id) =>
          Number(id.slice(1)),
        )
      const prefix = { messageId: 'm1' }
      assert.deepEqual(await read({}), [9, 6, 3, 0, 10, 7, 4, 1, 11, 8, 5, 2])
      assert.deepEqual(await read({ descending: true }), [2, 5, 8, 11, 1, 4, 7, 10, 0, 3, 6, 9])
      assert.deepEqual(await read({ prefix }), [10, 7, 4, 1])
      assert.deepEqual(await read({ prefix, range: { from: 's7', to: 's8' }, descending: true }), [4, 7])
      assert.deepEqual(await read({ prefix: { ...prefix, subscriptionId: 's7' } }), [7])
      assert.deepEqual(await read({ prefix, filter: { id: ['d00001', 'd00010'] } }), [10, 1])
      await storage.commit([{ op: 'delete', table: 'deliveries', tenantId: 'acme', id: 'd00001' }, taken])
      assert.deepEqual(ids(await all(storage, 'deliveries', { ...query, prefix, limit: 9 })).at(-1), 'again')
    },
  },
  {
    name: 'a whole index may be the prefix',
    async run(harness) {
      const storage = await harness.open()
      await storage.commit(
        numbered('d', 4).map((id, i) => delivery(id, { subscriptionId: 's', createdAt: start + (i >> 1) })),
      )
      const prefix = { subscriptionId: 's', createdAt: start }
      const query = { tenantId: 'acme', index: 'subscription', prefix, limit: 1 } as const
      assert.deepEqual(ids(await all(storage, 'deliveries', query)), ['d00000', 'd00001'])
    },
  },
  {
    name: 'a range is inclusive at both ends, and may be open at either',
    async run(harness) {
      const storage = await harness.open()
      await storage.commit(
        numbered('d', 10).map((id, i) => delivery(id, { subscriptionId: 's', createdAt: start + (i >> 1) })),
      )
      const read = (range: { from?: number; to?: number }, descending: boolean) => {
        const prefix = { subscriptionId: 's' }
        return all(storage, 'deliveries', {
          tenantId: 'acme',
          index: 'subscription',
          prefix,
          range,
          descending,
          limit: 3,
        }).then(ids)
      }
      const names = numbered('d', 10)
      for (const [range, expected] of [
        [{ from: start + 1, to: start + 2 }, names.slice(2, 6)],
        [{ from: start + 3 }, names.slice(6)],
        [{ to: start }, names.slice(0, 2)],
        [{ from: start + 2, to: start + 1 }, []],
        [{ from: 0 }, names],
      ] as const) {
        assert.deepEqual(await read(range, false), expected)
        assert.deepEqual(await read(range, true), [...expected].reverse())
      }
    },
  },
  {
    name: 'a filter keeps what it names: one value, several, null, booleans',
    async run(harness) {
      const storage = await harness.open()
      const statuses = ['pending', 'failed', 'delivered']
      await storage.commit([
        ...numbered('d', 9).map((id, i) =>
          delivery(id, {
            createdAt: start + i,
            status: statuses[i % 3]!,
            httpStatusCode: i < 6 ? null : 500 + i,
          }),
        ),
        insert('monitors', { id: 'on', tokenHash: 'on', active: true }),
        insert('monitors', { id: 'off', tokenHash: 'off', active: false }),
      ])
      const read = async (filter: ListQuery<'deliveries'>['filter']) =>
        ids(await all(storage, 'deliveries', { ...byCreated, limit: 2, ...(filter && { filter }) })).map(
          (id) => Number(id.slice(1)),
        )
      assert.deepEqual(await read({ status: 'failed' }), [1, 4, 7])
      assert.deepEqual(await read({ status: ['failed', 'pending'], httpStatusCode: null }), [0, 1, 3, 4])
      assert.deepEqual(await read({ httpStatusCode: [null, 507] }), [0, 1, 2, 3, 4, 5, 7])
      assert.deepEqual(await read({ status: [] }), [])
      assert.deepEqual(await read({ status: 'nothing' }), [])
      const active = await all(storage, 'monitors', { ...byCreated, filter: { active: true }, limit: 5 })
      assert.deepEqual(ids(active), ['on'])
    },
  },
  {
    name: 'reads at most 1,000 entries for a page, and the pages still find everything',
    async run(harness) {
      const storage = await harness.open()
      const names = numbered('d', 2500)
      const rare = [0, 999, 1000, 1999, 2000, 2499]
      await storage.commit(
        names.map((id, i) =>
          delivery(id, { createdAt: start + i, status: rare.includes(i) ? 'failed' : 'pending' }),
        ),
      )
      const query = { ...byCreated, filter: { status: 'failed' }, limit: 10 }
      const first = await storage.list('deliveries', query)
      assert.deepEqual(ids(first.items), ['d00000', 'd00999'])
      assert.notEqual(first.next, null)
      assert.deepEqual(
        ids(await all(storage, 'deliveries', query)),
        rare.map((i) => names[i]),
      )
      const none = await storage.list('deliveries', { ...query, filter: { status: 'nothing' } })
      assert.deepEqual(none.items, [])
      assert.notEqual(none.next, null)
      assert.deepEqual(
        ids(await all(storage, 'deliveries', { ...query, limit: 1, descending: true })),
        [...rare].reverse().map((i) => names[i]),
      )
      assert.deepEqual(ids(await all(storage, 'deliveries', { ...byCreated, limit: 1000 })), names)
    },
  },
  {
    name: 'pages are stable while records come and go',
    async run(harness) {
      const storage = await harness.open()
      const names = numbered('c', 20)
      await storage.commit(names.map((id, i) => contract(id, { createdAt: start + i })))
      for (const descending of [false, true]) {
        const seen: string[] = []
        let after: Cursor | null = null
        for (let round = 0; ; round++) {
          const page: Page<'contracts'> = await storage.list('contracts', {
            ...byCreated,
            limit: 3,
            after,
            descending,
          })
          seen.push(...ids(page.items))
          if (page.next === null) break
          after = page.next
          const at = start + (descending ? 20 - round : round)
          const newcomer = `x${descending}${round}`
          await storage.commit([contract(newcomer, { createdAt: at })])
          // The entry the cursor stands on may go.
          const last = page.items.at(-1)!.id
          await storage.commit([{ op: 'delete', table: 'contracts', tenantId: 'acme', id: last }])
          if (names.includes(last))
            await storage.commit([contract(last, { createdAt: page.items.at(-1)!.createdAt })])
        }
        assert.equal(new Set(seen).size, seen.length, 'an entry came twice')
        assert.deepEqual(
          names.filter((id) => !seen.includes(id)),
          [],
        )
      }
    },
  },
])
