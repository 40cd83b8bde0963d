/** What a signature scheme is. Each has a file of its own; `sign.ts` and `verify.ts` know no other. */

/** What a header of a signed request carries. */
export type HeaderPart = 'id' | 'timestamp' | 'signature'

/** Names of the headers. A part that a scheme puts in no header of its own has no name. */
export type SignatureHeaders = Partial<Record<HeaderPart, string>>

/** What a signature header says. */
export interface Reading {
  /** Of 32 bytes each. */
  digests: Buffer[]
  /** Seconds since the epoch, in schemes that write the time beside the signature. */
  timestamp?: string
}

/**
 * A grammar and a digest. The digest is HMAC-SHA256 of the prefix and the body in every scheme; what comes
 * before the body, how the key is written and how the digest is spelt are the scheme's own.
 */
export interface Scheme {
  /** Its headers, by the names they have unless told otherwise. */
  headers: SignatureHeaders
  /**
   * The key in a secret.
   *
   * @throws DrifthookError `INVALID_REQUEST` if it holds none
   */
  key(secret: string): Uint8Array
  /** What is signed ahead of the body. */
  prefix(id: string, timestamp: string): string
  /** The signature header for at least one digest; those of newer secrets come first. */
  write(digests: readonly Buffer[], timestamp: string): string
  /** What a signature header says, or null if it breaks the grammar. */
  read(header: string): Reading | null
}
