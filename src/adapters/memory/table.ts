/** One table in memory: its records, and what finds them, kept in step whenever a record comes, changes or goes. */
import type { ListQuery, Page } from '../../ports/storage.js'
import type { Row, TableName } from '../../ports/tables.js'
import { Codec, type StoredRow } from '../shared/codec.js'
import { cursorOf, entriesPerPage, type ListPlan, planList } from '../shared/list-plan.js'
import { take } from '../shared/turns.js'
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

/** A declared unique key, with what knows who has it: an index in its order, if there is one. */
interface Key {
  name: string
  columns: readonly string[]
  holders: View & { holder(values: StoredRow): StoredRow | null }
}

export class MemoryTable<T extends TableName = TableName> {
  readonly codec: Codec<T>
  readonly lanes: Lanes | null
  /** By tenant, then by id. */
  readonly #rows = new Map<string, Map<string, StoredRow>>()
  readonly #unique: readonly Key[]
  readonly #indexes: ReadonlyMap<string, OrderedIndex>
  readonly #views: readonly View[]

  constructor(table: T) {
    this.codec = new Codec(table)
    this.lanes = this.codec.work ? new Lanes() : null
    const indexes = Object.entries(this.codec.indexes)
    this.#indexes = new Map(indexes.map(([name, columns]) => [name, new OrderedIndex(columns)]))
    this.#unique = this.codec.unique.map(([name, columns]) => {
      const serving = indexes.find(([index]) => this.codec.keyServing(index) === name)
      const holders = serving && this.#indexes.get(serving[0])
      return { name, columns, holders: holders ?? new UniqueKey(columns) }
    })
    const holders = this.#unique.map((key) => key.holders)
    const views = [...holders, ...this.#indexes.values(), ...(this.lanes ? [this.lanes] : [])]
    this.#views = [...new Set(views)]
  }

  get(tenantId: string, id: string): StoredRow | null {
    return this.#rows.get(tenantId)?.get(id) ?? null
  }

  lookup(unique: string, values: object): StoredRow | null {
    const wanted = this.codec.keyValues(unique, values)
    return this.#unique.find(({ name }) => name === unique)?.holders.holder(wanted) ?? null
  }

  /**
   * The declared name of a unique key that another record has already and `row` would take; or null.
   * @param set what is about to change of it; null: all of it is new
   */
  takenKey(row: StoredRow, set: StoredRow | null): string | null {
    for (const { name, columns, holders } of this.#unique) {
      if (set !== null && !columns.some((column) => column in set)) continue
      const holder = holders.holder({ ...row, ...set })
      if (holder !== null && holder !== row) return name
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
    const tenantId = row.tenantId as string
    const rows = this.#rows.get(tenantId)
    rows?.delete(row.id as string)
    if (rows?.size === 0) this.#rows.delete(tenantId)
    for (const view of this.#views) view.remove(row)
  }

  tenants(after: string | null, limit: number): string[] {
    const behind = [...this.#rows.keys()].filter((name) => after === null || compareValues(name, after) > 0)
    return behind.sort(compareValues).slice(0, limit)
  }

  erase(tenantId: string, limit: number): number {
    const erased = take(this.#rows.get(tenantId)?.values() ?? [], limit)
    for (const row of erased) this.remove(row)
    return erased.length
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
