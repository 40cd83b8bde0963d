/** What a host writes. Only checked by the compiler, as .mts and .cts. */
import { createDrifthook, isDrifthookError } from 'drifthook'
import { postgresStorage } from 'drifthook/postgres'
import { redisStorage } from 'drifthook/redis'
import { sqliteStorage } from 'drifthook/sqlite'
import express from 'express'
import { Cluster, Redis } from 'ioredis'
import pg from 'pg'

declare const key: string

export const drifthook = createDrifthook({
  authenticate: (req) =>
    req.headers['x-api-key'] === key ? { tenantId: 'acme', actor: 'ops', permissions: ['*'] } : null,
  storage: sqliteStorage({ filename: 'drifthook.db' }),
  secretKey: new Uint8Array(32),
  delivery: { allowLoopback: true },
})

// A pool of `pg` is a pool of ours.
export const storage = postgresStorage({ pool: new pg.Pool(), schema: 'webhooks' })

// A client of `ioredis` is a client of ours, of a cluster too.
export const inRedis = redisStorage({ client: new Redis(), prefix: 'webhooks' })
export const inCluster = redisStorage({ client: new Cluster(['redis://127.0.0.1:7000']), shards: 16 })

export const app = express()
app.use('/drift', drifthook.router)
app.use('/partners', drifthook.routers.upload)

export async function main(): Promise<number> {
  await drifthook.start()
  const principal = { tenantId: 'acme', actor: 'job', permissions: ['*'] } as const
  try {
    const contract = await drifthook.contracts.create(principal, { name: 'orders', sample: { id: 1 } })
    const monitor = await drifthook.monitors.create(principal, { name: 'acme', contractId: contract.id })
    const result = await drifthook.uploads.check(principal, {
      monitorId: monitor.id,
      file: new Uint8Array([123, 125]),
      fileName: 'orders.json',
    })
    return result.eventId ?? 0
  } catch (error) {
    if (isDrifthookError(error) && error.code === 'FILE_MALFORMED') return error.place?.line ?? 0
    throw error
  } finally {
    await drifthook.stop()
  }
}

// A misspelt option, a wrong kind of value: the compiler says so.
// @ts-expect-error
createDrifthook({ authenticate: () => null, deliveries: {} })
// @ts-expect-error
createDrifthook({ authenticate: () => 'acme' })
// @ts-expect-error
createDrifthook({})
