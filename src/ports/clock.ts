/** Time, so that tests can hold it. Durations of network calls are always real; schedules follow the clock. */
export interface Clock {
  /** Milliseconds since 1970 UTC. */
  now(): number
  /**
   * Resolves after `ms`, or at once when `signal` aborts. Never rejects, never keeps the process alive. A wait
   * of more than 24 days may end then: look at `now` again.
   */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

/** What setTimeout can count to. */
const longestTimeout = 2 ** 31 - 1

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  wait: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.min(ms, longestTimeout))
      timer.unref()
      signal.addEventListener('abort', done, { once: true })
    }),
}
