/** Storages on a real Redis, under prefixes that nobody else uses and that are removed at the end. */
import { Redis } from 'ioredis'
import { redisStorage } from '../../src/adapters/redis/index.js'
import type { Capabilities, Storage } from '../../src/ports/storage.js'
import { declaration } from '../../src/ports/tables.js'
import type { StorageHarness } from '../../src/testkit/storage-conformance.js'
import { redis, type TestRedis } from '../support/services.js'

export interface RedisHarness extends StorageHarness {
  /** The server, found or started when first asked for. */
  server(): Promise<TestRedis>
  /** A client of its own, closed by `close`. */
  client(): Promise<Redis>
  /** Removes all keys and lets go of the server. */
  end(): Promise<void>
}

/** What survives on a server that a test found, whatever it is set to. */
async function survives(client: Redis): Promise<Capabilities['durable']> {
  const [, logs] = (await client.config('GET', 'appendonly')) as string[]
  const [, sync] = (await client.config('GET', 'appendfsync')) as string[]
  const [, snapshots] = (await client.config('GET', 'save')) as string[]
  if (logs === 'yes') return sync === 'always' ? 'disk' : 'process'
  return snapshots === '' ? 'none' : 'process'
}

export function redisHarness(shards = 1): RedisHarness {
  let found: Promise<TestRedis> | null = null
  let made = 0
  const clients: Redis[] = []
  const opened: Storage[] = []
  const capabilities: Capabilities = { durable: 'none', crossProcess: true, hostTransactions: false }

  const server = () => {
    found ??= redis()
    return found
  }
  const client = async () => {
    const connected = new Redis((await server()).url)
    clients.push(connected)
    return connected
  }
  const prefix = async () => `${(await server()).prefix}_${made}`
  const openTwin = async () => {
    const storage = redisStorage({
      client: clients[0] ?? (await client()),
      prefix: await prefix(),
      shards,
      acceptLoss: true,
    })
    opened.push(storage)
    await storage.open()
    return storage
  }
  return {
    capabilities,
    server,
    client,
    openTwin,
    async open() {
      made++
      capabilities.durable = await survives(clients[0] ?? (await client()))
      return openTwin()
    },
    async readRaw(table, tenantId, id) {
      const key = `{${await prefix()}:0}:row:${table}:${Buffer.byteLength(tenantId)}:${tenantId}:${id}`
      const fields = await clients[0]!.hgetallBuffer(key)
      if (Object.keys(fields).length === 0) return null
      const columns = Object.entries(declaration(table).columns)
      const readable = columns.map(([name, { kind }]) => {
        const value = fields[name]
        if (value === undefined) return [name, null]
        if (kind === 'bytes') return [name, value]
        return [name, kind === 'text' || kind === 'json' ? String(value) : Number(value)]
      })
      return Object.fromEntries(readable)
    },
    async close() {
      for (const storage of opened.splice(0)) await storage.close()
      for (const each of clients.splice(0)) each.disconnect()
    },
    async end() {
      await this.close()
      await (await found)?.close()
      found = null
    },
  }
}
