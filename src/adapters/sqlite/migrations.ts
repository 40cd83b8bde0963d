/**
 * Brings a database to this version's schema: numbered, frozen, additive SQL. Two adjacent versions of the
 * code can run on one schema; a database that only newer code can read is refused.
 */
import { DrifthookError } from '../../errors.js'
import { createTables } from '../sql/ddl.js'
import type { Migration } from '../sql/migration.js'
import type { Connection } from './connection.js'
import { sqlite } from './dialect.js'
import { initial } from './migrations/0001-initial.js'
import type { Writer } from './writer.js'

const counters = `CREATE TABLE "drifthook_counters" (
  "name" TEXT NOT NULL PRIMARY KEY,
  "used" INTEGER NOT NULL
) STRICT`

/** The schema as it would be made from the declared tables today: what the migrations must amount to. */
export const derivedSchema = (): string[] => [...createTables(sqlite), counters]

/** In order; the first is version 1. Once released, none is changed. */
export const migrations: readonly Migration[] = [{ readableFrom: 1, sql: initial }]

const versionTable = `CREATE TABLE IF NOT EXISTS "drifthook_migrations" (
  "version" INTEGER NOT NULL PRIMARY KEY,
  "readable_from" INTEGER NOT NULL
) STRICT`

/**
 * Applies what is missing, in one transaction: of several processes starting at once one does it.
 * @throws DrifthookError `STORAGE_INCOMPATIBLE`
 */
export async function migrate(connection: Connection, writer: Writer): Promise<void> {
  await writer.write(() => {
    connection.exec(versionTable)
    const state = connection.first(
      'SELECT coalesce(max("version"), 0) AS "at", coalesce(max("readable_from"), 0) AS "from" FROM "drifthook_migrations"',
    )
    const at = state?.at as number
    if ((state?.from as number) > migrations.length) {
      throw new DrifthookError(
        'STORAGE_INCOMPATIBLE',
        `The SQLite database has schema version ${at}; this version of drifthook knows ${migrations.length}. Upgrade it.`,
      )
    }
    migrations.slice(at).forEach(({ readableFrom, sql }, i) => {
      connection.exec(sql)
      connection.run('INSERT INTO "drifthook_migrations" VALUES (?, ?)', [at + i + 1, readableFrom])
    })
  })
}
