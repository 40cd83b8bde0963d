/**
 * Standard Webhooks v1 (specification 1.0.0): HMAC-SHA256 over `id.timestamp.body`, in three headers.
 * Signing and verifying share the grammar and the digest on this page; `verify.ts` has the rest.
 */

import { createHmac } from 'node:crypto'
import { DrifthookError } from '../errors.js'
import { secretKey } from './secret.js'

export interface StandardMessage {
  /** The message's id: the same for every attempt, what receivers deduplicate on. */
  id: string
  /** Seconds since the epoch when this attempt is made. */
  timestamp: number
  /** The exact bytes that are sent. */
  body: Uint8Array
  /** One secret, or several while a rotation overlaps: each signs. */
  secrets: readonly string[]
}

/** The three headers of a signed request. */
export type StandardHeaders = Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>

/**
 * Visible ASCII without the full stop. The specification forbids it ("Signature scheme"): with one, an
 * id and a timestamp could be cut apart at another place under the same signature.
 */
export const ID_GRAMMAR = /^[!-\-/-~]{1,256}$/

/** Seconds since the epoch in plain decimal digits: no sign, no fraction, no leading zero. */
export const TIMESTAMP_GRAMMAR = /^[1-9][0-9]{0,14}$/

/** More signatures than a rotation needs, few enough that a forged header costs no time. */
export const MAX_SIGNATURES = 16

/**
 * Signs a message.
 *
 * @returns the headers to send; `webhook-signature` holds one `v1,<base64>` per secret, in their order
 * @throws DrifthookError `INVALID_REQUEST` if a secret cannot be decoded, the id contains a full stop or
 *   anything but visible ASCII, the timestamp is no whole number of seconds, the body is not bytes, or
 *   there are no secrets or more than 16
 */
export function signStandard({ id, timestamp, body, secrets }: StandardMessage): StandardHeaders {
  if (!ID_GRAMMAR.test(id)) throw invalid('The id of a signed message is visible ASCII without a full stop.')
  if (!TIMESTAMP_GRAMMAR.test(String(timestamp))) {
    throw invalid('The timestamp of a signed message is a whole number of seconds.')
  }
  // A string would be encoded on the way; what is signed would depend on how.
  if (!isBytes(body)) throw invalid('The body of a signed message is a Uint8Array, not a string.')
  if (secrets.length === 0 || secrets.length > MAX_SIGNATURES) {
    throw invalid(`A message is signed with 1 to ${MAX_SIGNATURES} secrets.`)
  }

  const signatures = secrets.map((secret) => {
    const digest = standardDigest(secretKey(secret), id, String(timestamp), body)
    return `v1,${digest.toString('base64')}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  }
}

/** HMAC-SHA256 of `id.timestamp.body`. The body's bytes are hashed as they are, never as a string. */
export function standardDigest(key: Uint8Array, id: string, timestamp: string, body: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
}

/** Whether `value` is a view on bytes, of whatever realm: a test runner's Uint8Array is another class. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value)
}

function invalid(message: string): DrifthookError {
  return new DrifthookError('INVALID_REQUEST', message)
}
