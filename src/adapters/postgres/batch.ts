/**
 * Many writes as one statement: one round trip, one transaction, one synchronisation of the disk. Writes of one
 * shape become one part of it, their values arrays of columns; the statement fails as a whole if one of them
 * does not meet its record.
 *
 * The parts run on one snapshot and in no order we know of, so the writes must not concern each other.
 */
import type { ColumnKind } from '../../ports/columns.js'
import type { Codec, Stored } from '../shared/codec.js'
import type { Dialect } from '../sql/dialect.js'
import { sqlColumn } from '../sql/names.js'
import { arrayTypes } from './rows.js'
import { type Bind, statement } from './statement.js'
import type { Step } from './steps.js'

/** A column of the values: what it is called among them, and what it is in each step. */
interface Given {
  column: string
  called: string
  kind: ColumnKind
  of: (step: Step) => Stored
}

const given = (of: 'key' | 'set' | 'expect', step: Step): Given[] =>
  Object.keys(step[of]).map((name) => ({
    column: sqlColumn(name),
    called: `"${of}_${name}"`,
    kind: step.codec.column(name).kind,
    of: (each) => each[of][name]!,
  }))

/** Steps of one shape differ in their values only. */
const shapeOf = ({ op, codec, set, expect, optional, held }: Step): string =>
  [op, codec.table, Object.keys(set), '|', Object.keys(expect), optional, held].join(' ')

/** `pg` writes only its own bytes into an array. */
const parameter = (value: Stored): Stored | Buffer =>
  value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value

/** The statement for steps of one shape. An update or delete returns a row for each record it met. */
function partSql(dialect: Dialect, steps: readonly Step[], bind: Bind): string {
  const step = steps[0]!
  const table = dialect.table(step.codec.table)
  const set = given('set', step)
  const unnest = (columns: readonly Given[]) =>
    `unnest(${columns
      .map(({ kind, of }) => `${bind(steps.map((each) => parameter(of(each))))}::${arrayTypes[kind]}`)
      .join(', ')})`
  if (step.op === 'insert') {
    return `INSERT INTO ${table} (${set.map(({ column }) => column).join(', ')}) SELECT * FROM ${unnest(set)}`
  }
  const key = given('key', step)
  const expect = given('expect', step)
  const columns = [...key, ...set, ...expect]
  const from = `${unnest(columns)} AS given(${columns.map(({ called }) => called).join(', ')})`
  const conditions = [
    ...key.map(({ column, called }) => `entry.${column} = given.${called}`),
    ...expect.map(({ column, called }) => `entry.${column} IS NOT DISTINCT FROM given.${called}`),
    ...(step.held ? ['entry."lease_until" IS NOT NULL', 'entry."due_at" IS NOT NULL'] : []),
  ].join(' AND ')
  if (step.op === 'delete')
    return `DELETE FROM ${table} AS entry USING ${from} WHERE ${conditions} RETURNING 1`
  const assignments = set.map(({ column, called }) => `${column} = given.${called}`)
  // An update of nothing is a precondition: it still has to meet the record.
  const sets = assignments.join(', ') || '"id" = entry."id"'
  return `UPDATE ${table} AS entry SET ${sets} FROM ${from} WHERE ${conditions} RETURNING 1`
}

/** One step as a statement of its own. */
export const stepSql = (dialect: Dialect, step: Step) => statement((bind) => partSql(dialect, [step], bind))

/** In one order everywhere, so that two batches do not wait for each other's records. */
const byPlace = (a: Step, b: Step): number =>
  compare(a.codec.table, b.codec.table) ||
  compare(a.key.tenantId as string, b.key.tenantId as string) ||
  compare(a.key.id as string, b.key.id as string)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function byShape(steps: readonly Step[]): Iterable<Step[]> {
  const shapes = new Map<string, Step[]>()
  for (const step of steps) {
    const shape = shapeOf(step)
    const alike = shapes.get(shape)
    if (alike) alike.push(step)
    else shapes.set(shape, [step])
  }
  return shapes.values()
}

/** Statements that lock the records these steps change, in the same order everywhere. */
export function lockSql(dialect: Dialect, steps: readonly Step[]) {
  const tables = new Map<Codec, Step[]>()
  for (const step of steps.filter(({ op }) => op !== 'insert').sort(byPlace)) {
    const others = tables.get(step.codec)
    if (others) others.push(step)
    else tables.set(step.codec, [step])
  }
  return [...tables].map(([{ table }, sorted]) =>
    statement((bind) => {
      const keys = ['tenantId', 'id'].map((name) => bind(sorted.map(({ key }) => key[name]!)))
      const given = `unnest(${keys.map((key) => `${key}::text[]`).join(', ')}) AS given("tenant_id", "id")`
      return `SELECT 1 FROM ${dialect.table(table)} AS entry JOIN ${given} USING ("tenant_id", "id")
        ORDER BY entry."tenant_id", entry."id" FOR UPDATE OF entry`
    }),
  )
}

/** The statement for steps that do not concern each other. It divides by zero if one was not met. */
export const batchSql = (dialect: Dialect, steps: readonly Step[]) =>
  statement((bind) => {
    const parts: string[] = []
    const met: string[] = []
    for (const alike of byShape([...steps].sort(byPlace))) {
      const name = `part${parts.length}`
      parts.push(`${name} AS (${partSql(dialect, alike, bind)})`)
      const { op, optional } = alike[0]!
      if (op !== 'insert' && !optional) met.push(`(SELECT count(*) FROM ${name}) = ${alike.length}`)
    }
    const check = met.length > 0 ? `1 / (${met.join(' AND ')})::int` : '1'
    return `WITH ${parts.join(', ')} SELECT ${check}`
  })
