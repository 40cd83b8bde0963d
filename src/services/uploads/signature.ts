/** Signed uploads: `X-Upload-Signature: sha256=<HMAC-SHA256 of the file's bytes, hex>`. */
import { timingSafeEqual } from 'node:crypto'
import { DrifthookError } from '../../errors.js'

/** Where a sender writes the signature. */
export const signatureHeader = 'X-Upload-Signature'

const form = /^sha256=([0-9a-f]{64})$/i

/**
 * The digest that the header tells.
 * @param header as it came; null if it did not
 * @throws DrifthookError `SIGNATURE_INVALID` if it is missing or reads otherwise
 */
export function claimedDigest(header: string | null): Buffer {
  const [, digits] = form.exec(header ?? '') ?? []
  if (digits !== undefined) return Buffer.from(digits, 'hex')
  const what = header === null ? 'is missing' : 'is malformed'
  throw new DrifthookError(
    'SIGNATURE_INVALID',
    `The header ${signatureHeader} ${what}. Send sha256= and the HMAC-SHA256 of the file's bytes in hex.`,
  )
}

/**
 * Whether whoever sent the file holds the monitor's secret.
 * @param hmac the file's own, in hex; null if it was not computed
 * @throws DrifthookError `SIGNATURE_INVALID`
 */
export function verifySignature(hmac: string | null, claimed: Buffer): void {
  const digest = Buffer.from(hmac ?? '', 'hex')
  if (digest.length === claimed.length && timingSafeEqual(digest, claimed)) return
  throw new DrifthookError(
    'SIGNATURE_INVALID',
    "The signature is not that of this file. Sign the file's own bytes, with the monitor's current secret.",
  )
}
