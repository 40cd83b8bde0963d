import { z } from 'zod'
import type { List } from '../model.js'
import type { ColumnKind } from '../ports/columns.js'
import type { Cursor, ListQuery, Storage } from '../ports/storage.js'
import { declaration, type IndexOf, type Row, type TableName } from '../ports/tables.js'
import { withoutUndefined } from './shared.js'
import { invalidField } from './validate.js'

/** What every list takes, to be spread into its own options. */
export const pageOptions = {
  limit: z.coerce.number().int().min(1).max(100).default(25),
  cursor: z.string().max(2_000).optional(),
}

/**
 * One page of an index, newest first, as the caller's list.
 * @param page the list's `limit` and `cursor`
 * @param show turns a record into what the caller sees
 * @throws DrifthookError `INVALID_REQUEST` for a cursor this list never handed out
 */
export async function listPage<T extends TableName, Item>(
  storage: Storage,
  table: T,
  query: Omit<ListQuery<T>, 'limit' | 'after' | 'descending' | 'filter'> & { filter?: object },
  page: { limit: number; cursor?: string | undefined },
  show: (row: Row<T>) => Item,
): Promise<List<Item>> {
  const after = readCursor(page.cursor, table, query.index)
  const filter = withoutUndefined(query.filter ?? {}) as NonNullable<ListQuery<T>['filter']>
  const found = await storage.list(table, { ...query, filter, after, limit: page.limit, descending: true })
  return { items: found.items.map(show), nextCursor: writeCursor(found.next) }
}

const writeCursor = (cursor: Cursor | null): string | null =>
  cursor === null ? null : Buffer.from(JSON.stringify(cursor)).toString('base64url')

function readCursor<T extends TableName>(
  cursor: string | undefined,
  table: T,
  index: IndexOf<T>,
): Cursor | null {
  if (cursor === undefined) return null
  const columns = [...(declaration(table).indexes[index] ?? []), 'id']
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    const fits = (part: unknown, n: number) => fitsColumn(part, declaration(table).columns[columns[n] ?? ''])
    if (Array.isArray(value) && value.length === columns.length && value.every(fits)) return value
  } catch {
    // Falls through: not JSON, so not a cursor.
  }
  throw invalidField('cursor', 'invalid_cursor', 'is not a cursor of this list; leave it out to start anew')
}

const typeOfKind: Partial<Record<ColumnKind, string>> = {
  text: 'string',
  integer: 'number',
  instant: 'number',
  boolean: 'boolean',
}

const fitsColumn = (part: unknown, column: { kind: ColumnKind; nullable: boolean } | undefined) =>
  column !== undefined && (part === null ? column.nullable : typeof part === typeOfKind[column.kind])
