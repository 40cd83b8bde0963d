/** One table in memory: its records, and what finds them, kept in step whenever a record comes, changes or goes. */
import type { ListQuery, Page } from '../../ports/storage.js'
import type { Row, TableName } from '../../ports/tables.js'
import { Codec, type StoredRow } from '../shared/codec.js'
import { cursorOf, entriesPerPage, type ListPlan, planList } from '../shared/list-plan.js'
import { Lanes } from './lanes.js'
import { compareValues } from './order.js'
import { OrderedIndex } from './ordered-index.js'
import { UniqueKey } from './unique-key.js'

/** Something that finds records by some of their columns. It holds the very rows, not copies. */
interface View {
  /** A row leaves the view before one of these changes, and enters it anew after. */
  readonly columns: readonly string[]
  add(row: StoredRow): void
  remove(row: StoredRow): void
}

export class MemoryTable<T extends TableName = TableName> {
  readonly codec: Codec<T>
  readonly lanes: Lanes | null
  /** By tenant, then by id. */
  readonly #rows = new Map<string, Map<string, StoredRow>>()
  readonly #unique: readonly UniqueKey[]
  readonly #indexes: ReadonlyMap<string, OrderedIndex>
  readonly #views: readonly View[]

  constructor(table: T) {
    this.codec = new Codec(table)
    this.lanes = this.codec.work ? new Lanes() : null
    this.#unique = this.codec.unique.map(([name, columns]) => new UniqueKey(name, columns))
    const indexes = Object.entries(this.codec.indexes)
    this.#indexes = new Map(indexes.map(([name, columns]) => [name, new OrderedIndex(columns)]))
    this.#views = [...this.#unique, ...this.#indexes.values(), ...(this.lanes ? [this.lanes] : [])]
  }

  get(tenantId: string, id: string): StoredRow | null {
    return this.#rows.get(tenantId)?.get(id) ?? null
  }

  lookup(unique: string, values: object): StoredRow | null {
    const wanted = this.codec.keyValues(unique, values)
    return this.#unique.find(({ name }) => name === unique)?.holder(wanted) ?? null
  }

  /** The declared name of a unique key that another record has already and `row`, with `set`, would take; or null. */
  takenKey(row: StoredRow, set: StoredRow): string | null {
    for (const key of this.#unique) {
      const holder = key.holder({ ...row, ...set })
      if (holder !== null && holder !== row) return key.name
    }
    return null
  }

  insert(row: StoredRow): void {
    const tenantId = row.tenantId as string
    let rows = this.#rows.get(tenantId)
    if (!rows) {
      rows = new Map()
      this.#rows.set(tenantId, rows)
    }
    rows.set(row.id as string, row)
    for (const view of this.#views) view.add(row)
  }

  remove(row: StoredRow): void {
    this.#rows.get(row.tenantId as string)?.delete(row.id as string)
    for (const view of this.#views) view.remove(row)
  }

  change(row: StoredRow, set: StoredRow): void {
    const touched = this.#views.filter((view) => view.columns.some((name) => name in set))
    for (const view of touched) view.remove(row)
    Object.assign(row, set)
    for (const view of touched) view.add(row)
  }

  list(query: ListQuery<T>): Page<T> {
    const plan = planList(this.codec, query)
    const items: Row<T>[] = []
    let read = 0
    let last: StoredRow | null = null
    for (const row of this.#indexes.get(query.index)!.read(query.tenantId, plan)) {
      if (read === entriesPerPage) return { items, next: cursorOf(plan, this.codec.copyRow(last!)) }
      read++
      last = row
      if (!matches(plan, row)) continue
      // One too many: there is a next page.
      if (items.length === plan.limit) return { items, next: cursorOf(plan, items.at(-1)!) }
      items.push(this.codec.copyRow(row))
    }
    return { items, next: null }
  }
}

const matches = (plan: ListPlan, row: StoredRow): boolean =>
  plan.filter.every(([name, values]) => values.some((value) => compareValues(value, row[name]!) === 0))
