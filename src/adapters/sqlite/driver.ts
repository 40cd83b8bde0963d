/**
 * The three SQLite drivers behind one small face. None is a dependency: each is looked for when a storage
 * opens. They are synchronous, so that a transaction is never interleaved with another of this process.
 */
import { createRequire } from 'node:module'
import { DrifthookError, isDrifthookError } from '../../errors.js'
import type { Stored } from '../shared/codec.js'

export type SqlRow = { readonly [column: string]: unknown }

export interface Statement {
  all(values: readonly Stored[]): SqlRow[]
  /** @returns how many rows were changed */
  run(values: readonly Stored[]): number
}

export interface Driver {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

export const driverNames = ['node:sqlite', 'libsql', 'better-sqlite3'] as const
export type DriverName = (typeof driverNames)[number]

type Open = (filename: string) => Driver

/** `node:sqlite`, as far as we use it. Types for it are newer than the Node we support. */
interface NodeSqlite {
  DatabaseSync: new (
    filename: string,
  ) => {
    exec(sql: string): void
    prepare(sql: string): {
      all(...values: Stored[]): SqlRow[]
      run(...values: Stored[]): { changes: number | bigint }
    }
    close(): void
  }
}

/** `better-sqlite3` and `libsql`, which has its interface. */
interface BetterSqlite {
  default: new (
    filename: string,
  ) => {
    exec(sql: string): void
    prepare(sql: string): {
      all(values: readonly Stored[]): SqlRow[]
      run(values: readonly Stored[]): { changes: number }
    }
    close(): void
  }
}

function nodeSqlite(): Open | null {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 13)) return null
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite') as unknown as NodeSqlite
  return (filename) => {
    const database = new DatabaseSync(filename)
    return {
      exec: (sql) => database.exec(sql),
      prepare: (sql) => {
        const statement = database.prepare(sql)
        return {
          all: (values) => statement.all(...values),
          run: (values) => Number(statement.run(...values).changes),
        }
      },
      close: () => database.close(),
    }
  }
}

/**
 * From version 13 on it is built for Node-API 10, that is Node 22.14 (its binding.gyp). An older Node loads it all the
 * same, and dies of a segmentation fault when a database is opened.
 * @throws DrifthookError `DRIVER_NOT_FOUND` where that would happen
 */
function refuseCrash(): void {
  if (Number(process.versions.napi) >= 10) return
  const { version } = createRequire(import.meta.url)('better-sqlite3/package.json') as { version: string }
  if (Number.parseInt(version, 10) < 13) return
  throw new DrifthookError(
    'DRIVER_NOT_FOUND',
    `The SQLite driver better-sqlite3 ${version} needs Node 22.14 and would crash this one. npm install better-sqlite3@12`,
  )
}

async function betterSqlite(name: 'better-sqlite3' | 'libsql'): Promise<Open> {
  if (name === 'better-sqlite3') refuseCrash()
  // Not a literal: a bundler must neither look for the optional peer nor swallow its native part.
  const { default: Database } = (await import(/* @vite-ignore */ name)) as BetterSqlite
  return (filename) => {
    const database = new Database(filename)
    return {
      exec: (sql) => void database.exec(sql),
      prepare: (sql) => {
        const statement = database.prepare(sql)
        // Values go in as one array: given singly, libsql takes a lone `null` or buffer for named parameters.
        return { all: (values) => statement.all(values), run: (values) => statement.run(values).changes }
      },
      close: () => database.close(),
    }
  }
}

const remedies: { [name in DriverName]: string } = {
  'node:sqlite': 'Run Node 22.13 or later, or: npm install libsql',
  'better-sqlite3': 'npm install better-sqlite3',
  libsql: 'npm install libsql',
}

/**
 * Loads the named driver, or the first of {@link driverNames} there is.
 * @throws DrifthookError `DRIVER_NOT_FOUND` with the command that remedies it
 */
export async function loadDriver(wanted: DriverName | undefined): Promise<Open> {
  let cause: unknown
  for (const name of wanted === undefined ? driverNames : [wanted]) {
    try {
      const open = name === 'node:sqlite' ? nodeSqlite() : await betterSqlite(name)
      if (open !== null) return open
    } catch (error) {
      if (wanted !== undefined && isDrifthookError(error)) throw error
      cause = error
    }
  }
  throw new DrifthookError(
    'DRIVER_NOT_FOUND',
    `The SQLite driver ${wanted ?? ''} could not be loaded. ${remedies[wanted ?? 'libsql']}`.replace(
      '  ',
      ' ',
    ),
    { cause },
  )
}
