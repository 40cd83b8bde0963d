import type { Clock } from '../ports/clock.js'
import type { Outcome, SettleResult, Storage } from '../ports/storage.js'
import type { WorkTableName } from '../ports/tables.js'
import type { Logger } from '../services/context.js'
import { type Outage, pauseMs } from './outage.js'

type Settled = SettleResult | 'unsettled'

interface Waiting<T extends WorkTableName> {
  outcome: Outcome<T>
  done: (result: Settled) => void
}

interface SettlerParts {
  storage: Storage
  clock: Clock
  logger: Logger
  outage: Outage
}

const batchSize = 64
/** After so many failures it is asked whether the storage answers at all, or refuses these outcomes. */
const patience = 3

/**
 * Gathers the outcomes that end in the same moment and writes them together: batches are what makes a
 * durable store quick. While the storage does not answer they wait, however long. An outcome that cannot be written
 * otherwise, or was not when the signal aborts, stays under its lease and is claimed again when that ends; the
 * receiver may then see the delivery twice, as "at least once" allows.
 */
export class Settler<T extends WorkTableName> {
  #waiting: Waiting<T>[] = []
  #flushing = false
  #stuck = false

  constructor(
    private readonly table: T,
    private readonly parts: SettlerParts,
    private readonly signal: AbortSignal,
  ) {}

  /** Whether outcomes wait for the storage to answer. */
  get isStuck(): boolean {
    return this.#stuck
  }

  /** Resolves when the outcome is written, or given up on. */
  settle(outcome: Outcome<T>): Promise<Settled> {
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
      this.#stuck = false
      batch.forEach((waiting, n) => {
        waiting.done(results[n] ?? 'unsettled')
      })
    }
    this.#flushing = false
  }

  async #write(outcomes: Outcome<T>[]): Promise<Settled[]> {
    const { storage, clock, outage } = this.parts
    for (let failures = 1; ; failures++) {
      try {
        const results = await storage.settle(this.table, outcomes)
        outage.isOver()
        this.#tell(outcomes, results)
        return results
      } catch (error) {
        this.#stuck = true
        outage.goesOn('outcomes could not be written', error)
        if (failures >= patience && (await this.#storageAnswers())) return this.#refused(outcomes, error)
        await clock.wait(pauseMs(failures), this.signal)
        if (this.signal.aborted) return outcomes.map(() => 'unsettled')
      }
    }
  }

  /** What the storage takes of them: one that it cannot store holds no others up. */
  async #refused(outcomes: Outcome<T>[], error: unknown): Promise<Settled[]> {
    if (outcomes.length > 1) {
      const results: Settled[] = []
      for (const outcome of outcomes) results.push(...(await this.#write([outcome])))
      return results
    }
    const { logger, outage } = this.parts
    outage.isOver()
    logger.error('the storage refuses an outcome', { table: this.table, id: outcomes[0]?.id, error })
    return ['unsettled']
  }

  async #storageAnswers(): Promise<boolean> {
    return this.parts.storage.nextDue(this.table).then(
      () => true,
      () => false,
    )
  }

  #tell(outcomes: Outcome<T>[], results: readonly SettleResult[]): void {
    results.forEach((result, n) => {
      if (result === 'applied') return
      const { table, parts } = this
      parts.logger.warn(`an outcome was not recorded: ${result}`, { table, id: outcomes[n]?.id })
    })
  }
}
