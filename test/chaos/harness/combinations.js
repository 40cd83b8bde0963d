/** What drifthook is put on: each storage and each queue is one entry of a table, and loads what it needs. */
import { join } from 'node:path'
import { memoryQueue } from 'drifthook'

/**
 * @typedef {import('drifthook').Storage} Storage
 * @typedef {import('drifthook').Queue} Queue
 * @typedef {import('drifthook').Clock} Clock
 * @typedef {import('./servers.js').ServerName} ServerName
 *
 * @typedef {object} Place where a run keeps what it keeps
 * @property {string} directory
 * @property {{ [Name in ServerName]?: string }} urls of the servers it was given
 *
 * @typedef {{ storage: Storage, end: () => Promise<void> }} OpenedStorage
 * @typedef {{ queue: Queue, end: () => Promise<void> }} OpenedQueue
 *
 * @typedef {object} StorageEntry
 * @property {ServerName | null} server
 * @property {number} forgetsClaimsMs how old a claim may be that it forgets when its server is killed
 * @property {(place: Place) => Promise<OpenedStorage>} make
 * @property {(place: Place) => Promise<number>} unfinished how many rows are not done, asked without drifthook
 *
 * @typedef {object} QueueEntry
 * @property {ServerName | null} server
 * @property {(place: Place, clock: Clock) => Promise<OpenedQueue>} make
 */

const nothing = async () => {}

/** @param {Place} place */
const fileOf = ({ directory }) => join(directory, 'drifthook.db')

/** @param {Place} place */
async function pool({ urls }) {
  const { default: pg } = await import('pg')
  const made = new pg.Pool({ connectionString: urls.postgres, connectionTimeoutMillis: 2_000 })
  return { pool: made, end: () => made.end() }
}

/** @param {Place} place */
async function connection({ urls }) {
  const { Redis } = await import('ioredis')
  const client = new Redis(urls.redis ?? '')
  client.on('error', () => {})
  return { client, end: async () => client.disconnect() }
}

/** What comes back by itself is never done, and is nobody's. @param {(table: string) => string} named */
const countUnfinished = (named) => {
  const rest =
    "tenant_id <> '_system' AND (status = 'pending' OR due_at IS NOT NULL OR lease_until IS NOT NULL)"
  const count = (/** @type {string} */ table) => `(SELECT count(*) FROM ${named(table)} WHERE ${rest})`
  return `SELECT ${count('deliveries')} + ${count('jobs')} AS unfinished`
}

/** @type {Record<string, StorageEntry>} */
const storages = {
  sqlite: {
    server: null,
    forgetsClaimsMs: 0,
    async make(place) {
      const { sqliteStorage } = await import('drifthook/sqlite')
      return { storage: sqliteStorage({ filename: fileOf(place) }), end: nothing }
    },
    async unfinished(place) {
      const { default: Sqlite } = await import('libsql')
      const database = new Sqlite(fileOf(place))
      const count = database.prepare(countUnfinished((table) => `drifthook_${table}`))
      const row = /** @type {{ unfinished: number }} */ (count.get())
      database.close()
      return Number(row.unfinished)
    },
  },
  postgres: {
    server: 'postgres',
    // Claims do not wait for the disk, which they reach within 600 ms (three times `wal_writer_delay`), or later on
    // a busy machine.
    forgetsClaimsMs: 2_000,
    async make(place) {
      const { postgresStorage } = await import('drifthook/postgres')
      const { pool: made, end } = await pool(place)
      return { storage: postgresStorage({ pool: made }), end }
    },
    async unfinished(place) {
      const { pool: made, end } = await pool(place)
      const { rows } = await made.query(countUnfinished((table) => `drifthook.${table}`))
      await end()
      return Number(rows[0].unfinished)
    },
  },
  redis: {
    server: 'redis',
    forgetsClaimsMs: 0,
    async make(place) {
      const { redisStorage } = await import('drifthook/redis')
      const { client, end } = await connection(place)
      return { storage: redisStorage({ client }), end }
    },
    async unfinished(place) {
      const { client, end } = await connection(place)
      let unfinished = 0
      for (const table of ['deliveries', 'jobs']) {
        const keys = await client.keys(`{drifthook:0}:row:${table}:*`)
        for (const key of keys.filter((name) => !name.includes(':_system:'))) {
          const [status, dueAt, leaseUntil] = await client.hmget(key, 'status', 'dueAt', 'leaseUntil')
          if (status === null) throw new Error(`${key} has no status: is it a row?`)
          if (status === 'pending' || dueAt !== null || leaseUntil !== null) unfinished++
        }
      }
      await end()
      return unfinished
    },
  },
}

/** @type {Record<string, QueueEntry>} */
const queues = {
  memory: { server: null, make: async (_, clock) => ({ queue: memoryQueue({ clock }), end: nothing }) },
  graphile: {
    server: 'postgres',
    async make(place) {
      const { graphileQueue } = await import('drifthook/graphile')
      const { pool: made, end } = await pool(place)
      return { queue: graphileQueue({ pool: made }), end }
    },
  },
  bullmq: {
    server: 'redis',
    async make(place) {
      const { bullmqQueue } = await import('drifthook/bullmq')
      const { client, end } = await connection(place)
      return { queue: bullmqQueue({ connection: client }), end }
    },
  },
}

/** The durable combinations that are supported, as `storage+queue`. */
export const combinations = [
  'sqlite+memory',
  'postgres+memory',
  'postgres+graphile',
  'postgres+bullmq',
  'redis+memory',
  'redis+bullmq',
]

/** @param {string} combination */
function parts(combination) {
  const [storageName = '', queueName = ''] = combination.split('+')
  const storage = storages[storageName]
  const queue = queues[queueName]
  if (storage === undefined || queue === undefined) throw new Error(`there is no combination ${combination}`)
  return { storage, queue }
}

/**
 * The servers it needs.
 * @param {string} combination
 * @returns {ServerName[]}
 */
export function serversOf(combination) {
  const { storage, queue } = parts(combination)
  return [...new Set([storage.server, queue.server])].filter((name) => name !== null)
}

/** On a busy machine a process may read, and write down, an answer when the server that gave it is dead already. */
const journalLateMs = 1_000

/**
 * Whether a claim may be forgotten, with its fence, because the storage's server was killed right after it.
 * @param {string} combination
 * @param {readonly { server: ServerName, at: number }[]} deaths of servers, by the machine's clock
 */
export function forgets(combination, deaths) {
  const { server, forgetsClaimsMs } = parts(combination).storage
  return (/** @type {number} */ claimedAt) =>
    forgetsClaimsMs > 0 &&
    deaths.some(
      (death) =>
        death.server === server &&
        death.at - claimedAt < forgetsClaimsMs &&
        claimedAt - death.at < journalLateMs,
    )
}

/**
 * @param {string} combination
 * @param {Place} place
 */
export const openStorage = (combination, place) => parts(combination).storage.make(place)

/**
 * @param {string} combination
 * @param {Place} place
 * @param {Clock} clock
 */
export const openQueue = (combination, place, clock) => parts(combination).queue.make(place, clock)

/**
 * @param {string} combination
 * @param {Place} place
 */
export const unfinishedRows = (combination, place) => parts(combination).storage.unfinished(place)

/**
 * Whether a wake-up reaches other processes. Where it does not, a process that publishes works as well.
 * @param {string} combination
 */
export const wakesOthers = (combination) => !combination.endsWith('+memory')
