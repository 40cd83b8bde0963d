/** The statements of claiming from one work table. What they read is in the indexes of work alone. */
import type { Codec } from '../shared/codec.js'
import type { Dialect } from '../sql/dialect.js'
import { sqlColumn } from '../sql/names.js'
import { type Bind, type Parameter, statement } from './statement.js'

/** More due work than this is a backlog: then lanes are walked, one index seek each. */
export const backlog = 1000

/** What a claim may take. */
interface Limits {
  now: number
  perLane: number
  skipLanes: readonly string[]
}

/** Some lanes, in the order of their turns, and how much to take of each at most. */
export interface Turn {
  tenantId: string
  lane: string
  most: number
}

export class ClaimSql {
  readonly #table: string
  readonly #columns: string

  constructor(dialect: Dialect, codec: Codec) {
    this.#table = dialect.table(codec.table)
    this.#columns = codec.columns.map(([name]) => `entry.${sqlColumn(name)}`).join(', ')
  }

  nextDue(): string {
    return `SELECT min("due_at") AS "next" FROM ${this.#table}`
  }

  /** The lanes of the work due longest, and how much that is. */
  dueLanes(now: number) {
    return statement(
      (bind) => `SELECT "tenant_id" AS "tenant", "lane", count(*) AS "due" FROM (
        SELECT "tenant_id", "lane" FROM ${this.#table} WHERE "due_at" <= ${bind(now)} ORDER BY "due_at" LIMIT ${backlog + 1}
      ) AS due GROUP BY "tenant_id", "lane"`,
    )
  }

  /** Tenants that have something to claim, once round, beginning behind one of them. */
  tenants(limits: Limits, after: string, most: number) {
    return statement((bind) => {
      const last = bind(after)
      const walk = (start: string, within: string) =>
        this.#walk(limits, bind, start, [
          `seen."open" AND "tenant_id" > seen."tenant_id" AND ${within}`,
          `NOT seen."open" AND ("tenant_id", "lane") > (seen."tenant_id", seen."lane") AND ${within}`,
        ])
      return `SELECT "tenant" FROM (${walk(`"tenant_id" > ${last}`, 'TRUE')}) AS behind
        UNION ALL SELECT "tenant" FROM (${walk(`"tenant_id" <= ${last}`, `"tenant_id" <= ${last}`)}) AS before
        LIMIT ${bind(most)}`
    })
  }

  /** Lanes of each tenant that have something to claim, once round, beginning behind the one given. */
  lanes(limits: Limits, tenants: readonly { tenantId: string; after: string }[], most: number) {
    return statement((bind) => {
      const walk = (within: string) =>
        this.#walk(limits, bind, `"tenant_id" = turn."tenant_id" AND ${within}`, [
          `"tenant_id" = seen."tenant_id" AND "lane" > seen."lane" AND ${within}`,
        ])
      const turns = unnest(bind, [
        ['text[]', tenants.map(({ tenantId }) => tenantId)],
        ['text[]', tenants.map(({ after }) => after)],
      ])
      return `SELECT walked.* FROM ${turns} AS turn("tenant_id", "after") CROSS JOIN LATERAL (
          SELECT * FROM (${walk('"lane" > turn."after"')}) AS behind
          UNION ALL SELECT * FROM (${walk('"lane" <= turn."after"')}) AS before
          LIMIT ${bind(most)}
        ) AS walked`
    })
  }

  /** Leases what the lanes have room for: one of each tenant before the second of any, and so within a tenant. */
  lease({ now, perLane }: Limits, leaseUntil: number, turns: readonly Turn[], limit: number) {
    return statement((bind) => {
      const given = unnest(bind, [
        ['text[]', turns.map(({ tenantId }) => tenantId)],
        ['text[]', turns.map(({ lane }) => lane)],
        ['bigint[]', turns.map(({ most }) => most)],
      ])
      const due = `entry."due_at" <= ${bind(now)}`
      const until = bind(leaseUntil)
      const room = `${bind(perLane)}::bigint`
      return `WITH found AS (
          SELECT turn."tenant_id", turn."place", work."id",
            row_number() OVER (PARTITION BY turn."place" ORDER BY work."due_at", work."id") AS "nth"
          FROM ${given} WITH ORDINALITY AS turn("tenant_id", "lane", "most", "place") CROSS JOIN LATERAL (
            SELECT entry."due_at", entry."id" FROM ${this.#table} AS entry
            WHERE entry."tenant_id" = turn."tenant_id" AND entry."lane" = turn."lane" AND ${due}
            ORDER BY entry."due_at", entry."id"
            LIMIT least(turn."most", ${room} - ${this.#leased('turn', bind(now), room)})
          ) AS work
        ), inTenant AS (
          SELECT *, row_number() OVER (PARTITION BY "tenant_id" ORDER BY "nth", "place") AS "round" FROM found
        ), chosen AS (
          SELECT "tenant_id", "id", row_number() OVER (ORDER BY "round", "place") AS "turn" FROM inTenant
          ORDER BY "turn" LIMIT ${bind(limit)}
        ), ours AS (
          SELECT chosen.* FROM chosen JOIN ${this.#table} AS entry USING ("tenant_id", "id")
          WHERE ${due} FOR UPDATE OF entry SKIP LOCKED
        ) UPDATE ${this.#table} AS entry SET "lease_until" = ${until}, "due_at" = ${until},
          "fence" = entry."fence" + 1, "claims" = entry."claims" + 1
        FROM ours WHERE entry."tenant_id" = ours."tenant_id" AND entry."id" = ours."id"
        RETURNING ${this.#columns}, ours."turn"`
    })
  }

  /** How much of a lane is leased; counted no further than to the `most` that it may be. */
  #leased(lane: string, now: string, most: string): string {
    return `(SELECT count(*) FROM (SELECT 1 FROM ${this.#table} AS held WHERE held."tenant_id" = ${lane}."tenant_id"
      AND held."lane" = ${lane}."lane" AND held."lease_until" > ${now} LIMIT ${most}) AS held)`
  }

  /** From one lane to the next, one index seek each; of those seen, the ones that are due, wanted and not full. */
  #walk(limits: Limits, bind: Bind, start: string, onwards: readonly string[]): string {
    const first = (condition: string) =>
      `(SELECT "tenant_id", "lane", "due_at" FROM ${this.#table} WHERE "due_at" IS NOT NULL AND ${condition}
        ORDER BY "tenant_id", "lane", "due_at" LIMIT 1)`
    const now = bind(limits.now)
    const most = `${bind(limits.perLane)}::bigint`
    const open = `entry."due_at" <= ${now} AND entry."lane" <> ALL (${bind(limits.skipLanes)}::text[])
      AND ${this.#leased('entry', now, most)} < ${most}`
    const columns = `entry."tenant_id", entry."lane", ${open}`
    return `WITH RECURSIVE seen("tenant_id", "lane", "open") AS (
        SELECT ${columns} FROM ${first(start)} AS entry
        UNION ALL
        SELECT ${columns} FROM seen CROSS JOIN LATERAL (${onwards.map(first).join(' UNION ALL ')}) AS entry
      ) SELECT "tenant_id" AS "tenant", "lane" FROM seen WHERE "open"`
  }
}

const unnest = (bind: Bind, arrays: readonly (readonly [type: string, values: Parameter])[]): string =>
  `unnest(${arrays.map(([type, values]) => `${bind(values)}::${type}`).join(', ')})`
