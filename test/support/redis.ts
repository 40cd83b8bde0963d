import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort, startThrowaway } from './throwaway.js'
import {
  borrowed,
  exists,
  firstOf,
  type Options,
  run,
  type Server,
  type TestService,
  uniqueName,
  withoutPassword,
} from './ways.js'

/** Named by the environment; found running; started from the installed program; installed first. */
export type RedisWay = 'configured' | 'answering' | 'installed' | 'apt'

export interface RedisOptions extends Options<RedisWay> {
  /** Whether packages may be installed. Default: `CI=true`. */
  ci?: boolean
}

export interface TestRedis extends TestService<RedisWay> {
  /** Put it into every key's name. `close` deletes the keys that carry it. */
  prefix: string
}

const installRedis = ['apt-get', 'install', '-y', '--no-install-recommends', 'redis-server'] as const

/** A Redis server for tests. */
export async function redis(options: RedisOptions = {}): Promise<TestRedis> {
  const configured = 'configured' in options ? options.configured : process.env.REDIS_URL
  const answering = options.answering ?? 'redis://127.0.0.1:6379'
  const ci = options.ci ?? process.env.CI === 'true'
  const server = await firstOf(
    options.ways ?? ['configured', 'answering', 'installed', 'apt'],
    {
      configured: async () => {
        if (!configured) return 'REDIS_URL is not set'
        await withRedis(configured, (client) => client.ping())
        return borrowed(configured)
      },
      answering: () =>
        withRedis(answering, (client) => client.ping()).then(
          () => borrowed(answering),
          (error: Error) => `${withoutPassword(answering)}: ${error.message}`,
        ),
      installed: startInstalledRedis,
      apt: async () => {
        if (!ci) return 'packages are installed only with CI=true'
        if (process.getuid?.() !== 0) return 'not root'
        if (!(await exists('/usr/bin/apt-get'))) return 'no apt-get'
        const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
        await run('apt-get', ['update'], { env })
        await run(installRedis[0], installRedis.slice(1), { env })
        return startInstalledRedis()
      },
    },
    `Set REDIS_URL, or install it: ${installRedis.join(' ')}`,
  )
  const prefix = uniqueName()
  return {
    url: server.url,
    way: server.way,
    prefix,
    close: async () => {
      try {
        await withRedis(server.url, (client) => deleteKeys(client, prefix))
      } finally {
        await server.stop()
      }
    },
  }
}

async function withRedis<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { lazyConnect: true, connectTimeout: 2_000, retryStrategy: () => null })
  // The reason a connection failed comes only as an event; the rejection just says that it is closed.
  let reason: Error | undefined
  client.on('error', (error: Error) => {
    reason = error
  })
  try {
    await client.connect()
    return await use(client)
  } catch (error) {
    throw reason ?? error
  } finally {
    client.disconnect()
  }
}

async function deleteKeys(client: Redis, prefix: string): Promise<void> {
  let cursor = '0'
  do {
    const [next, keys] = await client.scan(cursor, 'MATCH', `*${prefix}*`, 'COUNT', 1_000)
    if (keys.length > 0) await client.unlink(...keys)
    cursor = next
  } while (cursor !== '0')
}

async function startInstalledRedis(): Promise<Server | string> {
  const found = await run('redis-server', ['--version']).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
  if (!found) return 'no redis-server in PATH'
  const directory = await mkdtemp(join(tmpdir(), 'drifthook-redis-'))
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  const stop = await startThrowaway({
    directory,
    command: [
      'redis-server',
      ...[
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--dir',
        directory,
        '--save',
        '',
        '--appendonly',
        'no',
      ],
    ],
    user: null,
    ready: () => withRedis(url, (client) => client.ping()).then(() => {}),
  })
  return { url, stop }
}
