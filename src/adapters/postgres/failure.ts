/** What PostgreSQL's errors mean. Its own texts hold stored values, so none is passed on. */
import { DrifthookError } from '../../errors.js'
import { isPreconditionFailed } from '../../ports/storage.js'

/** A batch took a key that is taken, or did not meet its records. Nothing of it was written. */
export class Refusal extends Error {}

const sqlState = (error: unknown): string | null => {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown }
  return typeof code === 'string' && severity !== undefined ? code : null
}

const uniqueViolation = '23505'
/** How a batch says that it did not meet its records. */
const divisionByZero = '22012'

/** Serialisation failures and deadlocks: the loser of a race, who may simply run again. */
export const isRaceLost = (error: unknown): boolean => ['40001', '40P01'].includes(sqlState(error) ?? '')

/** Whether an error is one of those that statements of ours lead to, and that leave the connection as it was. */
export const isOrdinary = (error: unknown): boolean =>
  isRaceLost(error) || [uniqueViolation, divisionByZero].includes(sqlState(error) ?? '')

/** The name of the unique index that has a statement's key already, if that is why it failed. */
export function keyTaken(error: unknown): string | null {
  return sqlState(error) === uniqueViolation ? String((error as { constraint?: unknown }).constraint) : null
}

/** Our own words for an error of the driver or the server. */
export function translated(error: unknown): Error {
  if (error instanceof DrifthookError || isPreconditionFailed(error)) return error as Error
  const state = sqlState(error)
  if (state === uniqueViolation || state === divisionByZero) return new Refusal('refused')
  if (state !== null)
    return new DrifthookError('STORAGE_UNAVAILABLE', `PostgreSQL refused a statement with SQLSTATE ${state}.`)
  return new DrifthookError('STORAGE_UNAVAILABLE', 'PostgreSQL cannot be reached.', { cause: error })
}
