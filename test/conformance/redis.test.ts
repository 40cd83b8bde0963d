import { inspect } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type RedisOptions, redisStorage } from '../../src/adapters/redis/index.js'
import type { Storage } from '../../src/ports/storage.js'
import { runConformance } from '../../src/testkit/conformance.js'
import { contract, delivery, ids, insert, request, start } from '../../src/testkit/storage/harness.js'
import { storageConformance } from '../../src/testkit/storage-conformance.js'
import { redis, type TestRedis } from '../support/services.js'
import { redisHarness } from './redis-harness.js'

const harness = redisHarness()
afterAll(() => harness.end())

describe('redisStorage', () => {
  runConformance({ cases: storageConformance, harness, test: it, skip: it.skip })
})

let server: TestRedis
let admin: Redis
let prefix = ''
let made = 0

beforeAll(async () => {
  server = await redis()
  admin = new Redis(server.url)
})
afterAll(async () => {
  admin.disconnect()
  await server.close()
})
beforeEach(() => {
  prefix = `${server.prefix}_own${made++}`
})

/** A storage that closes with the test. */
function storageOf(options: Partial<RedisOptions> = {}): Storage {
  const storage = redisStorage({ client: admin, prefix, acceptLoss: true, ...options })
  onTestFinished(() => storage.close())
  return storage
}

/** The same, opened. */
async function opened(options: Partial<RedisOptions> = {}) {
  const storage = storageOf(options)
  await storage.open()
  return storage as Storage & {
    tenants(table: string, after: string | null, limit: number): Promise<string[]>
    erase(table: string, tenantId: string, limit: number): Promise<number>
  }
}

const keys = async () => (await admin.keys(`{${prefix}:*`)).sort()

describe('options of redisStorage', () => {
  const client = { duplicate: () => ({}) }

  it.each([
    [{}, 'client must be'],
    [{ client: 'redis://127.0.0.1' }, 'client must be'],
    [{ client, url: 'x' }, 'url is not an option'],
    [{ client, prefix: '' }, 'prefix must be'],
    [{ client, prefix: 'a{b}' }, 'prefix must be'],
    [{ client, shards: 0 }, 'shards must be'],
    [{ client, shards: 65 }, 'shards must be'],
    [{ client, shards: 1.5 }, 'shards must be'],
    [{ client, acceptLoss: 'yes' }, 'acceptLoss must be'],
  ])('%o is refused', (options, sentence) => {
    const make = () => redisStorage(options as unknown as RedisOptions)
    expect(make).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(sentence) }),
    )
  })
})

describe('a store in Redis', () => {
  it('is not touched before open, nor after close', async () => {
    const storage = storageOf()
    await expect(storage.get('contracts', 'acme', 'a')).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(await keys()).toEqual([])
    await storage.open()
    await storage.commit([contract('a')])
    expect(await keys()).toHaveLength(5)
    await storage.close()
    await expect(storage.commit([contract('b')])).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })

  it('holds nothing of a record that was deleted', async () => {
    const storage = await opened()
    const before = await keys()
    await storage.commit([contract('a'), delivery('d'), insert('messageBodies', { id: 'm' })])
    await storage.claim('deliveries', request())
    expect((await keys()).length).toBeGreaterThan(before.length + 10)
    await storage.commit(
      (['contracts', 'deliveries', 'messageBodies'] as const).map((table, at) => ({
        op: 'delete',
        table,
        tenantId: 'acme',
        id: ['a', 'd', 'm'][at]!,
      })),
    )
    // The number of the last turn is no trace of a record.
    expect(await keys()).toEqual([...before, `{${prefix}:0}:turn:deliveries`])
  })

  it('is used through a connection of its own, whatever the client is set to', async () => {
    const client = new Redis(server.url, { keyPrefix: 'mine:', stringNumbers: true, lazyConnect: true })
    onTestFinished(() => client.disconnect())
    const storage = await opened({ client })
    await storage.commit([contract('a')])
    expect(await storage.nextIds('a', 3)).toBe(1)
    expect(client.status).toBe('wait')
    // What was made through another client is found.
    expect(await (await opened()).get('contracts', 'acme', 'a')).not.toBeNull()
    await storage.close()
    await client.set('k', 'v', 'PX', 1)
    expect(client.status).toBe('ready')
  })

  it('of another number of shards is refused', async () => {
    await opened({ shards: 2 })
    await expect(storageOf().open()).rejects.toMatchObject({
      code: 'STORAGE_INCOMPATIBLE',
      message: expect.stringContaining('spread over 2 shards, not 1'),
    })
    await opened({ shards: 2 })
  })

  it('of a newer version is used if it can be, and refused if it cannot', async () => {
    const storage = storageOf()
    await storage.open()
    await storage.close()
    await admin.hset(`{${prefix}:0}:meta`, 'format', 2)
    await storage.open()
    await storage.commit([contract('a')])
    await storage.close()
    await admin.hset(`{${prefix}:0}:meta`, 'oldest', 2)
    await expect(storage.open()).rejects.toMatchObject({ code: 'STORAGE_INCOMPATIBLE' })
  })

  it('cannot be opened where nobody listens', async () => {
    const client = new Redis({ host: '127.0.0.1', port: 1, lazyConnect: true })
    onTestFinished(() => client.disconnect())
    await expect(storageOf({ client }).open()).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: 'Redis cannot be reached (ECONNREFUSED).',
    })
  })

  it('tells nothing of values in its errors', async () => {
    const storage = await opened()
    await admin.set(`{${prefix}:0}:row:contracts:4:acme:a`, 'secret')
    const error = await storage.get('contracts', 'acme', 'a').catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', message: expect.stringMatching(/WRONGTYPE/) })
    expect(inspect(error, { depth: 9 })).not.toMatch(/secret|acme/)
  })
})

describe('tenants and erase', () => {
  it('list and empty what tenants have, page by page', async () => {
    const storage = await opened({ shards: 3 })
    const names = ['\u{1F600}', '\uFFFD', 'a', 'b', 'c']
    for (const tenantId of names) {
      await storage.commit(['1', '2', '3'].map((id) => insert('attemptDetails', { id, tenantId }) as never))
    }
    expect(await storage.tenants('attemptDetails', null, 9)).toEqual(['a', 'b', 'c', '\uFFFD', '\u{1F600}'])
    expect(await storage.tenants('attemptDetails', 'a', 2)).toEqual(['b', 'c'])
    expect(await storage.tenants('contracts', null, 9)).toEqual([])
    expect(await storage.erase('attemptDetails', 'b', 2)).toBe(2)
    expect(await storage.tenants('attemptDetails', 'a', 1)).toEqual(['b'])
    expect(await storage.erase('attemptDetails', 'b', 2)).toBe(1)
    expect(await storage.erase('attemptDetails', 'b', 2)).toBe(0)
    expect(await storage.tenants('attemptDetails', 'a', 1)).toEqual(['c'])
    expect(await storage.get('attemptDetails', 'c', '1')).not.toBeNull()
  })

  it('erase with keys, index entries and work', async () => {
    const storage = await opened()
    const before = await keys()
    await storage.commit(Array.from({ length: 600 }, (_, at) => delivery(`d${at}`)))
    await storage.claim('deliveries', request({ limit: 5 }))
    expect(await storage.erase('deliveries', 'acme', 1000)).toBe(600)
    expect(await storage.nextDue('deliveries')).toBeNull()
    expect(await keys()).toEqual([...before, `{${prefix}:0}:turn:deliveries`])
  })
})

describe('a store of several shards', () => {
  const tenantIds = Array.from({ length: 12 }, (_, at) => `tenant${at}`)

  it('is one store', async () => {
    const storage = await opened({ shards: 4 })
    for (const [at, tenantId] of tenantIds.entries()) {
      await storage.commit([
        insert('monitors', { id: 'm', tenantId, tokenHash: `h${at}` }) as never,
        delivery('d', { tenantId, dueAt: start + at }),
      ])
    }
    const used = new Set((await keys()).map((key) => key.slice(0, key.indexOf('}'))))
    expect(used.size).toBe(4)
    for (const [at, tenantId] of tenantIds.entries()) {
      expect(await storage.lookup('monitors', 'token', { tokenHash: `h${at}` })).toMatchObject({ tenantId })
    }
    expect(await storage.nextDue('deliveries')).toBe(start)
    expect(await storage.claim('deliveries', request({ limit: 5, now: start + 99 }))).toHaveLength(5)
    const rest = await storage.claim('deliveries', request({ now: start + 99 }))
    expect(rest).toHaveLength(7)
    expect(await storage.nextDue('deliveries')).toBe(request({ now: start + 99 }).leaseUntil)
    expect(await storage.nextIds('a', 1)).toBe(1)
  })

  it('keeps a key that names no tenant among all of them', async () => {
    const storage = await opened({ shards: 4 })
    const monitor = (tenantId: string) => insert('monitors', { id: 'm', tenantId, tokenHash: 'h' }) as never
    await storage.commit([monitor('tenant0')])
    for (const tenantId of tenantIds.slice(1)) {
      await expect(storage.commit([contract('a', { tenantId }), monitor(tenantId)])).rejects.toMatchObject({
        write: 1,
        reason: 'exists',
        key: 'token',
      })
      expect(await storage.get('contracts', tenantId, 'a')).toBeNull()
    }
  })

  it('commits for tenants of one shard', async () => {
    const storage = await opened({ shards: 4 })
    const both = storage.commit(tenantIds.map((tenantId) => contract('a', { tenantId })))
    await expect(both).rejects.toThrow(TypeError)
    for (const tenantId of tenantIds) expect(await storage.get('contracts', tenantId, 'a')).toBeNull()
    await storage.commit([contract('a', { tenantId: 'tenant0' })])
    expect(await storage.get('contracts', 'tenant0', 'a')).not.toBeNull()
  })

  it('gives every shard its turn', async () => {
    const storage = await opened({ shards: 4 })
    for (const tenantId of tenantIds) {
      await storage.commit(['1', '2', '3', '4'].map((id) => delivery(id, { tenantId })))
    }
    const claimed: string[] = []
    for (let claims = 0; claims < 48; claims++) {
      const rows = await storage.claim('deliveries', request({ limit: 1 }))
      expect(rows).toHaveLength(1)
      claimed.push(rows[0]!.tenantId)
    }
    expect(new Set(claimed.slice(0, 24)).size).toBe(tenantIds.length)
    expect(ids(await storage.claim('deliveries', request()))).toEqual([])
  })
})

describe('turns in Redis', () => {
  it('a thousand lanes that are full or skipped hide none that is not', async () => {
    const storage = await opened()
    const lanes = Array.from({ length: 1000 }, (_, at) => `l${String(at).padStart(4, '0')}`)
    await storage.commit(lanes.flatMap((lane) => [1, 2].map((n) => delivery(`${lane}-${n}`, { lane }))))
    const first = await storage.claim('deliveries', request({ limit: 500, perLane: 1 }))
    expect(new Set(first.map(({ lane }) => lane)).size).toBe(500)
    const full = new Set(first.map(({ lane }) => lane))
    const open = lanes.filter((lane) => !full.has(lane))
    const skipLanes = open.slice(1)
    const only = await storage.claim('deliveries', request({ limit: 10, perLane: 1, skipLanes }))
    expect(only.map(({ lane }) => lane)).toEqual([open[0]])
    expect(await storage.claim('deliveries', request({ limit: 10, perLane: 1, skipLanes }))).toEqual([])
    // They are all still there.
    expect(await storage.claim('deliveries', request({ limit: 2000, perLane: 2 }))).toHaveLength(1499)
  })
})
