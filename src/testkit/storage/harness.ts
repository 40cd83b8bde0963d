/** What the storage suite asks of an adapter's author, and the records its cases work with. */
import assert from 'node:assert/strict'
import type { Capabilities, ClaimRequest, PreconditionFailed, Storage } from '../../ports/storage.js'
import { declaration, newWork, type Row, type TableName } from '../../ports/tables.js'
import type { ConformanceCase } from '../conformance.js'

export interface StorageHarness {
  /** What the adapter declares. */
  readonly capabilities: Capabilities
  /** A fresh, empty, opened storage. */
  open(): Promise<Storage>
  /** Another opened adapter on what `open` opened last, as another process would have. */
  openTwin?(): Promise<Storage>
  /**
   * A record as it really lies in the store, read without the adapter: by declared column names, JSON as
   * text or parsed, booleans as they come. Null if there is none.
   */
  readRaw?(table: TableName, tenantId: string, id: string): Promise<Record<string, unknown> | null>
  /** Closes and removes all that was opened. */
  close(): Promise<void>
}

export type StorageCase = ConformanceCase<StorageHarness>

/** Names the topic of a list of cases. */
export const topic = (name: string, cases: Omit<StorageCase, 'topic'>[]): StorageCase[] =>
  cases.map((each) => ({ topic: name, ...each }))

export const needsTwin = (harness: StorageHarness): string | null =>
  harness.openTwin ? null : 'needs a second adapter on the same store: capability crossProcess'

/** An instant all cases count from. */
export const start = Date.UTC(2026, 0, 1)
/** How long the cases' leases are. */
export const lease = 30_000

const blanks = { text: '', integer: 0, boolean: false, instant: start, json: null, bytes: new Uint8Array() }

/** A valid record of any table: blank but for what is given, and its id where a text must be unique. */
export function record<T extends TableName>(table: T, given: Partial<Row<T>> & { id: string }): Row<T> {
  const { columns, unique } = declaration(table)
  const keys = new Set(Object.values(unique).flat())
  const blank = Object.entries(columns).map(([name, { kind, nullable }]) => {
    const value = kind === 'text' && keys.has(name) ? given.id : blanks[kind]
    return [name, nullable ? null : value]
  })
  return { ...Object.fromEntries(blank), tenantId: 'acme', ...given }
}

export const insert = <T extends TableName>(table: T, given: Partial<Row<T>> & { id: string }) =>
  ({ op: 'insert', table, row: record(table, given) }) as { op: 'insert'; table: T; row: Row<T> }

/** A contract: what most cases that are not about work use. */
export const contract = (id: string, given: Partial<Row<'contracts'>> = {}) =>
  insert('contracts', { id, ...given }) as {
    op: 'insert'
    table: 'contracts'
    row: Row<'contracts'>
  }

/** A piece of work, due at {@link start}. */
export const delivery = (id: string, given: Partial<Row<'deliveries'>> = {}) =>
  insert('deliveries', { id, ...newWork(given.lane ?? 'lane', start), ...given }) as {
    op: 'insert'
    table: 'deliveries'
    row: Row<'deliveries'>
  }

/** A claim at {@link start} of all there is. */
export const request = (given: Partial<ClaimRequest> = {}): ClaimRequest => ({
  limit: 100,
  perLane: 100,
  skipLanes: [],
  now: start,
  leaseUntil: (given.now ?? start) + lease,
  ...given,
})

export const ids = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id)

/** Asserts that a commit is refused, for the reason given. */
export const refused = (
  commit: Promise<void>,
  write: number,
  reason: PreconditionFailed['reason'],
  key: string | null = null,
) => assert.rejects(commit, { name: 'PreconditionFailed', write, reason, key })

/** `prefix` and numbers 0 to n - 1, of equal width so that they sort by number. */
export const numbered = (prefix: string, n: number): string[] =>
  Array.from({ length: n }, (_, i) => `${prefix}${String(i).padStart(5, '0')}`)
