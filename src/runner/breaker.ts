export interface BreakerOptions {
  /** Failures in a row that open it; 0: it never opens. */
  breakerFailures: number
  /** How long it stays open at first, in milliseconds; each failed probe doubles that, up to `maxOpenMs`. */
  openMs: number
  maxOpenMs: number
}

/**
 * The circuit breaker of one receiver. After enough failures in a row nothing is sent for a while; then one
 * attempt, the probe, finds out whether somebody is there again. The lane sees to it that the probe goes alone.
 */
export class Breaker {
  readonly #options: BreakerOptions
  #failures = 0
  /** How long it was opened for last; 0: it is closed. */
  #openMs = 0
  #openUntil = 0

  constructor(options: BreakerOptions) {
    this.#options = options
  }

  /** Nothing goes out before this instant. */
  get openUntil(): number {
    return this.#openUntil
  }

  /** Open, or half-open: what goes out after `openUntil` is a probe. */
  get tripped(): boolean {
    return this.#openMs > 0
  }

  /** Nothing has failed since the last success. */
  get blank(): boolean {
    return this.#failures === 0
  }

  failed(now: number): void {
    this.#failures++
    const { breakerFailures, openMs } = this.#options
    if (!this.tripped) {
      if (this.#failures === breakerFailures) this.#open(openMs, now)
      return
    }
    // What set out before it opened and fails while it is open says nothing new.
    if (now >= this.#openUntil) this.#open(this.#openMs * 2, now)
  }

  succeeded(): void {
    this.#failures = 0
    this.#openMs = 0
    this.#openUntil = 0
  }

  #open(ms: number, now: number): void {
    this.#openMs = Math.min(ms, this.#options.maxOpenMs)
    this.#openUntil = now + this.#openMs
  }
}
