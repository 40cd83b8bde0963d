/**
 * Brings a schema to this version: numbered, frozen, additive SQL. Two adjacent versions of the code can run
 * on one schema; one that only newer code can read is refused.
 */
import { DrifthookError } from '../../errors.js'
import { createTables } from '../sql/ddl.js'
import type { Migration } from '../sql/migration.js'
import { quote } from '../sql/names.js'
import { begin, type Database } from './database.js'
import { anySchema } from './dialect.js'
import { rateWindows, rateWindowsEnd } from './limiter.js'
import { lock } from './lock.js'
import { initial } from './migrations/0001-initial.js'
import type { PostgresQueryable } from './pool.js'

const counters = `CREATE TABLE "counters" (
  "name" text COLLATE "C" NOT NULL PRIMARY KEY,
  "used" bigint NOT NULL
)`

/** The schema as it would be made from the declared tables today: what the migrations must amount to. */
export const derivedSchema = (): string[] => [
  ...createTables(anySchema),
  counters,
  rateWindows,
  rateWindowsEnd,
]

/** In order; the first is version 1. Once released, none is changed. */
export const migrations: readonly Migration[] = [{ readableFrom: 1, sql: initial }]

const versionTable = `CREATE TABLE IF NOT EXISTS "migrations" (
  "version" bigint NOT NULL PRIMARY KEY,
  "readable_from" bigint NOT NULL
);
`

/** What brings a schema of version `at` up to date, to be run in one transaction. */
const migrationSql = (schema: string, at: number): string =>
  [
    `CREATE SCHEMA IF NOT EXISTS ${quote(schema)};\n`,
    `SET LOCAL search_path TO ${quote(schema)};\n`,
    versionTable,
    ...migrations
      .slice(at)
      .map(
        ({ readableFrom, sql }, i) =>
          `${sql}INSERT INTO "migrations" VALUES (${at + i + 1}, ${readableFrom});\n`,
      ),
  ].join('')

/** What changes a large table takes its time, and other processes wait for it. */
const migrationMs = 60 * 60_000

/** The version a schema has, 0 if it is not there. */
async function versionOf(client: PostgresQueryable, schema: string): Promise<number> {
  // Read as a table: a name looked up before is remembered, also as missing.
  const { rows } = await client.query(
    "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'migrations'",
    [schema],
  )
  if (rows.length === 0) return 0
  const state = await client.query(
    `SELECT coalesce(max("version"), 0) AS "at", coalesce(max("readable_from"), 0) AS "from" FROM ${quote(schema)}."migrations"`,
  )
  const at = Number(state.rows[0]?.at)
  if (Number(state.rows[0]?.from) <= migrations.length) return at
  throw new DrifthookError(
    'STORAGE_INCOMPATIBLE',
    `The PostgreSQL schema has version ${at}; this version of drifthook knows ${migrations.length}. Upgrade it.`,
  )
}

/**
 * Applies what is missing, in one transaction under a lock: of several processes starting at once one does it.
 * A schema that is up to date is only read, so that the host's role need not be allowed to change it.
 * @throws DrifthookError `STORAGE_INCOMPATIBLE`
 */
export async function migrate(database: Database, schema: string): Promise<void> {
  const version = await database.transaction(`${begin} READ ONLY`, (client) => versionOf(client, schema))
  if (version >= migrations.length) return
  const work = async (client: PostgresQueryable) => {
    const at = await versionOf(client, schema)
    if (at < migrations.length) await client.query(migrationSql(schema, at))
  }
  await database.transaction(`${begin}; ${lock(schema, 'migrations')}`, work, migrationMs)
}

/** All of a schema's statements, for whoever wants to read them, or to run them with rights of their own. */
export const schemaSql = (schema: string): string => `BEGIN;\n${migrationSql(schema, 0)}COMMIT;\n`
