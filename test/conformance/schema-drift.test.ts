/** The frozen migrations must amount to what `ports/tables.ts` declares. */
import { Client } from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import * as postgresql from '../../src/adapters/postgres/migrations.js'
import { derivedSchema, migrations } from '../../src/adapters/sqlite/migrations.js'
import { postgres } from '../support/services.js'
import { openRaw, type RawDatabase } from './sqlite-drivers.js'

const databases: RawDatabase[] = []
afterAll(() => {
  for (const database of databases) database.close()
})

/** A database in memory with these statements run. */
function made(statements: readonly string[]): RawDatabase {
  const database = openRaw(':memory:')
  databases.push(database)
  for (const sql of statements) database.exec(sql)
  return database
}

/** What a database consists of, however its statements were written. */
function shape(database: RawDatabase) {
  const query = (sql: string, values: string[] = []) => database.prepare(sql).all(values)
  const objects = query(
    "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name",
  )
  return objects.map(({ type, name, tbl_name, sql }) => ({
    type,
    name,
    table: tbl_name,
    unique: /^CREATE UNIQUE/.test(String(sql)),
    strict: /\) STRICT$/.test(String(sql)),
    where: / WHERE (.*)$/s.exec(String(sql))?.[1] ?? null,
    columns:
      type === 'table'
        ? query('SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY name', [String(name)])
        : query('SELECT name, "desc", coll, key FROM pragma_index_xinfo(?) ORDER BY seqno', [String(name)]),
  }))
}

/** The source of a first migration. */
function frozen(schema: readonly string[]): string {
  const sql = schema.map((statement) => `${statement};\n`).join('')
  return `/** Frozen: what ports/tables.ts declared when this was the newest schema. */\nexport const initial = \`\n${sql}\`\n`
}

describe('the SQLite migrations', () => {
  it('yield exactly what is derived from the declared tables', () => {
    expect(shape(made(migrations.map(({ sql }) => sql)))).toEqual(shape(made(derivedSchema())))
  })

  // Until the first release there is one migration, which is not frozen yet: `vitest -u` rewrites it. After it,
  // delete this test and add migrations.
  it.runIf(migrations.length === 1)('are written as they are derived', async () => {
    await expect(frozen(derivedSchema())).toMatchFileSnapshot(
      '../../src/adapters/sqlite/migrations/0001-initial.ts',
    )
  })

  it('touch nothing outside their own prefix', () => {
    for (const { name } of shape(made(derivedSchema()))) expect(name).toMatch(/^drifthook_/)
  })
})

describe('the PostgreSQL migrations', () => {
  /** What a schema made of these statements consists of. */
  async function made(statements: readonly string[]) {
    const server = await postgres()
    const client = new Client({ connectionString: server.url })
    await client.connect()
    try {
      await client.query(`CREATE SCHEMA ${server.schema}; SET search_path TO ${server.schema}`)
      for (const sql of statements) await client.query(sql)
      const columns = await client.query(
        `SELECT table_name, column_name, data_type, is_nullable, collation_name FROM information_schema.columns
         WHERE table_schema = $1 ORDER BY table_name, column_name`,
        [server.schema],
      )
      const indexes = await client.query(
        "SELECT replace(indexdef, schemaname || '.', '') AS index FROM pg_indexes WHERE schemaname = $1 ORDER BY 1",
        [server.schema],
      )
      return [...columns.rows, ...indexes.rows]
    } finally {
      await client.end()
      await server.close()
    }
  }

  it('yield exactly what is derived from the declared tables', async () => {
    const shape = await made(postgresql.migrations.map(({ sql }) => sql))
    expect(shape.length).toBeGreaterThan(100)
    expect(shape).toEqual(await made(postgresql.derivedSchema()))
  })

  // As above.
  it.runIf(postgresql.migrations.length === 1)('are written as they are derived', async () => {
    await expect(frozen(postgresql.derivedSchema())).toMatchFileSnapshot(
      '../../src/adapters/postgres/migrations/0001-initial.ts',
    )
  })
})
