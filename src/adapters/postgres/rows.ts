/** Records as PostgreSQL returns them. */
import type { ColumnKind } from '../../ports/columns.js'
import type { Row, TableName } from '../../ports/tables.js'
import type { Codec } from '../shared/codec.js'
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

/**
 * The record in a row. `pg` hands a bigint over as text, or as whatever the host has told it to: all of that is
 * a number for us, and none of it changes what the host gets.
 */
export function decodeRow<T extends TableName>(codec: Codec<T>, row: SqlRow): Row<T> {
  const stored: Record<string, unknown> = {}
  for (const [name, { kind }] of codec.columns) {
    const value = row[snake(name)]
    const isNumber = kind === 'integer' || kind === 'instant' || kind === 'boolean'
    stored[name] = isNumber && value !== null ? Number(value) : value
  }
  return codec.decodeRow(stored)
}
