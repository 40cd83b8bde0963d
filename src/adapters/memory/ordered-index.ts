/** A declared index: the records of each tenant in the order of some columns, then of their ids. */
import type { Stored, StoredRow } from '../shared/codec.js'
import type { ListPlan } from '../shared/list-plan.js'
import { comparePlainValues, compareValues, isPlain } from './order.js'
import { Sorted } from './sorted.js'

export class OrderedIndex {
  readonly columns: readonly string[]
  /** As long as all text in the index is plain, the quicker comparison gives the same order. */
  #compareValues = comparePlainValues
  readonly #tenants = new Map<string, Sorted<StoredRow>>()

  /** @param columns as declared, without `tenantId` and `id` */
  constructor(columns: readonly string[]) {
    this.columns = [...columns, 'id']
  }

  add(row: StoredRow): void {
    const tenantId = row.tenantId as string
    let rows = this.#tenants.get(tenantId)
    if (!rows) {
      rows = new Sorted(this.#compareRows)
      this.#tenants.set(tenantId, rows)
    }
    if (!this.columns.every((name) => isPlain(row[name]!))) this.#compareValues = compareValues
    rows.add(row)
  }

  remove(row: StoredRow): void {
    this.#tenants.get(row.tenantId as string)?.remove(row)
  }

  /** The first record that has these values in the columns of the index, or null. */
  holder(values: StoredRow): StoredRow | null {
    const wanted = this.columns.slice(0, -1).map((name) => values[name]!)
    const rows = this.#tenants.get(values.tenantId as string)
    const row = rows?.firstFrom((row) => this.#compare(row, wanted) >= 0)
    return row !== undefined && this.#compare(row, wanted) === 0 ? row : null
  }

  /** The records of the plan's range, from where the previous page ended; its filter is the caller's to apply. */
  *read(tenantId: string, plan: ListPlan): Generator<StoredRow> {
    const rows = this.#tenants.get(tenantId)
    if (!rows) return
    const prefix = plan.prefix.map(([, value]) => value)
    const { from, to, after, descending } = plan
    // A bounded column has no place for null, which is before everything.
    const bounded = this.columns[prefix.length]!
    const ranged = from !== null || to !== null
    const low = from === null ? prefix : [...prefix, from]
    const high = to === null ? prefix : [...prefix, to]
    const start = (row: StoredRow) =>
      this.#compare(row, low) >= 0 && !(ranged && row[bounded] === null && this.#compare(row, prefix) === 0)
    const end = (row: StoredRow) => this.#compare(row, high) > 0
    const found = descending
      ? rows.downFrom((row) => end(row) || (after !== null && this.#compare(row, after) >= 0))
      : rows.upFrom((row) => start(row) && (after === null || this.#compare(row, after) > 0))
    for (const row of found) {
      if (descending ? !start(row) : end(row)) return
      yield row
    }
  }

  #compareRows = (a: StoredRow, b: StoredRow): number => {
    for (const name of this.columns) {
      const order = this.#compareValues(a[name]!, b[name]!)
      if (order !== 0) return order
    }
    return 0
  }

  /** Compares with values for the first columns: a row that begins with all of them is equal. */
  #compare(row: StoredRow, values: readonly Stored[]): number {
    for (let at = 0; at < values.length; at++) {
      const order = compareValues(row[this.columns[at]!]!, values[at]!)
      if (order !== 0) return order
    }
    return 0
  }
}
