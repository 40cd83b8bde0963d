/** Verification, for whoever receives signed webhooks: ours, or any sender's that speaks the scheme. */

import { timingSafeEqual } from 'node:crypto'
import { isDrifthookError } from '../errors.js'
import { type HeadersLike, singleHeader } from './headers.js'
import { secretKey } from './secret.js'
import { ID_GRAMMAR, isBytes, MAX_SIGNATURES, standardDigest, TIMESTAMP_GRAMMAR } from './standard.js'

export interface VerifyOptions {
  /** The request's headers: Node's object, a Fetch `Headers` or a `Map`. */
  headers: HeadersLike
  /** The exact bytes received, before any parser touched them. */
  body: Uint8Array
  /** The secret, as it was shown when the webhook was created. */
  secret?: string
  /** Several secrets, while a rotation overlaps: any of them may have signed. */
  secrets?: readonly string[]
  /** How the request is signed. */
  scheme?: 'standard'
  /** How far the sender's clock may be off, in seconds, both ways. Default 300. */
  toleranceSeconds?: number
  /** The clock, in milliseconds since the epoch. Default `Date.now`. */
  now?: () => number
}

/** Why a request was not accepted. For logs: tell the caller no more than 401. */
export type VerifyFailure =
  | 'body_not_bytes'
  | 'secret_invalid'
  | 'missing_header'
  | 'header_grammar'
  | 'no_matching_signature'
  | 'timestamp_too_old'
  | 'timestamp_too_new'

export type VerifyResult = { ok: true } | { ok: false; reason: VerifyFailure; message: string }

const MAX_HEADER_CHARACTERS = 4096
const DIGEST_BYTES = 32
const SIGNATURE = /^(v[0-9]{1,4}[a-z]{0,4}),([A-Za-z0-9+/_-]{1,1024}={0,2})$/

/**
 * Whether a request comes from who holds the secret, unchanged and just now.
 *
 * Accepts what Standard Webhooks 1.0.0 describes under "Verifying webhook authenticity": any `v1`
 * signature by any of the secrets, with a timestamp within the tolerance; signatures of other versions are
 * skipped. Never throws for what a request contains. The signature is judged before the time, so a reason
 * about time is about a request that was really signed; every signature is compared with every secret in
 * constant time, so a refusal takes as long whichever of them is nearly right.
 *
 * A signature does not make a request new: deduplicate on the `webhook-id` header.
 */
export function verify(options: VerifyOptions): VerifyResult {
  const { headers, body, toleranceSeconds = 300, now = Date.now } = options
  if (!isBytes(body)) {
    return refuse(
      'body_not_bytes',
      'The body is verified as received: pass its bytes, not text or parsed JSON.',
    )
  }
  const keys = keysOf(options)
  if (typeof keys === 'string') return refuse('secret_invalid', keys)

  const values: string[] = []
  for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
    const value = singleHeader(headers, name)
    if (value === undefined) return refuse('missing_header', `The header ${name} is missing.`)
    if (value === null) return refuse('header_grammar', `The header ${name} came more than once.`)
    values.push(value)
  }
  const [id = '', timestamp = '', signature = ''] = values
  if (!ID_GRAMMAR.test(id)) return refuse('header_grammar', 'The header webhook-id is malformed.')
  if (!TIMESTAMP_GRAMMAR.test(timestamp)) {
    return refuse('header_grammar', 'The header webhook-timestamp is not a whole number of seconds.')
  }
  const candidates = parseSignatures(signature)
  if (candidates === null) return refuse('header_grammar', 'The header webhook-signature is malformed.')

  let matched = false
  for (const key of keys) {
    const digest = standardDigest(key, id, timestamp, body)
    // The comparison stands first: once something matched, the others are still compared.
    for (const candidate of candidates) matched = timingSafeEqual(digest, candidate) || matched
  }
  if (!matched) return refuse('no_matching_signature', 'No signature matches the body and any secret.')

  // Written so that a tolerance that is not a number refuses.
  const age = Math.floor(now() / 1000) - Number(timestamp)
  if (!(age <= toleranceSeconds)) return refuse('timestamp_too_old', 'The request was signed too long ago.')
  if (!(-age <= toleranceSeconds)) return refuse('timestamp_too_new', 'The request was signed in the future.')
  return { ok: true }
}

/** The keys of all secrets, or the sentence that says what is wrong with one: a bad one is never skipped. */
function keysOf({ secret, secrets = [] }: VerifyOptions): Uint8Array[] | string {
  const all = secret === undefined ? secrets : [secret, ...secrets]
  if (all.length === 0) return 'No secret to verify with.'
  try {
    return all.map(secretKey)
  } catch (error) {
    if (isDrifthookError(error)) return (error as Error).message
    throw error
  }
}

/**
 * The decoded `v1` signatures of a `webhook-signature` header, or null if it breaks the grammar. Digests
 * are compared, not text: base64 has several spellings of the same bytes, and only the canonical one of
 * exactly 32 bytes is let through.
 */
function parseSignatures(header: string): Buffer[] | null {
  if (header.length > MAX_HEADER_CHARACTERS) return null
  const tokens = header.split(' ', MAX_SIGNATURES + 1)
  if (tokens.length > MAX_SIGNATURES) return null

  const digests: Buffer[] = []
  for (const token of tokens) {
    const [, version, encoded = ''] = SIGNATURE.exec(token) ?? []
    if (version === undefined) return null
    if (version !== 'v1') continue
    const digest = Buffer.from(encoded, 'base64')
    if (digest.length !== DIGEST_BYTES || digest.toString('base64') !== encoded) return null
    digests.push(digest)
  }
  return digests
}

function refuse(reason: VerifyFailure, message: string): VerifyResult {
  return { ok: false, reason, message }
}
