/** Counting in the storage, for as long as it answers: what waits for the answer waits for something else. */
import type { RateLimit } from '../model.js'
import type { Limiter, Taken } from '../ports/limiter.js'
import { within } from '../within.js'
import type { Logger } from './context.js'

export interface SharedLimiter {
  /**
   * As {@link Limiter.take}; never rejects.
   * @returns null: nobody counts for all processes, or not now. The caller then counts for itself
   */
  take(key: string, limit: RateLimit): Promise<Taken | null>
}

/** How long a request waits for the count. */
const patienceMs = 300

/** For how long it is not asked again after it failed: so that not every request has to wait. */
const pauseMs = 1_000

const noAnswer = () => new Error(`no answer within ${patienceMs} ms`)

/** @param limiter the storage's, if it has one */
export function sharedLimiter(limiter: Limiter | undefined, logger: Logger): SharedLimiter {
  if (limiter === undefined) return { take: async () => null }
  let failing = false
  let askedAgainAt = 0
  return {
    async take(key, limit) {
      if (performance.now() < askedAgainAt) return null
      try {
        const answer = await within(patienceMs, limiter.take(key, limit), noAnswer)
        if (failing) logger.info('rate limits are counted in the storage again')
        failing = false
        return answer
      } catch (error) {
        askedAgainAt = performance.now() + pauseMs
        if (!failing)
          logger.warn('rate limits are counted per process: the storage does not count', { error })
        failing = true
        return null
      }
    },
  }
}
