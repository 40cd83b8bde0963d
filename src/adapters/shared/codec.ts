/**
 * What a value is when it lies in a store, and back: JSON as text, booleans as 0 and 1, bytes copied. Because
 * every value is turned into a fresh primitive or copy, nothing stored is shared with the caller.
 */
import { DrifthookError } from '../../errors.js'
import { type Column, isKept } from '../../ports/columns.js'
import { declaration, type Row, type TableName } from '../../ports/tables.js'

export type Stored = string | number | null | Uint8Array

/** A stored record, by the declared names of its columns. */
export type StoredRow = Record<string, Stored>

/** Text that every store keeps as it is: without NUL and without half of a surrogate pair. */
function wellFormed(text: string, column: string): string {
  if (!isKept(text)) {
    throw new DrifthookError(
      'INVALID_REQUEST',
      `The text for ${column} holds a NUL character or half of a surrogate pair; remove it.`,
    )
  }
  return text
}

function encodeNumber(value: unknown, name: string): number {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${name} must be an integer of at most 2^53 - 1`)
  return value as number
}

/** Turns one value into what is stored. Refuses what the column's declaration does not allow. */
export function encode(column: Column, name: string, value: unknown): Stored {
  if (value === null && column.nullable) return null
  switch (column.kind) {
    case 'json':
      return JSON.stringify(value ?? null)
    case 'text':
      if (typeof value !== 'string') throw new TypeError(`${name} must be text`)
      return wellFormed(value, name)
    case 'boolean':
      if (typeof value !== 'boolean') throw new TypeError(`${name} must be true or false`)
      return value ? 1 : 0
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw new TypeError(`${name} must be bytes`)
      return new Uint8Array(value)
    default:
      return encodeNumber(value, name)
  }
}

/** Turns what is stored into the value the port speaks of; the result is the caller's own. */
export function decode(column: Column, stored: unknown): unknown {
  if (stored === null || stored === undefined) return null
  switch (column.kind) {
    case 'json':
      return JSON.parse(stored as string)
    case 'boolean':
      return stored === 1
    case 'bytes':
      return new Uint8Array(stored as Uint8Array | ArrayBuffer)
    default:
      return stored
  }
}

/** A table's declaration, prepared for encoding and decoding its records. */
export class Codec<T extends TableName = TableName> {
  readonly columns: readonly (readonly [name: string, column: Column])[]
  readonly unique: readonly (readonly [name: string, columns: readonly string[]])[]
  readonly indexes: Readonly<Record<string, readonly string[]>>
  readonly work: boolean

  constructor(readonly table: T) {
    const declared = declaration(table)
    this.columns = Object.entries(declared.columns)
    this.unique = Object.entries(declared.unique)
    this.indexes = declared.indexes
    this.work = declared.work
    this.#byName = new Map(this.columns)
    this.#unlike = this.columns.filter(
      ([, { kind }]) => kind === 'json' || kind === 'boolean' || kind === 'bytes',
    )
  }

  readonly #byName: ReadonlyMap<string, Column>
  /** The columns whose values are stored as something else. */
  readonly #unlike: typeof this.columns

  column(name: string): Column {
    const column = this.#byName.get(name)
    if (column === undefined) throw new TypeError(`${this.table} has no column ${name}`)
    return column
  }

  index(name: string): readonly string[] {
    const columns = Object.hasOwn(this.indexes, name) ? this.indexes[name] : undefined
    if (columns === undefined) throw new TypeError(`${this.table} has no index ${name}`)
    return columns
  }

  /** The unique key that has its records in the order of an index, and so does the index's work too; or null. */
  keyServing(index: string): string | null {
    const columns = ['tenantId', ...this.index(index)]
    if (columns.some((name) => this.column(name).nullable)) return null
    const same = (key: readonly string[]) => key.join() === columns.join()
    return this.unique.find(([, key]) => same(key))?.[0] ?? null
  }

  /** The values of a declared unique key, all of them. */
  keyValues(unique: string, values: object): StoredRow {
    const columns = this.unique.find(([name]) => name === unique)?.[1]
    if (columns === undefined) throw new TypeError(`${this.table} has no unique key ${unique}`)
    const given = values as Record<string, unknown>
    return this.encodePart(Object.fromEntries(columns.map((name) => [name, given[name]])))
  }

  /** A whole record: every declared column, no other. */
  encodeRow(row: object): StoredRow {
    // Copied whole: that is twice as quick as putting it together name by name.
    const stored: Record<string, unknown> = { ...row }
    for (const [name, column] of this.columns) {
      const given = stored[name]
      const kept = encode(column, name, given)
      if (kept !== given) stored[name] = kept
    }
    if (Object.keys(stored).length > this.columns.length) for (const name in stored) this.column(name)
    return stored as StoredRow
  }

  /** Some columns of a record. */
  encodePart(part: object): StoredRow {
    const given = part as Record<string, unknown>
    const stored: StoredRow = {}
    for (const name in given) stored[name] = encode(this.column(name), name, given[name])
    return stored
  }

  /** Values to compare with: like {@link encodePart}, for columns that can be compared only. */
  encodeScalars(part: object): StoredRow {
    for (const name in part) {
      const { kind } = this.column(name)
      if (kind === 'json' || kind === 'bytes')
        throw new TypeError(`${name} holds ${kind}: it cannot be compared`)
    }
    return this.encodePart(part)
  }

  /** The record in a row as {@link encodeRow} makes it. */
  copyRow(stored: StoredRow): Row<T> {
    const row: Record<string, unknown> = { ...stored }
    for (const [name, column] of this.#unlike) row[name] = decode(column, stored[name])
    return row as Row<T>
  }

  /** @param named how the store calls a column, if not as it is declared */
  decodeRow(stored: Record<string, unknown>, named: (column: string) => string = (name) => name): Row<T> {
    const row: Record<string, unknown> = {}
    for (const [name, column] of this.columns) row[name] = decode(column, stored[named(name)])
    return row as Row<T>
  }
}

/** The codec of each table, made when it is first asked for. */
export class Codecs {
  readonly #made = new Map<TableName, Codec>()

  readonly of = <T extends TableName>(table: T): Codec<T> => {
    const codec = this.#made.get(table) ?? new Codec<TableName>(table)
    this.#made.set(table, codec)
    return codec as unknown as Codec<T>
  }
}
