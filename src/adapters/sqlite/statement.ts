import type { Stored } from '../shared/codec.js'
import type { Bind } from '../sql/conditions.js'

/** A statement with its values, in the order in which they were bound. */
export function statement(write: (bind: Bind) => string): [sql: string, values: Stored[]] {
  const values: Stored[] = []
  const sql = write((value) => {
    values.push(value)
    return '?'
  })
  return [sql, values]
}
