/**
 * From a published message to its recorded attempts, with nothing that a power failure could take. The peer is
 * what one would write with graphile-worker: a job per receiver, added in one statement per message, that signs
 * and sends the same bytes and writes one row.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDrifthook } from 'drifthook'
import { postgresStorage } from 'drifthook/postgres'
import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'
import { bareDelivery, data } from './bare-delivery.js'
import { startChild } from './child.js'
import { rate } from './measure.js'

const receivers = 16
const messages = 250
const deliveries = receivers * messages
const concurrency = 128
/** How many messages are published at once, as by so many requests of a host. */
const publishers = 8

const url = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/test'
const principal = /** @type {const} */ ({ tenantId: 'acme', actor: 'bench', permissions: ['*'] })

/** @typedef {{ localQueue?: { size: number }, completeJobBatchDelay?: number }} Worker */

/**
 * @param {object} row
 * @param {string} row.id
 * @param {string} row.against
 * @param {number} row.reach
 * @param {Worker} row.worker graphile-worker's options
 * @returns {import('./measure.js').Row}
 */
const durableRow = ({ id, against, reach, worker }) => ({
  id,
  what: 'durable deliveries per second, PostgreSQL, publish to recorded attempt',
  against,
  unit: '/s',
  ratio: 'rate',
  reach: { text: `≥ ${reach} ×`, holds: (ratio) => ratio >= reach },
  prepare: async () => {
    const receiver = await startChild('./receiver.js')
    const to = String(receiver.ready.url)
    const admin = new pg.Pool({ connectionString: url, max: 1 })
    const [ours, theirs] = await Promise.all([drifthookSide(to), graphileSide(to, worker)])

    /** @param {Side} side */
    const measured = async (side) => {
      const { schema, publish, table } = side
      const rest = await side.work()
      const count = async () =>
        Number((await admin.query(`SELECT count(*) FROM "${schema}".${table}`)).rows[0].count)
      const until = (await count()) + deliveries
      const measured = await rate(deliveries, async () => {
        const done = receiver.ask({ until: deliveries })
        let left = messages
        const publisher = async () => {
          while (left-- > 0) await publish()
        }
        await Promise.all(Array.from({ length: publishers }, publisher))
        await done
        while ((await count()) < until) await sleep(2)
      })
      await rest()
      return measured
    }
    return {
      ours: () => measured(ours),
      theirs: () => measured(theirs),
      end: async () => {
        for (const { schema, end } of [ours, theirs]) {
          await end()
          await admin.query(`DROP SCHEMA "${schema}" CASCADE`)
        }
        await admin.end()
        await receiver.end()
      },
    }
  },
})

export const durableRows = [
  durableRow({
    id: 'durable',
    against: 'a graphile-worker 0.17 job that posts, signs and writes one row',
    reach: 3,
    worker: {},
  }),
  durableRow({
    id: 'durable-tuned',
    against: 'the same with a local queue of 500 jobs, which a crash holds up for four hours',
    reach: 0.7,
    worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0 },
  }),
]

/**
 * @typedef {object} Side
 * @property {string} schema
 * @property {string} table where it records its attempts, quoted
 * @property {() => Promise<() => Promise<void>>} work makes its workers look for work, until the function it answers with is called
 * @property {() => Promise<unknown>} publish one message to every receiver
 * @property {() => Promise<void>} end
 */

const uniqueSchema = () => `drifthook_bench_${randomBytes(6).toString('hex')}`

/** @returns {Promise<Side>} */
async function drifthookSide(/** @type {string} */ to) {
  const schema = uniqueSchema()
  const pool = new pg.Pool({ connectionString: url })
  const drifthook = createDrifthook({
    authenticate: () => principal,
    storage: postgresStorage({ pool, schema }),
    secretKey: randomBytes(32),
    eventTypes: ['order.created'],
    delivery: { allowLoopback: true, concurrency },
  })
  await drifthook.start()
  for (let i = 0; i < receivers; i++) {
    await drifthook.subscriptions.create(principal, { url: `${to}${i}`, events: ['order.created'] })
  }
  return {
    schema,
    table: '"attempts"',
    // Its workers sleep when there is nothing to do.
    work: async () => async () => {},
    publish: () => drifthook.messages.publish(principal, { type: 'order.created', data }),
    end: async () => {
      await drifthook.stop()
      await pool.end()
    },
  }
}

/** @returns {Promise<Side>} */
async function graphileSide(/** @type {string} */ to, /** @type {Worker} */ worker) {
  const schema = uniqueSchema()
  const pool = new pg.Pool({ connectionString: url })
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  await pool.query(`CREATE SCHEMA "${schema}";
    CREATE TABLE "${schema}"."recorded" ("id" text PRIMARY KEY, "at" timestamptz NOT NULL DEFAULT now(), "status" int NOT NULL)`)
  const logger = new Logger(() => () => {})
  const key = randomBytes(32)
  const utils = await makeWorkerUtils({ pgPool: pool, schema, logger })
  let n = 0
  return {
    schema,
    table: '"recorded"',
    work: async () => {
      const runner = await run({
        pgPool: pool,
        schema,
        logger,
        noHandleSignals: true,
        concurrency,
        preset: { worker },
        taskList: {
          deliver: async (payload, { query }) => {
            const { n } = /** @type {{ n: number }} */ (payload)
            await bareDelivery(`${to}${n % receivers}`, key, n)
            await query(`INSERT INTO "${schema}"."recorded" ("id", "status") VALUES ($1, 200)`, [`del_${n}`])
          },
        },
      })
      return () => runner.stop()
    },
    publish: () =>
      utils.addJobs(
        Array.from({ length: receivers }, () => ({ identifier: 'deliver', payload: { n: n++, data } })),
      ),
    end: async () => {
      await utils.release()
      await pool.end()
    },
  }
}
