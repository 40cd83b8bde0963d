/** One claimed delivery, brought one attempt further. */
import type { RateLimit } from '../model.js'
import type { Outcome } from '../ports/storage.js'
import type { Row } from '../ports/tables.js'
import type { Context } from '../services/context.js'
import { type Attempted, attemptWrites, isOverload, makeAttempt } from '../services/deliveries/attempt.js'
import type { Outgoing } from '../services/deliveries/body.js'
import { nextAttemptAt, policyOf, type RetryPolicy } from '../services/deliveries/retry-policy.js'
import { watched } from '../services/hooks.js'
import { type EndingReason, endingReason } from '../services/subscriptions/life.js'
import type { HealthBook } from './health-book.js'
import type { LaneResult } from './lane.js'
import type { Lanes } from './lanes.js'
import type { Done } from './loop.js'
import type { SharedReads } from './shared-reads.js'
import type { Slot } from './slots.js'

export interface DeliverParts {
  context: Context
  lanes: Lanes
  health: HealthBook
  reads: SharedReads
}

type Delivery = Row<'deliveries'>
type DeliveryOutcome = Outcome<'deliveries'>

/** After so many claims that nobody settled, the work itself is what brings its workers down. */
const maxClaims = 10
/** A fault of our own is retried, without counting an attempt, for so long. */
const ownFaultPatienceMs = 72 * 60 * 60 * 1000
const ownFaultDelayMs = 60 * 1000

/** Makes the next attempt of a claimed delivery. Never rejects: a fault of our own is an outcome too. */
export async function deliver(
  parts: DeliverParts,
  delivery: Delivery,
  slot: Slot,
): Promise<Done<'deliveries'>> {
  const { context } = parts
  const { clock, logger } = context
  if (context.hooks.claim !== undefined) {
    const ageMs = Math.max(0, clock.now() - delivery.queuedAt)
    watched(context, (hooks) => hooks.claim?.({ ...eventOf(delivery), ageMs }))
  }
  if (delivery.claims > maxClaims) return ended(context, delivery, 'internal')
  try {
    const outgoing = await read(parts, delivery)
    return typeof outgoing === 'string'
      ? ended(context, delivery, outgoing)
      : await attempt(parts, outgoing, delivery, slot)
  } catch (error) {
    logger.error('a delivery could not be attempted: our own fault', { deliveryId: delivery.id, error })
    return ownFault(context, delivery)
  }
}

/** What the attempt is made of, or why there is none to make. */
async function read(
  { reads }: DeliverParts,
  delivery: Delivery,
): Promise<Outgoing | EndingReason | 'message_expired'> {
  const { tenantId } = delivery
  const [subscription, message, body] = await Promise.all([
    reads.get('subscriptions', tenantId, delivery.subscriptionId),
    reads.get('messages', tenantId, delivery.messageId),
    reads.get('messageBodies', tenantId, delivery.messageId),
  ])
  if (subscription === null) return 'webhook_deleted'
  if (!subscription.enabled && !delivery.manual) return endingReason(subscription)
  if (message === null || body === null) return 'message_expired'
  return { subscription, message, data: body.data, delivery }
}

async function attempt(
  parts: DeliverParts,
  outgoing: Outgoing,
  delivery: Delivery,
  slot: Slot,
): Promise<Done<'deliveries'>> {
  const { context, lanes } = parts
  const { clock } = context
  const { lane } = delivery
  const now = clock.now()
  const limit = limitOf(context, outgoing)
  const putOffTo = lanes.enter(lane, now, limit)
  if (putOffTo !== null) return putOff(delivery, putOffTo)

  let said: LaneResult = { kind: 'none' }
  try {
    const until = limit === null ? null : await fullUntil(context, lane, limit)
    if (until !== null) {
      said = { kind: 'full', until, enteredAt: now }
      return putOff(delivery, until)
    }
    slot.waits(clock.now(), () => lanes.late(lane))
    const attempted = await makeAttempt(context, outgoing)
    said = laneResult(attempted)
    return attempted.meaning === 'ours'
      ? ownFault(context, delivery)
      : judged(parts, outgoing, delivery, attempted)
  } finally {
    slot.waited()
    lanes.leave(lane, clock.now(), said)
  }
}

/** What an attempt means for the delivery, and for what is known of its receiver. */
function judged(
  { context, health }: DeliverParts,
  outgoing: Outgoing,
  delivery: Delivery,
  attempted: Attempted,
): Done<'deliveries'> {
  const now = context.clock.now()
  const outcome = outcomeOf(context, outgoing, delivery, attempted, now)
  return {
    outcome,
    applied: () => {
      tellSettled(context, delivery, outcome)
      health.note(delivery, attempted, now)
    },
  }
}

function outcomeOf(
  context: Context,
  { subscription }: Outgoing,
  delivery: Delivery,
  attempted: Attempted,
  now: number,
): DeliveryOutcome {
  const { meaning, status, retryAfterMs } = attempted
  const attemptCount = delivery.attemptCount + 1
  const counted = { attemptCount, httpStatusCode: status }
  const writes = attemptWrites(attempted)
  const end = (set: Partial<Delivery>): DeliveryOutcome => ({
    kind: 'end',
    set: { completedAt: now, ...counted, ...set },
    writes,
    ...held(delivery),
  })
  if (meaning === 'delivered') return end({ status: 'delivered' })
  if (meaning === 'gone') return end({ status: 'failed', failureReason: 'receiver_gone' })
  if (meaning === 'permanent') return end({ status: 'failed', failureReason: 'receiver_refused' })
  const failures = attemptCount - delivery.attemptsBefore
  const policy = retryPolicyOf(context, subscription)
  const dueAt = nextAttemptAt(policy, failures, now, Math.random(), retryAfterMs)
  if (dueAt === null) return end({ status: 'failed', failureReason: 'attempts_exhausted' })
  return { ...held(delivery), kind: 'retry', dueAt, set: counted, writes }
}

const retryPolicyOf = ({ delivery }: Context, { retryDelays }: Row<'subscriptions'>): RetryPolicy =>
  retryDelays === null ? delivery.retry : policyOf(retryDelays as Parameters<typeof policyOf>[0])

/** A subscription's own limit takes the place of its channel's. */
function limitOf({ channels }: Context, { subscription }: Outgoing): RateLimit | null {
  const minIntervalMs = channels.get(subscription.channel)?.minIntervalMs
  if (minIntervalMs === undefined || subscription.rateLimit !== null) return subscription.rateLimit
  return { points: 1, durationMs: minIntervalMs }
}

/** When all processes together may send again, or null: now. */
async function fullUntil(
  { sharedLimiter, clock }: Context,
  lane: string,
  limit: RateLimit,
): Promise<number | null> {
  const taken = await sharedLimiter.take(`delivery:${lane}`, limit)
  return taken === null || taken.allowed ? null : clock.now() + Math.max(1, taken.resetMs)
}

/** What an attempt says of its receiver as such: any answer but an overload or a fault of its own is a sign of life. */
function laneResult({ meaning, status, retryAfterMs, row }: Attempted): LaneResult {
  // An address we do not call: nobody was asked.
  if (meaning === 'ours' || row.errorClass === 'refused') return { kind: 'none' }
  if (isOverload(status)) return { kind: 'overloaded', down: status !== 429, retryAfterMs }
  if (meaning === 'delivered' || (status !== null && status < 500)) return { kind: 'alive' }
  return { kind: 'down' }
}

function ownFault(context: Context, delivery: Delivery): Done<'deliveries'> {
  const now = context.clock.now()
  if (now - delivery.queuedAt > ownFaultPatienceMs) return ended(context, delivery, 'internal')
  return putOff(delivery, now + ownFaultDelayMs)
}

/** Later, with no attempt counted. */
const putOff = (delivery: Delivery, dueAt: number): Done<'deliveries'> => ({
  outcome: { ...held(delivery), kind: 'defer', dueAt },
})

/** Ends a delivery without an attempt. */
function ended(context: Context, delivery: Delivery, failureReason: string): Done<'deliveries'> {
  const set = { status: 'failed', failureReason, completedAt: context.clock.now() }
  const outcome: DeliveryOutcome = { ...held(delivery), kind: 'end', set, writes: [] }
  return { outcome, applied: () => tellSettled(context, delivery, outcome) }
}

const held = ({ tenantId, id, fence }: Delivery) => ({ tenantId, id, fence })

const eventOf = ({ tenantId, id, subscriptionId, messageId, event }: Delivery) => ({
  ...{ tenantId, deliveryId: id, webhookId: subscriptionId, messageId, type: event },
})

function tellSettled(context: Context, delivery: Delivery, outcome: DeliveryOutcome): void {
  if (context.hooks.settle === undefined) return
  if (outcome.kind !== 'end' && outcome.kind !== 'retry') return
  const { status, failureReason } = { ...delivery, ...outcome.set }
  const nextAttemptAt = outcome.kind === 'retry' ? new Date(outcome.dueAt) : null
  const event = { ...eventOf(delivery), status: status as 'pending', failureReason, nextAttemptAt }
  watched(context, (hooks) => hooks.settle?.(event))
}
