/** A store that is opened, used and closed, whatever it is connected to. */
import { DrifthookError } from '../../errors.js'

export class Opening {
  readonly #name: string
  readonly #connect: () => Promise<void>
  readonly #disconnect: () => void
  #opening: Promise<void> | null = null
  #open = false
  /** What was handed in and has not ended. */
  readonly #running = new Set<Promise<unknown>>()

  /**
   * @param name of the store, as its errors call it
   * @param connect makes the connection ready; what it throws, `open` does, which may be called again
   * @param disconnect undoes what `connect` did, all of it, a part or nothing
   */
  constructor(name: string, connect: () => Promise<void>, disconnect: () => void) {
    this.#name = name
    this.#connect = connect
    this.#disconnect = disconnect
  }

  async open(): Promise<void> {
    this.#opening ??= this.#connect()
    const opening = this.#opening
    try {
      await opening
      // Unless it was closed meanwhile.
      if (this.#opening === opening) this.#open = true
    } catch (error) {
      if (this.#opening === opening) this.#opening = null
      throw error
    }
  }

  /** Waits for what runs. */
  async close(): Promise<void> {
    const opening = this.#opening
    this.#opening = null
    this.#open = false
    await opening?.catch(() => {})
    await Promise.allSettled(this.#running)
    this.#disconnect()
  }

  /** @throws DrifthookError `STORAGE_UNAVAILABLE` */
  refuseClosed(): void {
    if (!this.#open) throw new DrifthookError('STORAGE_UNAVAILABLE', `The ${this.#name} storage is not open.`)
  }

  /** Runs what was handed in while the store is open; `close` waits for it. */
  async use<Result>(work: () => Promise<Result>): Promise<Result> {
    this.refuseClosed()
    const running = work()
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }
}
