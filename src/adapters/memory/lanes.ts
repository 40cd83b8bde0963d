/**
 * The unfinished work of one table, by tenant and lane. Lanes with nothing due yet sleep, ordered by when
 * they wake, so that a claim looks only at those that are due, however many there are.
 */
import type { ClaimRequest } from '../../ports/storage.js'
import type { StoredRow } from '../shared/codec.js'
import { inTurns, take } from '../shared/turns.js'
import { compareValues } from './order.js'
import { Sorted } from './sorted.js'

interface Lane {
  tenantId: string
  name: string
  /** Longest due first. */
  work: Sorted<StoredRow>
  /** When each lease ends, by id. */
  leases: Map<string, number>
  /** Where the lane is listed: among the sleeping under this instant, or null among those awake. */
  wakesAt: number | null
}

const dueAt = (row: StoredRow) => row.dueAt as number
const headDueAt = (lane: Lane) => dueAt(lane.work.first!)
const byDue = (a: StoredRow, b: StoredRow) => dueAt(a) - dueAt(b) || compareValues(a.id!, b.id!)
const byWaking = (a: Lane, b: Lane) =>
  a.wakesAt! - b.wakesAt! || compareValues(a.tenantId, b.tenantId) || compareValues(a.name, b.name)

export class Lanes {
  readonly columns = ['lane', 'dueAt', 'leaseUntil']
  readonly #lanes = new Map<string, Map<string, Lane>>()
  readonly #sleeping = new Sorted<Lane>(byWaking)
  /** Lanes that may have due work. The order of both maps is the order of turns. */
  readonly #awake = new Map<string, Map<string, Lane>>()

  add(row: StoredRow): void {
    if (row.dueAt === null) return
    const lane = this.#lane(row)
    lane.work.add(row)
    if (row.leaseUntil !== null) lane.leases.set(row.id as string, row.leaseUntil as number)
    this.#headChanged(lane)
  }

  remove(row: StoredRow): void {
    if (row.dueAt === null) return
    const lane = this.#lane(row)
    lane.work.remove(row)
    lane.leases.delete(row.id as string)
    if (lane.work.size === 0) this.#forget(lane)
    else this.#headChanged(lane)
  }

  nextDue(): number | null {
    let next = this.#sleeping.first?.wakesAt ?? Number.POSITIVE_INFINITY
    for (const lanes of this.#awake.values()) {
      for (const lane of lanes.values()) next = Math.min(next, headDueAt(lane))
    }
    return Number.isFinite(next) ? next : null
  }

  /** Chooses what to claim. The caller stores the leases, which comes back here as changed rows. */
  claim(request: ClaimRequest): StoredRow[] {
    this.#wake(request.now)
    const skipped = new Set(request.skipLanes)
    const idle: Lane[] = []
    const tenants = map(this.#awake.values(), (lanes) =>
      inTurns(map(lanes.values(), (lane) => this.#workOf(lane, request, skipped, idle))),
    )
    const taken = take(inTurns(tenants), request.limit)
    for (const { lane } of taken) this.#endTurn(lane)
    for (const lane of idle) this.#sleep(lane)
    return taken.map(({ row }) => row)
  }

  /** What a lane has room for. Lanes found with nothing due are noted in `idle`. */
  *#workOf(
    lane: Lane,
    request: ClaimRequest,
    skipped: ReadonlySet<string>,
    idle: Lane[],
  ): Generator<{ lane: Lane; row: StoredRow }> {
    if (headDueAt(lane) > request.now) idle.push(lane)
    if (skipped.has(lane.name)) return
    let room = request.perLane
    for (const leaseUntil of lane.leases.values()) if (leaseUntil > request.now) room--
    for (const row of lane.work.upFrom(() => true)) {
      if (room-- <= 0 || dueAt(row) > request.now) return
      yield { lane, row }
    }
  }

  /** To the end of both rings: everyone else comes first next time. */
  #endTurn(lane: Lane): void {
    const lanes = this.#awake.get(lane.tenantId)!
    lanes.delete(lane.name)
    lanes.set(lane.name, lane)
    this.#awake.delete(lane.tenantId)
    this.#awake.set(lane.tenantId, lanes)
  }

  /** Moves lanes that have become due to those awake. */
  #wake(now: number): void {
    for (let lane = this.#sleeping.first; lane && lane.wakesAt! <= now; lane = this.#sleeping.first) {
      this.#sleeping.remove(lane)
      lane.wakesAt = null
      const lanes = this.#awake.get(lane.tenantId) ?? new Map<string, Lane>()
      this.#awake.set(lane.tenantId, lanes.set(lane.name, lane))
    }
  }

  #lane(row: StoredRow): Lane {
    const tenantId = row.tenantId as string
    const name = row.lane as string
    const lanes = this.#lanes.get(tenantId) ?? new Map<string, Lane>()
    this.#lanes.set(tenantId, lanes)
    let lane = lanes.get(name)
    if (!lane) {
      lane = { tenantId, name, work: new Sorted(byDue), leases: new Map(), wakesAt: row.dueAt as number }
      lanes.set(name, lane)
      this.#sleeping.add(lane)
    }
    return lane
  }

  /** Keeps the order of the sleeping true. Lanes awake are looked at by the claim that meets them. */
  #headChanged(lane: Lane): void {
    if (lane.wakesAt !== null && headDueAt(lane) !== lane.wakesAt) this.#sleep(lane)
  }

  /** Lists a lane among the sleeping, under the instant its first work is due. */
  #sleep(lane: Lane): void {
    this.#leaveRing(lane)
    lane.wakesAt = headDueAt(lane)
    this.#sleeping.add(lane)
  }

  #forget(lane: Lane): void {
    this.#leaveRing(lane)
    const lanes = this.#lanes.get(lane.tenantId)!
    lanes.delete(lane.name)
    if (lanes.size === 0) this.#lanes.delete(lane.tenantId)
  }

  #leaveRing(lane: Lane): void {
    if (lane.wakesAt !== null) {
      this.#sleeping.remove(lane)
      return
    }
    const lanes = this.#awake.get(lane.tenantId)!
    lanes.delete(lane.name)
    if (lanes.size === 0) this.#awake.delete(lane.tenantId)
  }
}

function* map<From, To>(items: Iterable<From>, change: (item: From) => To): Generator<To> {
  for (const item of items) yield change(item)
}
