import type { Dialect } from '../sql/dialect.js'
import { quote, snake } from '../sql/names.js'

/** Everything we create is called so, for the database may hold the host's tables too. */
const prefix = 'drifthook_'

/** A table's name in SQL, quoted. */
export const sqlTable = (table: string): string => quote(prefix + snake(table))

/** How SQLite spells the declared tables. STRICT: a value of the wrong type is an error, not kept as it came. */
export const sqlite: Dialect = {
  types: {
    text: 'TEXT',
    integer: 'INTEGER',
    boolean: 'INTEGER',
    instant: 'INTEGER',
    json: 'TEXT',
    bytes: 'BLOB',
  },
  tableOptions: ' STRICT',
  saysNullsFirst: false,
  table: sqlTable,
  index: (table, index) => `${prefix}${snake(table)}_${snake(index)}`,
}
