/** What every service is given: the ports, the settings, and nothing that is a service itself. */
import type { Analyzer } from '../ports/analyzer.js'
import type { Clock } from '../ports/clock.js'
import type { Queue } from '../ports/queue.js'
import type { Storage } from '../ports/storage.js'
import type { Transport } from '../ports/transport.js'
import type { Catalogue } from './catalogue.js'
import type { SecretBox } from './secret-box.js'

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

export interface Context {
  storage: Storage
  queue: Queue
  analyzer: Analyzer
  transport: Transport
  clock: Clock
  secrets: SecretBox
  logger: Logger
  limits: Limits
  /** The built-in event types and the host's own. */
  eventTypes: Catalogue
  /** Where the routers are reached from outside, without a trailing slash; null if the host did not say. */
  urls: { upload: string | null; api: string | null }
  upload: { maxBytes: number; rateLimit: { points: number; durationMs: number } }
}
