/** Derives the statements that create the declared tables. Migrations freeze what this yields. */
import type { ColumnKind } from '../../ports/columns.js'
import { type TableName, tables } from '../../ports/tables.js'
import { Codec } from '../shared/codec.js'
import { sqlColumn, sqlIndex, sqlTable } from './names.js'

export interface Dialect {
  types: Record<ColumnKind, string>
  /** Written after the closing parenthesis of a table. */
  tableOptions: string
}

/**
 * How work is found: the oldest due work of a lane, all that is due, what is leased in a lane. Finished work
 * is in none of them, so they stay as small as the backlog.
 */
const workIndexes = [
  { name: 'workLane', columns: ['tenantId', 'lane', 'dueAt', 'id'], where: 'dueAt' },
  { name: 'workDue', columns: ['dueAt', 'tenantId', 'lane'], where: 'dueAt' },
  { name: 'workLease', columns: ['tenantId', 'lane', 'leaseUntil'], where: 'leaseUntil' },
]

const list = (columns: readonly string[]): string => columns.map(sqlColumn).join(', ')

/** One table and its keys and indexes. */
export function createTable(table: TableName, dialect: Dialect): string[] {
  const { columns, unique, indexes, work } = new Codec(table)
  const on = sqlTable(table)
  const lines = columns.map(
    ([name, { kind, nullable }]) =>
      `  ${sqlColumn(name)} ${dialect.types[kind]}${nullable ? '' : ' NOT NULL'},`,
  )
  const index = (name: string, over: readonly string[]) =>
    `INDEX ${sqlIndex(table, name)} ON ${on} (${list(over)})`
  return [
    [
      `CREATE TABLE ${on} (`,
      ...lines,
      `  PRIMARY KEY (${list(['tenantId', 'id'])})`,
      `)${dialect.tableOptions}`,
    ].join('\n'),
    ...unique.map(([name, over]) => `CREATE UNIQUE ${index(name, over)}`),
    ...Object.entries(indexes).map(([name, over]) => `CREATE ${index(name, ['tenantId', ...over, 'id'])}`),
    ...(work ? workIndexes : []).map(
      ({ name, columns, where }) => `CREATE ${index(name, columns)} WHERE ${sqlColumn(where)} IS NOT NULL`,
    ),
  ]
}

/** Every declared table. */
export const createTables = (dialect: Dialect): string[] =>
  (Object.keys(tables) as TableName[]).flatMap((table) => createTable(table, dialect))
