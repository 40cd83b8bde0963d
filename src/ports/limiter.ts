/**
 * The limiter port: counting against a limit, in all processes together. `limiterConformance` in
 * `drifthook/testkit` checks its sentences against an adapter.
 */
import type { RateLimit } from '../model.js'

/** What became of one request. */
export interface Taken {
  allowed: boolean
  /** How many more the window allows. */
  remaining: number
  /** Milliseconds until the window ends. */
  resetMs: number
}

export interface Limiter {
  /**
   * Takes a point of a key's window. A window opens with its first point and lasts `durationMs`, in real time;
   * of all who take from it, whatever their processes, exactly `points` are allowed. Refused ones do not extend
   * it. A key keeps the window it has when its limit changes.
   *
   * It may reject, or take long, when what it counts in does not answer.
   */
  take(key: string, limit: RateLimit): Promise<Taken>
}

/** The answer to the request that was the `used`-th of its window. */
export const taken = ({ points }: RateLimit, used: number, resetMs: number): Taken => ({
  allowed: used <= points,
  remaining: Math.max(0, points - used),
  resetMs: Math.max(0, resetMs),
})
