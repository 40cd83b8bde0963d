/** One file on its way in: counted, looked at, hashed and kept while it arrives. */
import { createHash, createHmac } from 'node:crypto'
import { DrifthookError } from '../../errors.js'
import type { Content } from '../../ports/analyzer.js'
import type { BudgetPlace } from './budget.js'
import { inspectUpload } from './inspection.js'

/** A file that has come in whole. Whoever is given one releases it. */
export interface UploadedFile {
  content: Content
  /** Bytes. */
  size: number
  /** Lower-case hex. */
  sha256: string
  /** HMAC-SHA256 in lower-case hex; null without a key. */
  hmac: string | null
  /** As the sender wrote it. */
  fileName: string | null
  contentType: string | null
  release(): Promise<void>
}

export interface IntakeOptions {
  fileName: string | null
  contentType: string | null
  maxBytes: number
  /** The format of the contract, if it has one: a declared type that names another one is refused. */
  format: string | null
  hmacKey: Uint8Array | null
  place: BudgetPlace
}

export class Intake {
  readonly #chunks: Uint8Array[] = []
  #size = 0

  constructor(readonly options: IntakeOptions) {}

  /**
   * Takes the next bytes. To be awaited before the next ones are given.
   * @throws DrifthookError of a file that is refused; it then wants no more of it, only `abort`
   */
  async write(chunk: Uint8Array): Promise<void> {
    this.#size += chunk.byteLength
    if (this.#size > this.options.maxBytes) throw fileTooLarge(this.options.maxBytes)
    this.#chunks.push(chunk)
  }

  /** The whole file. @throws DrifthookError of a file that is refused */
  async end(): Promise<UploadedFile> {
    const { fileName, contentType, hmacKey } = this.options
    const content = Buffer.concat(this.#chunks, this.#size)
    inspectUpload(content, contentType)
    const sha256 = createHash('sha256').update(content).digest('hex')
    const hmac = hmacKey && createHmac('sha256', hmacKey).update(content).digest('hex')
    return { content, size: this.#size, sha256, hmac, fileName, contentType, release: async () => {} }
  }

  /** Lets go of what has come. Harmless after `end`, and more than once. */
  async abort(): Promise<void> {
    this.#chunks.length = 0
  }
}

/** The refusal of a file above `maxBytes`, wherever it is noticed. */
export const fileTooLarge = (maxBytes: number): DrifthookError =>
  new DrifthookError(
    'FILE_TOO_LARGE',
    `The file has more than ${maxBytes} bytes. Split it, or ask for a higher limit.`,
    {
      limit: { name: 'upload.maxBytes', value: maxBytes },
    },
  )
