import { embeddedPostgres, installedPostgres, queryPostgres, startPostgres } from './postgres-server.js'
import { borrowed, firstOf, type Options, type TestService, uniqueName, withoutPassword } from './ways.js'

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
