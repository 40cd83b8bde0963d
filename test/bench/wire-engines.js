/** Both halves of an application on one PostgreSQL schema, and what wakes one for the other. */
import { bullmqQueue } from 'drifthook/bullmq'
import { graphileQueue } from 'drifthook/graphile'
import { postgresStorage } from 'drifthook/postgres'
import { Redis } from 'ioredis'
import pg from 'pg'
import { postgresUrl } from './stores.js'

const redisUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'

export const type = 'order.created'

/** @param {string} engine @param {string} schema */
export function engineOn(engine, schema) {
  const pool = new pg.Pool({ connectionString: postgresUrl })
  const settings = {
    storage: postgresStorage({ pool, schema }),
    secretKey: new Uint8Array(32),
    eventTypes: [type],
    delivery: { allowLoopback: true },
  }
  const end = () => pool.end()
  if (engine === 'graphile-worker') {
    return { settings: { ...settings, queue: graphileQueue({ pool, schema: `${schema}_worker` }) }, end }
  }
  if (engine === 'BullMQ') {
    const connection = new Redis(redisUrl)
    return {
      settings: { ...settings, queue: bullmqQueue({ connection, prefix: schema }) },
      end: async () => {
        connection.disconnect()
        await end()
      },
    }
  }
  return { settings, end }
}
