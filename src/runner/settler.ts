import type { Clock } from '../ports/clock.js'
import type { Outcome, SettleResult, Storage } from '../ports/storage.js'
import type { WorkTableName } from '../ports/tables.js'
import type { Logger } from '../services/context.js'

interface Waiting<T extends WorkTableName> {
  outcome: Outcome<T>
  done: (result: SettleResult | 'unsettled') => void
}

const batchSize = 64
const retries = 5
const retryDelayMs = 500

/**
 * Gathers the outcomes that end in the same moment and writes them together: batches are what makes a
 * durable store quick. An outcome that cannot be written stays under its lease and is claimed again when
 * that ends; the receiver may then see the delivery twice, as "at least once" allows.
 */
export class Settler<T extends WorkTableName> {
  #waiting: Waiting<T>[] = []
  #flushing = false

  constructor(
    private readonly table: T,
    private readonly parts: { storage: Storage; clock: Clock; logger: Logger },
    private readonly signal: AbortSignal,
  ) {}

  /** Resolves when the outcome is written, or given up on. */
  settle(outcome: Outcome<T>): Promise<SettleResult | 'unsettled'> {
    return new Promise((done) => {
      this.#waiting.push({ outcome, done })
      if (this.#flushing) return
      this.#flushing = true
      setImmediate(() => void this.#flush())
    })
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchSize)
      const results = await this.#write(batch.map((waiting) => waiting.outcome))
      batch.forEach((waiting, n) => {
        waiting.done(results[n] ?? 'unsettled')
      })
    }
    this.#flushing = false
  }

  async #write(outcomes: Outcome<T>[]): Promise<(SettleResult | 'unsettled')[]> {
    const { storage, clock, logger } = this.parts
    for (let attempt = 1; attempt <= retries; attempt++) {
      try {
        const results = await storage.settle(this.table, outcomes)
        results.forEach((result, n) => {
          if (result !== 'applied')
            logger.warn(`an outcome was not recorded: ${result}`, { table: this.table, id: outcomes[n]?.id })
        })
        return results
      } catch (error) {
        logger.error('outcomes could not be written', { attempt, count: outcomes.length, error })
        if (attempt < retries) await clock.wait(retryDelayMs * attempt, this.signal)
      }
    }
    return outcomes.map(() => 'unsettled')
  }
}
