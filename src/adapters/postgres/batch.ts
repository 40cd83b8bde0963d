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
import { quote, sqlColumn } from '../sql/names.js'
import { arrayTypes } from './rows.js'
import { type Bind, statement } from './statement.js'
import type { Step } from './steps.js'

/** A column of the values: what it is called among them, and what it is in each step. */
export interface Given {
  column: string
  called: string
  kind: ColumnKind
  of: (step: Step) => Stored
}

const given = (of: 'key' | 'set' | 'expect', step: Step): Given[] =>
  Object.keys(step[of]).map((name) => ({
    column: sqlColumn(name),
    called: `${of}_${name}`,
    kind: step.codec.column(name).kind,
    of: (each) => each[of][name]!,
  }))

/** Steps of one shape differ in their values only. */
const shapeOf = ({ op, codec, set, expect, optional, held }: Step): string =>
  [op, codec.table, Object.keys(set), '|', Object.keys(expect), optional, held].join(' ')

/** How values come into a statement, and what becomes of a record whose key is taken. */
export interface Style {
  /** A table called `given` with these columns and a row for each step. */
  given(columns: readonly Given[], steps: readonly Step[], bind: Bind): string
  /** What an insert ends with. */
  taken: string
}

/** Arrays of columns: the quickest. A taken key is an error, which says what key it is. */
const arrays: Style = {
  given(columns, steps, bind) {
    const values = columns.map(
      ({ kind, of }) => `${bind(steps.map((step) => parameter(of(step))))}::${arrayTypes[kind]}`,
    )
    return `unnest(${values.join(', ')}) AS given(${columns.map(({ called }) => quote(called)).join(', ')})`
  },
  taken: '',
}

/** `pg` writes only its own bytes into an array. */
const parameter = (value: Stored): Stored | Buffer =>
  value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value

/** The statement for steps of one shape. An update or delete returns a row for each record it met. */
function partSql(dialect: Dialect, style: Style, steps: readonly Step[], bind: Bind): string {
  const step = steps[0]!
  const table = dialect.table(step.codec.table)
  const set = given('set', step)
  if (step.op === 'insert') {
    const columns = set.map(({ column }) => column).join(', ')
    return `INSERT INTO ${table} (${columns}) SELECT * FROM ${style.given(set, steps, bind)}${style.taken}`
  }
  const key = given('key', step)
  const expect = given('expect', step)
  const from = style.given([...key, ...set, ...expect], steps, bind)
  const conditions = [
    ...key.map(({ column, called }) => `entry.${column} = given.${quote(called)}`),
    ...expect.map(({ column, called }) => `entry.${column} IS NOT DISTINCT FROM given.${quote(called)}`),
    ...(step.held ? ['entry."lease_until" IS NOT NULL', 'entry."due_at" IS NOT NULL'] : []),
  ].join(' AND ')
  if (step.op === 'delete')
    return `DELETE FROM ${table} AS entry USING ${from} WHERE ${conditions} RETURNING 1`
  const assignments = set.map(({ column, called }) => `${column} = given.${quote(called)}`)
  // An update of nothing is a precondition: it still has to meet the record.
  const sets = assignments.join(', ') || '"id" = entry."id"'
  return `UPDATE ${table} AS entry SET ${sets} FROM ${from} WHERE ${conditions} RETURNING 1`
}

/** One step as a statement of its own. */
export const stepSql = (dialect: Dialect, step: Step) =>
  statement((bind) => partSql(dialect, arrays, [step], bind))

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
    const parts = partsOf(dialect, arrays, steps, bind)
    const met = parts.filter(({ op }) => op !== 'insert').flatMap(({ met }) => met)
    const check = met.length > 0 ? `1 / (${met.join(' AND ')})::int` : '1'
    return `WITH ${parts.map(({ sql }) => sql).join(', ')} SELECT ${check}`
  })

/** One part for each shape of step, in one order everywhere, and the condition that all of its steps were met. */
export const partsOf = (dialect: Dialect, style: Style, steps: readonly Step[], bind: Bind) =>
  Array.from(byShape([...steps].sort(byPlace)), (alike, n) => {
    const { op, optional } = alike[0]!
    return {
      op,
      sql: `part${n} AS (${partSql(dialect, style, alike, bind)})`,
      met: optional ? [] : [`(SELECT count(*) FROM part${n}) = ${alike.length}`],
    }
  })
