/** Time that moves when a test says so. */
import type { Clock } from '../ports/clock.js'

export interface FakeClock extends Clock {
  /** Moves time on; what waits for an instant on the way is woken at that instant, in order. */
  advance(ms: number): Promise<void>
  /** Moves time to an instant; backwards too, which wakes nobody. */
  set(ms: number): Promise<void>
}

interface Waiting {
  at: number
  wake: () => void
}

/** Lets everything run that can without time passing. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** @param start its first `now()`, in milliseconds since 1970 UTC */
export function fakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start
  const waiting = new Set<Waiting>()

  const earliest = (until: number): Waiting | undefined => {
    let first: Waiting | undefined
    for (const each of waiting) if (each.at <= until && (!first || each.at < first.at)) first = each
    return first
  }

  const set = async (until: number): Promise<void> => {
    await settled()
    for (let next = earliest(until); next; next = earliest(until)) {
      now = Math.max(now, next.at)
      next.wake()
      // Whoever was woken may wait again, for an instant that is still on the way.
      await settled()
    }
    now = until
  }

  return {
    now: () => now,
    wait: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted || ms <= 0) return resolve()
        const entry: Waiting = {
          at: now + ms,
          wake: () => {
            waiting.delete(entry)
            signal.removeEventListener('abort', entry.wake)
            resolve()
          },
        }
        waiting.add(entry)
        signal.addEventListener('abort', entry.wake, { once: true })
      }),
    advance: (ms) => set(now + ms),
    set,
  }
}
