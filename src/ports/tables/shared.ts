/** The columns that several tables have. */
import { instant, integer, nullable, text } from '../columns.js'

/** Every table's primary key. */
export const key = { tenantId: text, id: text }

/**
 * What makes a row work: something to be done by exactly one worker at a time.
 * `dueAt` is when it may next be claimed (null: finished). Claiming moves it to the end of the lease, so
 * that one index finds new work, retries and the work of dead workers alike.
 */
export const work = {
  lane: text,
  dueAt: nullable(instant),
  leaseUntil: nullable(instant),
  fence: integer,
  claims: integer,
}
