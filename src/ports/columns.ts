/** How tables are declared: columns with a type each, keys, indexes. */

/** What a column holds. `instant` is milliseconds since 1970 UTC; `json` any JSON value; `bytes` exact bytes. */
export type ColumnKind = 'text' | 'integer' | 'boolean' | 'instant' | 'json' | 'bytes'

/** Whether every store keeps a text as it is. */
export const isKept = (text: string): boolean => !text.includes('\0') && text.isWellFormed()

export interface Column<Value = unknown> {
  readonly kind: ColumnKind
  readonly nullable: boolean
  /** Carries the type only; never set. */
  readonly value?: Value
}

const column = <Value>(kind: ColumnKind): Column<Value> => ({ kind, nullable: false })
export const nullable = <Value>(of: Column<Value>): Column<Value | null> => ({
  kind: of.kind,
  nullable: true,
})
export const text = column<string>('text')
export const integer = column<number>('integer')
export const boolean = column<boolean>('boolean')
export const instant = column<number>('instant')
export const bytes = column<Uint8Array>('bytes')
export const json = <Value>() => column<Value>('json')

export interface Table<Columns extends Record<string, Column> = Record<string, Column>> {
  readonly columns: Columns
  /**
   * Unique keys besides the primary one. They name `tenantId` where they hold per tenant. A key with a null
   * in it is never taken.
   */
  readonly unique: Record<string, readonly (keyof Columns & string)[]>
  /** Orders `list` can read in. `tenantId` leads and `id` ends each of them, so neither is written here. */
  readonly indexes: Record<string, readonly (keyof Columns & string)[]>
  readonly work: boolean
}

/** A declaration with its exact types. */
export const table = <
  const Columns extends Record<string, Column>,
  const Unique extends Record<string, readonly (keyof Columns & string)[]>,
  const Indexes extends Record<string, readonly (keyof Columns & string)[]>,
  const Work extends boolean = false,
>(declaration: {
  columns: Columns
  unique?: Unique
  indexes?: Indexes
  work?: Work
}) => ({
  columns: declaration.columns,
  unique: (declaration.unique ?? {}) as Unique,
  indexes: (declaration.indexes ?? {}) as Indexes,
  work: (declaration.work ?? false) as Work,
})
