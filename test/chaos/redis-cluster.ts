/** A Redis Cluster of three servers, and storages on it. */
import { Cluster } from 'ioredis'
import { redisStorage } from '../../src/adapters/redis/index.js'
import type { Storage } from '../../src/ports/storage.js'
import type { StorageHarness } from '../../src/testkit/storage-conformance.js'
import { type RedisServer, startRedisServer } from '../support/redis-server.js'

const slots = 16_384

export interface RedisCluster {
  servers: readonly RedisServer[]
  /** A client of its own, disconnected by `stop`. */
  client(): Cluster
  stop(): Promise<void>
}

export async function startRedisCluster(size = 3): Promise<RedisCluster> {
  const servers = await Promise.all(
    Array.from({ length: size }, () => startRedisServer({ 'cluster-enabled': 'yes' })),
  )
  const edge = (at: number) => Math.floor((at * slots) / size)
  for (const [at, { admin }] of servers.entries()) {
    await admin.cluster('ADDSLOTSRANGE', edge(at), edge(at + 1) - 1)
    await admin.cluster('MEET', '127.0.0.1', servers[0]!.port)
  }
  const isWhole = async ({ admin }: RedisServer) => {
    const info = String(await admin.cluster('INFO'))
    return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${size}`)
  }
  while (!(await Promise.all(servers.map(isWhole))).every(Boolean)) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const clients: Cluster[] = []
  return {
    servers,
    client() {
      const client = new Cluster(
        servers.map(({ port }) => ({ host: '127.0.0.1', port })),
        { lazyConnect: true },
      )
      clients.push(client)
      return client
    },
    async stop() {
      for (const client of clients) client.disconnect()
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

/** All of the suite on one slot: it commits for several tenants at once. */
export function redisClusterHarness(): StorageHarness & { end(): Promise<void> } {
  let cluster: Promise<RedisCluster> | null = null
  let made = 0
  const opened: Storage[] = []
  const openTwin = async () => {
    cluster ??= startRedisCluster()
    const client = (await cluster).client()
    const storage = redisStorage({ client, prefix: `p${made}`, acceptLoss: true })
    opened.push(storage)
    await storage.open()
    return storage
  }
  return {
    capabilities: { durable: 'none', crossProcess: true, hostTransactions: false },
    async open() {
      made++
      return openTwin()
    },
    openTwin,
    async close() {
      for (const storage of opened.splice(0)) await storage.close()
    },
    async end() {
      await (await cluster)?.stop()
    },
  }
}
