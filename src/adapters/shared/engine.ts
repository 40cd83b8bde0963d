/** What the adapters of queue engines have in common: an engine that does not answer holds nothing up. */

/** How long one call to an engine may take. The runner's sweep is about as quick. */
export const engineMs = 1_000

/**
 * What `work` resolves to, if it does so in {@link engineMs}. It is not cut off, only no longer waited for.
 * @throws Error when the time is up, or what `work` rejects with
 */
export async function answered<T>(engine: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${engine} did not answer in ${engineMs} ms`)), engineMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

/** For errors that somebody else hears of too, and for `error` events, which unheard would end the process. */
export const ignore = () => {}

/** Calls `handler` and knows what runs. */
export class Handling {
  readonly #handler: (id: string) => Promise<void>
  readonly #signal: AbortSignal
  readonly #running = new Set<Promise<void>>()

  constructor(handler: (id: string) => Promise<void>, signal: AbortSignal) {
    this.#handler = handler
    this.#signal = signal
  }

  /** Resolves when the handler has ended, well or not. After the abort what still comes is dropped. */
  async handle(id: string): Promise<void> {
    if (this.#signal.aborted) return
    // A throwing handler loses its wake-up, no more: the engine must neither retry it nor keep it as failed.
    const run: Promise<void> = Promise.resolve(id)
      .then(this.#handler)
      .catch(ignore)
      .finally(() => this.#running.delete(run))
    this.#running.add(run)
    await run
  }

  /** Resolves when nothing runs. */
  async ended(): Promise<void> {
    await Promise.all(this.#running)
  }
}
