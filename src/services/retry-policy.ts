/** When a failed delivery is tried again. */

const seconds = 1_000
const minutes = 60 * seconds
const hours = 60 * minutes

/** Delays after the end of the n-th failed attempt, in milliseconds. Sources: the seed documents named. */
export const retryPresets = {
  /** Ten attempts over about 52 hours. */
  default: [
    5 * seconds,
    25 * seconds,
    5 * minutes,
    30 * minutes,
    2 * hours,
    5 * hours,
    10 * hours,
    14 * hours,
    20 * hours,
  ],
  /** Seed document S1, "Delivery Behaviour". */
  driftguard: [5 * seconds, 25 * seconds],
  /** Reference "five systems" §5.4. */
  infraaudit: [5 * minutes, 30 * minutes, 2 * hours],
} as const

export interface RetryPolicy {
  /** Milliseconds after the end of the n-th failed attempt. Empty: one attempt only. */
  delays: readonly number[]
  /** How much later a retry may come, as a share of its delay. Never earlier. */
  jitter: number
}

/**
 * When the next attempt is due after the `failures`-th failed one, or null if that was the last.
 * @param now the end of the failed attempt, milliseconds since 1970
 * @param random 0 (inclusive) to 1 (exclusive)
 */
export function nextAttemptAt(
  policy: RetryPolicy,
  failures: number,
  now: number,
  random: number,
): number | null {
  const delay = policy.delays[failures - 1]
  return delay === undefined ? null : now + Math.round(delay * (1 + policy.jitter * random))
}
