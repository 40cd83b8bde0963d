/** What we need of the host's pool. A `Pool` of the package `pg` is one; so is whatever else behaves like it. */

export type SqlRow = { readonly [column: string]: unknown }

export interface PostgresQueryable {
  /** Without values the text may hold several statements. */
  query(text: string, values?: unknown[]): Promise<{ rows: SqlRow[] }>
}

/** Something that reports errors nobody has asked for, such as a connection lost while idle. */
interface Reporting {
  on?(event: 'error', listener: (error: Error) => void): unknown
  removeListener?(event: 'error', listener: (error: Error) => void): unknown
}

export interface PostgresClient extends PostgresQueryable, Reporting {
  /** Gives it back; with `true` it is closed instead. */
  release(destroy?: boolean): void
}

export interface PostgresPool extends PostgresQueryable, Reporting {
  connect(): Promise<PostgresClient>
}
