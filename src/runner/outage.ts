import type { Clock } from '../ports/clock.js'
import type { Logger } from '../services/context.js'

const firstPauseMs = 1_000
const longestPauseMs = 30_000

/**
 * How long to leave the storage alone after so many failures in a row, in milliseconds: twice as long each time, and
 * a little less at random, so that the processes that wait do not all come back at once.
 */
export function pauseMs(failures: number): number {
  const longest = Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs)
  // Whole: a clock that a test moves stops at its waits' ends, and instants are whole.
  return Math.round(longest * (1 - Math.random() / 4))
}

/** A time in which the storage does not answer. The log hears of its beginning and of its end, not of each try. */
export class Outage {
  readonly #clock: Clock
  readonly #logger: Logger
  #since: number | null = null

  constructor({ clock, logger }: { clock: Clock; logger: Logger }) {
    this.#clock = clock
    this.#logger = logger
  }

  /** Something failed for it, and is tried again later. */
  goesOn(what: string, error: unknown): void {
    if (this.#since === null) {
      this.#since = this.#clock.now()
      this.#logger.error(`${what}; it is tried again, at ever longer intervals`, { error })
    } else {
      this.#logger.debug(what, { error })
    }
  }

  /** The storage has answered. */
  isOver(): void {
    if (this.#since === null) return
    const afterMs = this.#clock.now() - this.#since
    this.#since = null
    this.#logger.info('the storage answers again', { afterMs })
  }
}
