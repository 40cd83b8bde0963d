import type { Row } from '../ports/tables.js'
import type { Context } from '../services/context.js'
import type { Attempted } from '../services/deliveries/attempt.js'
import { type Results, recordResults } from '../services/subscriptions/health.js'

/**
 * How long attempts are gathered while there are more and more of them, in milliseconds. Of the machine's own
 * time: a clock that a test holds must not hold this.
 */
const gatherMs = 250

/**
 * Gathers what attempts say of their subscriptions, so that a receiver of many deliveries costs a few writes a
 * second and not one for each. It is an account of what the attempts already say: what is lost with the process
 * the next attempt tells again.
 */
export class HealthBook {
  readonly #context: Context
  readonly #open = new Map<string, Results>()
  #writing: Promise<void> = Promise.resolve()
  #scheduled = false
  #writtenAt = Number.NEGATIVE_INFINITY

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
    const pause = Math.max(0, this.#writtenAt + gatherMs - performance.now())
    setTimeout(() => {
      this.#scheduled = false
      void this.settled()
    }, pause).unref()
  }

  /** Resolves when everything noted so far is written. */
  settled(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  async #write(): Promise<void> {
    if (this.#open.size === 0) return
    this.#writtenAt = performance.now()
    const gathered = [...this.#open.values()]
    this.#open.clear()
    try {
      await recordResults(this.#context, gathered)
    } catch (error) {
      this.#context.logger.error('how subscriptions are doing could not be written', { error })
    }
  }
}
