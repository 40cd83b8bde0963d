/** Storages and queues on real servers, each place with a name of its own. Loaded only where they are wanted. */
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { bullmqQueue } from '../../src/adapters/bullmq/index.js'
import { graphileQueue } from '../../src/adapters/graphile/index.js'
import { postgresStorage } from '../../src/adapters/postgres/index.js'
import { redisStorage } from '../../src/adapters/redis/index.js'
import type { Queue, Storage } from '../../src/index.js'
import type { Half } from './combinations.js'
import { postgres, redis } from './services.js'
import { uniqueName } from './ways.js'

// A server that had to be started ends with this process.
let postgresServer: ReturnType<typeof postgres> | null = null
let redisServer: ReturnType<typeof redis> | null = null

/** Pools on one schema, which goes with them. */
async function onPostgres<T>(make: (pool: Pool, schema: string) => T): Promise<Half<T>> {
  postgresServer ??= postgres()
  const { url } = await postgresServer
  return () => {
    const schema = uniqueName()
    const pools: Pool[] = []
    return {
      make() {
        const pool = new Pool({ connectionString: url, max: 5 })
        pools.push(pool)
        return make(pool, schema)
      },
      async close() {
        await Promise.all(pools.map((pool) => pool.end()))
        const admin = new Pool({ connectionString: url, max: 1 })
        await admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
        await admin.end()
      },
    }
  }
}

/** Clients, and one prefix for all their keys, which go with them. */
async function onRedis<T>(make: (client: Redis, prefix: string) => T): Promise<Half<T>> {
  redisServer ??= redis()
  const { url } = await redisServer
  return () => {
    const prefix = uniqueName()
    const clients: Redis[] = []
    return {
      make() {
        const client = new Redis(url, { lazyConnect: true })
        client.on('error', () => {})
        clients.push(client)
        return make(client, prefix)
      },
      async close() {
        for (const client of clients) client.disconnect()
        const admin = new Redis(url)
        for await (const keys of admin.scanStream({ match: `*${prefix}*`, count: 1_000 })) {
          if (keys.length > 0) await admin.unlink(keys)
        }
        admin.disconnect()
      },
    }
  }
}

export const inPostgres = () => onPostgres<Storage>((pool, schema) => postgresStorage({ pool, schema }))
export const inRedis = () =>
  onRedis<Storage>((client, prefix) => redisStorage({ client, prefix, acceptLoss: true }))
export const byGraphile = () => onPostgres<Queue>((pool, schema) => graphileQueue({ pool, schema }))
export const byBullmq = () => onRedis<Queue>((connection, prefix) => bullmqQueue({ connection, prefix }))
