/** The frozen migrations must amount to what `ports/tables.ts` declares. */
import { afterAll, describe, expect, it } from 'vitest'
import { derivedSchema, migrations } from '../../src/adapters/sqlite/migrations.js'
import { openRaw, type RawDatabase } from './harnesses.js'

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
  const query = (sql: string, values: unknown[] = []) => database.prepare(sql).all(values)
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
        ? query('SELECT name, type, "notnull", pk FROM pragma_table_info(?) ORDER BY name', [name])
        : query('SELECT name, "desc", coll, key FROM pragma_index_xinfo(?) ORDER BY seqno', [name]),
  }))
}

describe('the SQLite migrations', () => {
  it('yield exactly what is derived from the declared tables', () => {
    expect(shape(made(migrations.map(({ sql }) => sql)))).toEqual(shape(made(derivedSchema())))
  })

  // Until the first release there is one migration, which is not frozen yet: `vitest -u` rewrites it. After it,
  // delete this test and add migrations.
  it.runIf(migrations.length === 1)('are written as they are derived', async () => {
    const sql = derivedSchema().map((statement) => `${statement};\n`)
    const source = `/** Frozen: what ports/tables.ts declared when this was the newest schema. */\nexport const initial = \`\n${sql.join('')}\`\n`
    await expect(source).toMatchFileSnapshot('../../src/adapters/sqlite/migrations/0001-initial.ts')
  })

  it('touch nothing outside their own prefix', () => {
    for (const { name } of shape(made(derivedSchema()))) expect(name).toMatch(/^drifthook_/)
  })
})
