/** A declared unique key: which record has which values. */
import type { StoredRow } from '../shared/codec.js'

export class UniqueKey {
  readonly #holders = new Map<string, StoredRow>()

  constructor(readonly columns: readonly string[]) {}

  /** The record whose key is the same as in `values`, or null. */
  holder(values: StoredRow): StoredRow | null {
    const key = this.#keyOf(values)
    return key === null ? null : (this.#holders.get(key) ?? null)
  }

  add(row: StoredRow): void {
    const key = this.#keyOf(row)
    if (key !== null) this.#holders.set(key, row)
  }

  remove(row: StoredRow): void {
    const key = this.#keyOf(row)
    if (key !== null) this.#holders.delete(key)
  }

  /** The key as one text, or null if it has a null in it and so is unlike any other. */
  #keyOf(row: StoredRow): string | null {
    const values = this.columns.map((name) => row[name]!)
    return values.some((value) => value === null) ? null : JSON.stringify(values)
  }
}
