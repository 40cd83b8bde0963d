/** Records and values as Redis has them: everything is bytes, and null is what is not there. */
import type { ColumnKind } from '../../ports/columns.js'
import type { Row, TableName } from '../../ports/tables.js'
import { type Codec, decode, type Stored } from '../shared/codec.js'
import type { Argument, Reply } from './connection.js'

/** A value to be sent; it must not be null. */
export const argumentOf = (value: Stored): Argument =>
  value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : String(value)

const isNumber = (kind: ColumnKind) => kind === 'integer' || kind === 'instant' || kind === 'boolean'

/** The record in a reply: its columns in their declared order. Null if there is none. */
export function decodeRow<T extends TableName>(codec: Codec<T>, reply: Reply): Row<T> | null {
  const values = reply as readonly (Buffer | null)[] | null
  // The first column is part of the primary key.
  if (!values?.[0]) return null
  const row: Record<string, unknown> = {}
  codec.columns.forEach(([name, column], at) => {
    const value = values[at] ?? null
    if (value === null || column.kind === 'bytes') row[name] = decode(column, value)
    else
      row[name] = decode(
        column,
        isNumber(column.kind) ? Number(value.toString('latin1')) : value.toString('utf8'),
      )
  })
  return row as Row<T>
}

export const decodeRows = <T extends TableName>(codec: Codec<T>, reply: Reply): Row<T>[] =>
  (reply as Reply[]).map((each) => decodeRow(codec, each)).filter((row) => row !== null)
