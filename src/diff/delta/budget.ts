/** What a comparison may cost. Whoever works spends; whoever asked learns that it was not enough. */
import type { Limit } from '../../errors.js'
import type { DeltaLimits } from './model.js'

export class Budget {
  steps = 0
  /** Cells of alignment tables: what keeps the sum of many small quadratic steps small. */
  #cells = 10_000_000

  constructor(readonly limits: DeltaLimits) {}

  spend(steps: number): void {
    this.steps += steps
    if (this.steps > this.limits.steps) throw new BudgetSpent({ name: 'steps', value: this.limits.steps })
  }

  /** Whether a table of this size may still be made; if so, it is paid for. */
  takeCells(cells: number): boolean {
    if (cells > this.#cells) return false
    this.#cells -= cells
    return true
  }
}

/** Ends a comparison from within; it never leaves `delta`. */
export class BudgetSpent {
  constructor(readonly limit: Limit) {}
}
