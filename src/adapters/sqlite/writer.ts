/**
 * Writes, several to a transaction. What arrives while the disk is busy goes into the next transaction
 * together: one synchronisation for all of them. Each is still all or nothing on its own, in a savepoint,
 * and none is acknowledged before the transaction is on disk.
 */
import type { Connection } from './connection.js'

/** How many writes share a transaction: enough to hide the disk, few enough not to hold up the host. */
const writesPerTransaction = 64

interface Pending {
  work: () => unknown
  resolve: (result: never) => void
  reject: (reason: unknown) => void
}

export class Writer {
  readonly #connection: Connection
  #pending: Pending[] = []
  #running: Promise<void> | null = null

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Runs `work`, which must be synchronous, in a transaction. If it throws, nothing of it is kept. */
  write<Result>(work: () => Result): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#pending.push({ work, resolve, reject })
      this.#running ??= this.#drain()
    })
  }

  /** Resolves when everything handed in so far has ended. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      // Let whatever else has arrived by now queue up.
      await new Promise(setImmediate)
      try {
        await this.#connection.beginWriting()
      } catch (error) {
        // Whoever waits behind would only wait as long again.
        for (const { reject } of this.#pending.splice(0)) reject(error)
        continue
      }
      this.#transact(this.#pending.splice(0, writesPerTransaction))
    }
    this.#running = null
  }

  #transact(batch: Pending[]): void {
    const acknowledge: (() => void)[] = []
    try {
      for (const { work, resolve, reject } of batch) {
        this.#connection.run('SAVEPOINT one')
        try {
          const result = work() as never
          acknowledge.push(() => resolve(result))
        } catch (error) {
          this.#connection.run('ROLLBACK TO one')
          acknowledge.push(() => reject(error))
        }
        this.#connection.run('RELEASE one')
      }
      this.#connection.run('COMMIT')
    } catch (error) {
      this.#connection.rollback()
      for (const { reject } of batch) reject(error)
      return
    }
    for (const each of acknowledge) each()
  }
}
