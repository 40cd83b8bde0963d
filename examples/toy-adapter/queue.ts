/** A queue for reading, not for running: wake-ups wait in this process and are gone with it, as they may be. */
import { type Clock, type ConsumeOptions, type Queue, systemClock, type WakeUp } from 'drifthook'

export class ToyQueue implements Queue {
  /** When each id is due. */
  readonly #waiting = new Map<string, number>()
  /** Wakes the consumers, each of which waits for its next wake-up. */
  #changed = new AbortController()

  constructor(private readonly clock: Clock = systemClock) {}

  async open(): Promise<void> {}
  async close(): Promise<void> {}

  async enqueue(wakeUps: readonly WakeUp[]): Promise<void> {
    for (const { id, runAt = this.clock.now() } of wakeUps) {
      if (!this.#waiting.has(id)) this.#waiting.set(id, runAt)
    }
    this.#tell()
  }

  async consume(
    handler: (id: string) => Promise<void>,
    { concurrency, signal }: ConsumeOptions,
  ): Promise<void> {
    const running = new Set<Promise<void>>()
    while (!signal.aborted) {
      const now = this.clock.now()
      const due = [...this.#waiting].filter(([, runAt]) => runAt <= now).slice(0, concurrency - running.size)
      for (const [id] of due) {
        this.#waiting.delete(id)
        const run: Promise<void> = Promise.resolve(id)
          .then(handler)
          .catch(() => {})
          .finally(() => {
            running.delete(run)
            this.#tell()
          })
        running.add(run)
      }
      const next = running.size < concurrency ? Math.min(...this.#waiting.values()) : Number.POSITIVE_INFINITY
      await this.clock.wait(next - now, AbortSignal.any([signal, this.#changed.signal]))
    }
    await Promise.all(running)
  }

  async stats(): Promise<{ waiting: number }> {
    return { waiting: this.#waiting.size }
  }

  #tell(): void {
    this.#changed.abort()
    this.#changed = new AbortController()
  }
}
