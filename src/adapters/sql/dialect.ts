import type { ColumnKind } from '../../ports/columns.js'

/** How one kind of database spells what is kept in it. */
export interface Dialect {
  types: Record<ColumnKind, string>
  /** Written after the closing parenthesis of a table. */
  tableOptions: string
  /** Whether null comes first only where that is said: the port wants it so, and not every database has it. */
  saysNullsFirst: boolean
  /** A table's name as statements have it, quoted. */
  table(name: string): string
  /** The name of an index or unique key, not quoted. */
  index(table: string, index: string): string
}
