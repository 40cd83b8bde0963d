/**
 * From a publish that begins to the receiver that has read the request: PostgreSQL, at a rate that is no load.
 * What publishes and what delivers are two processes, but for the queue in memory, which wakes its own alone.
 *
 *   node test/bench/wire.js                  500 messages, 50 a second
 *   node test/bench/wire.js --messages=100
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createDrifthook } from 'drifthook'
import { Redis } from 'ioredis'
import pg from 'pg'
import { startChild } from './child.js'
import { postgresUrl, uniqueSchema } from './stores.js'
import { engineOn, type } from './wire-engines.js'

const { values } = parseArgs({ options: { messages: { type: 'string', default: '500' } } })
const messages = Number(values.messages)
const perSecond = 50
const principal = /** @type {const} */ ({ tenantId: 'acme', actor: 'bench', permissions: ['*'] })

/** Milliseconds, sorted. @param {string} engine @param {boolean} oneProcess */
async function latencies(engine, oneProcess) {
  const schema = uniqueSchema()
  const receiver = await startChild('./timing-receiver.js')
  const { settings, end } = engineOn(engine, schema)
  const drifthook = createDrifthook({ authenticate: () => principal, ...settings })
  await drifthook.start({ runner: oneProcess })
  const worker = oneProcess ? null : fork(new URL('./wire-worker.js', import.meta.url), [engine, schema])
  if (worker !== null) await once(worker, 'message')
  await drifthook.subscriptions.create(principal, { url: `${receiver.ready.url}/ok`, events: [type] })

  const publish = async (/** @type {number} */ count) => {
    for (let sent = 0; sent < count; sent++) {
      const at = String(process.hrtime.bigint())
      await drifthook.messages.publish(principal, { type, data: { at } })
      await sleep(1_000 / perSecond)
    }
    const received = []
    while (received.length < count) {
      await sleep(100)
      received.push(.../** @type {number[]} */ ((await receiver.ask({})).latencies))
    }
    return received
  }
  // The first count for nothing: they compile and connect.
  await publish(50)
  const measured = await publish(messages)

  if (worker !== null) {
    worker.send({ end: true })
    await once(worker, 'exit')
  }
  await drifthook.stop()
  await end()
  await receiver.end()
  await cleanUp(schema)
  return measured.sort((a, b) => a - b)
}

async function cleanUp(/** @type {string} */ schema) {
  const pool = new pg.Pool({ connectionString: postgresUrl, max: 1 })
  await pool.query(`DROP SCHEMA "${schema}" CASCADE; DROP SCHEMA IF EXISTS "${schema}_worker" CASCADE`)
  await pool.end()
  const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379')
  const keys = await redis.keys(`${schema}*`)
  if (keys.length > 0) await redis.unlink(...keys)
  redis.disconnect()
}

const ms = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })
console.log('| queue | processes | p50, ms | p99, ms | slowest, ms |')
console.log('|---|--:|--:|--:|--:|')
for (const [engine, oneProcess] of /** @type {const} */ ([
  ['memory', true],
  ['graphile-worker', false],
  ['BullMQ', false],
  ['none: the look once a second', false],
])) {
  const sorted = await latencies(engine, oneProcess)
  const at = (/** @type {number} */ share) => ms.format(Number(sorted[Math.ceil(sorted.length * share) - 1]))
  console.log(`| ${[engine, oneProcess ? 1 : 2, at(0.5), at(0.99), at(1)].join(' | ')} |`)
}
