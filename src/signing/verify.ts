/** Verification, for whoever receives signed webhooks: ours, or any sender's that speaks the scheme. */

import { timingSafeEqual } from 'node:crypto'
import { isDrifthookError } from '../errors.js'
import { digestOf, isBytes } from './digest.js'
import { PART_GRAMMAR } from './grammar.js'
import { type HeadersLike, singleHeader } from './headers.js'
import type { HeaderPart, Scheme, SignatureHeaders } from './scheme.js'
import { type SignatureScheme, schemeOf, signatureHeaders } from './schemes.js'

export interface VerifyOptions {
  /** The request's headers: Node's object, a Fetch `Headers` or a `Map`. */
  headers: HeadersLike
  /** The exact bytes received, before any parser touched them. */
  body: Uint8Array
  /** The secret, as it was shown when the webhook was created. */
  secret?: string
  /** Several secrets, while a rotation overlaps: any of them may have signed. */
  secrets?: readonly string[]
  /** How the request is signed. Default `standard`. */
  scheme?: SignatureScheme
  /** Other names for the scheme's headers; they match in any case. */
  headerNames?: SignatureHeaders
  /**
   * How far the sender's clock may be off, in seconds, both ways. Default 300. `hex` and `sha256` sign no
   * time: there is nothing to judge.
   */
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

/**
 * Whether a request comes from who holds the secret, unchanged and, where the scheme signs a time, just now.
 *
 * Accepts any of the request's signatures (`standard` and `timestamped`: of version `v1`) by any of the
 * secrets. Never throws for what a request contains. The signature is judged before the time, so a reason
 * about time is about a request that was really signed; every signature is compared with every secret in
 * constant time, so a refusal takes as long whichever of them is nearly right. What is compared are digests
 * of 32 bytes, not their spellings.
 *
 * A signature does not make a request new: deduplicate on an id that is signed, as `delivery_id` in our body.
 *
 * @throws DrifthookError `INVALID_REQUEST` if the scheme is none or a header's name is none
 */
export function verify(options: VerifyOptions): VerifyResult {
  const { headers, body, scheme: name = 'standard', headerNames } = options
  const { toleranceSeconds = 300, now = Date.now } = options
  const scheme = schemeOf(name)
  const names = signatureHeaders(name, headerNames)
  if (!isBytes(body)) {
    return refuse(
      'body_not_bytes',
      'The body is verified as received: pass its bytes, not text or parsed JSON.',
    )
  }
  const keys = keysOf(scheme, options)
  if (typeof keys === 'string') return refuse('secret_invalid', keys)

  const values: Record<HeaderPart, string> = { id: '', timestamp: '', signature: '' }
  for (const [part, header] of Object.entries(names) as [HeaderPart, string][]) {
    const value = singleHeader(headers, header.toLowerCase())
    if (value === undefined) return refuse('missing_header', `The header ${header} is missing.`)
    if (value === null) return refuse('header_grammar', `The header ${header} came more than once.`)
    if (!PART_GRAMMAR[part].test(value)) return malformed(header)
    values[part] = value
  }
  const reading = scheme.read(values.signature)
  if (reading === null) return malformed(names.signature)
  const { digests, timestamp = values.timestamp } = reading

  const prefix = scheme.prefix(values.id, timestamp)
  let matched = false
  for (const key of keys) {
    const digest = digestOf(key, prefix, body)
    // The comparison stands first: once something matched, the others are still compared.
    for (const candidate of digests) matched = timingSafeEqual(digest, candidate) || matched
  }
  if (!matched) return refuse('no_matching_signature', 'No signature matches the body and any secret.')

  // No scheme with a time lets an empty one through its grammar.
  if (timestamp === '') return { ok: true }
  // Written so that a tolerance that is not a number refuses.
  const age = Math.floor(now() / 1000) - Number(timestamp)
  if (!(age <= toleranceSeconds)) return refuse('timestamp_too_old', 'The request was signed too long ago.')
  if (!(-age <= toleranceSeconds)) return refuse('timestamp_too_new', 'The request was signed in the future.')
  return { ok: true }
}

/** The keys of all secrets, or the sentence that says what is wrong with one: a bad one is never skipped. */
function keysOf(scheme: Scheme, { secret, secrets = [] }: VerifyOptions): Uint8Array[] | string {
  const all = secret === undefined ? secrets : [secret, ...secrets]
  if (all.length === 0) return 'No secret to verify with.'
  try {
    return all.map(scheme.key)
  } catch (error) {
    if (isDrifthookError(error)) return (error as Error).message
    throw error
  }
}

const malformed = (header: string | undefined) =>
  refuse('header_grammar', `The header ${header} is malformed.`)

function refuse(reason: VerifyFailure, message: string): VerifyResult {
  return { ok: false, reason, message }
}
