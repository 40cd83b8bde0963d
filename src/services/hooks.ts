/** Where the host may watch a message on its way: published, claimed, attempted, settled. */
import type { AttemptErrorClass, DeliveryStatus } from '../model.js'
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
  /** From 1. */
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
  /** Whose fault a failure is: `ours` says nothing of the receiver. */
  errorClass: AttemptErrorClass | null
  /** As the attempt's log has it: mostly a code, `: ` and a sentence. */
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
  /**
   * Before a message is committed; a commit that has to be made anew is told again, under another id. The
   * `traceparent` it answers (W3C Trace Context) is kept with the message.
   */
  publish?(event: PublishEvent): { traceparent?: string } | undefined
  /** A worker has taken a delivery. */
  claim?(event: ClaimEvent): void
  /** Before an attempt is made, also one of a test; what fails for a reason of ours keeps its number. */
  attempt?(event: AttemptEvent): AttemptWatch | undefined
  /** What a worker made of a delivery is recorded: it will be tried again, or has ended. */
  settle?(event: SettleEvent): void
}

interface Watched {
  hooks: Hooks
  logger: Logger
}

/** Runs a hook; undefined if it throws. */
export function watched<T>({ hooks, logger }: Watched, call: (hooks: Hooks) => T): T | undefined {
  const threw = (error: unknown) => logger.error('a hook threw', { error })
  try {
    const answer = call(hooks)
    // An async function passes for one that answers nothing; unheard, its rejection would end the process.
    if (answer instanceof Promise) answer.catch(threw)
    return answer
  } catch (error) {
    threw(error)
    return undefined
  }
}

/** W3C Trace Context, Level 1, §3.2.2: version ff and ids of zeros alone are not valid. */
const traceparentGrammar = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/
const headerText = /^[\t\x20-\x7e]{1,8192}$/

/** The headers a hook may have sent, and what they may hold. Hosts in plain JavaScript answer anything. */
const passedOn = new Map([
  ['traceparent', traceparentGrammar],
  ['tracestate', headerText],
  ['baggage', headerText],
])

function isPassedOn(name: string, value: unknown): value is string {
  return typeof value === 'string' && passedOn.get(name)?.test(value) === true
}

/** The trace a message belongs to, as the host says; null if it does not, or not in the header's grammar. */
export function traced(
  context: Watched,
  { tenantId, messageId, type, deliveryIds }: PublishEvent,
): string | null {
  const event = { tenantId, messageId, type, deliveryIds }
  const traceparent = watched(context, (hooks) => hooks.publish?.(event))?.traceparent
  return isPassedOn('traceparent', traceparent) ? traceparent : null
}

/** Tells that an attempt begins. @returns the headers to send with it, and what to call at its end */
export function attemptBegins(
  context: Watched,
  event: () => AttemptEvent,
): { headers: Record<string, string>; end(result: AttemptEnd): void } {
  if (context.hooks.attempt === undefined) return unwatched
  const watch = watched(context, (hooks) => hooks.attempt?.(event()))
  const headers = Object.entries(watch?.headers ?? {})
    // In lower case, as a subscriber's own are kept: of one name there must not be two.
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name, value]) => isPassedOn(name, value))
  return {
    headers: Object.fromEntries(headers),
    end: (result) => void watched(context, () => watch?.end?.(result)),
  }
}

const unwatched = { headers: {}, end() {} }
