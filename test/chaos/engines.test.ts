/** drifthook woken by BullMQ and graphile-worker, on a real Redis and a real PostgreSQL. */
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { bullmqQueue } from '../../src/adapters/bullmq/index.js'
import { graphileQueue } from '../../src/adapters/graphile/index.js'
import { sqliteStorage } from '../../src/adapters/sqlite/index.js'
import { type DrifthookOptions, type Queue, systemClock } from '../../src/index.js'
import type { WakeUp } from '../../src/ports/queue.js'
import { bundle, start } from '../conformance/child.js'
import { temporaryDirectory } from '../conformance/harnesses.js'
import { memory } from '../support/combinations.js'
import { cuttable } from '../support/line.js'
import { postgres, type TestPostgres } from '../support/postgres.js'
import { redis, type TestRedis } from '../support/redis.js'
import { freePort } from '../support/throwaway.js'
import {
  databaseFile,
  deliveryOf,
  publish,
  receiving,
  subscribe,
  type WebhookApp,
  webhookApp,
} from '../support/webhooks.js'

let redisServer: TestRedis
let postgresServer: TestPostgres
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let child: string
let names = 0

beforeAll(async () => {
  directory = await temporaryDirectory()
  child = await bundle('../e2e/engines-child.ts', directory.path)
  redisServer = await redis()
  postgresServer = await postgres()
}, 60_000)
afterAll(async () => {
  await redisServer.close()
  await postgresServer.close()
  await directory.remove()
})

interface Engine {
  server(): string
  /** A name no other test uses, and that is removed with the servers'. */
  name(): string
  make(server: string, name: string): Queue
  /** Makes the engine forget what waits in it. */
  flush(name: string): Promise<void>
}

const bullmq: Engine = {
  server: () => redisServer.url,
  name: () => `${redisServer.prefix}_${names++}`,
  make(server, prefix) {
    const connection = new Redis(server, { lazyConnect: true })
    connection.on('error', () => {})
    onTestFinished(() => connection.disconnect())
    return bullmqQueue({ connection, prefix })
  },
  async flush(name) {
    const connection = new Redis(redisServer.url)
    await connection.unlink(...(await connection.keys(`${name}:*`)))
    await connection.quit()
  },
}

const graphile: Engine = {
  server: () => postgresServer.url,
  name: () => postgresServer.schema,
  make(server, schema) {
    const pool = new Pool({ connectionString: server })
    onTestFinished(() => pool.end())
    return graphileQueue({ pool, schema })
  },
  async flush(name) {
    const pool = new Pool({ connectionString: postgresServer.url })
    await pool.query(`DELETE FROM ${name}._private_jobs`)
    await pool.end()
  },
}

/** Notes what passes through a queue. */
function watched(queue: Queue) {
  const enqueued: WakeUp[] = []
  const woken: string[] = []
  const { enqueue, consume } = queue
  queue.enqueue = async (wakeUps) => {
    await enqueue.call(queue, wakeUps)
    enqueued.push(...wakeUps)
  }
  queue.consume = (handler, options) =>
    consume.call(
      queue,
      (id) => {
        woken.push(id)
        return handler(id)
      },
      options,
    )
  return { queue, enqueued, woken }
}

/** The two halves of an application in one database: their clocks stand still, so nobody sweeps. */
const shared = (filename: string, queue: Queue, more: Partial<DrifthookOptions> = {}) =>
  webhookApp(memory, {
    storage: sqliteStorage({ filename }),
    secretKey: new Uint8Array(32).fill(7),
    queue,
    ...more,
  })

describe.each([
  ['bullmq', bullmq],
  ['graphile', graphile],
] as const)('%s', (engineName, engine) => {
  const make = (name: string) => watched(engine.make(engine.server(), name))
  /** Another process. */
  const worker = (server: string, name: string, filename: string) =>
    start([process.execPath, child, engineName, server, name, filename])

  it('wakes a runner that would never look otherwise', async () => {
    const { queue, woken } = make(engine.name())
    const app = webhookApp(memory, { queue })
    await app.drifthook.start()
    const to = await receiving()
    const { id } = await subscribe(app, to.url())
    await publish(app)
    await to.next()
    expect(woken).toContain(`${(await deliveryOf(app, id)).id}:1`)
  })

  it('is told of a retry when it is due, and wakes for it', async () => {
    const { queue, woken, enqueued } = make(engine.name())
    const app = webhookApp(memory, { queue, clock: systemClock, delivery: { retryDelays: [200] } })
    await app.drifthook.start()
    let answers = 0
    const to = await receiving(() => ({ status: answers++ === 0 ? 500 : 200 }))
    const before = Date.now()
    await subscribe(app, to.url())
    await publish(app)
    await to.next()
    await to.next()
    const retry = enqueued.find(({ runAt }) => runAt !== undefined)
    expect(retry?.runAt).toBeGreaterThanOrEqual(before + 200)
    await vi.waitFor(() => expect(woken).toContain(retry?.id), 5_000)
  })

  it('keeps a retry of the distant future as a job that waits', async () => {
    const name = engine.name()
    const { queue, enqueued } = make(name)
    const delivery = { retryDelays: [3_600_000] }
    const app = webhookApp(memory, { queue, clock: systemClock, delivery })
    await app.drifthook.start()
    const to = await receiving(() => ({ status: 500 }))
    await subscribe(app, to.url())
    await publish(app)
    await vi.waitFor(() => expect(enqueued).toHaveLength(2), 5_000)
    // Under one name the first could take the place of the second.
    expect(new Set(enqueued.map(({ id }) => id)).size).toBe(2)
    await vi.waitFor(async () => expect(await queue.stats()).toEqual({ waiting: 1 }), 5_000)
    await engine.flush(name)
  })

  it('may lose every wake-up: the store knows what is due', async () => {
    const filename = databaseFile()
    const name = engine.name()
    const { queue } = make(name)
    const api = shared(filename, queue)
    await api.drifthook.start({ runner: false })
    const to = await receiving()
    await subscribe(api, to.url())
    await publish(api)
    expect(await queue.stats()).toEqual({ waiting: 1 })
    await engine.flush(name)
    expect(await queue.stats()).toEqual({ waiting: 0 })

    const { queue: own, woken } = make(name)
    const other = shared(filename, own)
    await other.drifthook.start()
    await to.next()
    expect(woken).toEqual([])
  })

  it('wakes processes that share the work, each of which ends by itself', async () => {
    const filename = databaseFile()
    const name = engine.name()
    const api = shared(filename, make(name).queue)
    await api.drifthook.start({ runner: false })
    const workers = [0, 1].map(() => worker(engine.server(), name, filename))
    const lines = () => workers.flatMap((each) => each.lines)
    await vi.waitFor(() => expect(lines()).toEqual(['ready', 'ready']), 15_000)

    const to = await receiving()
    await subscribe(api, to.url())
    const count = 30
    for (let id = 0; id < count; id++) await publish(api, { id })
    await vi.waitFor(() => expect(to.requests).toHaveLength(count), 15_000)
    await vi.waitFor(() => expect(lines()).toHaveLength(count + 2), 5_000)
    expect(new Set(lines()).size).toBe(count + 1)

    for (const each of workers) each.process.kill('SIGTERM')
    for (const { ended } of workers) expect(await ended).toMatchObject({ code: 0, errors: '' })
    expect(to.requests).toHaveLength(count)
  }, 60_000)

  it('that is down costs latency only', async () => {
    const { queue, woken } = watched(engine.make(await nobody(engine.server()), engine.name()))
    const app = webhookApp(memory, { queue })
    await app.drifthook.start()
    const to = await receiving()
    await subscribe(app, to.url())
    await publish(app)
    expect(app.logger.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: 'the queue took no wake-up; the sweep will find the work',
      }),
    )
    expect(to.requests).toHaveLength(0)
    await app.clock.advance(1_000)
    await to.next()
    expect(woken).toEqual([])
    await app.drifthook.stop()
  })

  it('that is down keeps no process from ending', async () => {
    const running = worker(await nobody(engine.server()), engine.name(), databaseFile())
    await vi.waitFor(() => expect(running.lines).toEqual(['ready']), 15_000)
    running.process.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0, errors: '' })
  })

  it('that does not answer holds nobody up', async () => {
    const line = await cuttable(engine.server())
    const { queue, woken } = watched(engine.make(line.url, engine.name()))
    const app = webhookApp(memory, { queue })
    await app.drifthook.start()
    const to = await receiving()
    await subscribe(app, to.url())
    line.stall()
    await publish(app)
    expect(app.logger.lines.map(({ fields }) => String(fields?.error))).toContainEqual(
      expect.stringContaining('did not answer'),
    )
    await app.clock.advance(1_000)
    await to.next()
    expect(woken).toEqual([])
    await app.drifthook.stop()
    await line.cut()
  })

  it('that goes away and comes back wakes again', async () => {
    const line = await cuttable(engine.server())
    const { queue, woken } = watched(engine.make(line.url, engine.name()))
    const app = webhookApp(memory, { queue })
    await app.drifthook.start()
    const to = await receiving()
    await subscribe(app, to.url())
    await publish(app)
    await to.next()
    await vi.waitFor(() => expect(woken).toHaveLength(1), 5_000)

    await line.cut()
    await publish(app)
    await app.clock.advance(1_000)
    await to.next()
    expect(woken).toHaveLength(1)

    await line.mend()
    await wakesAgain(app, woken)
    await app.drifthook.stop()
  }, 60_000)

  it('that comes later than the application wakes from then on', async () => {
    const line = await cuttable(engine.server())
    await line.cut()
    const { queue, woken } = watched(engine.make(line.url, engine.name()))
    const app = webhookApp(memory, { queue })
    await app.drifthook.start()
    await subscribe(app, (await receiving()).url())
    await line.mend()
    await wakesAgain(app, woken)
    await app.drifthook.stop()
  }, 60_000)
})

/** Publishes until the engine wakes for it: what was announced before it was connected to is lost. */
async function wakesAgain(app: WebhookApp, woken: readonly string[]): Promise<void> {
  const before = woken.length
  const again = async () => {
    await publish(app)
    expect(woken.length).toBeGreaterThan(before)
  }
  await vi.waitFor(again, { timeout: 30_000, interval: 500 })
}

/** Where a server like that might be, and is not. */
async function nobody(server: string): Promise<string> {
  const url = new URL(server)
  url.port = String(await freePort())
  return url.href
}
