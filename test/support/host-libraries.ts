/** The libraries hosts hold their transactions with: the real ones, each in a setting that is hard on a guest. */

import { sql as drizzleSql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import knexFactory from 'knex'
import { CamelCasePlugin, CompiledQuery, Kysely, ParseJSONResultsPlugin, PostgresDialect } from 'kysely'
import { Pool } from 'pg'
import { fromDrizzle, fromKnex, fromKysely, fromPg, fromPrisma } from '../../src/adapters/postgres/index.js'
import type { HostTransaction } from '../../src/index.js'
import { prismaClient } from './prisma.js'

export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

/** A transaction of the host's, and a way to run its own statements in it. */
export interface Open {
  host: HostTransaction
  own(sql: string): Promise<unknown>
}

export interface Library {
  /** In a transaction: committed when `work` resolves, rolled back when it rejects. */
  transaction<Result>(work: (open: Open) => Promise<Result>, isolation?: Isolation): Promise<Result>
  /** The adapter, given what is no transaction. */
  misused(): HostTransaction
  /** The SQLSTATE of an error, found where the library puts it. */
  sqlState(error: unknown): unknown
  close(): Promise<void>
}

type Opener = (url: string, max?: number) => Library

const at = (error: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], error)

const pg: Opener = (connectionString, max = 10) => {
  const pool = new Pool({ connectionString, max })
  return {
    async transaction(work, isolation = 'read committed') {
      const client = await pool.connect()
      try {
        await client.query(`BEGIN ISOLATION LEVEL ${isolation}`)
        const result = await work({ host: fromPg(client), own: (sql) => client.query(sql) })
        await client.query('COMMIT')
        return result
      } catch (error) {
        await client.query('ROLLBACK')
        throw error
      } finally {
        client.release()
      }
    },
    misused: () => fromPg(pool),
    sqlState: (error) => at(error, 'code'),
    close: () => pool.end(),
  }
}

const shout = <Value>(value: Value): Value => {
  if (Array.isArray(value)) return value.map(shout) as Value
  if (value === null || typeof value !== 'object') return value
  if ('rows' in value) return { ...value, rows: shout(value.rows) }
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name.toUpperCase(), each])) as Value
}

const knex: Opener = (connection, max = 10) => {
  // Renames what it gets.
  const db = knexFactory({ client: 'pg', connection, pool: { min: 0, max }, postProcessResponse: shout })
  return {
    transaction: (work, isolation = 'read committed') =>
      db.transaction((trx) => work({ host: fromKnex(trx), own: async (sql) => trx.raw(sql) }), {
        isolationLevel: isolation,
      }),
    misused: () => fromKnex(db),
    sqlState: (error) => at(error, 'code'),
    close: () => db.destroy(),
  }
}

const kysely: Opener = (connectionString, max = 10) => {
  const pool = new Pool({ connectionString, max })
  // Renames columns, and takes text for JSON where it looks like it.
  const plugins = [new ParseJSONResultsPlugin(), new CamelCasePlugin()]
  const db = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool }), plugins })
  return {
    transaction: (work, isolation = 'read committed') =>
      db
        .transaction()
        .setIsolationLevel(isolation)
        .execute((trx) =>
          work({ host: fromKysely(trx), own: (sql) => trx.executeQuery(CompiledQuery.raw(sql)) }),
        ),
    misused: () => fromKysely(db as never),
    sqlState: (error) => at(error, 'code'),
    close: () => db.destroy(),
  }
}

const drizzleOrm: Opener = (connectionString, max = 10) => {
  const pool = new Pool({ connectionString, max })
  const db = drizzle(pool)
  return {
    transaction: (work, isolationLevel = 'read committed') =>
      db.transaction(
        (tx) =>
          work({ host: fromDrizzle(tx, drizzleSql), own: async (sql) => tx.execute(drizzleSql.raw(sql)) }),
        { isolationLevel },
      ),
    misused: () => fromDrizzle(db as never, drizzleSql),
    // It wraps what failed in an error that says the query.
    sqlState: (error) => at(error, 'cause', 'code'),
    close: () => pool.end(),
  }
}

const prismaLevels = {
  'read committed': 'ReadCommitted',
  'repeatable read': 'RepeatableRead',
  serializable: 'Serializable',
} as const

const prisma: Opener = (connectionString, max = 10) => {
  const db = prismaClient(connectionString, max)
  return {
    transaction: (work, isolation = 'read committed') =>
      db.$transaction((tx) => work({ host: fromPrisma(tx), own: (sql) => tx.$queryRawUnsafe(sql) }), {
        isolationLevel: prismaLevels[isolation],
        timeout: 60_000,
        maxWait: 60_000,
      }),
    misused: () => fromPrisma(db),
    // What fails at the COMMIT comes without its wrapping.
    sqlState: (error) =>
      at(error, 'meta', 'driverAdapterError', 'cause', 'originalCode') ?? at(error, 'cause', 'originalCode'),
    close: () => db.$disconnect(),
  }
}

export const hostLibraries: Record<string, Opener> = {
  pg,
  Knex: knex,
  Kysely: kysely,
  Drizzle: drizzleOrm,
  Prisma: prisma,
}
