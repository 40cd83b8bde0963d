/** `drifthook/postgres`: a storage in a schema of the host's database, shared by all processes that reach it. */
import { DrifthookError } from '../../errors.js'
import type { Storage } from '../../ports/storage.js'
import { schemaSql } from './migrations.js'
import type { PostgresPool } from './pool.js'
import { PostgresStorage } from './storage.js'

export type { HostTransaction } from '../../ports/host-transaction.js'
export {
  type DrizzleTransaction,
  fromDrizzle,
  fromKnex,
  fromKysely,
  fromPg,
  fromPrisma,
  type KnexTransaction,
  type KyselyTransaction,
  type PgTransaction,
  type PrismaTransaction,
} from './executors.js'
export type { PostgresClient, PostgresPool, PostgresQueryable } from './pool.js'

export interface PostgresOptions {
  /** A `Pool` of the package `pg`, or what behaves like one. It stays the host's: it is never closed. */
  pool: PostgresPool
  /** The schema that holds everything. Made when it is missing. Default `drifthook`. */
  schema?: string
}

const known: readonly string[] = ['pool', 'schema'] satisfies (keyof PostgresOptions)[]

const defaultSchema = 'drifthook'

const invalid = (name: string, sentence: string) =>
  new DrifthookError('OPTION_INVALID', `postgresStorage: ${name} ${sentence}`)

function checkSchema(schema: unknown): asserts schema is string {
  // PostgreSQL would cut a longer name short.
  const fits = typeof schema === 'string' && schema !== '' && Buffer.byteLength(schema) <= 63
  if (!fits || schema.includes('\0') || schema.startsWith('pg_')) {
    throw invalid('schema', 'must be a name of 1 to 63 bytes that does not begin with pg_.')
  }
}

/**
 * A storage in a PostgreSQL schema. Nothing is read or made before `open()`.
 * @throws DrifthookError `OPTION_INVALID`
 */
export function postgresStorage(options: PostgresOptions): Storage {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw invalid(name, `is not an option; there are ${known.join(', ')}.`)
  }
  const { pool, schema = defaultSchema } = options
  if (typeof pool?.query !== 'function' || typeof pool.connect !== 'function') {
    throw invalid('pool', 'must be a Pool of the package pg.')
  }
  checkSchema(schema)
  return new PostgresStorage(pool, schema)
}

/**
 * The SQL that makes the schema, to be read or to be run by a role that may: `open()` then finds it made.
 * @throws DrifthookError `OPTION_INVALID`
 */
export function postgresSchemaSql({ schema = defaultSchema }: Pick<PostgresOptions, 'schema'> = {}): string {
  checkSchema(schema)
  return schemaSql(schema)
}
