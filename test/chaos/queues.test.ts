/** The engines' queues against what the port promises, on a real Redis and a real PostgreSQL. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bullmqQueue } from '../../src/adapters/bullmq/index.js'
import { graphileQueue } from '../../src/adapters/graphile/index.js'
import { optionalPackage } from '../../src/adapters/shared/optional-package.js'
import type { Queue } from '../../src/ports/queue.js'
import { runConformance } from '../../src/testkit/conformance.js'
import { type QueueHarness, queueConformance } from '../../src/testkit/queue-conformance.js'
import { postgres, type TestPostgres } from '../support/postgres.js'
import { redis, type TestRedis } from '../support/redis.js'

let redisServer: TestRedis
let postgresServer: TestPostgres
let client: Redis
let pool: Pool

beforeAll(async () => {
  redisServer = await redis()
  postgresServer = await postgres()
  // Set in every way that BullMQ would not work with.
  client = new Redis(redisServer.url, {
    keyPrefix: 'host:',
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: 500,
    retryStrategy: () => null,
    lazyConnect: true,
  })
  await client.connect()
  pool = new Pool({ connectionString: postgresServer.url })
}, 60_000)

afterAll(async () => {
  await client.quit()
  await pool.end()
  await redisServer.close()
  await postgresServer.close()
})

/** A harness in real time: `make` gives another adapter on the n-th empty queue. */
function harnessOf(make: (n: number) => Queue): QueueHarness {
  const opened: Queue[] = []
  let n = 0
  const openTwin = async () => {
    const queue = make(n)
    opened.push(queue)
    await queue.open()
    return queue
  }
  return {
    open() {
      n += 1
      return openTwin()
    },
    openTwin,
    now: Date.now,
    advance: (ms) => sleep(ms),
    async close() {
      for (const queue of opened.splice(0)) await queue.close()
    },
  }
}

const slow = (name: string, run: () => Promise<void>) => it(name, run, 20_000)

it('an engine whose package is not installed is named, with the command that remedies it', async () => {
  await expect(optionalPackage('drifthook-engine-nobody-has')).rejects.toMatchObject({
    code: 'DRIVER_NOT_FOUND',
    message: expect.stringContaining('npm install drifthook-engine-nobody-has'),
  })
})

describe('bullmqQueue', () => {
  const make = (name = 'drifthook') => bullmqQueue({ connection: client, prefix: redisServer.prefix, name })

  runConformance({
    cases: queueConformance,
    harness: harnessOf((n) => make(`q${n}`)),
    test: slow,
    skip: it.skip,
  })

  it('takes options as well as a client, and ids of any kind', async () => {
    const { hostname: host, port } = new URL(redisServer.url)
    const connection = { host, port: Number(port || 6379) }
    const queue = bullmqQueue({ connection, prefix: redisServer.prefix, name: 'ids' })
    await queue.open()
    const ids = ['1', 'a:b', 'del_1:1', 'x y/ü%3A']
    await queue.enqueue(ids.map((id) => ({ id })))
    expect(await take(queue, ids.length)).toEqual(ids)
    await queue.close()
  })

  it('leaves no key behind but its own settings, whatever handlers do', async () => {
    const queue = make('empty')
    await queue.open()
    await queue.enqueue([{ id: 'a' }, { id: 'b' }])
    await take(queue, 2, async () => {
      throw new Error('expected')
    })
    await queue.close()
    const bare = new Redis(redisServer.url)
    const keys = await bare.keys(`${redisServer.prefix}:empty:*`)
    await bare.quit()
    expect(keys.map((key) => key.split(':').at(-1)).sort()).toEqual(['events', 'id', 'meta', 'stalled-check'])
  })

  it('leaves the client it was given open', async () => {
    const queue = make()
    await queue.open()
    await queue.close()
    expect(await client.ping()).toBe('PONG')
    await expect(queue.enqueue([{ id: 'a' }])).rejects.toThrow('not open')
  })

  it.each([
    [{ connection: {}, prefixes: 'x' }, 'prefixes is not an option'],
    [{}, 'connection must be'],
    [{ connection: 'redis://127.0.0.1' }, 'connection must be'],
    [{ connection: {}, prefix: '' }, 'prefix must be'],
    [{ connection: {}, name: 'a:b' }, 'name must be'],
  ])('refuses %j', (options, sentence) => {
    expect(() => bullmqQueue(options as Parameters<typeof bullmqQueue>[0])).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(sentence) }),
    )
  })
})

describe('graphileQueue', () => {
  const make = (schema = postgresServer.schema) => graphileQueue({ pool, schema })
  const emptied = async () => {
    await pool.query(`DELETE FROM ${postgresServer.schema}._private_jobs`).catch(() => {})
  }
  const harness = harnessOf(() => make())
  const open = async () => {
    await emptied()
    return harness.open()
  }

  runConformance({
    cases: queueConformance,
    harness: { ...harness, open },
    test: slow,
    skip: it.skip,
  })

  it('leaves no job behind, whatever handlers do', async () => {
    const queue = await open()
    await queue.enqueue([{ id: 'a' }, { id: 'b' }])
    await take(queue, 2, async () => {
      throw new Error('expected')
    })
    const { rows } = await pool.query(`SELECT * FROM ${postgresServer.schema}.jobs`)
    expect(rows).toEqual([])
    await harness.close()
  })

  it('removes what a killed process had taken, and nothing that a living one has', async () => {
    const queue = await open()
    await queue.enqueue([{ id: 'killed' }, { id: 'living' }, { id: 'waiting' }])
    const take = `UPDATE ${postgresServer.schema}._private_jobs SET attempts = 1, locked_by = 'worker',
      locked_at = now() - $1::interval WHERE key = $2`
    await pool.query(take, ['5 hours', 'killed'])
    await pool.query(take, ['1 minute', 'living'])
    await harness.openTwin?.()
    const { rows } = await pool.query(`SELECT key FROM ${postgresServer.schema}.jobs ORDER BY key`)
    expect(rows).toEqual([{ key: 'living' }, { key: 'waiting' }])
    await harness.close()
  })

  it('goes on when another application migrates graphile-worker in a schema of its own', async () => {
    const queue = await open()
    const notify = `SELECT pg_notify('worker:migrate', '{"migrationNumber":99,"breaking":true}')`
    // Notifications come in order: the one of `b` after the migration's.
    const taken = take(queue, 2, async () => {
      await pool.query(notify)
      await queue.enqueue([{ id: 'b' }])
    })
    await queue.enqueue([{ id: 'a' }])
    expect(await taken).toEqual(['a', 'b'])
    expect(process.exitCode).toBeUndefined()
    await harness.close()
  })

  it('leaves the pool as it was', async () => {
    const before = pool.eventNames().map((name) => pool.listenerCount(name))
    const queue = make()
    await queue.open()
    await queue.open()
    await queue.close()
    expect(pool.eventNames().map((name) => pool.listenerCount(name))).toEqual(before)
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await expect(queue.enqueue([{ id: 'a' }])).rejects.toThrow('not open')
  })

  it.each([
    [{ pool: {}, x: 1 }, 'x is not an option'],
    [{}, 'pool must be'],
    [{ pool: {} }, 'pool must be'],
  ])('refuses %j', (options, sentence) => {
    expect(() => graphileQueue(options as unknown as Parameters<typeof graphileQueue>[0])).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(sentence) }),
    )
  })
})

/** The ids of the next `n` wake-ups, in order of the alphabet. */
async function take(queue: Queue, n: number, handler = async () => {}): Promise<string[]> {
  const taken: string[] = []
  const stop = new AbortController()
  await queue.consume(
    async (id) => {
      if (taken.push(id) === n) stop.abort()
      await handler()
    },
    { concurrency: 10, signal: stop.signal },
  )
  return taken.sort()
}
