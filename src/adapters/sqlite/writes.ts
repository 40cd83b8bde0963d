/** A commit's writes as statements. Values are encoded when it is handed in, for it runs a little later. */
import { PreconditionFailed, type Write } from '../../ports/storage.js'
import type { TableName } from '../../ports/tables.js'
import type { Codec, Stored, StoredRow } from '../shared/codec.js'
import { allEqual, columnList } from '../sql/conditions.js'
import { snake, sqlColumn } from '../sql/names.js'
import type { Connection } from './connection.js'
import { sqlTable } from './dialect.js'
import type { SqlRow } from './driver.js'
import { statement } from './statement.js'

type Codecs = (table: TableName) => Codec

/** Runs inside a transaction. Returns why it was refused, or null. */
type Step = (connection: Connection) => { reason: PreconditionFailed['reason']; key?: string } | null

/** The record that has these values, as SQLite holds it. */
const find = (connection: Connection, codec: Codec, row: StoredRow): SqlRow | undefined =>
  connection.first(
    ...statement(
      (bind) => `SELECT ${columnList(codec)} FROM ${sqlTable(codec.table)} WHERE ${allEqual(row, bind)}`,
    ),
  )

/** Which key of a record another record has already. Keys with a null in them are never taken. */
function takenKey(connection: Connection, codec: Codec, row: StoredRow, ownId: string | null): string | null {
  for (const [name, columns] of codec.unique) {
    const key: StoredRow = Object.fromEntries(columns.map((column) => [column, row[column]!]))
    if (Object.values(key).includes(null)) continue
    const holder = find(connection, codec, key)
    if (holder && !(holder.id === ownId && holder.tenant_id === row.tenantId)) return name
  }
  return null
}

function insert(codec: Codec, row: StoredRow): Step {
  const [sql, values] = statement((bind) => {
    const places = Object.values(row).map(bind).join(', ')
    const names = Object.keys(row).map(sqlColumn).join(', ')
    return `INSERT INTO ${sqlTable(codec.table)} (${names}) VALUES (${places}) ON CONFLICT DO NOTHING`
  })
  return (connection) => {
    if (connection.run(sql, values) === 1) return null
    const primary = find(connection, codec, { tenantId: row.tenantId!, id: row.id! })
    const key = primary ? 'primary' : takenKey(connection, codec, row, null)
    return { reason: 'exists', key: key ?? 'primary' }
  }
}

interface Target {
  codec: Codec
  key: { tenantId: Stored; id: Stored }
  expect: StoredRow
  optional: boolean
}

/** Why a record that should have been changed was not. */
function refusal(
  connection: Connection,
  { codec, key, expect, optional }: Target,
  set: StoredRow,
): ReturnType<Step> {
  const now = find(connection, codec, { ...key })
  if (now && find(connection, codec, { ...key, ...expect })) {
    const row = { ...codec.encodeRow(codec.decodeRow(now, snake)), ...set }
    return { reason: 'exists', key: takenKey(connection, codec, row, key.id as string) ?? 'primary' }
  }
  return optional ? null : { reason: now ? 'moved' : 'missing' }
}

function update(target: Target, set: StoredRow): Step {
  const { codec, key, expect } = target
  const [sql, values] = statement((bind) => {
    const assignments = Object.entries(set).map(([name, value]) => `${sqlColumn(name)} = ${bind(value)}`)
    // An update of nothing is a precondition: it still has to meet the record.
    const sets = assignments.join(', ') || `${sqlColumn('id')} = ${sqlColumn('id')}`
    // OR IGNORE: a taken key changes nothing, and is then looked for.
    return `UPDATE OR IGNORE ${sqlTable(codec.table)} SET ${sets} WHERE ${allEqual({ ...key, ...expect }, bind)}`
  })
  return (connection) => (connection.run(sql, values) === 1 ? null : refusal(connection, target, set))
}

function remove(target: Target): Step {
  const { codec, key, expect } = target
  const [sql, values] = statement(
    (bind) => `DELETE FROM ${sqlTable(codec.table)} WHERE ${allEqual({ ...key, ...expect }, bind)}`,
  )
  return (connection) => (connection.run(sql, values) === 1 ? null : refusal(connection, target, {}))
}

function step(codecs: Codecs, write: Write): Step {
  const codec = codecs(write.table)
  if (write.op === 'insert') return insert(codec, codec.encodeRow(write.row))
  const target: Target = {
    codec,
    key: codec.encodePart({ tenantId: write.tenantId, id: write.id }) as Target['key'],
    expect: codec.encodeScalars(write.expect ?? {}),
    optional: write.optional ?? false,
  }
  return write.op === 'delete' ? remove(target) : update(target, codec.encodePart(write.set))
}

/**
 * Encodes the writes now; the result, run inside a transaction, makes them.
 * @throws PreconditionFailed from the result, naming the first write that failed
 */
export function planWrites(codecs: Codecs, writes: readonly Write[]): (connection: Connection) => void {
  const steps = writes.map((write) => step(codecs, write))
  return (connection) => {
    steps.forEach((run, at) => {
      const refused = run(connection)
      if (refused) throw new PreconditionFailed(at, refused.reason, refused.key ?? null)
    })
  }
}
