/**
 * Claiming: who is due, whose turn it is, how much room each lane has.
 *
 * Which lanes to take from is found out without a lock, and with a backlog for several claims at once. The taking
 * is done by one claimer of a table at a time, in all processes, so that two never fill one lane together. What
 * becomes of a claim at a power failure is no matter, so none waits for the disk: work whose claim was forgotten
 * is claimed again, as after the death of its worker.
 */
import type { ClaimRequest } from '../../ports/storage.js'
import type { Row, WorkTableName } from '../../ports/tables.js'
import type { Codec } from '../shared/codec.js'
import { rotated } from '../shared/turns.js'
import type { Dialect } from '../sql/dialect.js'
import { backlog, ClaimSql, type Turn } from './claim-sql.js'
import { begin, type Database } from './database.js'
import type { SqlRow } from './pool.js'
import { decodeRow } from './rows.js'

/** How many tenants' turns are remembered. Forgetting one starts it at its first lane. */
const tenantsRemembered = 10_000

/** With a backlog: how many lanes are looked for at least, and for how many claims what was found is good. */
const lanesSought = 64
const claimsPerSearch = 16

/** Lanes that have due work, by tenant. */
interface Found {
  lanes: ReadonlyMap<string, readonly string[]>
  backlog: boolean
  /** How many claims it is still good for. */
  claims: number
}

export class Claims<T extends WorkTableName> {
  readonly #database: Database
  readonly #codec: Codec<T>
  readonly #sql: ClaimSql
  readonly #begin: string
  #found: Found | null = null
  #lastTenant = ''
  readonly #lastLane = new Map<string, string>()

  /** @param lock the statement that waits until no other claimer is at it */
  constructor(database: Database, dialect: Dialect, codec: Codec<T>, lock: string) {
    this.#database = database
    this.#codec = codec
    this.#sql = new ClaimSql(dialect, codec as unknown as Codec)
    this.#begin = `${begin}; SET LOCAL synchronous_commit = off; ${lock}`
  }

  async nextDue(): Promise<number | null> {
    const next = (await this.#database.query(this.#sql.nextDue()))[0]?.next ?? null
    return next === null ? null : Number(next)
  }

  async claim(request: ClaimRequest): Promise<Row<T>[]> {
    if (request.limit <= 0) return []
    const kept = this.#found
    const rows = kept === null ? [] : await this.#lease(request, kept)
    // What was found earlier may be taken by now: looked for anew before saying that there is nothing.
    if (rows.length === 0) rows.push(...(await this.#lease(request, await this.#find(request))))
    return rows
  }

  async #lease(request: ClaimRequest, found: Found): Promise<Row<T>[]> {
    const { limit, leaseUntil } = request
    const turns = this.#turns(request, found)
    const leased: SqlRow[] = []
    if (turns.length > 0) {
      const sql = this.#sql.lease(request, leaseUntil, turns, limit)
      leased.push(
        ...(await this.#database.transaction(
          this.#begin,
          async (client) => (await client.query(...sql)).rows,
        )),
      )
    }
    const goodFor = leased.length < limit ? 0 : found.claims - 1
    this.#found = goodFor > 0 ? { ...found, claims: goodFor } : null
    return leased
      .sort((a, b) => Number(a.turn) - Number(b.turn))
      .map((row) => {
        this.#remember(row.tenant_id as string, row.lane as string)
        return decodeRow(this.#codec, row)
      })
  }

  /** Finds lanes to take from: all that are due or, with a backlog, those whose turn is next. */
  async #find(request: ClaimRequest): Promise<Found> {
    const due = await this.#database.query(...this.#sql.dueLanes(request.now))
    if (due.reduce((sum, row) => sum + Number(row.due), 0) <= backlog) {
      return { lanes: byTenant(due), backlog: false, claims: 0 }
    }
    const sought = Math.max(request.limit, lanesSought)
    const tenants = (await this.#database.query(...this.#sql.tenants(request, this.#lastTenant, sought))).map(
      ({ tenant }) => ({ tenantId: tenant as string, after: this.#lastLane.get(tenant as string) ?? '' }),
    )
    const each = Math.ceil(sought / Math.max(1, tenants.length))
    const lanes = await this.#database.query(...this.#sql.lanes(request, tenants, each))
    return { lanes: byTenant(lanes), backlog: true, claims: claimsPerSearch }
  }

  /**
   * The order in which lanes are taken from. With a backlog a tenant gets its share at most, and a lane its share
   * of that: what one leaves the next claim takes.
   */
  #turns({ limit, skipLanes }: ClaimRequest, { lanes, backlog }: Found): Turn[] {
    const skipped = new Set(skipLanes)
    const wanted = rotated([...lanes.keys()].sort(), this.#lastTenant).flatMap((tenantId) => {
      const open = lanes.get(tenantId)!.filter((lane) => !skipped.has(lane))
      return open.length === 0 ? [] : [{ tenantId, open: open.sort() }]
    })
    const tenants = wanted.slice(0, limit)
    const share = backlog ? Math.ceil(limit / tenants.length) : limit
    return tenants.flatMap(({ tenantId, open }) => {
      const turn = rotated(open, this.#lastLane.get(tenantId) ?? '').slice(0, backlog ? share : open.length)
      const most = backlog ? Math.ceil(share / turn.length) : limit
      return turn.map((lane) => ({ tenantId, lane, most }))
    })
  }

  #remember(tenantId: string, lane: string): void {
    this.#lastTenant = tenantId
    this.#lastLane.delete(tenantId)
    this.#lastLane.set(tenantId, lane)
    if (this.#lastLane.size > tenantsRemembered) this.#lastLane.delete(this.#lastLane.keys().next().value!)
  }
}

function byTenant(rows: readonly SqlRow[]): Map<string, string[]> {
  const lanes = new Map<string, string[]>()
  for (const { tenant, lane } of rows as readonly { tenant: string; lane: string }[]) {
    const known = lanes.get(tenant)
    if (known) known.push(lane)
    else lanes.set(tenant, [lane])
  }
  return lanes
}
