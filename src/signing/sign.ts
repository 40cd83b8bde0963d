/** Signing, for whoever sends webhooks. */

import { DrifthookError } from '../errors.js'
import { digestOf, isBytes } from './digest.js'
import { MAX_SIGNATURES, PART_GRAMMAR } from './grammar.js'
import type { HeaderPart, SignatureHeaders } from './scheme.js'
import { type SignatureScheme, schemeOf, signatureHeaders } from './schemes.js'

export interface SignOptions {
  /** How to sign. */
  scheme: SignatureScheme
  /**
   * The message's id: the same for every attempt, what receivers deduplicate on. Only `standard` sends
   * and signs it.
   */
  id: string
  /** Seconds since the epoch when this attempt is made. `hex` and `sha256` do without. */
  timestamp: number
  /** The exact bytes that are sent. */
  body: Uint8Array
  /**
   * One secret, or several while a rotation overlaps, newest first. `standard` and `timestamped` sign with
   * each; `hex` and `sha256` have room for one signature, and the oldest secret, the last, makes it.
   */
  secrets: readonly string[]
  /** Other names for the scheme's headers. */
  headers?: SignatureHeaders
}

/**
 * Signs a message.
 *
 * @returns the headers to send, by name
 * @throws DrifthookError `INVALID_REQUEST` if a secret holds no key for the scheme, the id contains a full
 *   stop or anything but visible ASCII, the timestamp is no whole number of seconds, the body is not bytes,
 *   there are no secrets or more than 16, or a header's name is none
 */
export function sign(options: SignOptions): Record<string, string> {
  const { scheme: name, id, timestamp, body, secrets, headers } = options
  const scheme = schemeOf(name)
  const names = signatureHeaders(name, headers)
  if (!PART_GRAMMAR.id.test(id)) {
    throw invalid('The id of a signed message is visible ASCII without a full stop.')
  }
  const seconds = String(timestamp)
  if (!PART_GRAMMAR.timestamp.test(seconds)) {
    throw invalid('The timestamp of a signed message is a whole number of seconds.')
  }
  // A string would be encoded on the way; what is signed would depend on how.
  if (!isBytes(body)) throw invalid('The body of a signed message is a Uint8Array, not a string.')
  if (secrets.length === 0 || secrets.length > MAX_SIGNATURES) {
    throw invalid(`A message is signed with 1 to ${MAX_SIGNATURES} secrets.`)
  }

  const prefix = scheme.prefix(id, seconds)
  const digests = secrets.map((secret) => digestOf(scheme.key(secret), prefix, body))
  const values = { id, timestamp: seconds, signature: scheme.write(digests, seconds) }
  return Object.fromEntries(
    Object.entries(names).map(([part, header]) => [header, values[part as HeaderPart]]),
  )
}

/** {@link sign} with the scheme `standard`. */
export function signStandard(message: Omit<SignOptions, 'scheme' | 'headers'>): Record<string, string> {
  return sign({ ...message, scheme: 'standard' })
}

function invalid(message: string): DrifthookError {
  return new DrifthookError('INVALID_REQUEST', message)
}
