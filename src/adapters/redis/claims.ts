/** Claiming over all shards. Within one the script keeps the turns; the shards take turns here. */
import type { ClaimRequest } from '../../ports/storage.js'
import type { Row, WorkTableName } from '../../ports/tables.js'
import type { Codec } from '../shared/codec.js'
import { type Connection, type Reply, Script } from './connection.js'
import { claimLua } from './lua/claim.js'
import { decodeRows } from './rows.js'

const script = new Script(claimLua)

/** How many records, and how many lanes that give none, one run of the script deals with. */
const recordsAtOnce = 256
const lanesAtOnce = 256

export class Claims<T extends WorkTableName> {
  readonly #connection: Connection
  readonly #codec: Codec<T>
  readonly #shards: readonly string[]
  /** Whose turn is next. */
  #next = 0

  constructor(connection: Connection, codec: Codec<T>, shards: readonly string[]) {
    this.#connection = connection
    this.#codec = codec
    this.#shards = shards
  }

  /**
   * Each shard is asked for its share, and those that could give it once more for what is left. One that cannot
   * be reached keeps nothing from being taken from the others.
   */
  async claim(request: ClaimRequest): Promise<Row<T>[]> {
    const rows: Row<T>[] = []
    let failure: unknown = null
    const begin = this.#next
    let giving = this.#shards.map((_, at) => (begin + at) % this.#shards.length)
    while (rows.length < request.limit && giving.length > 0) {
      const share = Math.ceil((request.limit - rows.length) / giving.length)
      const generous: number[] = []
      for (const shard of giving) {
        const limit = Math.min(share, request.limit - rows.length)
        if (limit === 0) break
        const before = rows.length
        try {
          await this.#claimIn(this.#shards[shard]!, { ...request, limit }, rows)
        } catch (error) {
          failure = error
        }
        if (rows.length > before) this.#next = (shard + 1) % this.#shards.length
        if (rows.length === before + limit) generous.push(shard)
      }
      giving = generous
    }
    // What was taken is the caller's to work, whatever else went wrong.
    if (failure !== null && rows.length === 0) throw failure
    return rows
  }

  /** Runs the script until it has found enough or looked at every lane. */
  async #claimIn(shard: string, { limit, ...request }: ClaimRequest, rows: Row<T>[]): Promise<void> {
    const { now, leaseUntil, perLane, skipLanes } = request
    const enough = rows.length + limit
    let unseen = Number.POSITIVE_INFINITY
    while (rows.length < enough && unseen > 0) {
      const most = Math.min(enough - rows.length, recordsAtOnce)
      const numbers = [now, leaseUntil, perLane, most, lanesAtOnce].map(String)
      const reply = await this.#connection.run(script, shard, [this.#codec.table, ...numbers, ...skipLanes])
      const [looked, waiting, taken] = reply as [number, number, Reply]
      const found = decodeRows(this.#codec, taken)
      rows.push(...found)
      if (found.length < most) unseen = Math.min(unseen, waiting) - looked
      if (looked === 0 && found.length === 0) break
    }
  }
}
