/**
 * The storage port: the one place where what must happen is written down. The prose of this file is the
 * contract; `storageConformance` in `drifthook/testkit` checks its sentences against an adapter.
 *
 * Rules that hold for every method:
 * - Records come back whole, with exactly the declared columns; what was stored is what is read: text to the
 *   last code point, bytes to the last byte, integers to 2^53 - 1, `null` as `null`. The caller owns what it gets: changing a
 *   returned record changes nothing stored, and changing a record after handing it in neither.
 * - Text is Unicode without NUL and without halves of surrogate pairs; a storage refuses other text with
 *   `INVALID_REQUEST`, since not every store could keep it.
 * - A record of one tenant is never returned for, nor changed on behalf of, another.
 * - Instants are absolute and come from the caller (the Clock port). An adapter has no clock.
 * - A storage that cannot be reached rejects with `STORAGE_UNAVAILABLE` and has then written nothing, or all.
 */
import type { HostTransaction } from './host-transaction.js'
import type { Limiter } from './limiter.js'
import type { IndexOf, Row, TableName, UniqueOf, WorkTableName } from './tables.js'

/** What an adapter can do, declared and tested. */
export interface Capabilities {
  /** What survives: nothing, the end of the process (SIGKILL), or also the loss of power. */
  durable: 'none' | 'process' | 'disk'
  /** Whether several processes may work on one store at once. */
  crossProcess: boolean
  /** Whether messages can be published inside the host's own transaction. */
  hostTransactions: boolean
}

type Each<Make extends { [T in TableName]: unknown }> = Make[TableName]

/** Adds a record. Fails with `exists` if its primary key or a unique key is taken. */
export type Insert = Each<{ [T in TableName]: { op: 'insert'; table: T; row: Row<T> } }>

/**
 * Sets the named columns of one record. `expect` names columns and the values they must have now; all other
 * columns may have changed. Fails with `missing` if there is no such record, `moved` if a value is not as
 * expected; with `optional: true` it is left out instead and fails nothing. Fails with `exists` if it would
 * take another record's unique key, optional or not.
 * `expect` compares text, integer, boolean and instant columns; `null` equals `null`.
 */
export type Update = Each<{
  [T in TableName]: {
    op: 'update'
    table: T
    tenantId: string
    id: string
    set: Partial<Omit<Row<T>, 'tenantId' | 'id'>>
    expect?: Partial<Row<T>>
    optional?: boolean
  }
}>

/** Removes one record. Fails, or is left out with `optional`, as {@link Update} does. */
export type Delete = Each<{
  [T in TableName]: {
    op: 'delete'
    table: T
    tenantId: string
    id: string
    expect?: Partial<Row<T>>
    optional?: boolean
  }
}>

export type Write = Insert | Update | Delete

const brand = Symbol.for('drifthook.PreconditionFailed')

/** Why a commit was refused. Nothing of it was written. Recognise it with {@link isPreconditionFailed}. */
export class PreconditionFailed extends Error {
  /**
   * @param write the position in the commit of the first write that failed
   * @param reason `exists`: a key is taken; `missing`: no such record; `moved`: not as expected
   * @param key for `exists`: the unique key's declared name, or `primary`
   */
  constructor(
    readonly write: number,
    readonly reason: 'exists' | 'missing' | 'moved',
    readonly key: string | null = null,
  ) {
    super(`write ${write} was refused: ${reason}${key === null ? '' : ` (${key})`}`)
    this.name = 'PreconditionFailed'
    Object.defineProperty(this, brand, { value: true })
  }
}

/** Whether an error is a {@link PreconditionFailed}, whichever copy of the package made it. */
export const isPreconditionFailed = (error: unknown): error is PreconditionFailed =>
  typeof error === 'object' && error !== null && brand in error

/** The keyset position after the last entry read: the index's column values, then the id. Plain JSON. */
export type Cursor = readonly (string | number | boolean | null)[]

/** Values a column may have: one, or any of several. `null` matches `null`. */
type Filter<T extends TableName> = { [C in keyof Row<T>]?: Row<T>[C] | readonly Row<T>[C][] }

export interface ListQuery<T extends TableName> {
  tenantId: string
  /** A declared index of the table: the order of the result. */
  index: IndexOf<T>
  /** Values for the index's first columns. Only entries that have them are read. */
  prefix?: Partial<Row<T>>
  /** Bounds on the index's next column after `prefix`, both inclusive. Null is in no range. */
  range?: { from?: string | number; to?: string | number }
  /** Further conditions on any scalar column, checked on each entry read. */
  filter?: Filter<T>
  /** Where the previous page ended; null or absent for the first page. */
  after?: Cursor | null
  limit: number
  /** Newest (largest) first. */
  descending?: boolean
}

export interface Page<T extends TableName> {
  items: Row<T>[]
  /** Give it as `after` for the next page. Null: there is nothing further. */
  next: Cursor | null
}

export interface ClaimRequest {
  /** At most so many: never more than the caller can start at once. */
  limit: number
  /** At most so many in one lane of one tenant, counting what is leased in it already, by any process. */
  perLane: number
  /** Lanes to leave alone, of whatever tenant. */
  skipLanes: readonly string[]
  /** Work with `dueAt <= now` is claimable. */
  now: number
  leaseUntil: number
}

/** The fields that say which piece of work, and that it is still ours. */
interface Held {
  tenantId: string
  id: string
  /** As it was on the claimed record. */
  fence: number
}

export type Outcome<T extends WorkTableName> =
  /** Finished, well or badly: the columns in `set` say which. It is never claimed again. */
  | (Held & { kind: 'end'; set: Partial<Row<T>>; writes: Write[] })
  /** To be claimed again from `dueAt` on. */
  | (Held & { kind: 'retry'; dueAt: number; set: Partial<Row<T>>; writes: Write[] })
  /** Given back untouched: throttled, shutting down. */
  | (Held & { kind: 'defer'; dueAt: number })
  /** Still at it: the lease ends later. */
  | (Held & { kind: 'renew'; leaseUntil: number })

/**
 * `applied`: all of the outcome was written. `lost`: the fence is no longer ours, or the work is gone, ended
 * or settled already: nothing was written. `conflict`: one of its `writes` failed its precondition: nothing was written,
 * the lease stands.
 */
export type SettleResult = 'applied' | 'lost' | 'conflict'

/**
 * A storage inside the host's own transaction: it sees what that sees, and what it writes is the host's to commit.
 * A refused commit takes back whatever was written in the same savepoint. For `exists` it names no key, and an update
 * must not take one.
 */
export type TransactionStorage = Pick<Storage, 'get' | 'list' | 'commit'>

export interface Storage {
  readonly capabilities: Capabilities

  /** Where it can count for all processes. Without one, rate limits are each process's own. */
  readonly limiter?: Limiter | undefined

  /**
   * Connects and brings the schema up to date; safe under concurrent starts. Idempotent.
   * @throws DrifthookError `STORAGE_UNAVAILABLE`, `STORAGE_INCOMPATIBLE`, `DRIVER_NOT_FOUND`
   */
  open(): Promise<void>

  /** Closes what `open` opened; what the host handed in stays open. Idempotent. */
  close(): Promise<void>

  /** The record, or null if this tenant has none of that id. */
  get<T extends TableName>(table: T, tenantId: string, id: string): Promise<Row<T> | null>

  /** The record that has these values in a declared unique key, of whatever tenant unless the key names it. */
  lookup<T extends TableName>(table: T, unique: UniqueOf<T>, values: Partial<Row<T>>): Promise<Row<T> | null>

  /**
   * One page in the order of an index. At most 1,000 index entries are read, so a page may be short, or
   * empty, while `next` is not null. Pages are stable under inserts: no entry that existed all along is
   * skipped or repeated. Text is ordered by code point, null comes first.
   */
  list<T extends TableName>(table: T, query: ListQuery<T>): Promise<Page<T>>

  /**
   * All of the writes, in order, or none. Visible at once, wholly, to every reader. They are for one tenant: an
   * adapter that spreads tenants over places may refuse others with a TypeError.
   * @throws PreconditionFailed naming the first write that failed
   */
  commit(writes: readonly Write[]): Promise<void>

  /**
   * Takes due work under a lease: `leaseUntil` and `dueAt` move to the end of the lease, `fence` and
   * `claims` grow by one. Of N racing claimers exactly one gets each. A server that crashes may forget the claims
   * of its last moments, as if they had not been made: of two who then hold one fence, one settles it.
   * Tenants take turns, and within a tenant its lanes; within a lane the longest due comes first. The turn
   * carries on where this adapter's previous claim ended, so that a busy tenant or lane never starves another.
   */
  claim<T extends WorkTableName>(table: T, request: ClaimRequest): Promise<Row<T>[]>

  /**
   * Ends or changes claims, each outcome on its own: all of it or nothing. Applied only while the record's
   * fence is the claim's and its lease was not cleared; that the lease has ended is no matter. Every outcome
   * but `renew` clears the lease and sets `claims` to 0. `end` and `retry` set the given columns and carry
   * their `writes`, made after the record's own change; `retry` and `defer` set `dueAt`.
   * @returns one result per outcome, in order
   */
  settle<T extends WorkTableName>(table: T, outcomes: readonly Outcome<T>[]): Promise<SettleResult[]>

  /** When the next piece of unfinished work is claimable (leases considered), or null if none is left. */
  nextDue(table: WorkTableName): Promise<number | null>

  /**
   * Reserves `n` numbers of a counter that starts at 1 and never repeats one, whoever asks; gaps may occur.
   * @returns the first of them
   */
  nextIds(counter: string, n: number): Promise<number>

  /**
   * Tenants that have records in a table, in the order of their code points, at most `limit` of them.
   * @param after the tenant behind which to begin; null: at the first
   */
  tenants(table: TableName, after: string | null, limit: number): Promise<string[]>

  /**
   * Erases up to `limit` records of a tenant from a table, whatever refers to them. Work that is claimed goes
   * too: its outcome is then `lost`.
   * @returns how many there were: fewer than `limit` if none of those that stood when it was asked is left
   */
  erase(table: TableName, tenantId: string, limit: number): Promise<number>

  /**
   * Runs `work` in a savepoint of the host's own transaction, on no other connection than the transaction's. If
   * `work` rejects, nothing is left of it and the transaction is as usable as before. Text that no store keeps is
   * refused before a statement is sent. Calls for one transaction must not overlap. With the capability
   * `hostTransactions`, and only then.
   * @throws whatever `host` throws, as it is: serialization failures and deadlocks are the host's to run again
   */
  inTransaction?<Result>(
    host: HostTransaction,
    work: (storage: TransactionStorage) => Promise<Result>,
  ): Promise<Result>

  /**
   * The store's own time, in milliseconds since 1970, where it has one. Nothing is decided by it: it shows whose
   * clock is wrong.
   */
  now?(): Promise<number>
}
