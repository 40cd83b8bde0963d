/** What happened in a run, put together from what everybody wrote down. */
import { forgets } from './combinations.js'
import { lastPoint } from './journal.js'

/**
 * @typedef {import('./evidence.js').Evidence} Evidence
 * @typedef {Evidence['records']['deliveries'][number]} Delivery
 * @typedef {Evidence['records']['attempts'][number]} Attempt
 * @typedef {import('./store.js').Webhook} Webhook
 *
 * @typedef {object} Story
 * @property {Set<string>} messages the ids of those stored
 * @property {(tenant: string) => Webhook[]} webhooksOf
 * @property {Map<string, Delivery[]>} deliveriesOf by message
 * @property {(messageId: string, webhookId: string) => Delivery | undefined} deliveryOf
 * @property {Map<string, Attempt[]>} attemptsOf by delivery
 * @property {Map<string, import('./receiving.js').Arrival[]>} accepted by delivery
 * @property {Map<number, Set<string>>} messagesByKey ids by the number of what was published
 * @property {string[]} claimFaults
 * @property {string[]} unexplained
 * @property {import('./verdict.js').Figures} figures
 */

/**
 * @param {Evidence} evidence
 * @returns {Story}
 */
export function retell(evidence) {
  const { records, arrivals, webhooks, lives } = evidence
  const deliveriesOf = grouped(records.deliveries, ({ messageId }) => messageId)
  const byReceiver = new Map(
    records.deliveries.map((delivery) => [`${delivery.messageId} ${delivery.subscriptionId}`, delivery]),
  )
  const webhooksOfTenant = grouped(webhooks, ({ tenant }) => String(tenant))
  const accepted = grouped(
    arrivals.filter((arrival) => arrival.accepted),
    ({ deliveryId }) => deliveryId,
  )
  /** @type {Story['messagesByKey']} */
  const messagesByKey = new Map()
  for (const { data, messageId } of arrivals) {
    const ids = messagesByKey.get(data.n) ?? new Set()
    messagesByKey.set(data.n, ids.add(messageId))
  }
  const deaths = lives.filter(({ life }) => life.death?.killed === true)
  const work = workOf(evidence)
  return {
    ...{ deliveriesOf, accepted, messagesByKey },
    messages: new Set(records.messages.map(({ id }) => id)),
    webhooksOf: (tenant) => webhooksOfTenant.get(tenant) ?? [],
    deliveryOf: (messageId, webhookId) => byReceiver.get(`${messageId} ${webhookId}`),
    attemptsOf: grouped(records.attempts, ({ deliveryId }) => deliveryId),
    claimFaults: claimFaults(evidence, work),
    unexplained: unexplained(evidence, work),
    figures: {
      deliveries: records.deliveries.length,
      arrivals: arrivals.length,
      kills: deaths.length,
      points: counted(deaths.map(({ entries }) => lastPoint(entries) ?? 'anywhere')),
      droppedWakeUps: lives.flatMap(({ entries }) => entries.filter(({ what }) => what === 'dropped')).length,
      lost: lostOf(evidence, byReceiver, accepted, webhooksOfTenant),
      duplicates: [...accepted.values()].reduce((sum, { length }) => sum + length - 1, 0),
    },
  }
}

/**
 * @param {Evidence} evidence
 * @param {Map<string, Delivery>} byReceiver
 * @param {Map<string, unknown[]>} accepted
 * @param {Map<string, Webhook[]>} webhooksOfTenant
 */
function lostOf({ published }, byReceiver, accepted, webhooksOfTenant) {
  const wanted = published.flatMap(({ message, id }) =>
    (webhooksOfTenant.get(message.tenant) ?? []).map((webhook) => byReceiver.get(`${id} ${webhook.id}`)),
  )
  return wanted.filter((delivery) => delivery === undefined || !accepted.has(delivery.id)).length
}

/**
 * @typedef {object} Claim one claim of a piece of work, and what its process made of it
 * @property {string} id
 * @property {number} fence
 * @property {number} now by the clock of its process
 * @property {number} at by the machine's
 * @property {number} leaseUntil
 * @property {string} process
 * @property {number | null} diedAt
 * @property {{ kind: string, result: string }[]} settles
 *
 * @typedef {{ claims: Claim[], attempts: Map<string, { claim: Claim | undefined, end: boolean | null }> }} Work
 */

/** @param {Evidence} evidence @returns {Work} */
function workOf({ lives }) {
  /** @type {Claim[]} */
  const claims = []
  /** @type {Work['attempts']} */
  const attempts = new Map()
  for (const { life, entries } of lives) {
    /** @type {Map<string, Claim>} */
    const own = new Map()
    for (const entry of entries) {
      if (entry.what === 'claim') {
        const { id, fence, now, at, leaseUntil } = entry
        const diedAt = life.death?.killed === true ? life.death.at : null
        /** @type {Claim} */
        const claim = { id, fence, now, at, leaseUntil, process: life.name, diedAt, settles: [] }
        own.set(`${id} ${fence}`, claim)
        claims.push(claim)
      } else if (entry.what === 'settle') {
        own.get(`${entry.id} ${entry.fence}`)?.settles.push({ kind: entry.kind, result: entry.result })
      } else if (entry.what === 'attempt') {
        attempts.set(entry.token, { claim: own.get(`${entry.id} ${entry.fence}`), end: null })
      } else if (entry.what === 'end') {
        const attempt = attempts.get(entry.token)
        if (attempt !== undefined) attempt.end = entry.succeeded
      }
    }
  }
  return { claims, attempts }
}

const isEnd = (/** @type {Claim} */ { settles }) =>
  settles.some(({ kind, result }) => kind === 'end' && result === 'applied')

/**
 * Instants are as their processes gave them, so a lease is a lease whatever their clocks show.
 * @param {Evidence} evidence @param {Work} work
 */
function claimFaults({ plan, deaths }, { claims }) {
  const mayForget = forgets(plan.combination, deaths)
  const faults = []
  for (const [id, ofOne] of grouped(claims, (claim) => claim.id)) {
    const byFence = [...grouped(ofOne, ({ fence }) => String(fence)).values()]
    const inOrder = byFence
      .map((same) => same.sort((a, b) => a.at - b.at))
      .sort(([a], [b]) => (a?.fence ?? 0) - (b?.fence ?? 0))
    for (const [n, same] of inOrder.entries()) {
      const last = same.at(-1)
      const [next] = inOrder[n + 1] ?? []
      if (same.slice(0, -1).some(({ at }) => !mayForget(at)))
        faults.push(`${id}: ${same.map(({ process }) => process)} under one fence`)
      if (last === undefined || next === undefined) continue
      const who = `${id}: ${last.process}, then ${next.process}`
      if (same.some(isEnd)) faults.push(`${who}, after its end was recorded`)
      else if (
        same.every((claim) => isHeld(claim, next)) &&
        next.now < last.leaseUntil &&
        !mayForget(last.at)
      )
        faults.push(`${who}, ${last.leaseUntil - next.now} ms before the lease ended`)
    }
  }
  return faults
}

/** A death is noticed later than it happens, on a busy machine above all. */
const noticedMs = 1_000

/**
 * Whether its process was alive and had not given it back when the next one claimed. Of one that died, nobody knows
 * what it still wrote; one whose settling failed may have settled.
 * @param {Claim} claim @param {Claim} next
 */
const isHeld = ({ diedAt, settles }, next) =>
  (diedAt === null || diedAt > next.at + noticedMs) &&
  settles.every(({ result }) => result === 'lost' || result === 'conflict')

/**
 * Of all requests of a delivery that its receiver accepted, one is on record. The others need a reason.
 * @param {Evidence} evidence @param {Work} work
 */
function unexplained({ arrivals }, { attempts }) {
  const accepted = arrivals.filter((arrival) => arrival.accepted)
  const faults = []
  for (const [id, ofOne] of grouped(accepted, ({ deliveryId }) => deliveryId)) {
    if (ofOne.length === 1) continue
    const without = ofOne.filter(({ token }) => {
      const { claim, end } = attempts.get(token) ?? {}
      if (claim === undefined) return true
      if (isEnd(claim)) return false
      const died = claim.diedAt !== null
      // `end`: whether the sender had the answer.
      return !(died || end === false || claim.settles.some(({ result }) => result !== 'applied'))
    })
    const ends = ofOne.filter(({ token }) => {
      const claim = attempts.get(token)?.claim
      return claim !== undefined && isEnd(claim)
    })
    if (without.length > 0) faults.push(`${id}: ${without.map(({ token }) => token)} for no reason`)
    if (ends.length > 1) faults.push(`${id} was recorded as delivered ${ends.length} times`)
  }
  return faults
}

/**
 * @template Item
 * @param {readonly Item[]} items
 * @param {(item: Item) => string} keyOf
 */
function grouped(items, keyOf) {
  /** @type {Map<string, Item[]>} */
  const groups = new Map()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

/** @param {readonly string[]} names */
function counted(names) {
  /** @type {Record<string, number>} */
  const counts = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
