/** The stores that are measured, each a new one that `end` removes. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStorage } from 'drifthook'
import { postgresStorage } from 'drifthook/postgres'
import { redisStorage } from 'drifthook/redis'
import { sqliteStorage } from 'drifthook/sqlite'
import { Redis } from 'ioredis'
import pg from 'pg'
import { freePort, startThrowaway } from '../support/throwaway.js'

/** @typedef {import('drifthook').Storage} Storage */
/**
 * @typedef {object} Store
 * @property {() => Storage} open another adapter on it, as another process would have
 * @property {() => Promise<void>} end
 */

export const postgresUrl = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/test'

export const uniqueSchema = () => `drifthook_bench_${randomBytes(6).toString('hex')}`

const temporary = (/** @type {string} */ name) => mkdtemp(join(tmpdir(), `drifthook-${name}-`))

/** Gone with the process. @returns {Promise<Store>} */
async function memory() {
  const storage = memoryStorage()
  return { open: () => storage, end: async () => {} }
}

/** @returns {Promise<Store>} */
async function sqlite() {
  const folder = await temporary('sqlite')
  return {
    open: () => sqliteStorage({ filename: join(folder, 'drifthook.db') }),
    end: () => rm(folder, { recursive: true, force: true }),
  }
}

/** @returns {Promise<Store>} */
async function postgres() {
  const schema = uniqueSchema()
  const pool = new pg.Pool({ connectionString: postgresUrl })
  return {
    open: () => postgresStorage({ pool, schema }),
    end: async () => {
      await pool.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`)
      await pool.end()
    },
  }
}

/**
 * A server of our own, so that how it keeps what it confirms is known.
 * @param {'everysec' | 'always'} fsync
 * @returns {() => Promise<Store>}
 */
const redis = (fsync) => async () => {
  const directory = await temporary('redis')
  const port = await freePort()
  const client = new Redis({ host: '127.0.0.1', port, lazyConnect: true })
  client.on('error', () => {})
  const settings = ['--save', '', '--appendonly', 'yes', '--appendfsync', fsync]
  const stop = await startThrowaway({
    directory,
    command: ['redis-server', '--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, ...settings],
    user: null,
    ready: async () => void (await client.ping()),
  })
  return {
    open: () => redisStorage({ client }),
    end: async () => {
      client.disconnect()
      await stop()
    },
  }
}

/** @type {Readonly<Record<string, () => Promise<Store>>>} */
export const stores = {
  memory,
  sqlite,
  postgres,
  'redis, fsync every second': redis('everysec'),
  'redis, fsync always': redis('always'),
}
