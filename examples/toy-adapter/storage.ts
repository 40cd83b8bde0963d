/**
 * A storage for reading, not for running: everything in memory, every change appended to a journal. It passes
 * `storageConformance`. What it is not: quick (each question looks at every record), small (the journal only grows),
 * shared (one process alone may have the file), or safe from a power failure (nothing is flushed).
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import {
  type Capabilities,
  type ClaimRequest,
  type Column,
  DrifthookError,
  declaration,
  isPreconditionFailed,
  type ListQuery,
  type Outcome,
  type Page,
  PreconditionFailed,
  type Row,
  type SettleResult,
  type Storage,
  type TableName,
  type UniqueOf,
  type WorkTableName,
  type Write,
} from 'drifthook'

/** A record whose table does not matter. */
type Any = Record<string, unknown> & { tenantId: string; id: string }
/** A record as it is now; null: it is gone. */
type Change = { table: TableName; key: string; row: Any | null }

export class ToyStorage implements Storage {
  readonly capabilities: Capabilities = { durable: 'process', crossProcess: false, hostTransactions: false }
  readonly #tables = new Map<TableName, Map<string, Any>>()
  /** Which record has which unique key. */
  readonly #taken = new Map<string, string>()
  readonly #counters = new Map<string, number>()
  /** When a tenant, or a tenant's lane, was last served: whoever has waited longest comes next. */
  readonly #served = new Map<string, number>()
  #turn = 0
  #opened = false

  constructor(private readonly journal: string) {}

  async open(): Promise<void> {
    if (this.#opened) return
    this.#opened = true
    if (!existsSync(this.journal)) return
    // What stands behind the last newline was cut off as it was written: nobody was told that it is kept.
    for (const line of readFileSync(this.journal, 'latin1').split('\n').slice(0, -1)) {
      const { changes, counters } = deserialize(Buffer.from(line, 'base64'))
      for (const change of changes) this.#put(change)
      for (const [name, used] of counters) this.#counters.set(name, used)
    }
  }

  async close(): Promise<void> {}

  async get<T extends TableName>(table: T, tenantId: string, id: string): Promise<Row<T> | null> {
    return copy<T>(this.#rows(table).get(keyOf({ tenantId, id })))
  }

  async lookup<T extends TableName>(table: T, unique: UniqueOf<T>, values: Partial<Row<T>>) {
    const wanted = uniqueKeys(table, values).find(([name]) => name === unique)?.[1]
    return copy<T>(this.#rows(table).get(this.#taken.get(wanted ?? '') ?? ''))
  }

  async list<T extends TableName>(table: T, query: ListQuery<T>): Promise<Page<T>> {
    const { tenantId, index, prefix = {}, range = {}, filter = {}, after, limit, descending = false } = query
    const columns = [...(declaration(table).indexes[index] ?? []), 'id']
    const ranged = columns[Object.keys(prefix).length] ?? 'id'
    const values = (row: Any) => columns.map((name) => row[name])
    const order = (a: unknown[], b: unknown[]) => (descending ? compareAll(b, a) : compareAll(a, b))
    const inRange = (value: unknown) =>
      (range.from === undefined || (value !== null && compare(value, range.from) >= 0)) &&
      (range.to === undefined || (value !== null && compare(value, range.to) <= 0))
    const entries = [...this.#rows(table).values()]
      .filter((row) => row.tenantId === tenantId && matches(row, prefix) && inRange(row[ranged]))
      .filter((row) => !after || order(values(row), [...after]) > 0)
      .sort((a, b) => order(values(a), values(b)))
    const read = entries.slice(0, 1000)
    const found = read.filter((row) => matches(row, filter))
    const items = found.slice(0, limit)
    const last = found.length > limit ? items.at(-1) : entries.length > read.length ? read.at(-1) : undefined
    return {
      items: items.map((row) => copy<T>(row) as Row<T>),
      next: last ? (values(last) as string[]) : null,
    }
  }

  async commit(writes: readonly Write[]): Promise<void> {
    this.#commit(writes)
  }

  async claim<T extends WorkTableName>(table: T, request: ClaimRequest): Promise<Row<T>[]> {
    const { limit, perLane, skipLanes, now, leaseUntil } = request
    if (leaseUntil <= now) throw new TypeError('a lease must end after now')
    const laneOf = (row: Any) => `${row.tenantId}\0${row.lane}`
    const room = new Map<string, number>()
    const work = [...this.#rows(table).values()].filter((row) => row.dueAt !== null)
    for (const row of work) {
      const leased = row.leaseUntil !== null && Number(row.leaseUntil) > now
      room.set(laneOf(row), (room.get(laneOf(row)) ?? perLane) - (leased ? 1 : 0))
    }
    const due = work
      .filter((row) => Number(row.dueAt) <= now && !skipLanes.includes(String(row.lane)))
      .sort((a, b) => compareAll([a.dueAt, a.id], [b.dueAt, b.id]))
    const claimed: Any[] = []
    const waitedSince = (row: Any) => [
      this.#served.get(row.tenantId) ?? 0,
      this.#served.get(laneOf(row)) ?? 0,
    ]
    while (claimed.length < limit) {
      const open = due.filter((row) => (room.get(laneOf(row)) ?? 0) > 0)
      const [first] = open
      if (first === undefined) break
      const next = open.reduce((a, b) => (compareAll(waitedSince(b), waitedSince(a)) < 0 ? b : a), first)
      due.splice(due.indexOf(next), 1)
      room.set(laneOf(next), (room.get(laneOf(next)) ?? 0) - 1)
      this.#turn++
      this.#served.set(next.tenantId, this.#turn).set(laneOf(next), this.#turn)
      claimed.push(next)
    }
    const leases = claimed.map((row) => {
      const counted = { fence: Number(row.fence) + 1, claims: Number(row.claims) + 1 }
      return update(table, row, { ...counted, leaseUntil, dueAt: leaseUntil })
    })
    this.#commit(leases)
    return claimed.map((row) => copy<T>(this.#rows(table).get(keyOf(row))) as Row<T>)
  }

  async settle<T extends WorkTableName>(table: T, outcomes: readonly Outcome<T>[]): Promise<SettleResult[]> {
    return outcomes.map((outcome) => {
      const row = this.#rows(table).get(keyOf(outcome))
      if (row?.fence !== outcome.fence || row.leaseUntil === null || row.dueAt === null) return 'lost'
      const { set, writes } = 'writes' in outcome ? outcome : { set: {}, writes: [] }
      const dueAt =
        outcome.kind === 'end' ? null : outcome.kind === 'renew' ? outcome.leaseUntil : outcome.dueAt
      const lease = outcome.kind === 'renew' ? { leaseUntil: dueAt } : { leaseUntil: null, claims: 0 }
      try {
        this.#commit([update(table, row, { ...set, ...lease, dueAt }), ...writes])
        return 'applied'
      } catch (error) {
        if (isPreconditionFailed(error)) return 'conflict'
        throw error
      }
    })
  }

  async nextDue(table: WorkTableName): Promise<number | null> {
    const due = [...this.#rows(table).values()].flatMap(({ dueAt }) =>
      dueAt === null ? [] : [Number(dueAt)],
    )
    return due.length === 0 ? null : due.reduce((a, b) => Math.min(a, b))
  }

  async nextIds(counter: string, n: number): Promise<number> {
    if (!Number.isSafeInteger(n) || n < 1) throw new TypeError('nextIds reserves at least one number')
    const used = this.#counters.get(counter) ?? 0
    this.#append([], [[counter, used + n]])
    this.#counters.set(counter, used + n)
    return used + 1
  }

  async tenants(table: TableName, after: string | null, limit: number): Promise<string[]> {
    const names = new Set([...this.#rows(table).values()].map((row) => row.tenantId))
    const behind = [...names].filter((name) => after === null || compare(name, after) > 0)
    return behind.sort(compare).slice(0, limit)
  }

  async erase(table: TableName, tenantId: string, limit: number): Promise<number> {
    const gone = [...this.#rows(table).values()].filter((row) => row.tenantId === tenantId).slice(0, limit)
    this.#commit(gone.map(({ id }) => ({ op: 'delete', table, tenantId, id })))
    return gone.length
  }

  /** Makes the writes one by one, and takes them back when one is refused or the journal takes none. */
  #commit(writes: readonly Write[]): void {
    const before: Change[] = []
    try {
      for (const [at, write] of writes.entries()) this.#make(write, at, before)
      this.#append(before.map(({ table, key }) => ({ table, key, row: this.#rows(table).get(key) ?? null })))
    } catch (error) {
      for (const change of before.reverse()) this.#put(change)
      throw error
    }
  }

  #make(write: Write, at: number, before: Change[]): void {
    const { table, op } = write
    const key = keyOf(op === 'insert' ? (write.row as Any) : write)
    const old = this.#rows(table).get(key)
    if (op === 'insert' && old) throw new PreconditionFailed(at, 'exists', 'primary')
    if (op !== 'insert' && !(old && matches(old, write.expect ?? {}))) {
      if (write.optional) return
      throw new PreconditionFailed(at, old ? 'moved' : 'missing')
    }
    const given = op === 'delete' ? null : checked(table, op === 'insert' ? write.row : write.set)
    const row = given && ({ ...old, ...given } as Any)
    const { columns } = declaration(table)
    const absent = row && Object.keys(columns).find((name) => !(name in row))
    if (absent) throw new TypeError(`${table}.${absent} is missing`)
    for (const [name, unique] of row ? uniqueKeys(table, row) : []) {
      if ((this.#taken.get(unique) ?? key) !== key) throw new PreconditionFailed(at, 'exists', name)
    }
    before.push({ table, key, row: old ?? null })
    this.#put({ table, key, row })
  }

  #put({ table, key, row }: Change): void {
    for (const [, unique] of uniqueKeys(table, this.#rows(table).get(key) ?? {})) this.#taken.delete(unique)
    for (const [, unique] of uniqueKeys(table, row ?? {})) this.#taken.set(unique, key)
    if (row) this.#rows(table).set(key, row)
    else this.#rows(table).delete(key)
  }

  #append(changes: Change[], counters: [string, number][] = []): void {
    appendFileSync(this.journal, `${serialize({ changes, counters }).toString('base64')}\n`)
  }

  #rows(table: TableName): Map<string, Any> {
    const rows = this.#tables.get(table) ?? new Map<string, Any>()
    this.#tables.set(table, rows)
    return rows
  }
}

/** Text has no NUL: no two records have the same key. */
const keyOf = ({ tenantId, id }: { tenantId: string; id: string }) => `${tenantId}\0${id}`

/** A record's unique keys, by name, as far as it has all of their columns. */
function uniqueKeys(table: TableName, row: Partial<Any>): [name: string, key: string][] {
  return Object.entries(declaration(table).unique).flatMap(([name, columns]) => {
    const values = columns.map((column) => row[column] ?? null)
    return values.includes(null) ? [] : [[name, JSON.stringify([table, name, ...values])]]
  })
}

const update = (table: WorkTableName, { tenantId, id }: Any, set: object) =>
  ({ op: 'update', table, tenantId, id, set }) as Write

/** The caller owns what it gets. */
const copy = <T extends TableName>(row: Any | undefined) => (row ? (structuredClone(row) as Row<T>) : null)

/** Whether a record has these values; of a list, one of them. */
const matches = (row: Any, wanted: object): boolean =>
  Object.entries(wanted).every(([name, value]) => [value].flat().includes(row[name]))

/** Null first, text by code point: the order of UTF-8. */
function compare(a: unknown, b: unknown): number {
  if (a === b) return 0
  if (a === null || b === null) return a === null ? -1 : 1
  if (typeof a !== 'string') return Number(a) - Number(b)
  return Buffer.compare(Buffer.from(a), Buffer.from(String(b)))
}

const compareAll = (a: readonly unknown[], b: readonly unknown[]): number =>
  a.reduce<number>((so, value, n) => so || compare(value, b[n]), 0)

/** Columns to be stored, copied. What their declaration does not allow is refused. */
function checked(table: TableName, part: object): object {
  const { columns } = declaration(table)
  const entries = Object.entries(part).map(([name, value]) => {
    const column = Object.hasOwn(columns, name) ? columns[name] : undefined
    if (column === undefined || !fits(column, value))
      throw new TypeError(`${table}.${name} takes no ${value}`)
    if (
      typeof value !== 'string' ||
      (!value.includes('\0') && value.isWellFormed()) ||
      column.kind === 'json'
    ) {
      return [name, structuredClone(value)]
    }
    throw new DrifthookError('INVALID_REQUEST', `The text for ${name} holds what no store keeps.`)
  })
  return Object.fromEntries(entries)
}

function fits({ kind, nullable }: Column, value: unknown): boolean {
  if (value === undefined) return false
  if (kind === 'json' || (value === null && nullable)) return true
  if (kind === 'text') return typeof value === 'string'
  if (kind === 'boolean') return typeof value === 'boolean'
  return kind === 'bytes' ? value instanceof Uint8Array : Number.isSafeInteger(value)
}
