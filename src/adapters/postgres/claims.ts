/**
 * Claiming: who is due, whose turn it is, how much room each lane has.
 *
 * Which lanes to take from is found out without a lock. The taking is done by one claimer of a table at a time,
 * in all processes, so that two never fill one lane together; the lock is held for one statement. What becomes
 * of a claim at a power failure is no matter, so none waits for the disk: work whose claim was forgotten is
 * claimed again, as after the death of its worker.
 */
import type { ClaimRequest } from '../../ports/storage.js'
import type { Row, WorkTableName } from '../../ports/tables.js'
import type { Codec } from '../shared/codec.js'
import { rotated } from '../shared/turns.js'
import type { Dialect } from '../sql/dialect.js'
import { backlog, ClaimSql, type Turn } from './claim-sql.js'
import type { Database } from './database.js'
import { decodeRow } from './rows.js'

/** How many tenants' turns are remembered. Forgetting one starts it at its first lane. */
const tenantsRemembered = 10_000

export class Claims<T extends WorkTableName> {
  readonly #database: Database
  readonly #codec: Codec<T>
  readonly #sql: ClaimSql
  readonly #begin: string
  #lastTenant = ''
  readonly #lastLane = new Map<string, string>()

  /** @param lock the statement that waits until no other claimer is at it */
  constructor(database: Database, dialect: Dialect, codec: Codec<T>, lock: string) {
    this.#database = database
    this.#codec = codec
    this.#sql = new ClaimSql(dialect, codec as unknown as Codec)
    this.#begin = `BEGIN; SET LOCAL synchronous_commit = off; ${lock}`
  }

  async nextDue(): Promise<number | null> {
    const next = (await this.#database.query(this.#sql.nextDue()))[0]?.next ?? null
    return next === null ? null : Number(next)
  }

  async claim(request: ClaimRequest): Promise<Row<T>[]> {
    const { limit, leaseUntil } = request
    if (limit <= 0) return []
    const turns = await this.#turns(request)
    if (turns.length === 0) return []
    const leased = await this.#database.transaction(this.#begin, async (client) => {
      const { rows } = await client.query(...this.#sql.lease(request, leaseUntil, turns, limit))
      return rows
    })
    return leased
      .sort((a, b) => Number(a.turn) - Number(b.turn))
      .map((row) => {
        this.#remember(row.tenant_id as string, row.lane as string)
        return decodeRow(this.#codec, row)
      })
  }

  /** The lanes that may have something to claim, in the order of their turns. */
  async #turns(request: ClaimRequest): Promise<Turn[]> {
    const { now, limit, skipLanes } = request
    const found = await this.#database.query(...this.#sql.dueLanes(now))
    if (found.reduce((sum, { due }) => sum + Number(due), 0) > backlog) return this.#turnsOfBacklog(request)
    const skipped = new Set(skipLanes)
    const lanes = new Map<string, string[]>()
    for (const { tenant, lane } of found as unknown as { tenant: string; lane: string }[]) {
      if (skipped.has(lane)) continue
      if (!lanes.has(tenant)) lanes.set(tenant, [])
      lanes.get(tenant)?.push(lane)
    }
    return rotated([...lanes.keys()].sort(), this.#lastTenant).flatMap((tenantId) =>
      rotated(lanes.get(tenantId)!.sort(), this.#lastLane.get(tenantId) ?? '').map((lane) => ({
        tenantId,
        lane,
        most: limit,
      })),
    )
  }

  /** With a backlog a tenant is given its share at most: what it leaves the next claim takes. */
  async #turnsOfBacklog(request: ClaimRequest): Promise<Turn[]> {
    const { limit } = request
    const tenants = (await this.#database.query(...this.#sql.tenants(request, this.#lastTenant, limit))).map(
      ({ tenant }) => ({ tenantId: tenant as string, after: this.#lastLane.get(tenant as string) ?? '' }),
    )
    if (tenants.length === 0) return []
    const share = Math.ceil(limit / tenants.length)
    const lanes = await this.#database.query(...this.#sql.lanes(request, tenants, share))
    const turns = lanes.map(({ tenant, lane }) => ({ tenantId: tenant as string, lane: lane as string }))
    const count = new Map<string, number>()
    for (const { tenantId } of turns) count.set(tenantId, (count.get(tenantId) ?? 0) + 1)
    return turns.map((turn) => ({ ...turn, most: Math.ceil(share / count.get(turn.tenantId)!) }))
  }

  #remember(tenantId: string, lane: string): void {
    this.#lastTenant = tenantId
    this.#lastLane.delete(tenantId)
    this.#lastLane.set(tenantId, lane)
    if (this.#lastLane.size > tenantsRemembered) this.#lastLane.delete(this.#lastLane.keys().next().value!)
  }
}
