/** Whether writes concern each other: the same record, or a key that one may free and another take. */
import type { TableName } from '../../ports/tables.js'
import { freesKey, type Step, takesKey } from './steps.js'

const recordOf = ({ codec, key }: Step): string => `${codec.table} ${key.id} ${key.tenantId}`

export class Independence {
  readonly #records = new Set<string>()
  /** Tables of which a key is freed, and taken. */
  readonly #freed = new Set<TableName>()
  readonly #taken = new Set<TableName>()

  /** Whether no two of these concern each other. */
  static within(steps: readonly Step[]): boolean {
    const before = new Independence()
    return steps.every((step) => {
      if (before.concerns([step])) return false
      before.add([step])
      return true
    })
  }

  /** Whether one of these is about a record that was added. */
  sharesRecord(steps: readonly Step[]): boolean {
    return steps.some((step) => this.#records.has(recordOf(step)))
  }

  /** Whether one of these concerns one that was added. */
  concerns(steps: readonly Step[]): boolean {
    const meetsKey = (step: Step) =>
      (freesKey(step) && this.#taken.has(step.codec.table)) ||
      (takesKey(step) && this.#freed.has(step.codec.table))
    return this.sharesRecord(steps) || steps.some(meetsKey)
  }

  add(steps: readonly Step[]): void {
    for (const step of steps) {
      this.#records.add(recordOf(step))
      if (freesKey(step)) this.#freed.add(step.codec.table)
      if (takesKey(step)) this.#taken.add(step.codec.table)
    }
  }
}
