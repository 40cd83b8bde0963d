/** Commits: the writes of one shard, checked and made by one script. */
import { PreconditionFailed } from '../../ports/storage.js'
import { type Connection, type Reply, Script } from './connection.js'
import { entryOf } from './keys.js'
import { commitLua } from './lua/commit.js'
import { lookupLua } from './lua/read.js'
import type { Shards } from './shards.js'
import { argumentsOf, type Step } from './writes.js'

const commitScript = new Script(commitLua)
const lookupScript = new Script(lookupLua)

export class Commits {
  readonly #connection: Connection
  readonly #shards: Shards

  constructor(connection: Connection, shards: Shards) {
    this.#connection = connection
    this.#shards = shards
  }

  /** @throws PreconditionFailed, DrifthookError `STORAGE_UNAVAILABLE` */
  async commit(steps: readonly Step[]): Promise<void> {
    if (steps.length === 0) return
    const shard = this.#shards.ofAll(steps)
    const checked = this.#shards.all.length === 1 ? steps : await this.#lookedUp(steps, shard)
    const reply = await this.#connection.run(commitScript, shard, checked.flatMap(argumentsOf))
    if (reply === null) return
    const [write, reason, key] = reply as [number, Buffer, Buffer | null]
    throw new PreconditionFailed(
      write,
      String(reason) as PreconditionFailed['reason'],
      key === null ? null : String(key),
    )
  }

  /**
   * The writes, told which of the unique keys they want a record of another shard has. Only keys that do not
   * name the tenant can be elsewhere.
   */
  #lookedUp(steps: readonly Step[], shard: string): Promise<Step[]> {
    return Promise.all(
      steps.map(async (step) => {
        const elsewhere: string[] = []
        for (const [name, columns] of step.codec.unique) {
          const values = columns.map((column) => [column, step.set[column] ?? null] as const)
          if (columns.includes('tenantId') || values.some(([, value]) => value === null)) continue
          const key = [step.codec.table, name, entryOf(step.codec, values)]
          if ((await this.#holder(this.#shards.others(shard), key)) !== null) elsewhere.push(name)
        }
        return { ...step, elsewhere }
      }),
    )
  }

  async #holder(shards: readonly string[], key: readonly string[]): Promise<Reply> {
    const found = await Promise.all(shards.map((shard) => this.#connection.run(lookupScript, shard, key)))
    return found.find((reply) => reply !== null) ?? null
  }
}
