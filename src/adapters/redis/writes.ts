/** Writes as the arguments of the commit script, encoded when they are handed in. */
import type { Write } from '../../ports/storage.js'
import type { TableName } from '../../ports/tables.js'
import type { Codec, StoredRow } from '../shared/codec.js'
import type { Argument } from './connection.js'
import { argumentOf } from './rows.js'

export interface Step {
  op: Write['op']
  codec: Codec
  tenantId: string
  id: string
  /** For an insert the whole record. */
  set: StoredRow
  expect: StoredRow
  optional: boolean
  /** Only while the record is leased. */
  held: boolean
  /** Unique keys that a record of another shard has. */
  elsewhere: readonly string[]
}

export function stepOf(codecs: (table: TableName) => Codec, write: Write): Step {
  const codec = codecs(write.table)
  const rest = { codec, held: false, elsewhere: [] }
  if (write.op === 'insert') {
    const set = codec.encodeRow(write.row)
    const key = { tenantId: set.tenantId as string, id: set.id as string }
    return { ...rest, ...key, op: 'insert', set, expect: {}, optional: false }
  }
  const { tenantId, id } = codec.encodePart({ tenantId: write.tenantId, id: write.id })
  return {
    ...rest,
    op: write.op,
    tenantId: tenantId as string,
    id: id as string,
    set: write.op === 'update' ? codec.encodePart(write.set) : {},
    expect: codec.encodeScalars(write.expect ?? {}),
    optional: write.optional ?? false,
  }
}

/** A counted list of columns and values, then one of the columns that are null. */
function valuesOf(row: StoredRow): Argument[] {
  const values: Argument[] = []
  const nulls: string[] = []
  for (const name in row) {
    const value = row[name]!
    if (value === null) nulls.push(name)
    else values.push(name, argumentOf(value))
  }
  return [String(values.length / 2), ...values, String(nulls.length), ...nulls]
}

export const argumentsOf = ({ op, codec, tenantId, id, set, expect, ...step }: Step): Argument[] => [
  op,
  codec.table,
  tenantId,
  id,
  step.optional ? 'o' : '',
  step.held ? 'h' : '',
  ...valuesOf(set),
  ...valuesOf(expect),
  String(step.elsewhere.length),
  ...step.elsewhere,
]
