/** What this process knows of one receiver, and when it may be called next. */
import type { RateLimit } from '../model.js'
import { Breaker, type BreakerOptions } from './breaker.js'

export interface LaneOptions extends BreakerOptions {
  /** The longest one answer pauses a lane, in milliseconds. */
  maxThrottleMs: number
}

/** What an attempt says of its receiver. */
export type LaneResult =
  /** Somebody answered, be it with 4xx. */
  | { kind: 'alive' }
  /** Nobody answered, or 5xx. */
  | { kind: 'down' }
  /** Asked us to slow down: the lane pauses. For the breaker it is `down` as well, or alive. */
  | { kind: 'overloaded'; down: boolean; retryAfterMs: number | null }
  /** Nothing: no request was sent, or its failure is our own. */
  | { kind: 'none' }
  /** No request was sent: with what other processes send, the rate limit is used up until this instant. */
  | { kind: 'full'; until: number; enteredAt: number }

/** The pause after an overload without `Retry-After`; the next one in a row takes twice as long. */
const firstThrottleMs = 1_000

/** While a probe is out, others are put off for so long at a time: its end is an instant nobody knows. */
const probeWaitMs = 1_000

/** A circuit breaker, a throttle and a rate limit. It is open to attempts or closed. */
export class Lane {
  readonly #options: LaneOptions
  readonly #breaker: Breaker
  /** Attempts that entered and have not left. */
  #running = 0
  /** One of them has been out for long, and none has come back since. */
  #late = false
  /** Pauses in a row. */
  #overloads = 0
  #throttledUntil = 0
  #limit: RateLimit | null = null
  /** When the last attempts started, oldest first; never more of them than the limit has points. */
  #starts: number[] = []
  /** Until when other processes have used up the limit. */
  #fullUntil = 0

  constructor(options: LaneOptions) {
    this.#options = options
    this.#breaker = new Breaker(options)
  }

  /** Closed at least until this instant; in the past when only a probe's end can tell, or nothing holds it. */
  get closedUntil(): number {
    return Math.max(this.#breaker.openUntil, this.#throttledUntil, this.#nextStart)
  }

  /** Nobody has answered well since the last failure. */
  get isFailing(): boolean {
    return !this.#breaker.blank
  }

  get isRunning(): boolean {
    return this.#running > 0
  }

  isClosed(now: number): boolean {
    return now < this.closedUntil || this.#probing
  }

  /** Whether forgetting it now changes nothing. */
  isBlank(now: number): boolean {
    const held = this.#running > 0 || !this.#breaker.blank || this.#overloads > 0
    return !held && this.#throttledUntil <= now && this.#windowEnd <= now
  }

  /** As `Lanes.enter`. */
  enter(now: number, limit: RateLimit | null): number | null {
    this.#limit = limit
    if (now < this.closedUntil) return this.closedUntil
    if (this.#probing) return now + probeWaitMs
    this.#running++
    this.#noteStart(now)
    return null
  }

  /** As `Lanes.late`. */
  late(): void {
    this.#late = true
  }

  /** As `Lanes.leave`. */
  leave(now: number, result: LaneResult): void {
    this.#running--
    this.#late = false
    if (result.kind === 'none') return
    if (result.kind === 'full') {
      this.#isFull(result)
      return
    }
    if (result.kind === 'overloaded') this.#throttle(now, result.retryAfterMs)
    if (result.kind === 'alive') this.#overloads = 0
    if (result.kind === 'down' || (result.kind === 'overloaded' && result.down)) this.#breaker.failed(now)
    else this.#breaker.succeeded()
  }

  /** Drops what was held against the receiver; what has started and what runs stay counted. */
  reset(): void {
    this.#breaker.succeeded()
    this.#late = false
    this.#overloads = 0
    this.#throttledUntil = 0
  }

  /**
   * A probe goes alone: as long as anything runs, also what set out before the breaker opened, its end will
   * say as much as a probe's. Whoever keeps one waiting for long is given no more of them before its end either.
   */
  get #probing(): boolean {
    return (this.#breaker.tripped || this.#late) && this.#running > 0
  }

  #throttle(now: number, retryAfterMs: number | null): void {
    const { maxThrottleMs } = this.#options
    // Attempts that ran side by side are told the same: what ends within a pause does not double the next.
    const paused = now < this.#throttledUntil
    const backoff = paused ? 0 : firstThrottleMs * 2 ** this.#overloads
    const pause = Math.min(retryAfterMs ?? backoff, maxThrottleMs)
    if (!paused) this.#overloads++
    this.#throttledUntil = Math.max(this.#throttledUntil, now + pause)
  }

  /** Only when the start `points` ago has left the window, one more is within the limit. */
  get #nextStart(): number {
    if (this.#limit === null) return 0
    const { points, durationMs } = this.#limit
    const start = this.#starts[this.#starts.length - points]
    return start === undefined ? this.#fullUntil : Math.max(this.#fullUntil, start + durationMs)
  }

  /** When the rate limit has forgotten all starts. */
  get #windowEnd(): number {
    if (this.#limit === null) return 0
    const last = this.#starts.at(-1)
    return last === undefined ? this.#fullUntil : Math.max(this.#fullUntil, last + this.#limit.durationMs)
  }

  #isFull({ until, enteredAt }: Extract<LaneResult, { kind: 'full' }>): void {
    this.#fullUntil = until
    // It has not started after all.
    const at = this.#starts.lastIndexOf(enteredAt)
    if (at >= 0) this.#starts.splice(at, 1)
  }

  #noteStart(now: number): void {
    if (this.#limit === null) {
      this.#starts = []
      return
    }
    this.#starts.push(now)
    const surplus = this.#starts.length - this.#limit.points
    if (surplus > 0) this.#starts.splice(0, surplus)
  }
}
