import assert from 'node:assert/strict'
import type { Write } from '../../ports/storage.js'
import { contract, insert, needsTwin, refused, topic } from './harness.js'

const version = (id: string, set: number, rest: object = {}): Write =>
  ({ op: 'update', table: 'contracts', tenantId: 'acme', id, set: { version: set }, ...rest }) as Write

const remove = (id: string, rest: object = {}): Write =>
  ({ op: 'delete', table: 'contracts', tenantId: 'acme', id, ...rest }) as Write

export const commitCases = [
  ...topic('compare and set', [
    {
      name: 'applies while every expected column is as expected, whatever the others are',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([contract('a', { version: 1, vendor: null, description: 'x' })])
        await storage.commit([version('a', 2, { expect: { version: 1, vendor: null, name: 'a' } })])
        await refused(storage.commit([version('a', 3, { expect: { version: 1 } })]), 0, 'moved')
        await refused(storage.commit([version('a', 3, { expect: { version: 2, vendor: 'v' } })]), 0, 'moved')
        await refused(storage.commit([version('a', 3, { expect: { description: null } })]), 0, 'moved')
        assert.equal((await storage.get('contracts', 'acme', 'a'))?.version, 2)
      },
    },
    {
      name: 'compares booleans and instants',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([insert('monitors', { id: 'm', active: true, lastUploadAt: null })])
        const touch = (expect: object, at: number): Write => {
          const set = { active: false, lastUploadAt: at }
          return { op: 'update', table: 'monitors', tenantId: 'acme', id: 'm', set, expect }
        }
        await refused(storage.commit([touch({ active: false }, 1)]), 0, 'moved')
        await storage.commit([touch({ active: true, lastUploadAt: null }, 1)])
        await storage.commit([touch({ active: false, lastUploadAt: 1 }, 2)])
        assert.equal((await storage.get('monitors', 'acme', 'm'))?.lastUploadAt, 2)
      },
    },
    {
      name: 'a missing record is missing, for updates and deletes',
      async run(harness) {
        const storage = await harness.open()
        await refused(storage.commit([contract('b'), version('a', 1)]), 1, 'missing')
        await refused(storage.commit([version('a', 1, { expect: { version: 1 } })]), 0, 'missing')
        await refused(storage.commit([remove('a', { expect: { version: 1 } })]), 0, 'missing')
        assert.equal(await storage.get('contracts', 'acme', 'b'), null)
      },
    },
    {
      name: 'a delete compares too',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([contract('a', { version: 1 })])
        await refused(storage.commit([remove('a', { expect: { version: 2 } })]), 0, 'moved')
        assert.ok(await storage.get('contracts', 'acme', 'a'))
        await storage.commit([remove('a', { expect: { version: 1 } })])
        assert.equal(await storage.get('contracts', 'acme', 'a'), null)
      },
    },
    {
      name: 'optional writes that do not meet their record are left out, the others made',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([contract('a', { version: 1 }), contract('b', { version: 1 })])
        await storage.commit([
          version('none', 9, { optional: true }),
          version('a', 9, { optional: true, expect: { version: 2 } }),
          remove('none', { optional: true }),
          remove('a', { optional: true, expect: { version: 2 } }),
          version('b', 2, { optional: true, expect: { version: 1 } }),
          contract('c'),
        ])
        assert.equal((await storage.get('contracts', 'acme', 'a'))?.version, 1)
        assert.equal((await storage.get('contracts', 'acme', 'b'))?.version, 2)
        assert.ok(await storage.get('contracts', 'acme', 'c'))
      },
    },
    {
      name: 'an update of no column is a precondition alone',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([contract('a', { version: 1 })])
        const only = (expect: object): Write => ({ ...version('a', 0), set: {}, expect }) as Write
        await storage.commit([only({ version: 1 }), contract('b')])
        await refused(storage.commit([only({ version: 2 }), contract('c')]), 0, 'moved')
        assert.ok(await storage.get('contracts', 'acme', 'b'))
        assert.equal(await storage.get('contracts', 'acme', 'c'), null)
      },
    },
    {
      name: 'of N racing commits on one value exactly one succeeds, every time',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([contract('a')])
        for (let round = 0; round < 10; round++) {
          const racers = Array.from({ length: 10 }, (_, i) =>
            storage.commit([
              version('a', round + 1, { expect: { version: round } }),
              contract(`r${round}-${i}`),
            ]),
          )
          const results = await Promise.allSettled(racers)
          const won = results.findIndex(({ status }) => status === 'fulfilled')
          assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
          for (const i of results.keys()) {
            assert.equal((await storage.get('contracts', 'acme', `r${round}-${i}`)) !== null, i === won)
          }
        }
        assert.equal((await storage.get('contracts', 'acme', 'a'))?.version, 10)
      },
    },
    {
      name: 'counting up by compare and set loses no count across adapters',
      needs: needsTwin,
      async run(harness) {
        const adapters = [await harness.open(), await harness.openTwin!()]
        await adapters[0]!.commit([contract('a')])
        const count = async (storage: (typeof adapters)[number]) => {
          for (let done = 0; done < 20; ) {
            const now = (await storage.get('contracts', 'acme', 'a'))!.version
            const made = await storage.commit([version('a', now + 1, { expect: { version: now } })]).then(
              () => 1,
              () => 0,
            )
            done += made
          }
        }
        await Promise.all([...adapters, ...adapters].map(count))
        assert.equal((await adapters[0]!.get('contracts', 'acme', 'a'))?.version, 80)
      },
    },
  ]),
  ...topic('all or nothing', [
    {
      name: 'a commit that fails at any position leaves nothing of any kind of write',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([contract('kept', { version: 1 }), contract('deleted')])
        const good: Write[] = [
          contract('new'),
          version('kept', 2),
          remove('deleted'),
          insert('messageBodies', { id: 'b', data: Uint8Array.from([1]) }) as Write,
        ]
        for (let at = 0; at <= good.length; at++) {
          const writes = [...good.slice(0, at), version('nobody', 1), ...good.slice(at)]
          await refused(storage.commit(writes), at, 'missing')
          assert.equal(await storage.get('contracts', 'acme', 'new'), null)
          assert.equal(await storage.lookup('contracts', 'name', { tenantId: 'acme', name: 'new' }), null)
          assert.equal((await storage.get('contracts', 'acme', 'kept'))?.version, 1)
          assert.ok(await storage.lookup('contracts', 'name', { tenantId: 'acme', name: 'deleted' }))
          assert.equal(await storage.get('messageBodies', 'acme', 'b'), null)
        }
        const { items } = await storage.list('contracts', { tenantId: 'acme', index: 'created', limit: 10 })
        assert.deepEqual(items.map(({ id }) => id).sort(), ['deleted', 'kept'])
        await storage.commit(good)
        assert.equal((await storage.get('contracts', 'acme', 'kept'))?.version, 2)
      },
    },
    {
      name: 'writes are made in order: each sees those before it',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([
          contract('a', { version: 1 }),
          version('a', 2, { expect: { version: 1 } }),
          version('a', 3, { expect: { version: 2 } }),
        ])
        assert.equal((await storage.get('contracts', 'acme', 'a'))?.version, 3)
        await storage.commit([remove('a'), contract('a', { version: 9 })])
        assert.equal((await storage.get('contracts', 'acme', 'a'))?.version, 9)
        await refused(storage.commit([remove('a'), version('a', 1)]), 1, 'missing')
        assert.equal((await storage.get('contracts', 'acme', 'a'))?.version, 9)
      },
    },
    {
      name: 'readers see a commit wholly or not at all',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([contract('a'), contract('b')])
        const both = (value: number) => storage.commit([version('a', value), version('b', value)])
        const writing = Array.from({ length: 30 }, (_, i) => both(i + 1))
        const reading = Array.from({ length: 30 }, async () => {
          const page = await storage.list('contracts', { tenantId: 'acme', index: 'created', limit: 2 })
          assert.equal(page.items[0]?.version, page.items[1]?.version)
        })
        await Promise.all([...writing, ...reading])
      },
    },
    {
      name: 'a refused commit does not harm those made at the same time',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([contract('taken')])
        const mixed = Array.from({ length: 20 }, (_, i) =>
          storage.commit([contract(`c${i}`), ...(i % 2 ? [contract('taken')] : [])]),
        )
        const results = await Promise.allSettled(mixed)
        for (const [i, { status }] of results.entries()) {
          assert.equal(status, i % 2 ? 'rejected' : 'fulfilled')
          assert.equal((await storage.get('contracts', 'acme', `c${i}`)) !== null, i % 2 === 0)
        }
      },
    },
    {
      name: 'a commit of nothing is made; one of a thousand writes too',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([])
        await storage.commit(Array.from({ length: 1000 }, (_, i) => contract(`c${i}`)))
        assert.ok(await storage.get('contracts', 'acme', 'c999'))
      },
    },
  ]),
]
