import assert from 'node:assert/strict'
import type { Cursor, ListQuery, Page, Storage } from '../../ports/storage.js'
import type { Row, TableName } from '../../ports/tables.js'

/** Reads page after page, as a client would. */
export async function all<T extends TableName>(
  storage: Storage,
  table: T,
  query: ListQuery<T>,
): Promise<Row<T>[]> {
  const items: Row<T>[] = []
  let after: Cursor | null = null
  for (let pages = 0; pages < 5000; pages++) {
    const page: Page<T> = await storage.list(table, { ...query, after })
    assert.ok(page.items.length <= query.limit, 'a page is longer than its limit')
    items.push(...page.items)
    if (page.next === null) return items
    // A cursor travels through URLs.
    after = JSON.parse(JSON.stringify(page.next))
  }
  throw new Error('the pages do not end')
}

/** All of a tenant's records of a table, by age. */
export const byCreated = { tenantId: 'acme', index: 'created' } as const
