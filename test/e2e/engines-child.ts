/**
 * A worker of its own: `child.mjs <engine> <server> <name> <database>`. Says `ready`, then each wake-up; ends
 * by itself on SIGTERM. Its clock stands still, so that it works only when it is woken.
 */
import { resolve } from 'node:path'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { bullmqQueue } from '../../src/adapters/bullmq/index.js'
import { graphileQueue } from '../../src/adapters/graphile/index.js'
import { sqliteStorage } from '../../src/adapters/sqlite/index.js'
import { createDrifthook } from '../../src/index.js'
import { fakeClock } from '../../src/testkit/fake-clock.js'

const [engine, server = '', name = '', filename = ''] = process.argv.slice(2)
const say = (line: string) => process.stdout.write(`${line}\n`)

function onRedis() {
  const connection = new Redis(server)
  connection.on('error', () => {})
  return { queue: bullmqQueue({ connection, prefix: name }), end: () => connection.disconnect() }
}

function onPostgres() {
  const pool = new Pool({ connectionString: server })
  return { queue: graphileQueue({ pool, schema: name }), end: () => pool.end() }
}

const { queue, end } = engine === 'bullmq' ? onRedis() : onPostgres()
const consume = queue.consume.bind(queue)
queue.consume = (handler, options) =>
  consume(async (id) => {
    say(id)
    await handler(id)
  }, options)

const drifthook = createDrifthook({
  authenticate: () => null,
  storage: sqliteStorage({ filename }),
  secretKey: new Uint8Array(32).fill(7),
  clock: fakeClock(Date.parse('2026-03-01T12:00:00Z')),
  delivery: { allowLoopback: true },
  // This file is bundled.
  analysis: { workerFile: resolve('dist/analysis-worker.js') },
  queue,
})
process.once('SIGTERM', async () => {
  await drifthook.stop()
  await end()
})
await drifthook.start()
say('ready')
