/** When a failed delivery is tried again. */

const seconds = 1_000
const minutes = 60 * seconds
const hours = 60 * minutes

/** Delays after the end of the n-th failed attempt, in milliseconds. */
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
  /** The specification's suggestion: the first attempt at once, the last after some 75 hours. */
  'standard-webhooks': [
    5 * seconds,
    5 * minutes,
    30 * minutes,
    2 * hours,
    5 * hours,
    10 * hours,
    14 * hours,
    20 * hours,
    24 * hours,
  ],
} as const

export type RetryPreset = keyof typeof retryPresets

/** Schedules that a document promises to the second have none. */
const jitters: Record<RetryPreset, number> = {
  default: 0.1,
  driftguard: 0,
  infraaudit: 0,
  'standard-webhooks': 0.1,
}

/** However long a receiver asks to be left alone, it is tried again within a day or when the schedule says. */
export const maxRetryAfterMs = 24 * hours

export interface RetryPolicy {
  /** Milliseconds after the end of the n-th failed attempt. Empty: one attempt only. */
  delays: readonly number[]
  /** How much later a retry may come, as a share of its delay. Never earlier. */
  jitter: number
}

/**
 * The policy of a preset, or of a schedule of one's own, which is kept to the millisecond.
 * @param delays milliseconds after the end of the n-th failed attempt, or a preset's name
 */
export function policyOf(delays: readonly number[] | RetryPreset): RetryPolicy {
  if (typeof delays !== 'string') return { delays, jitter: 0 }
  return { delays: retryPresets[delays], jitter: jitters[delays] }
}

/**
 * When the next attempt is due after the `failures`-th failed one, or null if that was the last: which
 * one is the last is for the policy alone to say.
 * @param now the end of the failed attempt, milliseconds since 1970
 * @param random 0 (inclusive) to 1 (exclusive)
 * @param retryAfterMs what the receiver asked for: it only ever delays, and at most until a day after `now`
 */
export function nextAttemptAt(
  policy: RetryPolicy,
  failures: number,
  now: number,
  random: number,
  retryAfterMs: number | null = null,
): number | null {
  const delay = policy.delays[failures - 1]
  if (delay === undefined) return null
  const scheduled = Math.round(delay * (1 + policy.jitter * random))
  return now + Math.max(scheduled, Math.min(retryAfterMs ?? 0, maxRetryAfterMs))
}
