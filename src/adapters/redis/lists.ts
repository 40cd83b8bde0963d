/** Pages of an index: what the script is asked for, and what its answer means. */
import type { ListQuery, Page } from '../../ports/storage.js'
import type { TableName } from '../../ports/tables.js'
import type { Codec } from '../shared/codec.js'
import { cursorOf, type ListPlan } from '../shared/list-plan.js'
import type { Argument, Reply } from './connection.js'
import { behind, entryOf, notNull } from './keys.js'
import { argumentOf, decodeRow, decodeRows } from './rows.js'

/** The first and the last place of the plan's range, as `ZRANGEBYLEX` has them. */
function bounds({ codec, prefix, order, from, to, after, cursor, descending }: ListPlan) {
  const start = entryOf(codec, prefix)
  const at = (value: typeof from) => start + entryOf(codec, [[order[0]!, value]])
  // Null is in no range.
  const low = from !== null ? at(from) : to !== null ? start + notNull : start
  const high = (to !== null ? at(to) : start) + behind
  if (after === null) return [`[${low}`, `(${high}`] as const
  const last = entryOf(
    codec,
    cursor.map((name, each) => [name, after[each]!]),
  )
  const isBefore = (one: string, two: string) => Buffer.compare(Buffer.from(one), Buffer.from(two)) < 0
  if (descending) return [`[${low}`, isBefore(last, high) ? `(${last}` : `(${high}`] as const
  return [isBefore(last, low) ? `[${low}` : `(${last}`, `(${high}`] as const
}

/** The arguments of the list script. */
export function listArguments<T extends TableName>(plan: ListPlan, query: ListQuery<T>): Argument[] {
  const [low, high] = bounds(plan)
  const order = plan.descending ? ['ZREVRANGEBYLEX', high, low] : ['ZRANGEBYLEX', low, high]
  const filters = plan.filter.flatMap(([name, wanted]) => {
    const values = wanted.filter((value) => value !== null).map(argumentOf)
    return [name, wanted.includes(null) ? 'null' : '', String(values.length), ...values]
  })
  return [plan.codec.table, query.index, query.tenantId, ...order, String(plan.limit), ...filters]
}

export function pageOf<T extends TableName>(codec: Codec<T>, plan: ListPlan, reply: Reply): Page<T> {
  const [rows, last] = reply as [Reply, Reply]
  const end = decodeRow(codec, last)
  return { items: decodeRows(codec, rows), next: end && cursorOf(plan, end) }
}
