/** Records as PostgreSQL returns them. */
import type { Column, ColumnKind } from '../../ports/columns.js'
import type { Row, TableName } from '../../ports/tables.js'
import { type Codec, decode } from '../shared/codec.js'
import { snake } from '../sql/names.js'
import type { SqlRow } from './pool.js'

/** How an array of values is typed. */
export const arrayTypes: { [kind in ColumnKind]: string } = {
  text: 'text[]',
  integer: 'bigint[]',
  boolean: 'boolean[]',
  instant: 'bigint[]',
  json: 'text[]',
  bytes: 'bytea[]',
}

/** What a column is called in a row, and how its values are read. Found out once: rows are many. */
const readers = new WeakMap<Codec, readonly (readonly [name: string, called: string, column: Column])[]>()

function readersOf(codec: Codec) {
  const known =
    readers.get(codec) ?? codec.columns.map(([name, column]) => [name, snake(name), column] as const)
  readers.set(codec, known)
  return known
}

/**
 * The record in a row. `pg` hands a bigint over as text, or as whatever the host has told it to: all of that is
 * a number for us, and none of it changes what the host gets.
 */
export function decodeRow<T extends TableName>(codec: Codec<T>, row: SqlRow): Row<T> {
  const record: Record<string, unknown> = {}
  for (const [name, called, column] of readersOf(codec as unknown as Codec)) {
    const value = row[called]
    const { kind } = column
    const isNumber = kind === 'integer' || kind === 'instant' || kind === 'boolean'
    record[name] = decode(column, isNumber && value !== null ? Number(value) : value)
  }
  return record as Row<T>
}
