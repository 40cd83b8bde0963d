import type { Dialect } from '../sql/dialect.js'
import { quote, snake } from '../sql/names.js'

const spelling = {
  types: {
    // By code point, whatever the database's own collation.
    text: 'text COLLATE "C"',
    integer: 'bigint',
    boolean: 'boolean',
    instant: 'bigint',
    // Not jsonb: it refuses \u0000 and changes the order of keys.
    json: 'text',
    bytes: 'bytea',
  },
  tableOptions: '',
  saysNullsFirst: true,
  index: (table: string, index: string) => `${snake(table)}_${snake(index)}`,
}

/** How PostgreSQL spells the tables of one schema. Named in full: the search path is the host's. */
export const postgres = (schema: string): Dialect => ({
  ...spelling,
  table: (table) => `${quote(schema)}.${quote(snake(table))}`,
})

/** The same for migrations, which are frozen before anyone knows the schema's name. */
export const anySchema: Dialect = { ...spelling, table: (table) => quote(snake(table)) }
