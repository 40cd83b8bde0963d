/** One claimed delivery, brought one attempt further. */
import type { Outcome, Write } from '../ports/storage.js'
import type { Row } from '../ports/tables.js'
import type { OutboundResult } from '../ports/transport.js'
import type { Context } from '../services/context.js'
import { newId } from '../services/ids.js'
import { nextAttemptAt, type RetryPolicy } from '../services/retry-policy.js'
import { destinationOf } from '../services/subscriptions.js'
import { signStandard } from '../signing/index.js'
import { envelope } from './envelope.js'

export interface DeliverOptions {
  retry: RetryPolicy
  timeoutMs: number
}

interface DeliverParts extends DeliverOptions {
  context: Context
}

type Delivery = Row<'deliveries'>
type DeliveryOutcome = Outcome<'deliveries'>

/** After so many claims that nobody settled, the work itself is what brings its workers down. */
const maxClaims = 10
/** A fault of our own is retried, without counting an attempt, for so long. */
const ownFaultPatienceMs = 72 * 60 * 60 * 1000
const ownFaultDelayMs = 60 * 1000

/** Makes the next attempt of a claimed delivery. Never rejects: a fault of our own is an outcome too. */
export async function deliver(parts: DeliverParts, delivery: Delivery): Promise<DeliveryOutcome> {
  const { clock, logger } = parts.context
  if (delivery.claims > maxClaims) return fail(delivery, 'internal', clock.now())
  try {
    return await attempt(parts, delivery)
  } catch (error) {
    logger.error('a delivery could not be attempted: our own fault', { deliveryId: delivery.id, error })
    const now = clock.now()
    if (now - delivery.createdAt > ownFaultPatienceMs) return fail(delivery, 'internal', now)
    return { ...held(delivery), kind: 'defer', dueAt: now + ownFaultDelayMs }
  }
}

async function attempt(parts: DeliverParts, delivery: Delivery): Promise<DeliveryOutcome> {
  const { storage, transport, clock } = parts.context
  const { tenantId } = delivery
  const [subscription, message, body] = await Promise.all([
    storage.get('subscriptions', tenantId, delivery.subscriptionId),
    storage.get('messages', tenantId, delivery.messageId),
    storage.get('messageBodies', tenantId, delivery.messageId),
  ])
  if (subscription === null) return fail(delivery, 'webhook_deleted', clock.now())
  if (!subscription.enabled) return fail(delivery, 'webhook_disabled', clock.now())
  if (message === null || body === null) return fail(delivery, 'message_expired', clock.now())

  const destination = destinationOf(parts.context, subscription)
  const bytes = envelope(delivery, message, body.data)
  const startedAt = clock.now()
  const timestamp = Math.floor(startedAt / 1000)
  const headers = {
    ...destination.headers,
    'content-type': 'application/json',
    ...signStandard({ id: message.id, timestamp, body: bytes, secrets: destination.secrets }),
  }
  const result = await transport.send({
    url: destination.url,
    headers,
    body: bytes,
    timeoutMs: parts.timeoutMs,
  })
  const shown = { url: subscription.urlShown, headers: shownHeaders(headers, destination.headers) }
  return judge(parts, delivery, result, attemptWrites(delivery, result, startedAt, shown))
}

/** What a result means for the delivery. */
function judge(
  parts: DeliverParts,
  delivery: Delivery,
  result: OutboundResult,
  writes: Write[],
): DeliveryOutcome {
  const now = parts.context.clock.now()
  const attemptCount = delivery.attemptCount + 1
  const counted = { attemptCount, httpStatusCode: result.status }
  if (isSuccess(result)) {
    const set = { ...counted, status: 'delivered', completedAt: now }
    return {
      ...held(delivery),
      kind: 'end',
      set,
      writes: [...writes, healthWrite(delivery, 'delivered', now)],
    }
  }
  const failed = [...writes, healthWrite(delivery, 'failed', now)]
  // RFC 9110 §15.5.11: the receiver is gone and says so; Standard Webhooks asks to stop calling it.
  if (result.status === 410) {
    const set = { ...counted, status: 'failed', failureReason: 'receiver_gone', completedAt: now }
    return { ...held(delivery), kind: 'end', set, writes: [...failed, disableWrite(delivery, now)] }
  }
  const dueAt = nextAttemptAt(parts.retry, attemptCount, now, Math.random())
  if (dueAt !== null) return { ...held(delivery), kind: 'retry', dueAt, set: counted, writes: failed }
  const set = { ...counted, status: 'failed', failureReason: 'attempts_exhausted', completedAt: now }
  return { ...held(delivery), kind: 'end', set, writes: failed }
}

const held = ({ tenantId, id, fence }: Delivery) => ({ tenantId, id, fence })

const isSuccess = ({ status, failure }: OutboundResult) =>
  failure === null && status !== null && status >= 200 && status < 300

/** Ends a delivery without an attempt. */
const fail = (delivery: Delivery, failureReason: string, now: number): DeliveryOutcome => ({
  ...held(delivery),
  kind: 'end',
  set: { status: 'failed', failureReason, completedAt: now },
  writes: [],
})

function attemptWrites(
  delivery: Delivery,
  result: OutboundResult,
  startedAt: number,
  shown: { url: string; headers: Record<string, string> },
): Write[] {
  const { tenantId } = delivery
  const id = newId('att', startedAt)
  const row: Row<'attempts'> = {
    tenantId,
    id,
    deliveryId: delivery.id,
    subscriptionId: delivery.subscriptionId,
    number: delivery.attemptCount + 1,
    startedAt,
    durationMs: Math.round(result.timings.total),
    succeeded: isSuccess(result),
    responseStatus: result.status,
    errorClass: result.failure?.class ?? (isSuccess(result) ? null : 'receiver'),
    error: result.failure === null ? null : `${result.failure.code}: ${result.failure.message}`,
  }
  const details: Row<'attemptDetails'> = {
    tenantId,
    id,
    url: shown.url,
    timings: { ...result.timings },
    requestHeaders: shown.headers,
    responseHeaders: result.headers,
    responseBody: result.body,
  }
  return [
    { op: 'insert', table: 'attempts', row },
    { op: 'insert', table: 'attemptDetails', row: details },
  ]
}

/** The headers as the log may keep them: no signature, no value the subscriber gave. */
function shownHeaders(sent: Record<string, string>, secret: Record<string, string>): Record<string, string> {
  const masked = (name: string) => name === 'webhook-signature' || name in secret
  return Object.fromEntries(Object.entries(sent).map(([name, value]) => [name, masked(name) ? '***' : value]))
}

const healthWrite = (delivery: Delivery, status: 'delivered' | 'failed', now: number): Write => ({
  op: 'update',
  table: 'subscriptionHealth',
  tenantId: delivery.tenantId,
  id: delivery.subscriptionId,
  set: { lastDeliveryStatus: status, lastDeliveryAt: now },
  optional: true,
})

const disableWrite = (delivery: Delivery, now: number): Write => ({
  op: 'update',
  table: 'subscriptions',
  tenantId: delivery.tenantId,
  id: delivery.subscriptionId,
  set: { enabled: false, disabledReason: 'receiver_gone', updatedAt: now },
  optional: true,
})
