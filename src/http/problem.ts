import { DrifthookError, isDrifthookError } from '../errors.js'
import { pathToWire, toWire } from './wire.js'

/** An answer, whatever sends it. */
export interface Answer {
  status: number
  headers: Record<string, string>
  body: unknown
}

/** What cannot be done now may be possible soon, or by another process: when to ask again, in seconds. */
const unavailableSeconds = 5

/** What is told of an error that is not ours: that there was one. */
export const asDrifthookError = (error: unknown): DrifthookError =>
  isDrifthookError(error)
    ? error
    : new DrifthookError(
        'INTERNAL',
        'Something went wrong on our side. The request id names it in our log.',
        { cause: error },
      )

/**
 * An error as RFC 9457 problem details. What only a developer may see stays in the log: a 500 tells its code
 * and title, no more.
 */
export function problem(
  error: DrifthookError,
  requestId: string,
  extra: Record<string, unknown> = {},
): Answer {
  const { code, status, limit } = error
  const retryAfterSeconds = error.retryAfterSeconds ?? (status === 503 ? unavailableSeconds : undefined)
  const body = { ...extra, ...problemDetails(error), request_id: requestId }
  const headers: Record<string, string> = { 'content-type': 'application/problem+json; charset=utf-8' }
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds)
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="drifthook"'
  if (code === 'RATE_LIMITED' && limit !== undefined) {
    Object.assign(
      headers,
      rateHeaders({ limit: limit.value, remaining: 0, resetSeconds: retryAfterSeconds ?? 0 }),
    )
  }
  return { status, headers, body }
}

/** What is told of an error, wherever it stands in an answer. */
export function problemDetails(error: DrifthookError) {
  const { code, status, title, message, place, limit, eventId } = error
  const errors = error.errors.map((one) => ({ ...one, path: pathToWire(one.path) }))
  return {
    type: `urn:drifthook:error:${code}`,
    title,
    status,
    detail: status === 500 && code !== 'RAW_BODY_UNAVAILABLE' ? title : message,
    code,
    ...(errors.length === 0 || status === 500 ? {} : { errors }),
    ...(place === undefined ? {} : { place }),
    ...(limit === undefined ? {} : { limit }),
    ...(eventId === undefined ? {} : { event_id: eventId }),
  }
}

/** The state of a rate limit, in the fields of draft-ietf-httpapi-ratelimit-headers (revision 7). */
export const rateHeaders = (rate: {
  limit: number
  remaining: number
  resetSeconds: number
}): Record<string, string> => ({
  'ratelimit-limit': String(rate.limit),
  'ratelimit-remaining': String(rate.remaining),
  'ratelimit-reset': String(rate.resetSeconds),
})

/** An answer whose names are somebody else's. */
export const verbatim = (status: number, body: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body,
})

/** A service's answer. */
export const success = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: status === 204 ? undefined : toWire(body),
})
