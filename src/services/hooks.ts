/** Where the host may watch a message on its way: published, claimed, attempted, settled. */
import type { DeliveryStatus } from '../model.js'
import type { Logger } from './context.js'

export interface PublishEvent {
  tenantId: string
  messageId: string
  type: string
  deliveryIds: readonly string[]
}

/** Which delivery an event is about. */
export interface DeliveryEvent {
  tenantId: string
  deliveryId: string
  webhookId: string
  messageId: string
  type: string
}

export interface ClaimEvent extends DeliveryEvent {
  /** How long ago it was published, or asked for again, in milliseconds. */
  ageMs: number
}

export interface AttemptEvent extends DeliveryEvent {
  number: number
  /** As it may be shown: credentials masked. */
  url: string
  /** What the `publish` hook answered for the message. */
  traceparent: string | null
}

export interface AttemptEnd {
  succeeded: boolean
  /** The receiver's HTTP status, or null. */
  status: number | null
  durationMs: number
  error: string | null
}

/** What an `attempt` hook may answer. */
export interface AttemptWatch {
  /** Sent with the request: `traceparent`, `tracestate`, `baggage`; others are left out. */
  headers?: Record<string, string>
  end?(result: AttemptEnd): void
}

export interface SettleEvent extends DeliveryEvent {
  status: DeliveryStatus
  failureReason: string | null
  nextAttemptAt: Date | null
}

/**
 * Called on the way of every message. They watch: what one throws is logged and changes nothing.
 * All are synchronous, so that a slow exporter never holds a delivery up.
 */
export interface Hooks {
  /** Before a message is committed. The `traceparent` it answers (W3C Trace Context) is kept with the message. */
  publish?(event: PublishEvent): { traceparent?: string } | undefined
  /** A worker has taken a delivery. */
  claim?(event: ClaimEvent): void
  /** Before an attempt is made. */
  attempt?(event: AttemptEvent): AttemptWatch | undefined
  /** The outcome of an attempt is recorded. */
  settle?(event: SettleEvent): void
}

interface Watched {
  hooks: Hooks
  logger: Logger
}

/** Runs a hook; undefined if it throws. */
export function watched<T>({ hooks, logger }: Watched, call: (hooks: Hooks) => T): T | undefined {
  try {
    return call(hooks)
  } catch (error) {
    logger.error('a hook threw', { error })
    return undefined
  }
}

/** W3C Trace Context, Level 1, §3.2. */
const traceparentGrammar = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** The trace a message belongs to, as the host says. */
export function traced(context: Watched, event: PublishEvent): string | null {
  const traceparent = watched(context, (hooks) => hooks.publish?.(event))?.traceparent
  return traceparent !== undefined && traceparentGrammar.test(traceparent) ? traceparent : null
}

const passedOn = new Set(['traceparent', 'tracestate', 'baggage'])

/** Tells that an attempt begins. @returns the headers to send with it, and what to call at its end */
export function attemptBegins(
  context: Watched,
  event: () => AttemptEvent,
): { headers: Record<string, string>; end(result: AttemptEnd): void } {
  if (context.hooks.attempt === undefined) return unwatched
  const watch = watched(context, (hooks) => hooks.attempt?.(event()))
  const headers = Object.entries(watch?.headers ?? {}).filter(
    ([name, value]) => passedOn.has(name.toLowerCase()) && /^[\t\x20-\x7e]{1,8192}$/.test(value),
  )
  return {
    headers: Object.fromEntries(headers),
    end: (result) => void watched(context, () => watch?.end?.(result)),
  }
}

const unwatched = { headers: {}, end() {} }
