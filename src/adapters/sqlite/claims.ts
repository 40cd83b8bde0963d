/**
 * Claiming inside one write transaction: who is due, whose turn it is, how much room its lane has.
 *
 * Little due work is read off the index of due instants. With a backlog that would see only the longest due,
 * so lanes are then walked one index seek each, beginning where the previous claim ended.
 */
import type { ClaimRequest } from '../../ports/storage.js'
import type { Row, WorkTableName } from '../../ports/tables.js'
import type { Codec } from '../shared/codec.js'
import { inTurns, rotated, take } from '../shared/turns.js'
import { columnList } from '../sql/conditions.js'
import { snake } from '../sql/names.js'
import type { Connection } from './connection.js'
import { sqlTable } from './dialect.js'

/** More due work than this is a backlog. */
const backlog = 1000

/** How many tenants' turns are remembered. Forgetting one starts it at its first lane. */
const tenantsRemembered = 10_000

interface Work {
  tenantId: string
  lane: string
  id: string
}

/** The statements of one work table. */
export function claimStatements(codec: Codec<WorkTableName>) {
  const table = sqlTable(codec.table)
  const due = `FROM ${table} WHERE "due_at" IS NOT NULL AND "due_at" <= ?`
  // From one lane to the next in one index seek, within SQLite, until one is due.
  const walk = (start: string, onwards: string) => {
    const lane = `SELECT rowid FROM ${table} WHERE "due_at" IS NOT NULL AND`
    const first = 'ORDER BY "tenant_id", "lane", "due_at" LIMIT 1'
    // CROSS JOIN: from the walk to the table, never the other way round.
    const seen = `FROM walk CROSS JOIN ${table} AS seen ON seen.rowid = walk.at WHERE seen."due_at"`
    return `WITH RECURSIVE walk(at) AS (
        SELECT (${lane} ${start} ${first}) UNION ALL SELECT (${lane} ${onwards} ${first}) ${seen} > ?
      ) SELECT "tenant_id" AS "tenant", "lane" ${seen} <= ? LIMIT 1`
  }
  const onwards = '("tenant_id", "lane") > (seen."tenant_id", seen."lane")'
  const inTenant = '"tenant_id" = seen."tenant_id" AND "lane" > seen."lane"'
  return {
    nextDue: `SELECT min("due_at") AS "next" FROM ${table} WHERE "due_at" IS NOT NULL`,
    anyDue: `SELECT 1 ${due} LIMIT 1`,
    hasBacklog: `SELECT 1 ${due} LIMIT 1 OFFSET ${backlog}`,
    // LIMIT, though there are no more: it keeps SQLite from reading lanes in their order instead of what is due.
    dueLanes: `SELECT DISTINCT "tenant_id" AS "tenant", "lane" FROM (SELECT "tenant_id", "lane" ${due} LIMIT ${backlog})
      ORDER BY "tenant_id", "lane"`,
    tenantFrom: walk('"tenant_id" >= ?', onwards),
    tenantAfter: walk('"tenant_id" > ?', onwards),
    laneFrom: walk('"tenant_id" = ? AND "lane" >= ?', inTenant),
    laneAfter: walk('"tenant_id" = ? AND "lane" > ?', inTenant),
    leased: `SELECT count(*) AS "leased" FROM ${table} WHERE "tenant_id" = ? AND "lane" = ? AND "lease_until" > ?`,
    oldest: `SELECT "id" ${due} AND "tenant_id" = ? AND "lane" = ? ORDER BY "due_at", "id" LIMIT ? OFFSET ?`,
    lease: `UPDATE ${table} SET "lease_until" = ?, "due_at" = ?, "fence" = "fence" + 1, "claims" = "claims" + 1
      WHERE "tenant_id" = ? AND "id" = ? RETURNING ${columnList(codec)}`,
  }
}

/** Who has due work, each beginning behind the one given and going round once. */
interface Due {
  tenants(after: string): Iterable<string>
  lanes(tenantId: string, after: string): Iterable<string>
}

/** Once round a ring that is asked for the next one, `from` a name on or `after` it. */
function* round(
  after: string,
  next: (name: string, how: 'From' | 'After') => string | null,
): Generator<string> {
  const first = next(after, 'After')
  for (let at = first; at !== null; at = next(at, 'After')) yield at
  for (let at = next('', 'From'); at !== null && at !== first; at = next(at, 'After')) yield at
}

export class Claims<T extends WorkTableName> {
  readonly #codec: Codec<T>
  readonly #sql: ReturnType<typeof claimStatements>
  #lastTenant = ''
  readonly #lastLane = new Map<string, string>()

  constructor(codec: Codec<T>) {
    this.#codec = codec
    this.#sql = claimStatements(codec)
  }

  /** Whether a claim could find anything: asked first, so that an idle store is not locked for it. */
  anyDue(connection: Connection, now: number): boolean {
    return connection.first(this.#sql.anyDue, [now]) !== undefined
  }

  nextDue(connection: Connection): number | null {
    return (connection.first(this.#sql.nextDue)?.next ?? null) as number | null
  }

  /** Takes what is due. Runs inside a write transaction. */
  claim(connection: Connection, request: ClaimRequest): Row<T>[] {
    const taken = take(inTurns(this.#tenants(connection, request)), request.limit)
    return taken.map(({ tenantId, lane, id }) => {
      this.#lastTenant = tenantId
      this.#remember(tenantId, lane)
      const row = connection.first(this.#sql.lease, [request.leaseUntil, request.leaseUntil, tenantId, id])
      return this.#codec.decodeRow(row!, snake)
    })
  }

  *#tenants(connection: Connection, request: ClaimRequest): Generator<Iterator<Work>> {
    const due = this.#due(connection, request.now)
    const skipped = new Set(request.skipLanes)
    for (const tenantId of due.tenants(this.#lastTenant)) {
      yield inTurns(this.#lanes(connection, request, due, skipped, tenantId))
    }
  }

  *#lanes(
    connection: Connection,
    request: ClaimRequest,
    due: Due,
    skipped: ReadonlySet<string>,
    tenantId: string,
  ): Generator<Iterator<Work>> {
    for (const lane of due.lanes(tenantId, this.#lastLane.get(tenantId) ?? '')) {
      if (!skipped.has(lane)) yield this.#work(connection, request, tenantId, lane)
    }
  }

  /** What a lane has room for, longest due first. The first alone: often the others are not reached. */
  *#work(connection: Connection, request: ClaimRequest, tenantId: string, lane: string): Generator<Work> {
    const { now, perLane, limit } = request
    const leased = connection.first(this.#sql.leased, [tenantId, lane, now])?.leased as number
    const room = Math.min(perLane - leased, limit)
    const oldest = (count: number, from: number) =>
      connection
        .all(this.#sql.oldest, [now, tenantId, lane, count, from])
        .map(({ id }) => ({ tenantId, lane, id: id as string }))
    if (room > 0) yield* oldest(1, 0)
    if (room > 1) yield* oldest(room - 1, 1)
  }

  #due(connection: Connection, now: number): Due {
    const sql = this.#sql
    if (connection.first(sql.hasBacklog, [now]) !== undefined) {
      return {
        tenants: (after) =>
          round(
            after,
            (name, how) =>
              (connection.first(sql[`tenant${how}`], [name, now, now])?.tenant ?? null) as string | null,
          ),
        lanes: (tenantId, after) =>
          round(
            after,
            (name, how) =>
              (connection.first(sql[`lane${how}`], [tenantId, name, now, now])?.lane ?? null) as
                | string
                | null,
          ),
      }
    }
    const lanes = new Map<string, string[]>()
    for (const row of connection.all(sql.dueLanes, [now])) {
      const tenantId = row.tenant as string
      if (!lanes.has(tenantId)) lanes.set(tenantId, [])
      lanes.get(tenantId)?.push(row.lane as string)
    }
    return {
      tenants: (after) => rotated([...lanes.keys()], after),
      lanes: (tenantId, after) => rotated(lanes.get(tenantId) ?? [], after),
    }
  }

  #remember(tenantId: string, lane: string): void {
    this.#lastLane.delete(tenantId)
    this.#lastLane.set(tenantId, lane)
    if (this.#lastLane.size > tenantsRemembered) this.#lastLane.delete(this.#lastLane.keys().next().value!)
  }
}
