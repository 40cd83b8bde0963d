/** One page of an index as SQL: conditions that an index answers as one range, and the position after it. */
import type { Page } from '../../ports/storage.js'
import type { Row, TableName } from '../../ports/tables.js'
import type { Stored } from '../shared/codec.js'
import { cursorOf, entriesPerPage, type ListPlan } from '../shared/list-plan.js'
import { type Bind, columnList, equals } from './conditions.js'
import type { Dialect } from './dialect.js'
import { sqlColumn } from './names.js'

/** Which entries come after a value in the order asked for, null being the smallest. */
function beyond(name: string, value: Stored, descending: boolean, nullable: boolean, bind: Bind): string {
  const column = sqlColumn(name)
  if (value === null) return descending ? 'FALSE' : `${column} IS NOT NULL`
  if (!descending) return `${column} > ${bind(value)}`
  return nullable ? `(${column} < ${bind(value)} OR ${column} IS NULL)` : `${column} < ${bind(value)}`
}

/** `(a, b, id)` after a position. One row comparison where no null can be; else spelt out. */
function afterPosition(plan: ListPlan, after: readonly Stored[], bind: Bind): string {
  const values = after.slice(plan.cursor.length - plan.order.length)
  if (plan.nullable.size === 0) {
    const columns = plan.order.map(sqlColumn).join(', ')
    return `(${columns}) ${plan.descending ? '<' : '>'} (${values.map(bind).join(', ')})`
  }
  const alternatives = plan.order.map((name, at) => {
    const ties = plan.order.slice(0, at).map((tied, i) => equals(tied, values[i]!, bind))
    return [...ties, beyond(name, values[at]!, plan.descending, plan.nullable.has(name), bind)].join(' AND ')
  })
  return `((${alternatives.join(') OR (')}))`
}

/** Which index entries belong to the page, before the filter. */
function entries(plan: ListPlan, tenantId: string, bind: Bind): string {
  const conditions = [equals('tenantId', tenantId, bind)]
  for (const [name, value] of plan.prefix) conditions.push(equals(name, value, bind))
  const ranged = sqlColumn(plan.order[0]!)
  if (plan.from !== null) conditions.push(`${ranged} >= ${bind(plan.from)}`)
  if (plan.to !== null) conditions.push(`${ranged} <= ${bind(plan.to)}`)
  if (plan.after !== null) conditions.push(afterPosition(plan, plan.after, bind))
  return conditions.join(' AND ')
}

function matches(name: string, values: readonly Stored[], bind: Bind): string {
  const some = values.filter((value) => value !== null)
  const alternatives = some.length > 0 ? [`${sqlColumn(name)} IN (${some.map(bind).join(', ')})`] : ['FALSE']
  if (values.includes(null)) alternatives.push(`${sqlColumn(name)} IS NULL`)
  return `(${alternatives.join(' OR ')})`
}

/** The clause, or nothing where there is one record at most. */
function ordering({ saysNullsFirst }: Dialect, plan: ListPlan): string {
  const direction = plan.descending ? ' DESC' : ''
  const nulls = plan.descending ? ' NULLS LAST' : ' NULLS FIRST'
  const ordered = (name: string) =>
    sqlColumn(name) + direction + (saysNullsFirst && plan.nullable.has(name) ? nulls : '')
  // The index that serves a unique one does not end with `id`, and would have to be sorted for it.
  const columns = plan.unique ? plan.order.filter((name) => name !== 'id') : plan.order
  return columns.length === 0 ? '' : ` ORDER BY ${columns.map(ordered).join(', ')}`
}

/** The entries of a page and, if there is a further one, the first of those. */
export function pageSql(dialect: Dialect, plan: ListPlan, tenantId: string, bind: Bind): string {
  const order = ordering(dialect, plan)
  const columns = columnList(plan.codec)
  const table = dialect.table(plan.codec.table)
  const from = `FROM ${table} WHERE ${entries(plan, tenantId, bind)}${order}`
  if (plan.filter.length === 0) return `SELECT ${columns} ${from} LIMIT ${bind(plan.limit + 1)}`
  const read = `SELECT ${columns} ${from} LIMIT ${bind(entriesPerPage)}`
  const filter = plan.filter.map(([name, values]) => matches(name, values, bind)).join(' AND ')
  return `SELECT ${columns} FROM (${read}) AS entry WHERE ${filter}${order} LIMIT ${bind(plan.limit + 1)}`
}

/** The last entry a filtered page has read, and the one behind it: both exist if there is more to read. */
export function lastReadSql(dialect: Dialect, plan: ListPlan, tenantId: string, bind: Bind): string {
  const where = entries(plan, tenantId, bind)
  const limits = `LIMIT ${bind(2)} OFFSET ${bind(entriesPerPage - 1)}`
  const from = `FROM ${dialect.table(plan.codec.table)} WHERE ${where}`
  return `SELECT ${columnList(plan.codec)} ${from}${ordering(dialect, plan)} ${limits}`
}

/**
 * The page in what was read.
 * @param items the answer to {@link pageSql}
 * @param lastRead the answer to {@link lastReadSql}, which a full page does without
 */
export function pageOf<T extends TableName>(
  plan: ListPlan,
  items: Row<T>[],
  lastRead: readonly Row<T>[] = [],
): Page<T> {
  if (items.length > plan.limit) {
    const kept = items.slice(0, plan.limit)
    return { items: kept, next: cursorOf(plan, kept.at(-1)!) }
  }
  const [last, further] = lastRead
  return { items, next: last && further ? cursorOf(plan, last) : null }
}
