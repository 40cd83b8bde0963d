import type { ChannelAnswer, SendVerdict } from './channel.js'

/**
 * Whether a status says that the same request will fail again (RFC 9110 §15.5): all of 4xx but 408 and 429, which
 * ask for another try.
 */
const isPermanent = (status: number): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 429

/** A failed attempt, by its status; `Retry-After` in seconds is passed on. */
export function failedBy(status: number, { headers }: ChannelAnswer, message: string): SendVerdict {
  const after = headers['retry-after'] ?? ''
  return {
    status: 'failed',
    message,
    ...(isPermanent(status) ? { permanent: true } : {}),
    ...(/^\d{1,9}$/.test(after) ? { retryAfterSeconds: Number(after) } : {}),
  }
}
