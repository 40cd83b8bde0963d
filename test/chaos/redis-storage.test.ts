/** The storage in Redis on servers that are set wrongly, starved, demoted, stopped and killed. */
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { redisStorage } from '../../src/adapters/redis/index.js'
import type { Storage } from '../../src/ports/storage.js'
import { contract, delivery, ids, insert, request, start } from '../../src/testkit/storage/harness.js'
import { dataDirectory, type RedisServer, startRedisServer } from '../support/redis-server.js'

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function started(settings?: Readonly<Record<string, string>>, port?: number): Promise<RedisServer> {
  const server = await startRedisServer(settings, port)
  endings.push(() => server.stop())
  return server
}

function storageOn({ port }: { port: number }, options: { acceptLoss?: boolean } = {}): Storage {
  const client = new Redis(port, '127.0.0.1', { lazyConnect: true })
  const storage = redisStorage({ client, ...options })
  endings.push(async () => {
    await storage.close()
    client.disconnect()
  })
  return storage
}

const acceptLoss = true
const unavailable = { code: 'STORAGE_UNAVAILABLE' }

/** Until it answers again, as a client of it finds out. */
const again = (use: () => Promise<unknown>) => expect.poll(use, { timeout: 20_000 }).toBeTruthy()

describe('a server is refused', () => {
  it.each([
    ['that evicts any key', { 'maxmemory-policy': 'allkeys-lru' }, acceptLoss, /evicts keys.*allkeys-lru/],
    ['that keeps no file', {}, false, /append-only file/],
    ['that keeps snapshots only', { save: '60 1' }, false, /append-only file/],
    ['of a cluster, by a client that knows none', { 'cluster-enabled': 'yes' }, acceptLoss, /cluster/],
  ])('%s', async (_, settings, acceptLoss, message) => {
    const storage = storageOn(await started(settings), { acceptLoss })
    await expect(storage.open()).rejects.toMatchObject({ code: 'STORAGE_INCOMPATIBLE', message })
  })

  it('that is a replica', async () => {
    const replica = await started()
    await replica.admin.replicaof('127.0.0.1', (await started()).port)
    await expect(storageOn(replica, { acceptLoss }).open()).rejects.toMatchObject(unavailable)
  })

  it('that wants a password, without telling it', async () => {
    const server = await started()
    await server.admin.config('SET', 'requirepass', 'hidden')
    const client = new Redis(server.port, '127.0.0.1', { lazyConnect: true, password: 'wrong-one' })
    const error = await redisStorage({ client, acceptLoss })
      .open()
      .catch((error: unknown) => error)
    expect(error).toMatchObject({ ...unavailable, message: 'Redis cannot be reached (WRONGPASS).' })
    expect(JSON.stringify(error)).not.toContain('wrong-one')
  })
})

describe('a user that may not use every command', () => {
  it('is refused at open, not in the middle of a commit', async () => {
    const server = await started()
    const open = async (rules: string) => {
      await server.admin.acl('SETUSER', 'app', 'on', '>word', ...rules.split(' '))
      const client = new Redis(server.port, '127.0.0.1', {
        lazyConnect: true,
        username: 'app',
        password: 'word',
      })
      const storage = redisStorage({ client, acceptLoss })
      endings.push(() => storage.close())
      await storage.open()
      return storage
    }
    const enough = '~{drifthook:* +@read +@write +@scripting +info'
    await expect(open(`${enough} -zrem`)).rejects.toMatchObject({
      ...unavailable,
      message: 'Redis refused a command (NOPERM).',
    })
    expect(await server.admin.keys('*:row:*')).toEqual([])
    const storage = await open(`${enough} +zrem`)
    await storage.commit([contract('a'), delivery('d')])
    expect(ids(await storage.claim('deliveries', request()))).toEqual(['d'])
    expect(await storage.nextIds('a', 1)).toBe(1)
  })
})

describe('what survives is told', () => {
  it.each([
    ['always', { appendonly: 'yes', appendfsync: 'always' }, 'disk'],
    ['every second', { appendonly: 'yes', appendfsync: 'everysec' }, 'process'],
    ['snapshots', { save: '60 1' }, 'process'],
    ['nothing', {}, 'none'],
    ['always, where asking is forbidden', { appendonly: 'yes', 'rename-command': 'CONFIG x' }, 'process'],
    ['volatile keys evicted', { 'maxmemory-policy': 'volatile-lru' }, 'none'],
  ])('%s', async (_, settings, durable) => {
    const storage = storageOn(await started(settings), { acceptLoss: durable !== 'disk' })
    await storage.open()
    expect(storage.capabilities.durable).toBe(durable)
  })
})

describe('nothing is half written', () => {
  it('when memory is short, and what takes none goes on', async () => {
    const server = await started()
    const storage = storageOn(server, { acceptLoss })
    await storage.open()
    await storage.commit([contract('a', { version: 1 }), delivery('d')])
    const before = await server.admin.dbsize()
    await server.admin.config('SET', 'maxmemory', '1')
    const data = new Uint8Array(1000)
    const writes = [contract('b'), insert('messageBodies', { id: 'm', data }) as never, delivery('e')]
    await expect(storage.commit(writes)).rejects.toMatchObject({
      ...unavailable,
      message: 'Redis refused a command (OOM).',
    })
    const update = { op: 'update', table: 'contracts', tenantId: 'acme', id: 'a' } as const
    const renamed = storage.commit([{ ...update, set: { vendor: null, name: 'c', version: 2 } }])
    const result = await renamed.then(
      () => 'made',
      () => 'refused',
    )
    // Wholly or not at all.
    const read = await storage.get('contracts', 'acme', 'a')
    expect([read?.name, read?.version]).toEqual(result === 'made' ? ['c', 2] : ['a', 1])
    const byName = { tenantId: 'acme', name: read!.name }
    expect(await storage.lookup('contracts', 'name', byName)).toEqual(read)
    expect(await server.admin.dbsize()).toBe(before)
    // To make room is possible.
    await storage.commit([{ op: 'delete', table: 'contracts', tenantId: 'acme', id: 'a' }])
    await server.admin.config('SET', 'maxmemory', '0')
    await storage.commit(writes)
    expect(await storage.get('messageBodies', 'acme', 'm')).toMatchObject({ data })
  })

  it('when the server has become a replica, and what was refused goes through when it is one no longer', async () => {
    const server = await started()
    const storage = storageOn(server, { acceptLoss })
    await storage.open()
    await storage.commit([contract('a'), delivery('due')])
    const before = await server.admin.dbsize()
    // Of nobody: what it has stays.
    await server.admin.replicaof('127.0.0.1', 1)
    await expect(storage.commit([contract('b'), delivery('d')])).rejects.toMatchObject(unavailable)
    await expect(storage.claim('deliveries', request()))
      .resolves.toEqual([])
      .catch(() => {})
    expect(await server.admin.dbsize()).toBe(before)
    await server.admin.replicaof('NO', 'ONE')
    await again(() =>
      storage.commit([contract('b'), delivery('d')]).then(
        () => true,
        () => false,
      ),
    )
    expect(ids(await storage.claim('deliveries', request()))).toEqual(['d', 'due'])
  })

  it('when the server is killed: what it confirmed is there again, with everything that finds it', async () => {
    const data = await dataDirectory()
    endings.push(data.remove)
    const settings = { appendonly: 'yes', appendfsync: 'always', dir: data.path }
    const server = await started(settings)
    const storage = storageOn(server)
    await storage.open()
    await storage.commit([delivery('held', { lane: 'held', dueAt: start - 1 })])
    const [held] = await storage.claim('deliveries', request({ limit: 1 }))
    const confirmed: string[] = []
    let failed = 0
    const working = Array.from({ length: 8 }, async (_, worker) => {
      for (let n = 0; failed === 0; n++) {
        const id = `w${worker}-${n}`
        const own = { lane: `l${worker}`, messageId: id, subscriptionId: 's' }
        const writes = [delivery(id, own), contract(id)]
        await storage.commit(writes).then(
          () => confirmed.push(id),
          (error) => {
            failed++
            expect(error).toMatchObject(unavailable)
          },
        )
      }
    })
    await expect.poll(() => confirmed.length).toBeGreaterThan(200)
    server.signal('SIGKILL')
    await Promise.all(working)
    await started(settings, server.port)
    await again(() => storage.get('deliveries', 'acme', 'held').catch(() => null))
    const written: string[] = []
    for (let after = null, page = null; page === null || page.next !== null; after = page.next) {
      page = await storage.list('deliveries', { tenantId: 'acme', index: 'created', limit: 1000, after })
      written.push(...ids(page.items))
    }
    expect(written).toEqual(expect.arrayContaining(confirmed))
    // What was not confirmed is there wholly or not at all.
    expect(written.length - confirmed.length).toBeLessThanOrEqual(9)
    for (const id of written.filter((id) => id !== 'held')) {
      expect(await storage.get('contracts', 'acme', id)).not.toBeNull()
      const once = { tenantId: 'acme', messageId: id, subscriptionId: 's' }
      expect(await storage.lookup('deliveries', 'once', once)).toMatchObject({ id })
    }
    const claimed = await storage.claim('deliveries', request({ limit: 10_000, perLane: 10_000 }))
    expect(ids(claimed).sort()).toEqual(written.filter((id) => id !== 'held').sort())
    const { tenantId, id, fence } = held!
    expect(
      await storage.settle('deliveries', [{ kind: 'end', tenantId, id, fence, set: {}, writes: [] }]),
    ).toEqual(['applied'])
  })

  it('when the server hangs: the call fails in a few seconds, and the next ones work when it is back', async () => {
    const server = await started()
    const storage = storageOn(server, { acceptLoss })
    await storage.open()
    server.signal('SIGSTOP')
    const hanging = storage.commit([contract('a'), contract('b')])
    await expect(hanging).rejects.toMatchObject(unavailable)
    server.signal('SIGCONT')
    await again(() => storage.commit([contract('c')]).then(() => true))
    const made = await Promise.all(['a', 'b'].map((id) => storage.get('contracts', 'acme', id)))
    expect(made[0] === null).toBe(made[1] === null)
  })

  it('when the scripts are forgotten', async () => {
    const server = await started()
    const storage = storageOn(server, { acceptLoss })
    await storage.open()
    await storage.commit([contract('a')])
    await server.admin.script('FLUSH')
    await Promise.all(['b', 'c', 'd'].map((id) => storage.commit([contract(id)])))
    const page = await storage.list('contracts', { tenantId: 'acme', index: 'created', limit: 9 })
    expect(ids(page.items)).toEqual(['a', 'b', 'c', 'd'])
  })
})
