/** The limiter port on Redis: one key per window, which Redis forgets when the window ends. */
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { type Limiter, taken } from '../../ports/limiter.js'

/** Runs {@link limiterLua} on one key. Must not be repeated by itself: it would count again. */
type Evaluate = (key: string, args: readonly string[]) => Promise<unknown>

/** As the package's own script, but with windows in milliseconds: it knows whole seconds only. */
export const limiterLua = `
redis.call('SET', KEYS[1], 0, 'PX', ARGV[2], 'NX')
local used = redis.call('INCRBY', KEYS[1], ARGV[1])
return { used, redis.call('PTTL', KEYS[1]) }`

/** @param prefix begins every key */
export function redisLimiter(evaluate: Evaluate, prefix: string): Limiter {
  const windows = new RateLimiterRedis({
    // Not a client: the package would define a command on it, in the place of one the host's own limiters may have
    // defined.
    storeClient: {
      rlflxIncr: ([key = '', points = '', duration = '']: string[]) => evaluate(key, [points, duration]),
    },
    points: 0,
    duration: 0,
    keyPrefix: `${prefix}:limit`,
  })
  return {
    async take(key, limit) {
      // Counts without a limit of its own. The duration it takes for seconds goes to our script as it is.
      const window = await windows.penalty(key, 1, { customDuration: limit.durationMs })
      return taken(limit, window.consumedPoints, window.msBeforeNext)
    },
  }
}
