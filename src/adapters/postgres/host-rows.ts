/**
 * Records as text, on their way through whatever library the host uses: libraries differ in what they make of
 * arrays, bytes, booleans and large numbers, and some rename columns. The server unpacks and makes the JSON.
 */
import type { Row, TableName } from '../../ports/tables.js'
import { type Codec, decode, type Stored } from '../shared/codec.js'
import { quote, sqlColumn } from '../sql/names.js'
import { statementWith } from '../sql/statement.js'
import type { Style } from './batch.js'

/** A statement with texts as values. Numbers are written out: quoted, they are of the type their column has. */
export function textStatement(write: (bind: (value: unknown) => string) => string): [string, string[]] {
  return statementWith<string>((n) => `$${n}::text`)((bind) =>
    write((value) => (typeof value === 'number' ? `'${value}'` : bind(value as string))),
  )
}

const types = {
  text: 'text',
  integer: 'bigint',
  boolean: 'boolean',
  instant: 'bigint',
  json: 'text',
  bytes: 'text',
}

const packed = (value: Stored): Stored =>
  value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value

/** One JSON text for all rows. A taken key is no error, which would cost the host its transaction. */
export const asJson: Style = {
  given(columns, steps, bind) {
    const rows = steps.map((step) =>
      Object.fromEntries(columns.map(({ called, of }) => [called, packed(of(step))])),
    )
    const typed = columns.map(({ called, kind }) => `${quote(called)} ${types[kind]}`)
    const unpacked = columns.map(({ called, kind }) =>
      kind === 'bytes' ? `decode(${quote(called)}, 'base64') AS ${quote(called)}` : quote(called),
    )
    const source = `json_to_recordset(${bind(JSON.stringify(rows))}::json) AS packed(${typed.join(', ')})`
    return `(SELECT ${unpacked.join(', ')} FROM ${source}) AS given`
  },
  taken: ' ON CONFLICT DO NOTHING RETURNING 1',
}

/** A record as one text. */
export function recordSql<T extends TableName>({ columns }: Codec<T>): string {
  const values = columns.map(([name, { kind }]) =>
    kind === 'bytes' ? `encode(${sqlColumn(name)}, 'base64')` : sqlColumn(name),
  )
  return `json_build_array(${values.join(', ')})::text`
}

/** The record in a row that {@link recordSql} made. */
export function recordOf<T extends TableName>({ columns }: Codec<T>, row: object): Row<T> {
  const values = JSON.parse(textOf(row)) as unknown[]
  const record = columns.map(([name, column], at) => {
    const value = values[at]
    if (value === null) return [name, null]
    const { kind } = column
    const stored =
      kind === 'boolean' ? Number(value) : kind === 'bytes' ? Buffer.from(String(value), 'base64') : value
    return [name, decode(column, stored)]
  })
  return Object.fromEntries(record) as Row<T>
}

/** The one column of a row, whatever it is called by now. */
export const textOf = (row: object): string => String(Object.values(row)[0])
