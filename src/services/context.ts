/** What every service is given: the ports, the settings, and nothing that is a service itself. */

import type { SignatureHeaders, SignatureScheme } from '../model.js'
import type { Analyzer } from '../ports/analyzer.js'
import type { Clock } from '../ports/clock.js'
import type { Queue } from '../ports/queue.js'
import type { Storage, TransactionStorage } from '../ports/storage.js'
import type { Transport } from '../ports/transport.js'
import type { Catalogue } from './catalogue.js'
import type { Channel } from './channels/channel.js'
import type { RetryPolicy } from './deliveries/retry-policy.js'
import type { Hooks } from './hooks.js'
import type { Retention } from './retention.js'
import type { SecretBox } from './secret-box.js'
import type { SharedLimiter } from './shared-limiter.js'
import type { Matcher } from './subscriptions/matcher.js'
import type { UploadSettings } from './uploads/settings.js'

export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

/** How many of a thing one tenant may have. */
export interface Limits {
  contracts: number
  monitors: number
  subscriptions: number
  /** Bytes of one message's `data`. */
  messageBytes: number
}

/** How long and how often a receiver must have failed, with no success between, for something to be done. */
export interface Patience {
  afterMs: number
  failures: number
}

/** How deliveries are made. */
export interface DeliverySettings {
  /** One deadline over a whole attempt, in milliseconds. */
  timeoutMs: number
  /** The schedule of subscriptions without one of their own. */
  retry: RetryPolicy
  /** How a new subscription is signed unless it says otherwise. */
  signature: SignatureScheme
  /** Header names the host chose, by scheme. */
  signatureHeaders: Partial<Record<SignatureScheme, SignatureHeaders>>
  /** When `subscription.failing` is published. */
  failing: Patience
  /** When a failing subscription is disabled; null: never. */
  disable: Patience | null
}

export interface Context {
  storage: Storage
  /** Counts for all processes, where the storage can. */
  sharedLimiter: SharedLimiter
  queue: Queue
  analyzer: Analyzer
  transport: Transport
  clock: Clock
  secrets: SecretBox
  logger: Logger
  limits: Limits
  retention: Retention
  /** The built-in event types and the host's own. */
  eventTypes: Catalogue
  matcher: Matcher
  /** Every channel but `webhook`, by name. */
  channels: ReadonlyMap<string, Channel>
  delivery: DeliverySettings
  hooks: Hooks
  /** A receiver is another one now, or said to be well: drops what this process holds against it. */
  receiverChanged(subscriptionId: string): void
  /** Where the routers are reached from outside, without a trailing slash; null if the host did not say. */
  urls: { upload: string | null; api: string | null }
  upload: UploadSettings
}

/** What publishing takes: with storage, queue and matcher bound to it, it happens inside the host's transaction. */
export interface PublishContext
  extends Pick<Context, 'clock' | 'logger' | 'limits' | 'eventTypes' | 'hooks' | 'retention'> {
  storage: TransactionStorage
  queue: Pick<Queue, 'enqueue'>
  matcher: Pick<Matcher, 'listeners'>
}
