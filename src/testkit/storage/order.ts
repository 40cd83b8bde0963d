import assert from 'node:assert/strict'
import { contract, delivery, ids, insert, numbered, start, topic } from './harness.js'
import { all, byCreated } from './pages.js'

export const orderCases = topic('order', [
  {
    name: 'text is in the order of code points',
    async run(harness) {
      const storage = await harness.open()
      const ordered = [
        '',
        ' ',
        '"',
        '0',
        '10',
        '9',
        'A',
        'Z',
        '_',
        'a',
        'aa',
        'b',
        'z',
        'é',
        'ￜ',
        '\u{10000}',
        '\u{1F600}',
      ]
      await storage.commit(
        [...ordered].reverse().map((name) => contract(`id${name}`, { name: `name${name}` })),
      )
      const expected = ordered.map((name) => `id${name}`)
      for (const limit of [3, 100]) {
        assert.deepEqual(ids(await all(storage, 'contracts', { ...byCreated, limit })), expected)
        const descending = await all(storage, 'contracts', { ...byCreated, limit, descending: true })
        assert.deepEqual(ids(descending), [...expected].reverse())
      }
    },
  },
  {
    name: 'numbers are in the order of their size',
    async run(harness) {
      const storage = await harness.open()
      const ordered = [-(2 ** 53) + 1, -5, 0, 2, 10, 2 ** 31, 2 ** 53 - 1]
      await storage.commit(
        ordered.map((version) => insert('contractVersions', { id: `v${version}`, contractId: 'c', version })),
      )
      const query = { tenantId: 'acme', index: 'contract', prefix: { contractId: 'c' }, limit: 2 } as const
      const read = await all(storage, 'contractVersions', query)
      assert.deepEqual(
        read.map(({ version }) => version),
        ordered,
      )
    },
  },
  {
    name: 'null comes first, page by page, in both directions; as a prefix it is a value; no range has it',
    async run(harness) {
      const storage = await harness.open()
      const monitors = [null, null, null, '', 'a', 'a', 'b']
      await storage.commit(
        monitors.map((monitorId, i) =>
          insert('driftEvents', { id: `e${i}`, monitorId, createdAt: start + (i % 2) }),
        ),
      )
      const expected = ['e0', 'e2', 'e1', 'e3', 'e4', 'e5', 'e6']
      const query = { tenantId: 'acme', index: 'monitor' } as const
      for (const limit of [1, 2, 10]) {
        assert.deepEqual(ids(await all(storage, 'driftEvents', { ...query, limit })), expected)
        const descending = await all(storage, 'driftEvents', { ...query, limit, descending: true })
        assert.deepEqual(ids(descending), [...expected].reverse())
        const prefix = { monitorId: null }
        assert.deepEqual(ids(await all(storage, 'driftEvents', { ...query, prefix, limit })), [
          'e0',
          'e2',
          'e1',
        ])
        for (const descending of [false, true]) {
          const ranged = await all(storage, 'driftEvents', {
            ...query,
            range: { to: 'a' },
            limit,
            descending,
          })
          assert.deepEqual(ids(ranged).sort(), ['e3', 'e4', 'e5'])
        }
      }
    },
  },
  {
    name: 'an entry moves when a column of its index changes',
    async run(harness) {
      const storage = await harness.open()
      await storage.commit(
        numbered('d', 3).map((id, i) => delivery(id, { createdAt: start + i, subscriptionId: 's' })),
      )
      await storage.commit([
        { op: 'update', table: 'deliveries', tenantId: 'acme', id: 'd00000', set: { createdAt: start + 9 } },
        { op: 'update', table: 'deliveries', tenantId: 'acme', id: 'd00001', set: { subscriptionId: 't' } },
      ])
      assert.deepEqual(ids(await all(storage, 'deliveries', { ...byCreated, limit: 9 })), [
        'd00001',
        'd00002',
        'd00000',
      ])
      const ofS = {
        tenantId: 'acme',
        index: 'subscription',
        prefix: { subscriptionId: 's' },
        limit: 9,
      } as const
      assert.deepEqual(ids(await all(storage, 'deliveries', ofS)), ['d00002', 'd00000'])
    },
  },
])
