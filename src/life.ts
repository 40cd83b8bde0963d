import { DrifthookError } from './errors.js'
import type { Storage } from './ports/storage.js'

/** When a storage is open: from its first use, whoever comes first, to the end of `stop`. */
export class Life {
  #opening: Promise<void> | null = null
  #ending: Promise<void> | null = null
  #open = false
  #ended = false

  constructor(readonly storage: Storage) {}

  /** Null while the storage is open: there is nothing to wait for. */
  opening(): Promise<void> | null {
    return this.#open && !this.#ended ? null : this.opened()
  }

  /** Resolves when the storage is open. A failed opening is tried again by whoever comes next. */
  opened(): Promise<void> {
    if (this.#ended) return Promise.reject(stopped())
    this.#opening ??= this.storage.open().then(
      () => {
        this.#open = true
      },
      (error: unknown) => {
        this.#opening = null
        throw error
      },
    )
    return this.#opening
  }

  /** @throws DrifthookError `STOPPED` from the moment `stop` was called: new work is not begun. */
  refuseStopped(): void {
    if (this.#ending !== null) throw stopped()
  }

  /** Ends once: what is under way may still use the storage while `windDown` runs, then it is closed. */
  end(windDown: () => Promise<void>): Promise<void> {
    this.#ending ??= (async () => {
      await windDown()
      this.#ended = true
      await this.#opening?.catch(() => {})
      await this.storage.close()
    })()
    return this.#ending
  }
}

const stopped = () => new DrifthookError('STOPPED', 'drifthook is stopped.')
