/** Tokens that nobody has: whoever tries many of them is told to wait. */
import { DrifthookError } from '../../errors.js'
import { type Taken, taken } from '../../ports/limiter.js'
import { networkOf } from '../addresses.js'
import type { Context } from '../context.js'

const limit = { points: 20, durationMs: 60_000 }

/** So many networks are counted each; all others together. */
const mostNetworks = 10_000

/** Counts unknown tokens by the network they come from. Known ones are none of its business. */
export function tokenGuesses({ clock, sharedLimiter }: Pick<Context, 'clock' | 'sharedLimiter'>) {
  /** In the order in which they end: all last equally long. */
  const windows = new Map<string, { used: number; endsAt: number }>()

  function countHere(network: string): Taken {
    const now = clock.now()
    for (const [key, { endsAt }] of windows) {
      // One that ends later than any could was opened before the clock was set back.
      if (endsAt > now && endsAt <= now + limit.durationMs) break
      windows.delete(key)
    }
    const key = windows.has(network) || windows.size < mostNetworks ? network : ''
    const window = windows.get(key) ?? { used: 0, endsAt: now + limit.durationMs }
    window.used += 1
    windows.set(key, window)
    return taken(limit, window.used, window.endsAt - now)
  }

  /**
   * What to answer to one more unknown token: `TOKEN_UNKNOWN`, or `RATE_LIMITED`.
   * @param address in its one spelling, or null
   */
  return async (address: string | null): Promise<DrifthookError> => {
    const network = address === null ? 'unknown' : networkOf(address)
    const here = countHere(network)
    // Whoever is over the limit here costs the storage nothing.
    const { allowed, resetMs } = here.allowed
      ? ((await sharedLimiter.take(`unknown-token:${network}`, limit)) ?? here)
      : here
    if (allowed) return new DrifthookError('TOKEN_UNKNOWN', 'No monitor has this token. Check the token.')
    const seconds = Math.max(1, Math.ceil(resetMs / 1000))
    return new DrifthookError(
      'RATE_LIMITED',
      `Too many unknown tokens from this address. Check the token, and try again in ${seconds} s.`,
      { retryAfterSeconds: seconds },
    )
  }
}
