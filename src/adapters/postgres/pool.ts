/** What we need of the host's pool. A `Pool` of the package `pg` is one; so is whatever else behaves like it. */

export type SqlRow = { readonly [column: string]: unknown }

export interface PostgresQueryable {
  /** Without values the text may hold several statements. */
  query(text: string, values?: unknown[]): Promise<{ rows: SqlRow[] }>
}

/** Something that reports errors nobody has asked for, such as a connection lost while idle. */
interface Reporting<Event extends string> {
  on?(event: Event, listener: (told: unknown) => void): unknown
  removeListener?(event: Event, listener: (told: unknown) => void): unknown
}

export interface PostgresClient extends PostgresQueryable, Reporting<'error'> {
  /** Gives it back; with `true` it is closed instead. */
  release(destroy?: boolean): void
}

/** `connect`: there is a new connection. */
export interface PostgresPool extends PostgresQueryable, Reporting<'error' | 'connect'> {
  /** As the pool was made; how long `connect` waits, in milliseconds, 0 for ever. */
  readonly options?: { connectionTimeoutMillis?: number | undefined }
  connect(): Promise<PostgresClient>
}
