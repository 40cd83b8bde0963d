import { type Clock, systemClock } from '../ports/clock.js'
import type { Outcome, SettleResult, Storage } from '../ports/storage.js'
import type { Row, WorkTableName } from '../ports/tables.js'
import type { Logger } from '../services/context.js'
import { Settler } from './settler.js'

/** What a piece of work came to. */
export interface Done<T extends WorkTableName> {
  outcome: Outcome<T>
  /** Called when the outcome is written, and only then. */
  applied?: () => void
}

/** One kind of work: where it is claimed and what is done with it. */
export interface Trade<T extends WorkTableName> {
  table: T
  /** How many at once, in this process. */
  concurrency: number
  /** How many at once in one lane, in all processes. */
  perLane: number
  /** How long a claim lasts: longer than the work and the writing of its outcome can take. */
  leaseMs: number
  /** Lanes to leave alone for now. */
  closedLanes?: (now: number) => readonly string[]
  /** When the next of them opens again, in milliseconds since 1970; null: none is closed. */
  nextOpen?: (now: number) => number | null
  /** Does one claimed piece of work. Never rejects. */
  work: (row: Row<T>) => Promise<Done<T>>
}

export interface LoopParts {
  storage: Storage
  clock: Clock
  logger: Logger
  /** Called when a piece of work is to be done again at that time. */
  later: (id: string, runAt: number) => Promise<void>
}

/** How often the store is asked for due work that no wake-up announced: this is what correctness rests on. */
const sweepMs = 1_000

/**
 * The loop of one trade: claim what is due, do it, settle it. Wake-ups only make it look sooner than the next
 * sweep. It claims no more than it can start at once, so work waits in the store, where every process sees it.
 */
export class WorkLoop<T extends WorkTableName> {
  readonly #parts: LoopParts
  readonly #trade: Trade<T>
  readonly #stopping = new AbortController()
  /** Aborted when the drain's time is up: nothing waits any longer. */
  readonly #ended = new AbortController()
  readonly #settler: Settler<T>
  readonly #running = new Set<Promise<void>>()
  #loop: Promise<void> | null = null
  #wake: () => void = () => {}
  #woken = false

  constructor(parts: LoopParts, trade: Trade<T>) {
    this.#parts = parts
    this.#trade = trade
    this.#settler = new Settler(trade.table, parts, this.#ended.signal)
  }

  /** Idempotent. */
  start(): void {
    this.#loop ??= this.#turn(this.#stopping.signal)
  }

  /** Looks for due work now. */
  look(): void {
    this.#woken = true
    this.#wake()
  }

  /**
   * Stops claiming and waits for what runs. What is still running after `drainMs` stays under its lease and
   * is claimed again, by whoever, when that ends.
   */
  async stop(drainMs: number): Promise<void> {
    this.#stopping.abort()
    this.look()
    await this.#loop
    const drained = new AbortController()
    const running = Promise.all([...this.#running]).then(() => drained.abort())
    await Promise.race([running, systemClock.wait(drainMs, drained.signal)])
    this.#ended.abort()
  }

  /** Works everything that is due now and returns how many pieces that were. Also without `start`. */
  async runDue(): Promise<number> {
    let worked = 0
    for (;;) {
      const started = await this.#claimAndWork()
      if (started === 0 && this.#running.size === 0) return worked
      worked += started
      await Promise.all([...this.#running])
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#woken = false
      const started = await this.#claimAndWork().catch((error: unknown) => {
        this.#parts.logger.error('due work could not be claimed; the next sweep tries again', { error })
        return 0
      })
      // Nothing due, or no room: a wake-up, the end of a piece of work or the next sweep goes on.
      if (started === 0) await this.#rest(signal)
    }
  }

  /** Until woken, the next sweep, or a lane opens. */
  async #rest(signal: AbortSignal): Promise<void> {
    if (this.#woken) return
    const { clock } = this.#parts
    const now = clock.now()
    const opens = this.#trade.nextOpen?.(now) ?? Number.POSITIVE_INFINITY
    const ended = new AbortController()
    const stop = () => ended.abort('woken')
    this.#wake = stop
    signal.addEventListener('abort', stop, { once: true })
    await clock.wait(Math.min(sweepMs, Math.max(1, opens - now)), ended.signal)
    signal.removeEventListener('abort', stop)
  }

  async #claimAndWork(): Promise<number> {
    const { storage, clock } = this.#parts
    const { table, concurrency, perLane, leaseMs, closedLanes } = this.#trade
    const limit = concurrency - this.#running.size
    if (limit <= 0) return 0
    const now = clock.now()
    const skipLanes = closedLanes?.(now) ?? []
    const claimed = await storage.claim(table, { limit, perLane, skipLanes, now, leaseUntil: now + leaseMs })
    for (const row of claimed) {
      const run = this.#work(row).finally(() => {
        this.#running.delete(run)
        this.look()
      })
      this.#running.add(run)
    }
    return claimed.length
  }

  async #work(row: Row<T>): Promise<void> {
    const { outcome, applied } = await this.#trade.work(row)
    const result = await this.#settle(outcome)
    if (result !== 'applied') return
    applied?.()
    if (outcome.kind === 'retry') await this.#parts.later(`${outcome.id}:${outcome.fence}`, outcome.dueAt)
  }

  async #settle(outcome: Outcome<T>): Promise<SettleResult | 'unsettled'> {
    const result = await this.#settler.settle(outcome)
    if (result !== 'conflict') return result
    // Somebody else changed what it would write: given back, to be done anew on what stands then.
    const { tenantId, id, fence } = outcome
    const dueAt = this.#parts.clock.now() + sweepMs
    await this.#settler.settle({ kind: 'defer', tenantId, id, fence, dueAt })
    return result
  }
}
