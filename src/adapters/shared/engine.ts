/** What the adapters of queue engines have in common: an engine that does not answer holds nothing up. */
import type { ConsumeOptions } from '../../ports/queue.js'
import { within } from '../../within.js'

/** How long one call to an engine may take. The runner's sweep is about as quick. */
const engineMs = 1_000

/**
 * What `work` resolves to, if it does so in {@link engineMs}. It is not cut off, only no longer waited for.
 * @throws Error when the time is up, or what `work` rejects with
 */
export const answered = <T>(engine: string, work: Promise<T>): Promise<T> =>
  within(engineMs, work, () => new Error(`${engine} did not answer in ${engineMs} ms`))

/** For errors that somebody else hears of too, and for `error` events, which unheard would end the process. */
export const ignore = () => {}

/** Who consumes: its handler, what runs of it, and when it wants no more. */
export class Consumer {
  readonly concurrency: number
  readonly signal: AbortSignal
  /** Resolves when the signal aborts. */
  readonly stopped: Promise<void>
  readonly #handler: (id: string) => Promise<void>
  readonly #running = new Set<Promise<void>>()

  constructor(handler: (id: string) => Promise<void>, { concurrency, signal }: ConsumeOptions) {
    this.#handler = handler
    this.concurrency = concurrency
    this.signal = signal
    this.stopped = new Promise((resolve) => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  /** Resolves when the handler has ended, well or not. What comes after the abort is dropped. */
  async handle(id: string): Promise<void> {
    if (this.signal.aborted) return
    // A throwing handler loses its wake-up, no more: the engine must neither retry it nor keep it as failed.
    const run: Promise<void> = Promise.resolve(id)
      .then(this.#handler)
      .catch(ignore)
      .finally(() => this.#running.delete(run))
    this.#running.add(run)
    await run
  }

  /** Resolves when no handler runs. */
  async ended(): Promise<void> {
    await Promise.all(this.#running)
  }
}
