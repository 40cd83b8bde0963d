/** A part of the host's own transaction that can be taken back alone. */
import type { HostTransaction } from '../../ports/host-transaction.js'

export class Savepoint implements HostTransaction {
  readonly #host: HostTransaction
  readonly #name: string
  #begun = false

  /** @param name as SQL has it */
  constructor(host: HostTransaction, name: string) {
    this.#host = host
    this.#name = name
  }

  /** The first statement begins it: whoever fails before has sent nothing. */
  async run(sql: string, values: readonly string[]): Promise<readonly object[]> {
    if (!this.#begun) {
      await this.#host.run(`SAVEPOINT ${this.#name}`, [])
      this.#begun = true
    }
    return this.#host.run(sql, values)
  }

  /** Takes back all that was done in it. It goes on. */
  async rollback(): Promise<void> {
    if (this.#begun) await this.#host.run(`ROLLBACK TO SAVEPOINT ${this.#name}`, [])
  }

  async end(): Promise<void> {
    if (this.#begun) await this.#host.run(`RELEASE SAVEPOINT ${this.#name}`, [])
  }
}

/** Runs `work` in a savepoint; if it rejects, nothing is left of it and the transaction can be used as before. */
export async function inSavepoint<Result>(
  host: HostTransaction,
  name: string,
  work: (savepoint: Savepoint) => Promise<Result>,
): Promise<Result> {
  const savepoint = new Savepoint(host, name)
  try {
    const result = await work(savepoint)
    await savepoint.end()
    return result
  } catch (error) {
    try {
      await savepoint.rollback()
      await savepoint.end()
    } catch {
      // The connection is gone, and the transaction with it: what happened first says why.
    }
    throw error
  }
}
