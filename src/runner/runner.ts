import { type Clock, systemClock } from '../ports/clock.js'
import type { Queue, WakeUp } from '../ports/queue.js'
import type { Outcome, Storage } from '../ports/storage.js'
import type { Row } from '../ports/tables.js'
import type { Logger } from '../services/context.js'
import { Settler } from './settler.js'

export interface RunnerParts {
  storage: Storage
  queue: Queue
  clock: Clock
  logger: Logger
  /** Brings one claimed delivery one attempt further. Never rejects. */
  deliver: (delivery: Row<'deliveries'>) => Promise<Outcome<'deliveries'>>
}

export interface RunnerOptions {
  /** Attempts under way at once, in this process. */
  concurrency: number
  /** Attempts under way at once to one subscription, in all processes. */
  perLane: number
  /** How long a claim lasts: longer than an attempt and the writing of its outcome can take. */
  leaseMs: number
}

/** How often the store is asked for due work that no wake-up announced: this is what correctness rests on. */
const sweepMs = 1_000

/**
 * The loop: claim what is due, run it, settle it. Wake-ups only make it look sooner than the next sweep.
 * It claims no more than it can start at once, so work waits in the store, where every process sees it.
 */
export class Runner {
  readonly #parts: RunnerParts
  readonly #options: RunnerOptions
  readonly #stopping = new AbortController()
  /** Aborted when the drain's time is up: nothing waits any longer. */
  readonly #ended = new AbortController()
  readonly #settler: Settler
  readonly #running = new Set<Promise<void>>()
  #loop: Promise<unknown> | null = null
  #wake: () => void = () => {}
  #woken = false

  constructor(parts: RunnerParts, options: RunnerOptions) {
    this.#parts = parts
    this.#options = options
    this.#settler = new Settler(parts, this.#ended.signal)
  }

  /** Starts the loop and listens for wake-ups. Idempotent. */
  start(): void {
    if (this.#loop !== null) return
    const { queue, logger } = this.#parts
    const signal = this.#stopping.signal
    const listening = queue
      .consume(async () => this.#look(), { concurrency: 100, signal })
      .catch((error: unknown) =>
        logger.error('the queue cannot be listened to; the sweep goes on', { error }),
      )
    this.#loop = Promise.all([this.#turn(signal), listening])
  }

  /**
   * Stops claiming and waits for what runs. What is still running after `drainMs` stays under its lease and
   * is claimed again, by whoever, when that ends.
   */
  async stop(drainMs: number): Promise<void> {
    this.#stopping.abort()
    this.#look()
    await this.#loop
    const drained = new AbortController()
    const running = Promise.all([...this.#running]).then(() => drained.abort())
    await Promise.race([running, systemClock.wait(drainMs, drained.signal)])
    this.#ended.abort()
  }

  /** Works everything that is due now and returns how many attempts that took. Also without `start`. */
  async runDue(): Promise<number> {
    let worked = 0
    for (;;) {
      const started = await this.#claimAndRun()
      if (started === 0 && this.#running.size === 0) return worked
      worked += started
      await Promise.all([...this.#running])
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#woken = false
      const started = await this.#claimAndRun().catch((error: unknown) => {
        this.#parts.logger.error('due work could not be claimed; the next sweep tries again', { error })
        return 0
      })
      // Nothing due, or no room: a wake-up, the end of an attempt or the next sweep goes on.
      if (started === 0) await this.#rest(signal)
    }
  }

  /** Until woken, or the next sweep. */
  async #rest(signal: AbortSignal): Promise<void> {
    if (this.#woken) return
    const ended = new AbortController()
    const stop = () => ended.abort('woken')
    this.#wake = stop
    signal.addEventListener('abort', stop, { once: true })
    await this.#parts.clock.wait(sweepMs, ended.signal)
    signal.removeEventListener('abort', stop)
  }

  #look(): void {
    this.#woken = true
    this.#wake()
  }

  get #room(): number {
    return this.#options.concurrency - this.#running.size
  }

  async #claimAndRun(): Promise<number> {
    const { storage, clock } = this.#parts
    const limit = this.#room
    if (limit <= 0) return 0
    const now = clock.now()
    const { perLane, leaseMs } = this.#options
    const claimed = await storage.claim('deliveries', {
      limit,
      perLane,
      skipLanes: [],
      now,
      leaseUntil: now + leaseMs,
    })
    for (const delivery of claimed) {
      const run = this.#run(delivery).finally(() => {
        this.#running.delete(run)
        this.#look()
      })
      this.#running.add(run)
    }
    return claimed.length
  }

  async #run(delivery: Row<'deliveries'>): Promise<void> {
    const outcome = await this.#parts.deliver(delivery)
    const result = await this.#settler.settle(outcome)
    if (result === 'applied' && outcome.kind === 'retry') await this.#announce(delivery, outcome.dueAt)
  }

  async #announce(delivery: Row<'deliveries'>, runAt: number): Promise<void> {
    const wakeUp: WakeUp = { id: `${delivery.id}:${delivery.attemptCount + 2}`, runAt }
    try {
      await this.#parts.queue.enqueue([wakeUp])
    } catch (error) {
      this.#parts.logger.warn('the queue took no wake-up; the sweep will find the work', { error })
    }
  }
}
