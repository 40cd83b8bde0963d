/** What the errors of Redis and its client mean. Their texts and fields hold values and passwords: none is passed on. */
import { DrifthookError } from '../../errors.js'
import { isPreconditionFailed } from '../../ports/storage.js'

/** What Redis calls its reasons to refuse a command. */
const refusals = [
  ...['READONLY', 'OOM', 'MISCONF', 'NOREPLICAS', 'LOADING', 'MASTERDOWN', 'BUSY', 'NOSCRIPT', 'NOPERM'],
  ...['NOAUTH', 'WRONGPASS', 'WRONGTYPE', 'CLUSTERDOWN', 'CROSSSLOT', 'TRYAGAIN', 'MOVED', 'EXECABORT'],
]
const refusal = new RegExp(`\\b(?:${refusals.join('|')})\\b`)

/** The word by which a reply of Redis says why it refused, or null if it is no such reply. */
export function refusalOf(error: unknown): string | null {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return null
  // Within a script it is said in other words.
  if (error.message.includes('The user executing the script')) return 'NOPERM'
  return refusal.exec(error.message)?.[0] ?? 'ERR'
}

/** The system's word for a connection that failed, such as ECONNREFUSED. */
const systemCode = (error: unknown): string | null => {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' && /^[A-Z_]+$/.test(code) ? code : null
}

/** @param reason what the connection last said of itself */
export function unreachable(reason: unknown): DrifthookError {
  const word = refusalOf(reason) ?? systemCode(reason)
  return new DrifthookError(
    'STORAGE_UNAVAILABLE',
    word === null ? 'Redis does not answer.' : `Redis cannot be reached (${word}).`,
  )
}

/** Our own words for an error of the client or the server. */
export function translated(error: unknown): Error {
  if (error instanceof DrifthookError || isPreconditionFailed(error)) return error as Error
  const word = refusalOf(error)
  if (word === null) return unreachable(error)
  return new DrifthookError('STORAGE_UNAVAILABLE', `Redis refused a command (${word}).`)
}
