/** What a store says of itself: which format it has, and over how many shards it is spread. */
import { DrifthookError } from '../../errors.js'
import { type Connection, Script } from './connection.js'
import { metaLua } from './lua/meta.js'

const script = new Script(metaLua)

/** Counts changes to how records lie in Redis, and says which is the last that older versions cannot read. */
const format = 1
const oldestFormat = 1

/** @throws DrifthookError `STORAGE_INCOMPATIBLE` if the store is another's: newer, or spread otherwise */
export async function checkMeta(connection: Connection, shard: string, shards: number): Promise<void> {
  const mine = [format, oldestFormat, shards].map(String)
  const [, oldest = 0, spread] = ((await connection.run(script, shard, mine)) as Buffer[]).map(Number)
  if (oldest > format) {
    throw new DrifthookError(
      'STORAGE_INCOMPATIBLE',
      `The Redis store needs format ${oldest}; this version of drifthook has ${format}. Update drifthook.`,
    )
  }
  if (spread !== shards) {
    throw new DrifthookError(
      'STORAGE_INCOMPATIBLE',
      `The Redis store is spread over ${spread} shards, not ${shards}; the number cannot be changed.`,
    )
  }
}
