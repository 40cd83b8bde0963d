import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { DrifthookError } from '../errors.js'

/** How much of a window is left, as the `RateLimit-*` headers say it. */
export interface RateState {
  limit: number
  remaining: number
  /** Whole seconds until the window ends. */
  resetSeconds: number
}

export interface RateLimiter {
  /**
   * Counts one request.
   * @throws DrifthookError `RATE_LIMITED` once the window's points are used up
   */
  take(key: string): Promise<RateState>
}

/**
 * Fixed windows: each opens with its key's first request and lasts `durationMs`; refused requests do not
 * extend it.
 */
export function rateLimiter(options: { points: number; durationMs: number }): RateLimiter {
  const limiter = new RateLimiterMemory({ points: options.points, duration: options.durationMs / 1000 })
  const state = (answer: RateLimiterRes): RateState => ({
    limit: options.points,
    remaining: Math.max(0, answer.remainingPoints),
    resetSeconds: Math.max(1, Math.ceil(answer.msBeforeNext / 1000)),
  })
  return {
    async take(key) {
      try {
        return state(await limiter.consume(key))
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal
        const { limit, resetSeconds } = state(refusal)
        throw new DrifthookError(
          'RATE_LIMITED',
          `More than ${limit} requests in ${options.durationMs / 1000} s. Try again in ${resetSeconds} s.`,
          { retryAfterSeconds: resetSeconds, limit: { name: 'upload.rateLimit.points', value: limit } },
        )
      }
    },
  }
}
