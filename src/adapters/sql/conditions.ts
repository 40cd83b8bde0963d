/** Small pieces of statements, with the values they bind. */
import type { Codec, Stored, StoredRow } from '../shared/codec.js'
import { sqlColumn } from './names.js'

/** Takes a value of a statement and returns its placeholder. */
export type Bind = (value: Stored) => string

/** `column = value`, also for null. */
export const equals = (name: string, value: Stored, bind: Bind): string =>
  value === null ? `${sqlColumn(name)} IS NULL` : `${sqlColumn(name)} = ${bind(value)}`

/** Every column has its value. */
export const allEqual = (row: StoredRow, bind: Bind): string =>
  Object.entries(row)
    .map(([name, value]) => equals(name, value, bind))
    .join(' AND ')

/** The declared columns, by name: a newer version of the code may have added others. */
export const columnList = (codec: Codec): string => codec.columns.map(([name]) => sqlColumn(name)).join(', ')
