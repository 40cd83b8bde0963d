/** Derives the statements that create the declared tables. Migrations freeze what this yields. */
import { type TableName, tables } from '../../ports/tables.js'
import { Codec } from '../shared/codec.js'
import type { Dialect } from './dialect.js'
import { quote, sqlColumn } from './names.js'

/**
 * How work is found: the oldest due work of a lane, all that is due, what is leased in a lane. Finished work
 * is in none of them, so they stay as small as the backlog.
 */
const workIndexes = [
  { name: 'workLane', columns: ['tenantId', 'lane', 'dueAt', 'id'], where: 'dueAt' },
  { name: 'workDue', columns: ['dueAt', 'tenantId', 'lane'], where: 'dueAt' },
  { name: 'workLease', columns: ['tenantId', 'lane', 'leaseUntil'], where: 'leaseUntil' },
]

/** One table and its keys and indexes. */
function createTable(table: TableName, dialect: Dialect): string[] {
  const codec = new Codec(table)
  const { columns, unique, indexes, work } = codec
  const on = dialect.table(table)
  const lines = columns.map(
    ([name, { kind, nullable }]) =>
      `  ${sqlColumn(name)} ${dialect.types[kind]}${nullable ? '' : ' NOT NULL'},`,
  )
  const index = (name: string, over: readonly string[]) =>
    `INDEX ${quote(dialect.index(table, name))} ON ${on} (${over.join(', ')})`
  // In the order in which `list` reads it.
  const listed = (name: string) =>
    dialect.saysNullsFirst && codec.column(name).nullable ? `${sqlColumn(name)} NULLS FIRST` : sqlColumn(name)
  return [
    [
      `CREATE TABLE ${on} (`,
      ...lines,
      `  PRIMARY KEY (${['tenantId', 'id'].map(sqlColumn).join(', ')})`,
      `)${dialect.tableOptions}`,
    ].join('\n'),
    ...unique.map(([name, over]) => `CREATE UNIQUE ${index(name, over.map(sqlColumn))}`),
    ...Object.entries(indexes)
      .filter(([name]) => codec.keyServing(name) === null)
      .map(([name, over]) => `CREATE ${index(name, ['tenantId', ...over, 'id'].map(listed))}`),
    ...(work ? workIndexes : []).map(
      ({ name, columns, where }) =>
        `CREATE ${index(name, columns.map(sqlColumn))} WHERE ${sqlColumn(where)} IS NOT NULL`,
    ),
  ]
}

/** Every declared table. */
export const createTables = (dialect: Dialect): string[] =>
  (Object.keys(tables) as TableName[]).flatMap((table) => createTable(table, dialect))
