/** Statements about whole tenants of a table: who has records there, and taking them away. */
import type { TableName } from '../../ports/tables.js'
import type { Bind } from './conditions.js'
import type { Dialect } from './dialect.js'

/** From one tenant to the next, each found by one seek in the primary key, however many records it has. */
export function tenantsSql(
  dialect: Dialect,
  table: TableName,
  after: string | null,
  limit: number,
  bind: Bind,
): string {
  const next = (where: string) =>
    `SELECT "tenant_id" FROM ${dialect.table(table)}${where} ORDER BY "tenant_id" LIMIT 1`
  const first = next(after === null ? '' : ` WHERE "tenant_id" > ${bind(after)}`)
  const further = next(' WHERE "tenant_id" > walk.tenant')
  return `WITH RECURSIVE walk(tenant) AS (
      SELECT (${first}) UNION ALL SELECT (${further}) FROM walk WHERE walk.tenant IS NOT NULL
    ) SELECT tenant FROM walk WHERE tenant IS NOT NULL LIMIT ${bind(limit)}`
}

/** The ids of a tenant's first records. */
export const firstIdsSql = (
  dialect: Dialect,
  table: TableName,
  tenantId: string,
  limit: number,
  bind: Bind,
): string =>
  `SELECT "id" FROM ${dialect.table(table)} WHERE "tenant_id" = ${bind(tenantId)} ORDER BY "id" LIMIT ${bind(limit)}`
