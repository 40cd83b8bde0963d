/** One table in memory: its records, unique keys and ordered indexes, kept in step by {@link MemoryTable.replace}. */
import type { ListQuery, Page } from '../../ports/storage.js'
import type { Row, TableName } from '../../ports/tables.js'
import { Codec, type Stored, type StoredRow } from '../shared/codec.js'
import { cursorOf, entriesPerPage, type ListPlan, planList } from '../shared/list-plan.js'
import { Lanes } from './lanes.js'
import { compareKeys, compareValues, type Key } from './order.js'
import { Sorted } from './sorted.js'

export class MemoryTable<T extends TableName = TableName> {
  readonly codec: Codec<T>
  readonly lanes: Lanes | null
  readonly #rows = new Map<string, Map<string, StoredRow>>()
  /** By the key's name and its values. */
  readonly #unique = new Map<string, StoredRow>()
  /** By tenant, then by the index's name. */
  readonly #indexes = new Map<string, Map<string, Sorted<Key>>>()

  constructor(table: T) {
    this.codec = new Codec(table)
    this.lanes = this.codec.work ? new Lanes() : null
  }

  get(tenantId: string, id: string): StoredRow | null {
    return this.#rows.get(tenantId)?.get(id) ?? null
  }

  lookup(unique: string, values: object): StoredRow | null {
    return (
      this.#unique.get(keyText(unique, Object.values(this.codec.keyValues(unique, values))) ?? '') ?? null
    )
  }

  /** The declared name of a unique key that another record has already, or null. */
  takenKey(row: StoredRow, own: StoredRow | null): string | null {
    for (const [name, columns] of this.codec.unique) {
      const holder = this.#unique.get(keyOf(name, columns, row) ?? '')
      if (holder !== undefined && holder !== own) return name
    }
    return null
  }

  /** Puts `next` where `before` was. Null for either: there was none, there is none any more. */
  replace(before: StoredRow | null, next: StoredRow | null): void {
    if (before) this.#rows.get(before.tenantId as string)?.delete(before.id as string)
    if (next)
      inner(this.#rows, next.tenantId as string, () => new Map<string, StoredRow>()).set(
        next.id as string,
        next,
      )
    for (const [name, columns] of this.codec.unique) {
      const left = before && keyOf(name, columns, before)
      const taken = next && keyOf(name, columns, next)
      if (left !== null) this.#unique.delete(left)
      if (taken !== null && next) this.#unique.set(taken, next)
    }
    for (const [name, columns] of Object.entries(this.codec.indexes)) {
      // Most changes leave most indexes as they are.
      if (before && next && columns.every((column) => before[column] === next[column])) continue
      if (before) this.#index(before, name).remove(keyIn(columns, before))
      if (next) this.#index(next, name).add(keyIn(columns, next))
    }
    if (before) this.lanes?.remove(before)
    if (next) this.lanes?.add(next)
  }

  list(query: ListQuery<T>): Page<T> {
    const plan = planList(this.codec, query)
    const items: Row<T>[] = []
    let read = 0
    let last: StoredRow | null = null
    for (const key of this.#keys(plan, query)) {
      if (read === entriesPerPage) return { items, next: cursorOf(plan, this.codec.decodeRow(last!)) }
      read++
      const row = this.get(query.tenantId, key.at(-1) as string)!
      last = row
      if (!matches(plan, row)) continue
      // One too many: there is a next page.
      if (items.length === plan.limit) return { items, next: cursorOf(plan, items.at(-1)!) }
      items.push(this.codec.decodeRow(row))
    }
    return { items, next: null }
  }

  *#keys(plan: ListPlan, query: ListQuery<T>): Generator<Key> {
    const index = this.#indexes.get(query.tenantId)?.get(query.index)
    if (!index) return
    const prefix = plan.prefix.map(([, value]) => value)
    const { from, to, after, descending } = plan
    // A bounded column has no place for null, which is before everything.
    const ranged = from !== null || to !== null
    const low = from === null ? prefix : [...prefix, from]
    const high = to === null ? prefix : [...prefix, to]
    const start = (key: Key) =>
      compareKeys(key, low) >= 0 && !(ranged && key[prefix.length] === null && compareKeys(key, prefix) === 0)
    const end = (key: Key) => compareKeys(key, high) > 0
    const keys = descending
      ? index.downFrom((key) => end(key) || (after !== null && compareKeys(key, after) >= 0))
      : index.upFrom((key) => start(key) && (after === null || compareKeys(key, after) > 0))
    for (const key of keys) {
      if (descending ? !start(key) : end(key)) return
      yield key
    }
  }

  #index(row: StoredRow, name: string): Sorted<Key> {
    const ofTenant = inner(this.#indexes, row.tenantId as string, () => new Map<string, Sorted<Key>>())
    return inner(ofTenant, name, () => new Sorted(compareKeys))
  }
}

function inner<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make()
  map.set(key, value)
  return value
}

const keyIn = (columns: readonly string[], row: StoredRow): Key => [
  ...columns.map((name) => row[name]!),
  row.id!,
]

const keyOf = (name: string, columns: readonly string[], row: StoredRow): string | null =>
  keyText(
    name,
    columns.map((column) => row[column]!),
  )

/** A unique key as one text, or null if it has a null in it and so is unlike any other. */
const keyText = (name: string, values: readonly Stored[]): string | null =>
  values.includes(null) ? null : JSON.stringify([name, ...values])

const matches = (plan: ListPlan, row: StoredRow): boolean =>
  plan.filter.every(([name, values]) => values.some((value) => compareValues(value, row[name]!) === 0))
