/** One step of a schema's history: frozen, additive SQL. */
export interface Migration {
  /** The oldest schema version whose code still works after it: its own number if the change is breaking. */
  readableFrom: number
  sql: string
}
