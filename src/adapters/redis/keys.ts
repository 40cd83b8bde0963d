/** How keys and index entries are written. The scripts write them alike: see `lua/records.ts`. */
import { createHash } from 'node:crypto'
import type { Codec, Stored } from '../shared/codec.js'

/** The number of a tenant's shard. */
export const shardOf = (tenantId: string, shards: number): number =>
  shards === 1 ? 0 : createHash('sha256').update(tenantId).digest().readUInt32BE(0) % shards

/** What all keys of a shard begin with. The braces keep them in one slot of a cluster. */
export const shardKey = (prefix: string, shard: number): string => `{${prefix}:${shard}}`

export const rowKey = (shard: string, table: string, tenantId: string, id: string): string =>
  `${shard}:row:${table}:${Buffer.byteLength(tenantId)}:${tenantId}:${id}`

/** Numbers as text that is ordered by size. */
const ordered = (value: number): string =>
  value < 0
    ? `0${String(Number.MAX_SAFE_INTEGER + value).padStart(16, '0')}`
    : `1${String(value).padStart(16, '0')}`

/** Values as text whose bytes are ordered column by column: null first, text by code point. */
export const entryOf = (codec: Codec, values: readonly (readonly [name: string, value: Stored])[]): string =>
  values
    .map(([name, value]) => {
      if (value === null) return '\0'
      const { kind } = codec.column(name)
      const isNumber = kind === 'integer' || kind === 'instant'
      return `\u0001${isNumber ? ordered(value as number) : String(value)}\0`
    })
    .join('')

/** The beginning of an entry whose next column has a value. */
export const notNull = '\u0001'
/** Behind every entry that begins with what it is written after. */
export const behind = '\u0002'
