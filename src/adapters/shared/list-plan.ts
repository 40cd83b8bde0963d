/** A list query, checked and planned: what every adapter does with one before it reads. */
import type { Cursor, ListQuery } from '../../ports/storage.js'
import type { Row, TableName } from '../../ports/tables.js'
import { type Codec, encode, type Stored } from './codec.js'

/** No page reads more index entries than this. */
export const entriesPerPage = 1000

/** A list query, checked against the declaration and with its values encoded. */
export interface ListPlan {
  codec: Codec
  /** The columns of the index that order the page: without the prefix, with `id`. */
  order: readonly string[]
  /** Whether the columns of the index alone tell records apart: then `id` orders nothing. */
  unique: boolean
  nullable: ReadonlySet<string>
  prefix: readonly (readonly [string, Stored])[]
  from: Stored
  to: Stored
  /** Values for all of the index's columns and `id`, or null for the first page. */
  after: readonly Stored[] | null
  filter: readonly (readonly [string, readonly Stored[]])[]
  descending: boolean
  limit: number
  /** The index's columns and `id`: what a cursor holds. */
  cursor: readonly string[]
}

/** @throws TypeError if the query does not fit the declaration: a mistake of the caller's code */
export function planList<T extends TableName>(codec: Codec<T>, query: ListQuery<T>): ListPlan {
  const cursor = [...codec.index(query.index), 'id']
  const given = codec.encodeScalars(query.prefix ?? {})
  const prefix = cursor.filter((name) => name in given).map((name) => [name, given[name]!] as const)
  const order = cursor.slice(prefix.length)
  if (prefix.length !== Object.keys(given).length || prefix.some(([name], at) => name !== cursor[at])) {
    throw new TypeError(`the prefix is not the beginning of ${codec.table}.${query.index}`)
  }
  const bound = (value: string | number | undefined) =>
    value === undefined ? null : encode(codec.column(order[0]!), order[0]!, value)
  const filter = Object.entries(query.filter ?? {}).map(([name, wanted]) => {
    const values = Array.isArray(wanted) ? wanted : [wanted]
    return [name, values.map((value) => codec.encodeScalars({ [name]: value })[name]!)] as const
  })
  if (!(query.limit >= 1)) throw new TypeError('a page needs a limit of at least 1')
  return {
    codec: codec as Codec,
    order,
    unique: codec.keyServing(query.index) !== null,
    nullable: new Set(order.filter((name) => codec.column(name).nullable)),
    prefix,
    from: bound(query.range?.from),
    to: bound(query.range?.to),
    after: query.after ? decodeCursor(codec, cursor, query.after) : null,
    filter,
    descending: query.descending ?? false,
    limit: Math.min(query.limit, entriesPerPage),
    cursor,
  }
}

function decodeCursor(codec: Codec, columns: readonly string[], after: Cursor): Stored[] {
  if (after.length !== columns.length) throw new TypeError('the cursor belongs to another index')
  return columns.map((name, at) => encode(codec.column(name), name, after[at]))
}

/** The position of a record in the plan's index. */
export const cursorOf = <T extends TableName>(plan: ListPlan, row: Row<T>): Cursor =>
  plan.cursor.map((name) => (row as Record<string, unknown>)[name] as string | number | boolean | null)
