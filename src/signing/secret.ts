/** Signing secrets: how they look, how a new one is made, and the key inside. */

import { randomBytes } from 'node:crypto'
import { DrifthookError } from '../errors.js'

const PREFIX = 'whsec_'
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/** Standard Webhooks, "Signature scheme": a symmetric secret has at least 24 bytes (192 bits). */
const MIN_KEY_BYTES = 24

/**
 * A new signing secret: `whsec_` and 64 lower-case hex digits.
 *
 * The digits are base64 of 48 bytes as well (64 characters, no padding), so every Standard Webhooks
 * library takes the secret as it is, and schemes that use the whole string as their key do too. They
 * carry 256 random bits either way.
 */
export function newSecret(): string {
  return PREFIX + randomBytes(32).toString('hex')
}

/** The first 14 characters of a secret: enough to tell two apart on a screen, too few to sign with. */
export function secretPrefix(secret: string): string {
  return secret.slice(0, PREFIX.length + 8)
}

/**
 * The HMAC key in a secret: the decoded bytes of what follows `whsec_` (Standard Webhooks, "Signature
 * scheme"; base64 of RFC 4648 §4, in its one canonical spelling).
 *
 * @throws DrifthookError `INVALID_REQUEST` if the secret is not `whsec_` and base64 of at least 24 bytes;
 *   the message never repeats the secret
 */
export function secretKey(secret: string): Buffer {
  if (typeof secret !== 'string' || !secret.startsWith(PREFIX)) {
    throw invalid(`A signing secret starts with "${PREFIX}".`)
  }
  const encoded = secret.slice(PREFIX.length)
  const key = Buffer.from(encoded, 'base64')
  // Buffer.from skips what is not base64; only the way back shows that nothing was skipped.
  if (!BASE64.test(encoded) || key.toString('base64') !== encoded) {
    throw invalid(`What follows "${PREFIX}" in a signing secret is base64, with its padding.`)
  }
  if (key.length < MIN_KEY_BYTES) {
    throw invalid(`A signing secret holds at least ${MIN_KEY_BYTES} bytes; this one holds ${key.length}.`)
  }
  return key
}

/**
 * The HMAC key of a secret that is used as it is written, whole: its UTF-8 bytes, any prefix included.
 *
 * @throws DrifthookError `INVALID_REQUEST` if it is empty or no string
 */
export function textKey(secret: string): Buffer {
  if (typeof secret !== 'string' || secret === '') throw invalid('A signing secret is a text, not empty.')
  return Buffer.from(secret)
}

function invalid(message: string): DrifthookError {
  return new DrifthookError('INVALID_REQUEST', message)
}
