import { RateLimiterMemory } from 'rate-limiter-flexible'
import { DrifthookError } from '../errors.js'
import type { RateLimit } from '../model.js'
import { type Limiter, taken } from '../ports/limiter.js'
import type { SharedLimiter } from './shared-limiter.js'

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
   * @param own the key's own limit, where it has one
   * @throws DrifthookError `RATE_LIMITED` once the window's points are used up
   */
  take(key: string, own?: RateLimit | null): Promise<RateState>
}

/** Counts what this process is asked. */
export function processLimiter(): Limiter {
  const windows = new RateLimiterMemory({ points: 0, duration: 0 })
  return {
    async take(key, limit) {
      // Counts without a limit of its own.
      const window = await windows.penalty(key, 1, { customDuration: limit.durationMs / 1000 })
      return taken(limit, window.consumedPoints, window.msBeforeNext)
    },
  }
}

/** A limit for many keys: counted for all processes where that can be had, else for this one. */
export function rateLimiter(shared: SharedLimiter, usual: RateLimit): RateLimiter {
  const here = processLimiter()
  return {
    async take(key, own) {
      const limit = own ?? usual
      const { allowed, remaining, resetMs } = (await shared.take(key, limit)) ?? (await here.take(key, limit))
      const resetSeconds = Math.max(1, Math.ceil(resetMs / 1000))
      if (allowed) return { limit: limit.points, remaining, resetSeconds }
      throw new DrifthookError(
        'RATE_LIMITED',
        `More than ${limit.points} requests in ${limit.durationMs / 1000} s. Try again in ${resetSeconds} s.`,
        {
          retryAfterSeconds: resetSeconds,
          limit: { name: own ? 'rate_limit.points' : 'upload.rateLimit.points', value: limit.points },
        },
      )
    },
  }
}
