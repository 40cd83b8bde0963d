/** Redis servers of a test's own: set as the test needs them, and free to be stopped, starved or killed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort, startThrowaway } from './throwaway.js'

export interface RedisServer {
  port: number
  url: string
  /** A client for the test itself; `stop` disconnects it. */
  admin: Redis
  /** Sends the server a signal. */
  signal(signal: NodeJS.Signals): void
  stop(): Promise<void>
}

/**
 * Starts one.
 * @param settings as in `redis.conf`; without any it keeps nothing on disk
 * @param port where a former one was, to take its place
 */
export async function startRedisServer(
  settings: Readonly<Record<string, string>> = {},
  port?: number,
): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'drifthook-redis-'))
  const at = port ?? (await freePort())
  const all = { port: String(at), bind: '127.0.0.1', dir: directory, save: '', appendonly: 'no', ...settings }
  const admin = new Redis(at, '127.0.0.1', { lazyConnect: true, retryStrategy: () => 20 })
  admin.on('error', () => {})
  const end = await startThrowaway({
    directory,
    command: [
      'redis-server',
      ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, ...value.split(' ')]),
    ],
    user: null,
    ready: async () => {
      if (admin.status === 'wait') admin.connect().catch(() => {})
      await admin.ping()
    },
  })
  const pid = Number(/process_id:(\d+)/.exec(await admin.info('server'))?.[1])
  return {
    port: at,
    url: `redis://127.0.0.1:${at}`,
    admin,
    signal: (signal) => void process.kill(pid, signal),
    stop: async () => {
      admin.disconnect()
      await end()
    },
  }
}

/** A directory that outlives the servers that keep their data in it. */
export async function dataDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'drifthook-redis-data-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}
