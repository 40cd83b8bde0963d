/** One attempt at a delivery: composed, signed, sent, and what came of it. */
import type { AttemptErrorClass, SignatureScheme } from '../../model.js'
import type { Write } from '../../ports/storage.js'
import type { Row } from '../../ports/tables.js'
import type { OutboundResult } from '../../ports/transport.js'
import { sign, signatureHeaders } from '../../signing/index.js'
import type { Channel, SendVerdict } from '../channels/channel.js'
import type { Context } from '../context.js'
import { attemptBegins } from '../hooks.js'
import { newId } from '../ids.js'
import { type Destination, destinationOf, signatureHeadersOf } from '../subscriptions/destination.js'
import { bodyOf, channelMessage, type Outgoing } from './body.js'
import { underDeadline } from './host-channel.js'
import { parseRetryAfter } from './retry-after.js'

/**
 * `delivered`; `retry`: the receiver or the network failed; `permanent`: trying again is in vain; `gone`: the
 * receiver wants no more (410); `ours`: nothing that could be held against the receiver.
 */
export type Meaning = 'delivered' | 'retry' | 'permanent' | 'gone' | 'ours'

export interface Attempted {
  meaning: Meaning
  /** The receiver's HTTP status, or null. */
  status: number | null
  /** How long the receiver asks us to stay away, in milliseconds; null if it does not. */
  retryAfterMs: number | null
  row: Row<'attempts'>
  details: Row<'attemptDetails'>
}

interface Sent {
  result: OutboundResult
  /** The request's headers as the log may keep them. */
  headers: Record<string, string>
  /** What the channel made of it; null: judged as any webhook. */
  verdict: SendVerdict | null
}

/** The statuses that say "not now" (RFC 6585 §4, RFC 9110 §15.6.3–5), with which `Retry-After` is heard. */
const overloadStatuses: readonly (number | null)[] = [429, 502, 503, 504]

export const isOverload = (status: number | null): boolean => overloadStatuses.includes(status)

/** Makes the next attempt. Never rejects: a fault of our own is an outcome too, and goes to the log. */
export async function makeAttempt(context: Context, outgoing: Outgoing): Promise<Attempted> {
  const { clock, logger } = context
  const { subscription, message, delivery } = outgoing
  const startedAt = clock.now()
  const number = delivery.attemptCount + 1
  const watch = attemptBegins(context, () => ({
    tenantId: delivery.tenantId,
    deliveryId: delivery.id,
    webhookId: subscription.id,
    messageId: message.id,
    type: message.type,
    number,
    url: subscription.urlShown,
    traceparent: message.traceparent,
  }))

  const sent = await sendOut(context, outgoing, { startedAt, trace: watch.headers }).catch(
    (error: unknown) => {
      logger.error('a delivery could not be attempted: our own fault', { deliveryId: delivery.id, error })
      return ownFault
    },
  )

  const { row, details } = records(outgoing, sent, { id: newId('att', startedAt), number, startedAt })
  const { status } = sent.result
  const retryAfterMs = retryAfterOf(sent, clock.now())
  const { succeeded, durationMs, error } = row
  watch.end({ succeeded, status, durationMs, errorClass: errorClassOf(sent), error })
  return { meaning: meaningOf(sent), status, retryAfterMs, row, details }
}

/** @throws whatever fails before anything is sent: a secret that cannot be read, a renderer that throws */
async function sendOut(
  context: Context,
  outgoing: Outgoing,
  begun: { startedAt: number; trace: Record<string, string> },
): Promise<Sent> {
  const { subscription } = outgoing
  const destination = destinationOf(context.secrets, subscription, begun.startedAt)
  const channel = context.channels.get(subscription.channel) ?? null
  if (channel === null && subscription.channel !== 'webhook')
    throw new Error(`no channel ${subscription.channel}`)
  return channel?.send === undefined
    ? await post(context, channel, outgoing, destination, begun)
    : await handOver(context, channel, outgoing, destination)
}

const ownFault: Sent = {
  result: {
    ...{ status: null, headers: {}, body: null, timings: { total: 0 } },
    failure: {
      class: 'ours',
      code: 'internal',
      message: 'Nothing was sent: our own fault, which our log names.',
    },
  },
  headers: {},
  verdict: null,
}

/** The writes that log an attempt. */
export const attemptWrites = ({ row, details }: Attempted): Write[] => [
  { op: 'insert', table: 'attempts', row },
  { op: 'insert', table: 'attemptDetails', row: details },
]

async function post(
  context: Context,
  channel: Channel | null,
  outgoing: Outgoing,
  { url, headers: own, secrets }: Destination,
  { startedAt, trace }: { startedAt: number; trace: Record<string, string> },
): Promise<Sent> {
  const { subscription, message } = outgoing
  const { contentType, body } = await bodyOf(context, channel, outgoing)
  const scheme = subscription.signature as SignatureScheme
  const names = signatureHeaders(scheme, signatureHeadersOf(context, subscription))
  const signed = sign({
    scheme,
    id: message.id,
    timestamp: Math.floor(startedAt / 1000),
    body,
    secrets,
    headers: names,
  })
  const headers = { 'content-type': contentType, ...own, ...trace, ...signed }
  const { timeoutMs } = context.delivery
  const result = await context.transport.send({ url, headers, body, timeoutMs })
  const { status, body: answer } = result
  const verdict =
    channel?.judge === undefined || status === null
      ? null
      : channel.judge({ status, body: answer ?? new Uint8Array(), headers: result.headers })
  // Neither a signature nor a value the subscriber gave is written down.
  return { result, headers: shownHeaders(headers, [...Object.keys(own), names.signature ?? '']), verdict }
}

async function handOver(
  { delivery: { timeoutMs } }: Context,
  channel: Channel,
  outgoing: Outgoing,
  { url, secrets }: Destination,
): Promise<Sent> {
  const message = channelMessage(outgoing)
  const send = async (signal: AbortSignal) => channel.send?.(message, { target: url, secrets, signal })
  return { ...(await underDeadline(send, timeoutMs)), headers: {} }
}

function meaningOf({ result: { status, failure }, verdict }: Sent): Meaning {
  if (failure !== null) return failure.class === 'ours' ? 'ours' : 'retry'
  if (verdict !== null) {
    if (verdict.status === 'delivered') return 'delivered'
    return verdict.permanent === true ? 'permanent' : 'retry'
  }
  // RFC 9110 §15.5.11: the receiver is gone and says so; Standard Webhooks asks to stop calling it.
  if (status === 410) return 'gone'
  return status !== null && status >= 200 && status < 300 ? 'delivered' : 'retry'
}

function retryAfterOf({ result: { status, headers }, verdict }: Sent, now: number): number | null {
  if (verdict?.status === 'failed' && verdict.retryAfterSeconds !== undefined)
    return verdict.retryAfterSeconds * 1000
  return isOverload(status) ? parseRetryAfter(headers['retry-after'], now) : null
}

function errorOf({ result: { failure }, verdict }: Sent): string | null {
  if (failure !== null) return `${failure.code}: ${failure.message}`
  return verdict?.status === 'failed' ? verdict.message : null
}

function errorClassOf(sent: Sent): AttemptErrorClass | null {
  if (sent.result.failure !== null) return sent.result.failure.class
  return meaningOf(sent) === 'delivered' ? null : 'receiver'
}

function records(
  { subscription, delivery: { tenantId, id: deliveryId, manual } }: Outgoing,
  sent: Sent,
  { id, number, startedAt }: { id: string; number: number; startedAt: number },
): Pick<Attempted, 'row' | 'details'> {
  const { status, timings, headers, body } = sent.result
  return {
    row: {
      tenantId,
      id,
      deliveryId,
      subscriptionId: subscription.id,
      number,
      manual,
      startedAt,
      durationMs: Math.round(timings.total),
      succeeded: meaningOf(sent) === 'delivered',
      responseStatus: status,
      errorClass: errorClassOf(sent),
      error: errorOf(sent),
    },
    details: {
      tenantId,
      id,
      url: subscription.urlShown,
      timings: { ...timings },
      requestHeaders: sent.headers,
      responseHeaders: headers,
      responseBody: body,
    },
  }
}

const shownHeaders = (sent: Record<string, string>, secret: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(sent).map(([name, value]) => [name, secret.includes(name) ? '***' : value]),
  )
