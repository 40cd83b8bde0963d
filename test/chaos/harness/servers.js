/** PostgreSQL and Redis of our own that are killed while they work, and come back on what they had written. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import {
  embeddedPostgres,
  installedPostgres,
  queryPostgres,
  startPostgres,
} from '../../support/postgres-server.js'
import { freePort, startThrowaway } from '../../support/throwaway.js'

/**
 * @typedef {object} Server
 * @property {string} url
 * @property {() => Promise<void>} restart kills it with SIGKILL; resolves when it answers again
 * @property {() => Promise<void>} stop
 */

const restartDeadlineMs = 30_000

/** @returns {Promise<Server>} with `fsync` on, as it is unless told otherwise */
async function postgres() {
  const binaries = (await installedPostgres()) ?? (await embeddedPostgres())
  if (binaries === null) throw new Error('no PostgreSQL to start: apt-get install -y postgresql')
  const { url, data, stop } = await startPostgres(binaries, { restarts: true })
  const pid = async () => Number((await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')[0])
  return { url, restart: () => killed(pid, () => queryPostgres(url, 'select 1')), stop }
}

/** @returns {Promise<Server>} that has each write on disk before it answers */
async function redis() {
  const directory = await mkdtemp(join(tmpdir(), 'drifthook-redis-'))
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  const pidFile = join(directory, 'redis.pid')
  const network = ['--port', String(port), '--bind', '127.0.0.1', '--pidfile', pidFile]
  const disk = ['--dir', directory, '--save', '', '--appendonly', 'yes', '--appendfsync', 'always']
  const ready = () => pingRedis(url)
  try {
    const command = ['redis-server', ...network, ...disk]
    const stop = await startThrowaway({ directory, command, user: null, ready, restarts: true })
    const pid = async () => Number(await readFile(pidFile, 'utf8'))
    return { url, restart: () => killed(pid, ready), stop }
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

/** The servers a combination may need, by name. */
export const servers = { postgres, redis }

/** @typedef {keyof typeof servers} ServerName */

/**
 * Kills a server and waits until another process has taken its place.
 * @param {() => Promise<number>} pid
 * @param {() => Promise<void>} ready rejects until it answers
 */
async function killed(pid, ready) {
  const before = await pid()
  process.kill(before, 'SIGKILL')
  const deadline = Date.now() + restartDeadlineMs
  for (;;) {
    try {
      await ready()
      if ((await pid()) !== before) return
    } catch (cause) {
      if (Date.now() > deadline) throw new Error('a killed server did not come back', { cause })
    }
    await sleep(20)
  }
}

/** @param {string} url */
async function pingRedis(url) {
  const client = new Redis(url, { lazyConnect: true, connectTimeout: 2_000, retryStrategy: () => null })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.ping()
  } finally {
    client.disconnect()
  }
}
