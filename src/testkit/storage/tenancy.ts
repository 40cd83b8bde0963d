import assert from 'node:assert/strict'
import { contract, delivery, ids, lease, refused, request, start, topic } from './harness.js'

export const tenancyCases = topic('tenants', [
  {
    name: 'nobody reads what is another tenant’s, and its owner does',
    async run(harness) {
      const storage = await harness.open()
      await storage.commit([contract('a'), contract('b', { tenantId: 'other' })])
      assert.equal(await storage.get('contracts', 'other', 'a'), null)
      assert.equal((await storage.get('contracts', 'acme', 'a'))?.id, 'a')
      assert.equal(await storage.lookup('contracts', 'name', { tenantId: 'other', name: 'a' }), null)
      assert.equal((await storage.lookup('contracts', 'name', { tenantId: 'acme', name: 'a' }))?.id, 'a')
      const list = async (tenantId: string) =>
        ids((await storage.list('contracts', { tenantId, index: 'created', limit: 10 })).items)
      assert.deepEqual(await list('other'), ['b'])
      assert.deepEqual(await list('acme'), ['a'])
      assert.deepEqual(await list(''), [])
      assert.deepEqual(await list('acm'), [])
    },
  },
  {
    name: 'nobody changes or deletes what is another tenant’s, and its owner does',
    async run(harness) {
      const storage = await harness.open()
      await storage.commit([contract('a')])
      const update = (tenantId: string) =>
        storage.commit([{ op: 'update', table: 'contracts', tenantId, id: 'a', set: { version: 5 } }])
      const remove = (tenantId: string) =>
        storage.commit([{ op: 'delete', table: 'contracts', tenantId, id: 'a' }])
      await refused(update('other'), 0, 'missing')
      await refused(remove('other'), 0, 'missing')
      assert.equal((await storage.get('contracts', 'acme', 'a'))?.version, 0)
      await update('acme')
      assert.equal((await storage.get('contracts', 'acme', 'a'))?.version, 5)
      await remove('acme')
      assert.equal(await storage.get('contracts', 'acme', 'a'), null)
    },
  },
  {
    name: 'two tenants may use the same id',
    async run(harness) {
      const storage = await harness.open()
      await storage.commit([contract('a', { version: 1 }), contract('a', { tenantId: 'other', version: 2 })])
      await storage.commit([{ op: 'delete', table: 'contracts', tenantId: 'acme', id: 'a' }])
      assert.equal(await storage.get('contracts', 'acme', 'a'), null)
      assert.equal((await storage.get('contracts', 'other', 'a'))?.version, 2)
    },
  },
  {
    name: 'a claim is settled for its own tenant only',
    async run(harness) {
      const storage = await harness.open()
      await storage.commit([delivery('d')])
      const [held] = await storage.claim('deliveries', request())
      const end = (tenantId: string) =>
        storage.settle('deliveries', [
          { kind: 'end', tenantId, id: 'd', fence: held!.fence, set: { status: 'delivered' }, writes: [] },
        ])
      assert.deepEqual(await end('other'), ['lost'])
      assert.equal((await storage.get('deliveries', 'acme', 'd'))?.leaseUntil, start + lease)
      assert.deepEqual(await end('acme'), ['applied'])
    },
  },
])
