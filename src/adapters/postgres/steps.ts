/** Writes, encoded when they are handed in, for they run a little later. */
import type { Write } from '../../ports/storage.js'
import type { TableName } from '../../ports/tables.js'
import type { Codec, StoredRow } from '../shared/codec.js'

export type Codecs = <T extends TableName>(table: T) => Codec<T>

/** One write of a commit. */
export interface Step {
  op: Write['op']
  codec: Codec
  key: StoredRow
  /** For an insert the whole record. */
  set: StoredRow
  expect: StoredRow
  optional: boolean
  /** Only while the record is leased. */
  held: boolean
}

export function stepOf(codecs: Codecs, write: Write): Step {
  const codec: Codec = codecs(write.table)
  if (write.op === 'insert') {
    const set = codec.encodeRow(write.row)
    const key = { tenantId: set.tenantId!, id: set.id! }
    return { op: 'insert', codec, key, set, expect: {}, optional: false, held: false }
  }
  return {
    op: write.op,
    codec,
    key: codec.encodePart({ tenantId: write.tenantId, id: write.id }),
    set: write.op === 'update' ? codec.encodePart(write.set) : {},
    expect: codec.encodeScalars(write.expect ?? {}),
    optional: write.optional ?? false,
    held: false,
  }
}

/** Whether a unique key may be another's after it. */
export const freesKey = (step: Step): boolean => step.op !== 'insert' && touchesKey(step)

/** Whether it may want a unique key that somebody has. */
export const takesKey = (step: Step): boolean => step.op !== 'delete' && touchesKey(step)

const touchesKey = ({ op, codec, set }: Step): boolean =>
  codec.unique.some(([, columns]) => op !== 'update' || columns.some((name) => name in set))

/** How much of a statement it will be, in characters or bytes. */
export const weightOf = ({ set }: Step): number =>
  Object.values(set).reduce<number>(
    (sum, value) => sum + (typeof value === 'object' || typeof value === 'string' ? (value?.length ?? 0) : 8),
    0,
  )
