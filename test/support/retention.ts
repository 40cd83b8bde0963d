/** What a storage holds of a tenant, read past every service. */
import type { Cursor, ListQuery, Page, Storage } from '../../src/ports/storage.js'
import type { IndexOf, Row, TableName } from '../../src/ports/tables.js'

/** All of acme's records of a table, in the order of an index. */
export async function rowsOf<T extends TableName>(
  storage: Storage,
  table: T,
  index: IndexOf<T>,
): Promise<Row<T>[]> {
  const rows: Row<T>[] = []
  let after: Cursor | null = null
  do {
    const query = { tenantId: 'acme', index, after, limit: 1_000 } as ListQuery<T>
    const page: Page<T> = await storage.list(table, query)
    rows.push(...page.items)
    after = page.next
  } while (after !== null)
  return rows
}

/** Messages, deliveries and attempts of acme. */
export async function historyOf(storage: Storage) {
  return {
    messages: await rowsOf(storage, 'messages', 'created'),
    deliveries: await rowsOf(storage, 'deliveries', 'created'),
    attempts: await rowsOf(storage, 'attempts', 'subscription'),
  }
}

/** How many records of each of these tables acme has; they are gone afterwards. */
export async function countAndErase(storage: Storage, tables: readonly TableName[]): Promise<number[]> {
  const counts: number[] = []
  for (const table of tables) counts.push(await storage.erase(table, 'acme', 1_000_000))
  return counts
}
