import { type Clock, systemClock } from '../ports/clock.js'
import type { Outcome, SettleResult, Storage } from '../ports/storage.js'
import type { Row, WorkTableName } from '../ports/tables.js'
import type { Logger } from '../services/context.js'
import { type Outage, pauseMs } from './outage.js'
import { Settler } from './settler.js'
import { type Slot, Slots } from './slots.js'

/** What a piece of work came to. */
export interface Done<T extends WorkTableName> {
  outcome: Outcome<T>
  /** Called when the outcome is written, and only then. */
  applied?: () => void
}

/** One kind of work: where it is claimed and what is done with it. */
export interface Trade<T extends WorkTableName> {
  table: T
  /** How many at once, in this process, not counting what is late. */
  concurrency: number
  /** How many at once in one lane, in all processes. */
  perLane: number
  /** The longest that one piece of work takes, in milliseconds. Its lease is longer: see {@link leaseMs}. */
  deadlineMs: number
  /** What is known of the lanes. Absent: they are all alike. */
  lanes?: LaneBook
  /** Does one claimed piece of work. Never rejects. */
  work: (row: Row<T>, slot: Slot) => Promise<Done<T>>
}

/** What the loop asks of whoever knows the lanes. */
export interface LaneBook {
  /** Lanes to leave alone for now. */
  closed(now: number): readonly string[]
  /** When the next of them opens again, in milliseconds since 1970; null: none is closed. */
  nextOpen(now: number): number | null
  /** Lanes whose last attempt failed, among them some that are closed. */
  failing(): readonly string[]
}

export interface LoopParts {
  storage: Storage
  clock: Clock
  logger: Logger
  outage: Outage
  /** Called when a piece of work is to be done again at that time. */
  later: (id: string, runAt: number) => Promise<void>
}

/** How often the store is asked for due work that no wake-up announced: this is what correctness rests on. */
const sweepMs = 1_000

/** To write an outcome, and for what the clocks of two processes may differ by. */
const writeBudgetMs = 5_000
const clockMarginMs = 5_000

/** How long a claim of work with that deadline lasts: whoever holds it has ended before another may take it. */
export const leaseMs = (deadlineMs: number): number => deadlineMs + writeBudgetMs + clockMarginMs

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
  readonly #slots: Slots
  readonly #running = new Set<Promise<void>>()
  #loop: Promise<void> | null = null
  #wake: () => void = () => {}
  #woken = false

  constructor(parts: LoopParts, trade: Trade<T>) {
    this.#parts = parts
    this.#trade = trade
    this.#settler = new Settler(trade.table, parts, this.#ended.signal)
    this.#slots = new Slots(trade.concurrency)
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
    const { clock, outage } = this.#parts
    let failures = 0
    while (!signal.aborted) {
      this.#woken = false
      // What was claimed comes first: until its outcomes are written, nothing more is taken on.
      if (this.#settler.isStuck) await clock.wait(sweepMs, signal)
      else {
        try {
          const started = await this.#claimAndWork()
          failures = 0
          outage.isOver()
          // Nothing due, or no room: a wake-up, the end of a piece of work or the next sweep goes on.
          if (started === 0) await this.#rest(signal)
        } catch (error) {
          outage.goesOn('due work could not be claimed', error)
          // Wake-ups do not count: they tell of work, not of the storage.
          await clock.wait(pauseMs(++failures), signal)
        }
      }
    }
  }

  /** Until woken, the next sweep, a lane opens, or a slot is given back. */
  async #rest(signal: AbortSignal): Promise<void> {
    if (this.#woken) return
    const { clock } = this.#parts
    const now = clock.now()
    const never = Number.POSITIVE_INFINITY
    const next = Math.min(this.#trade.lanes?.nextOpen(now) ?? never, this.#slots.nextFree ?? never)
    const ended = new AbortController()
    const stop = () => ended.abort('woken')
    this.#wake = stop
    signal.addEventListener('abort', stop, { once: true })
    await clock.wait(Math.min(sweepMs, Math.max(1, next - now)), ended.signal)
    signal.removeEventListener('abort', stop)
  }

  /**
   * A failing lane gets one piece of work at a time, and from the shared slots only: so first everybody plays
   * for those, then the others for the rest.
   */
  async #claimAndWork(): Promise<number> {
    const { perLane, lanes } = this.#trade
    const now = this.#parts.clock.now()
    this.#slots.giveBack(now)
    const closed = lanes?.closed(now) ?? []
    const failing = lanes?.failing() ?? []
    if (failing.length === 0) return this.#claim({ perLane, skipLanes: closed, shared: false })
    const shared = await this.#claim({ perLane: 1, skipLanes: closed, shared: true })
    return shared + (await this.#claim({ perLane, skipLanes: [...closed, ...failing], shared: false }))
  }

  async #claim({
    shared,
    ...request
  }: {
    perLane: number
    skipLanes: readonly string[]
    shared: boolean
  }): Promise<number> {
    const { storage, clock } = this.#parts
    const { table, deadlineMs } = this.#trade
    const limit = shared ? this.#slots.freeShared : this.#slots.free
    if (limit <= 0) return 0
    const now = clock.now()
    const claimed = await storage.claim(table, {
      ...request,
      limit,
      now,
      leaseUntil: now + leaseMs(deadlineMs),
    })
    for (const row of claimed) {
      const slot = this.#slots.take(shared)
      const run = this.#work(row, slot).finally(() => {
        slot.end()
        this.#running.delete(run)
        this.look()
      })
      this.#running.add(run)
    }
    return claimed.length
  }

  async #work(row: Row<T>, slot: Slot): Promise<void> {
    const { outcome, applied } = await this.#trade.work(row, slot)
    // What ends after the drain was cut off as we closed: it says nothing, and the storage may be gone.
    if (this.#ended.signal.aborted) return
    const result = await this.#settle(outcome)
    if (result !== 'applied') return
    applied?.()
    // Named after the claim to come: the one that was had a wake-up of that name already.
    if (outcome.kind === 'retry') await this.#parts.later(`${outcome.id}:${outcome.fence + 1}`, outcome.dueAt)
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
