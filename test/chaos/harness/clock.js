/** A clock that runs faster than the machine's, and a little off: leases and delays end while somebody watches. */
import { systemClock } from 'drifthook'

/**
 * @typedef {object} Pace
 * @property {number} startedAt by the machine's clock, where both agree
 * @property {number} speed how many seconds pass in one
 * @property {number} skewMs how far this process is ahead, in milliseconds of its own
 *
 * @param {Pace} pace
 */
export function fastClock({ startedAt, speed, skewMs }) {
  return {
    now: () => startedAt + (Date.now() - startedAt) * speed + skewMs,
    /**
     * @param {number} ms
     * @param {AbortSignal} signal
     */
    wait: (ms, signal) => systemClock.wait(ms / speed, signal),
    /**
     * When the machine's clock will show what is `instant` on this one: for those who know only that.
     * @param {number} instant
     */
    machineTime: (instant) => Math.round(startedAt + (instant - skewMs - startedAt) / speed),
  }
}

/** @typedef {ReturnType<typeof fastClock>} FastClock */
