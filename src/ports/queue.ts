/**
 * The queue port wakes someone; it never knows what must happen. The store does. A wake-up may be lost,
 * late, repeated or out of order, and costs latency at worst: the runner's sweep finds what is due.
 */

import type { HostTransaction } from './host-transaction.js'

export interface WakeUp {
  /** Which attempt of which piece of work: unique per attempt, so that an engine may drop repetitions. */
  id: string
  /** Not before this instant (milliseconds since 1970). Absent: now. */
  runAt?: number
}

export interface ConsumeOptions {
  /** How many handlers may run at once. */
  concurrency: number
  /** Aborted: stop taking wake-ups; `consume` resolves when its running handlers have ended. */
  signal: AbortSignal
}

export interface Queue {
  /** Connects. Idempotent. */
  open(): Promise<void>
  /** Closes what `open` opened. Idempotent. */
  close(): Promise<void>
  /** Hands wake-ups over. Resolving promises nothing; rejecting harms nothing. */
  enqueue(wakeUps: readonly WakeUp[]): Promise<void>
  /** Calls `handler` with each wake-up that is due, until `signal` aborts. A throwing handler is not retried. */
  consume(handler: (id: string) => Promise<void>, options: ConsumeOptions): Promise<void>
  /** How many wake-ups wait, as far as the engine knows. */
  stats(): Promise<{ waiting: number }>
  /**
   * The queue inside the host's own transaction: its wake-ups come with the COMMIT, and never if that does not
   * come. A call that rejects leaves the transaction as usable as before. For engines that live in the database.
   */
  bind?(host: HostTransaction): Pick<Queue, 'enqueue'>
}
