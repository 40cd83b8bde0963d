/** The storage on a Redis Cluster: the whole suite, and tenants spread over its servers. */
import { afterAll, describe, expect, it } from 'vitest'
import { redisStorage } from '../../src/adapters/redis/index.js'
import { runConformance } from '../../src/testkit/conformance.js'
import { contract, delivery, ids, insert, request } from '../../src/testkit/storage/harness.js'
import { storageConformance } from '../../src/testkit/storage-conformance.js'
import { redisClusterHarness, startRedisCluster } from './redis-cluster.js'

const harness = redisClusterHarness()
afterAll(() => harness.end())

describe('redisStorage on a cluster', () => {
  runConformance({ cases: storageConformance, harness, test: it, skip: it.skip })
})

describe('a store spread over a cluster', () => {
  it('has records on every server, and is one store', async () => {
    const cluster = await startRedisCluster()
    const storage = redisStorage({ client: cluster.client(), shards: 16, acceptLoss: true })
    try {
      await storage.open()
      const tenantIds = Array.from({ length: 60 }, (_, at) => `tenant${at}`)
      await Promise.all(
        tenantIds.map((tenantId) =>
          storage.commit([
            contract('c', { tenantId }),
            delivery('d', { tenantId }),
            insert('monitors', { id: 'm', tenantId, tokenHash: tenantId }) as never,
          ]),
        ),
      )
      for (const { admin } of cluster.servers) expect(await admin.dbsize()).toBeGreaterThan(50)
      for (const tenantId of tenantIds) {
        expect(await storage.lookup('monitors', 'token', { tokenHash: tenantId })).toMatchObject({ tenantId })
        const page = await storage.list('contracts', { tenantId, index: 'created', limit: 9 })
        expect(ids(page.items)).toEqual(['c'])
      }
      const first = await storage.claim('deliveries', request({ limit: 20 }))
      const rest = await storage.claim('deliveries', request())
      expect([first.length, rest.length]).toEqual([20, 40])
      expect([...first, ...rest].map(({ tenantId }) => tenantId).sort()).toEqual([...tenantIds].sort())
      const settled = await storage.settle(
        'deliveries',
        first.map(({ tenantId, id, fence }) => ({
          kind: 'end',
          tenantId,
          id,
          fence,
          set: { status: 'delivered' },
          writes: [contract('settled', { tenantId })],
        })),
      )
      expect(settled).toEqual(Array(20).fill('applied'))
      expect(await storage.get('contracts', first[0]!.tenantId, 'settled')).not.toBeNull()
    } finally {
      await storage.close()
      await cluster.stop()
    }
  })

  it('fails for tenants of a server that is gone, and for those only', async () => {
    const cluster = await startRedisCluster()
    const storage = redisStorage({ client: cluster.client(), shards: 16, acceptLoss: true })
    try {
      for (const { admin } of cluster.servers)
        await admin.config('SET', 'cluster-require-full-coverage', 'no')
      await storage.open()
      const tenantIds = Array.from({ length: 60 }, (_, at) => `tenant${at}`)
      for (const tenantId of tenantIds) await storage.commit([delivery('d', { tenantId })])
      cluster.servers[2]!.signal('SIGKILL')
      const results = await Promise.allSettled(
        tenantIds.map((tenantId) => storage.commit([contract('c', { tenantId })])),
      )
      const failed = results.filter((result) => result.status === 'rejected')
      expect(failed.length).toBeGreaterThan(5)
      expect(failed.length).toBeLessThan(40)
      for (const { reason } of failed) expect(reason).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
      const claimed = await storage.claim('deliveries', request())
      expect(claimed).toHaveLength(tenantIds.length - failed.length)
      // Nothing is left but what cannot be reached: that there is no more is not known.
      await expect(storage.claim('deliveries', request())).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
      })
    } finally {
      await storage.close()
      await cluster.stop()
    }
  })
})
