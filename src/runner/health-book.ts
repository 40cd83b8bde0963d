import type { Row } from '../ports/tables.js'
import type { Context } from '../services/context.js'
import type { Attempted } from '../services/deliveries/attempt.js'
import { type Results, recordResults } from '../services/subscriptions/health.js'

/**
 * Gathers what attempts say of their subscriptions, so that a receiver of many deliveries costs one write a
 * moment and not one each. It is an account of what the attempts already say: what is lost with the process
 * the next attempt tells again.
 */
export class HealthBook {
  readonly #context: Context
  readonly #open = new Map<string, Results>()
  #writing: Promise<void> = Promise.resolve()
  #scheduled = false

  constructor(context: Context) {
    this.#context = context
  }

  /** Takes down an attempt that is settled. */
  note({ tenantId, subscriptionId, manual }: Row<'deliveries'>, attempted: Attempted, at: number): void {
    const succeeded = attempted.meaning === 'delivered'
    // What a person tries out is not held against the receiver.
    if (manual && !succeeded) return
    const key = `${subscriptionId} ${tenantId}`
    const before = this.#open.get(key)
    this.#open.set(key, {
      tenantId,
      subscriptionId,
      status: succeeded ? 'delivered' : 'failed',
      at,
      succeeded: succeeded || (before?.succeeded ?? false),
      failedSince: succeeded ? null : (before?.failedSince ?? attempted.row.startedAt),
      lastAttempt: { status: attempted.status, error: attempted.row.error },
      gone: attempted.meaning === 'gone' || (before?.gone ?? false),
    })
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      void this.settled()
    })
  }

  /** Resolves when everything noted so far is written. */
  settled(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  async #write(): Promise<void> {
    if (this.#open.size === 0) return
    const gathered = [...this.#open.values()]
    this.#open.clear()
    try {
      await recordResults(this.#context, gathered)
    } catch (error) {
      this.#context.logger.error('how subscriptions are doing could not be written', { error })
    }
  }
}
