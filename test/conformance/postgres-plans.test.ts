/** With a hundred thousand deliveries no statement reads more than it answers with. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { statement } from '../../src/adapters/postgres/statement.js'
import { Codec } from '../../src/adapters/shared/codec.js'
import { planList } from '../../src/adapters/shared/list-plan.js'
import { lastReadSql, pageSql } from '../../src/adapters/sql/list.js'
import { snake } from '../../src/adapters/sql/names.js'
import { firstIdsSql, tenantsSql } from '../../src/adapters/sql/whole-tenants.js'
import { type TableName, tables } from '../../src/ports/tables.js'
import { delivery, start } from '../../src/testkit/storage/harness.js'
import { claimStatements, listStatements, planned, readsBesidesIndexes } from './postgres-plans.js'

let database: Awaited<ReturnType<typeof planned>>
beforeAll(async () => {
  database = await planned()
  await database.fill(100_000, 50)
}, 60_000)
afterAll(() => database.end())

describe('with 100,000 deliveries', () => {
  it('every claim and every page is a piece of an index, of few pages', async () => {
    for (const { name, pages, sql } of [
      ...claimStatements(database.claims),
      ...listStatements(database.dialect),
    ]) {
      const plan = await database.plan(sql)
      expect(readsBesidesIndexes(plan), name).toEqual([])
      expect(plan.pages, name).toBeLessThan(pages)
    }
  })
})

describe('whole tenants', () => {
  it('are found by one seek each, and erased without reading what is left', async () => {
    await database.storage.commit(['b', 'c', 'd'].map((tenantId) => delivery('one', { tenantId })))
    const { dialect } = database
    const found = await database.plan(statement((bind) => tenantsSql(dialect, 'deliveries', null, 10, bind)))
    expect(readsBesidesIndexes(found), 'tenants').toEqual([])
    expect(found.pages, 'tenants').toBeLessThan(40)
    const first = statement((bind) => `${firstIdsSql(dialect, 'deliveries', 'acme', 100, bind)} FOR UPDATE`)
    const erased = await database.plan(first)
    expect(readsBesidesIndexes(erased), 'erase').toEqual([])
    expect(erased.pages, 'erase').toBeLessThan(400)
  })
})

describe('every declared index', () => {
  const values = { text: 'x', integer: 1, instant: start, boolean: true, json: null, bytes: null }

  it('is used by its list, whatever the prefix and direction, without sorting', {
    timeout: 60_000,
  }, async () => {
    // What a small table would be read by instead is forbidden: what is left must be able to do it.
    const forbidden =
      'SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off'
    for (const table of Object.keys(tables) as TableName[]) {
      const codec = new Codec(table)
      for (const [index, columns] of Object.entries(codec.indexes)) {
        for (let length = 0; length <= columns.length; length++) {
          const value = (name: string) => values[codec.column(name).kind]
          const prefix = Object.fromEntries(columns.slice(0, length).map((name) => [name, value(name)]))
          const after = [...columns.map(value), 'id'] as (string | number | boolean)[]
          for (const descending of [false, true]) {
            for (const more of [{}, { after }]) {
              const query = { tenantId: 'acme', index, prefix, descending, limit: 10, ...more }
              const plan = planList(codec, query as never)
              for (const write of [pageSql, lastReadSql]) {
                const sql = statement((bind) => write(database.dialect, plan, 'acme', bind))
                const { nodes } = await database.plan(sql, forbidden)
                const types = nodes.map((node) => node['Node Type'])
                expect(types.join(' '), sql[0]).not.toMatch(/Sort|Seq Scan/)
                const used = nodes.find((node) => node['Index Name'])?.['Index Name']
                // With a prefix the planner may think another one as good, as long as there is nothing to read.
                const own = codec.keyServing(index) ?? index
                if (length === 0) expect(used, sql[0]).toBe(`${snake(table)}_${snake(own)}`)
              }
            }
          }
        }
      }
    }
  })
})
