/**
 * The tables drifthook keeps, declared once. Adapters derive their statements, keys and scripts from this
 * file; nothing else knows what is stored.
 *
 * Every table has `tenantId` and `id`, together its primary key. Big values live in side tables of their
 * own (the second of each pair), which `list` is never asked to read.
 */
import type { Column, Table } from './columns.js'
import { contractTables } from './tables/contracts.js'
import { deliveryTables } from './tables/delivery.js'
import { operationTables } from './tables/operation.js'

export const tables = { ...contractTables, ...deliveryTables, ...operationTables } as const satisfies Record<
  string,
  Table
>

export type Tables = typeof tables
export type TableName = keyof Tables

type ValueOf<C> = C extends Column<infer Value> ? Value : never

/** One record of a table: every column, always. */
export type Row<T extends TableName> = {
  -readonly [C in keyof Tables[T]['columns']]: ValueOf<Tables[T]['columns'][C]>
}

export type IndexOf<T extends TableName> = keyof Tables[T]['indexes'] & string
export type UniqueOf<T extends TableName> = keyof Tables[T]['unique'] & string

/** The tables whose rows are claimed and settled. */
export type WorkTableName = { [T in TableName]: Tables[T]['work'] extends true ? T : never }[TableName]

/** The columns a new piece of work starts with: in `lane`, to be claimed from `dueAt` on. */
export const newWork = (lane: string, dueAt: number) => ({
  lane,
  dueAt,
  leaseUntil: null,
  fence: 0,
  claims: 0,
})

/** A table's declaration with its types widened, as adapters walk it. */
export const declaration = (name: TableName): Table => tables[name]
