/** Refuses what is plainly no data while it comes in, before anything parses it. */
import { DrifthookError } from '../../errors.js'
import { refuseType } from './declared-type.js'
import { type Signature, signatureBytes, signatureOf } from './signatures.js'
import { TextCheck } from './text-check.js'

export interface Claim {
  /** As the sender declared it; null if not at all. */
  contentType: string | null
  /** The format of the contract, if it has one. */
  format: string | null
}

/** Looks at one file: at what it is said to be, at its first bytes at once, and at all of them as they come. */
export class Inspection {
  readonly #head = new Uint8Array(signatureBytes)
  /** Bytes of `#head` that have come. */
  #known = 0
  readonly #text = new TextCheck()

  constructor(readonly claim: Claim) {}

  /**
   * @throws DrifthookError `FILE_TYPE_REFUSED`, `FILE_ARCHIVE`, `FILE_EXECUTABLE`, `FILE_SUSPICIOUS`,
   *   `XML_DOCTYPE_REFUSED`
   */
  write(bytes: Uint8Array): void {
    if (this.#known === 0) refuseType(this.claim.contentType, this.claim.format)
    if (this.#known < signatureBytes) this.#begin(bytes)
    else this.#text.write(bytes)
  }

  /** @throws DrifthookError as {@link write}, and `FILE_EMPTY` */
  end(): void {
    if (this.#known === 0) {
      refuseType(this.claim.contentType, this.claim.format)
      throw new DrifthookError(
        'FILE_EMPTY',
        'The file has no bytes. Check that the sender finished writing it.',
      )
    }
    if (this.#known < signatureBytes) this.#text.write(this.#head.subarray(0, this.#known))
    this.#text.end()
  }

  #begin(bytes: Uint8Array): void {
    const missing = bytes.subarray(0, signatureBytes - this.#known)
    this.#head.set(missing, this.#known)
    this.#known += missing.byteLength
    const found = signatureOf(this.#head.subarray(0, this.#known))
    if (found !== null) throw notData(found)
    // The rest is asked once the head is whole: what a file is does not depend on the pieces it comes in.
    if (this.#known < signatureBytes) return
    this.#text.write(this.#head)
    this.#text.write(bytes.subarray(missing.byteLength))
  }
}

const notData = ({ name, code }: Signature) =>
  new DrifthookError(
    code,
    `The file is ${name}. Send its data as text: JSON, XML, CSV, EDI X12 or key-value.`,
  )
