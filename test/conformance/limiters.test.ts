/** The limiters that count, in this process and in real stores. */
import { Redis } from 'ioredis'
import { Pool, type PoolConfig } from 'pg'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postgresStorage } from '../../src/adapters/postgres/index.js'
import { limiterLua, redisLimiter } from '../../src/adapters/redis/limiter.js'
import { type Limiter, taken } from '../../src/ports/limiter.js'
import { processLimiter } from '../../src/services/rate-limit.js'
import { runCase, runConformance } from '../../src/testkit/conformance.js'
import { type LimiterHarness, limiterConformance } from '../../src/testkit/limiter-conformance.js'
import { postgres, redis, type TestPostgres, type TestRedis } from '../support/services.js'

const limit = { points: 2, durationMs: 60_000 }

/** Runs the suite, with keys that are new for each case. */
function conform(harness: Omit<LimiterHarness, 'close'>) {
  let cases = 0
  const fresh = (open: () => Promise<Limiter>, isNext: boolean) => async (): Promise<Limiter> => {
    if (isNext) cases++
    const prefix = `${cases}:`
    const limiter = await open()
    return { take: (key, limit) => limiter.take(prefix + key, limit) }
  }
  const { openTwin } = harness
  runConformance({
    cases: limiterConformance,
    harness: {
      open: fresh(harness.open, true),
      ...(openTwin ? { openTwin: fresh(openTwin, false) } : {}),
      close: async () => {},
    },
    test: it,
    skip: it.skip,
  })
}

describe('the limiter of one process', () => {
  conform({ open: async () => processLimiter() })
})

describe('the limiter suite', () => {
  const saboteurs: Record<string, () => Limiter['take']> = {
    'everything is allowed': () => async (_, limit) => taken(limit, 1, limit.durationMs),
    'nothing is allowed': () => async (_, limit) => taken(limit, limit.points + 1, limit.durationMs),
    'all keys are one': () => {
      const limiter = processLimiter()
      return (_, limit) => limiter.take('key', limit)
    },
    'each second is a window': () => {
      const limiter = processLimiter()
      return async (key, limit) => {
        const answer = await limiter.take(key, {
          ...limit,
          durationMs: Math.ceil(limit.durationMs / 1_000) * 1_000,
        })
        return answer
      }
    },
    'every request opens a window': () => {
      const limiter = processLimiter()
      return async (key, limit) => ({ ...(await limiter.take(key, limit)), resetMs: limit.durationMs })
    },
  }

  it.each(Object.entries(saboteurs))('finds out that %s', async (_, take) => {
    const found: string[] = []
    for (const each of limiterConformance) {
      const harness = { open: async () => ({ take: take() }), close: async () => {} }
      if (each.needs?.(harness)) continue
      await runCase(each, harness).catch(() => found.push(each.name))
    }
    expect(found).not.toEqual([])
  })
})

describe('the limiter of PostgreSQL', () => {
  let server: TestPostgres
  let schema: string

  beforeAll(async () => {
    server = await postgres()
    // Has to be quoted.
    schema = `${server.schema} "limits"`
  })
  afterAll(async () => {
    await pool(0).query(`DROP SCHEMA IF EXISTS "${schema.replaceAll('"', '""')}" CASCADE`)
    await Promise.all(pools.map((each) => each.end()))
    await server.close()
  })

  const pools: Pool[] = []
  function pool(n: number, options: PoolConfig = {}): Pool {
    pools[n] ??= new Pool({ connectionString: server.url, max: 4, ...options })
    return pools[n]
  }
  const open = async (n: number, options?: PoolConfig) => {
    const storage = postgresStorage({ pool: pool(n, options), schema })
    await storage.open()
    return storage.limiter as Limiter
  }
  const table = () => `"${schema.replaceAll('"', '""')}".rate_windows`
  const keys = async (like: string) =>
    (await pool(0).query(`SELECT key FROM ${table()} WHERE key LIKE $1 ORDER BY 1`, [like])).rows.map(
      ({ key }) => key,
    )

  conform({ open: () => open(1), openTwin: () => open(2) })

  it('opens a window and clears ten that have ended long ago, and no other', async () => {
    const limiter = await open(1)
    const now = Date.now()
    await pool(0).query(
      `INSERT INTO ${table()} SELECT 'old:' || n, 1, $1::bigint - n FROM generate_series(100001, 100025) AS n
       UNION ALL VALUES ('new:1', 1, $1::bigint - 1000), ('new:2', 1, $1::bigint + 1000)`,
      [now],
    )
    await limiter.take('clearing', limit)
    await expect.poll(() => keys('old:%')).toHaveLength(15)
    // The second point of a window clears nothing; the first of another one does.
    await limiter.take('clearing', limit)
    await limiter.take('clearing again', limit)
    await expect.poll(() => keys('old:%')).toHaveLength(5)
    expect(await keys('new:%')).toEqual(['new:1', 'new:2'])
  })

  it('counts with whatever the host makes of 64-bit numbers, and names no statement', async () => {
    const sent: unknown[][] = []
    const host = pool(3, { types: { getTypeParser: (id) => (id === 20 ? BigInt : String) as never } })
    host.on('connect', (client) => {
      const query = client.query.bind(client)
      client.query = ((...args: unknown[]) => {
        sent.push(args)
        return (query as (...args: unknown[]) => unknown)(...args)
      }) as typeof client.query
    })
    const limiter = await open(3)
    expect(await limiter.take('big', limit)).toMatchObject({ allowed: true, remaining: 1 })
    expect(await limiter.take('big', limit)).toMatchObject({ allowed: true, remaining: 0 })
    expect(await limiter.take('big', limit)).toMatchObject({ allowed: false, remaining: 0 })
    expect(sent.some(([text]) => String(text).includes('rate_windows'))).toBe(true)
    for (const [text] of sent) expect(text).toBeTypeOf('string')
  })
})

describe('the limiter of Redis', () => {
  let server: TestRedis
  const clients: Redis[] = []

  beforeAll(async () => {
    server = await redis()
  })
  afterAll(async () => {
    for (const client of clients) client.disconnect()
    await server.close()
  })

  const client = async (n: number) => {
    clients[n] ??= new Redis(server.url, { lazyConnect: true })
    if (clients[n].status === 'wait') await clients[n].connect()
    return clients[n]
  }
  const open = async (n: number) => {
    const redis = await client(n)
    return redisLimiter((key, args) => redis.eval(limiterLua, 1, key, ...args), server.prefix)
  }

  conform({ open: () => open(0), openTwin: () => open(1) })

  it('leaves no key without an end', async () => {
    const limiter = await open(0)
    await limiter.take('ending', { points: 1, durationMs: 50_500 })
    const left = await (await client(0)).pttl(`${server.prefix}:limit:ending`)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(50_500)
  })

  it('leaves the limiters of the host on the same client as they are', async () => {
    const storeClient = await client(0)
    const theirs = new RateLimiterRedis({
      storeClient,
      points: 3,
      duration: 2,
      keyPrefix: `${server.prefix}host`,
      customIncrTtlLuaScript: 'return { 40 + tonumber(ARGV[1]), 2000 }',
    })
    await (await open(0)).take('ours', limit)
    expect((await theirs.penalty('theirs', 2)).consumedPoints).toBe(42)
  })
})
