/** How declared names are spelt in SQL: `snake_case`, quoted, tables under a prefix of their own. */

/** `contractVersions` -> `contract_versions`. */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Quotes an identifier. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A column's name in SQL, quoted. */
export const sqlColumn = (name: string): string => quote(snake(name))

/** Everything we create is called so, for the database may hold the host's tables too. */
const prefix = 'drifthook_'

/** A table's name in SQL, quoted. */
export const sqlTable = (table: string): string => quote(prefix + snake(table))

/** The name of an index or unique key in SQL, quoted. */
export const sqlIndex = (table: string, index: string): string =>
  quote(`${prefix}${snake(table)}_${snake(index)}`)
