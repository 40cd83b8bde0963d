/** How long what is over is kept. */
import { z } from 'zod'

/** Null: for ever. Fractions are allowed. */
export interface RetentionOptions {
  /** Attempts, where they are to go earlier than their message. Default 30. */
  attemptsDays?: number | null
  /** Messages, with their deliveries and attempts; and jobs that have ended. Default 30. */
  messagesDays?: number | null
  /** For how long a repeated publish is recognised; no longer than messages are kept. Default 24. */
  idempotencyHours?: number | null
  /** Drift events that nobody has still to decide on. Default null. */
  eventsDays?: number | null
  /** Default 365. */
  auditDays?: number | null
}

/** Ages in milliseconds; null: for ever. */
export interface Retention {
  attemptsMs: number | null
  messagesMs: number | null
  idempotencyMs: number | null
  eventsMs: number | null
  auditMs: number | null
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

const age = (most: number) => z.number().positive().max(most).nullable()
const days = age(36_500)

export const retentionField = z
  .strictObject({
    attemptsDays: days.default(30),
    messagesDays: days.default(30),
    idempotencyHours: age(24 * 36_500).default(24),
    eventsDays: days.default(null),
    auditDays: days.default(365),
  })
  .refine(
    ({ idempotencyHours, messagesDays }) =>
      (idempotencyHours ?? Number.POSITIVE_INFINITY) <= 24 * (messagesDays ?? Number.POSITIVE_INFINITY),
    {
      path: ['idempotencyHours'],
      message: 'is longer than messagesDays: a repeated publish answers the message, which must be there',
    },
  )
  .prefault({})

const times = (count: number | null, unitMs: number) => (count === null ? null : Math.ceil(count * unitMs))

export const retentionOf = (options: z.output<typeof retentionField>): Retention => ({
  attemptsMs: times(options.attemptsDays, dayMs),
  messagesMs: times(options.messagesDays, dayMs),
  idempotencyMs: times(options.idempotencyHours, hourMs),
  eventsMs: times(options.eventsDays, dayMs),
  auditMs: times(options.auditDays, dayMs),
})
