/** How declared names are spelt in SQL: `snake_case`, quoted. */

/** `contractVersions` -> `contract_versions`. */
export const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Quotes an identifier. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A column's name in SQL, quoted. */
export const sqlColumn = (name: string): string => quote(snake(name))
