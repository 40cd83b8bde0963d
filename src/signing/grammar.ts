/** How the parts of a signature are spelt, for signing and verifying alike. One spelling each. */

import type { HeaderPart } from './scheme.js'

/** More signatures than a rotation needs, few enough that a forged header costs no time. */
export const MAX_SIGNATURES = 16

const DIGEST_BYTES = 32

/** What the headers may contain, before a scheme looks closer. */
export const PART_GRAMMAR: Record<HeaderPart, RegExp> = {
  /**
   * Visible ASCII without the full stop. Standard Webhooks forbids it ("Signature scheme"): with one, an
   * id and a timestamp could be cut apart at another place under the same signature.
   */
  id: /^[!-\-/-~]{1,256}$/,
  /** Seconds since the epoch in plain decimal digits: no sign, no fraction, no leading zero. */
  timestamp: /^[1-9][0-9]{0,14}$/,
  signature: /^[ -~]{1,4096}$/,
}

/** RFC 9110 §5.6.2, `token`. */
export const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/

/** The digest that 64 lower-case hex digits spell, or null: what senders write, and nothing shorter. */
export function fromHex(text: string): Buffer | null {
  return /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, 'hex') : null
}

/** The digest in base64 (RFC 4648 §4), or null. Base64 can spell the same bytes in several ways. */
export function fromBase64(text: string): Buffer | null {
  const digest = Buffer.from(text, 'base64')
  return digest.length === DIGEST_BYTES && digest.toString('base64') === text ? digest : null
}

/**
 * The `v1` digests among versioned signatures, or null if one breaks the grammar. Those of other versions
 * are skipped: a sender announces a new version beside the old.
 *
 * @param grammar of one signature; its groups are the version and the value
 */
export function versionOne(
  signatures: readonly string[],
  grammar: RegExp,
  decode: (value: string) => Buffer | null,
): Buffer[] | null {
  if (signatures.length === 0 || signatures.length > MAX_SIGNATURES) return null
  const digests: Buffer[] = []
  for (const signature of signatures) {
    const [, version, value = ''] = grammar.exec(signature) ?? []
    if (version === undefined) return null
    if (version !== 'v1') continue
    const digest = decode(value)
    if (digest === null) return null
    digests.push(digest)
  }
  return digests
}
