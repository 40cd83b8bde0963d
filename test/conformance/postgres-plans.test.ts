/** With a hundred thousand deliveries no statement reads more than it answers with. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { statement } from '../../src/adapters/postgres/statement.js'
import { Codec } from '../../src/adapters/shared/codec.js'
import { planList } from '../../src/adapters/shared/list-plan.js'
import { lastReadSql, pageSql } from '../../src/adapters/sql/list.js'
import { snake } from '../../src/adapters/sql/names.js'
import { type TableName, tables } from '../../src/ports/tables.js'
import { start } from '../../src/testkit/storage/harness.js'
import { claimStatements, type Plan, planned } from './postgres-plans.js'

let database: Awaited<ReturnType<typeof planned>>
beforeAll(async () => {
  database = await planned()
  await database.fill(100_000, 50)
}, 60_000)
afterAll(() => database.end())

/** Tables are read by their indexes, never from end to end. */
function expectIndexed({ nodes }: Plan, name: string): void {
  const read = nodes.filter(
    (node) => node['Node Type'].includes('Scan') && node['Relation Name'] !== undefined,
  )
  expect(read.length, name).toBeGreaterThan(0)
  for (const node of read) expect(node['Node Type'], name).toMatch(/^Index (Only )?Scan$/)
}

describe('with 100,000 deliveries', () => {
  it('every statement of a claim uses an index and looks at few pages', async () => {
    for (const { name, pages, sql } of claimStatements(database.claims)) {
      const plan = await database.plan(sql)
      expectIndexed(plan, name)
      expect(plan.pages, name).toBeLessThan(pages)
    }
  })

  it('a page of deliveries is a piece of an index, from the first to the last', async () => {
    const codec = new Codec('deliveries')
    const lists = [
      { index: 'created' },
      { index: 'subscription', prefix: { subscriptionId: 'lane7' } },
      { index: 'status', prefix: { subscriptionId: 'lane7', status: '' } },
      { index: 'created', range: { from: start - 70_000 } },
      { index: 'created', after: [start - 50_000, 'd00050000'] },
    ] as const
    for (const list of lists) {
      for (const descending of [false, true]) {
        const plan = planList(codec, { tenantId: 'acme', limit: 50, descending, ...list } as never)
        const sql = statement((bind) => pageSql(database.dialect, plan, 'acme', bind))
        const made = await database.plan(sql)
        const name = `${JSON.stringify(list)} ${descending}`
        expectIndexed(made, name)
        expect(made.pages, name).toBeLessThan(80)
      }
    }
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
                if (length === 0) expect(used, sql[0]).toBe(`${snake(table)}_${snake(index)}`)
              }
            }
          }
        }
      }
    }
  })
})
