/** One file on its way in: counted, looked at, hashed and kept while it arrives. */
import { createHash, createHmac, type Hmac } from 'node:crypto'
import { DrifthookError } from '../../errors.js'
import type { Content } from '../../ports/analyzer.js'
import type { BudgetPlace } from './budget.js'
import { Inspection } from './inspection.js'
import { Spool } from './spool.js'

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
  /** Lets go of the content and gives its bytes back. Harmless more than once. */
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
  /** Where a file is kept that is too large for memory; null: the system's folder for temporary files. */
  directory: string | null
  /** Bytes kept in memory. Default: those that are compared without another thread. */
  memoryBytes?: number
}

/** A host may give a whole file as one chunk: in pieces of so many bytes the event loop turns between them. */
const pieceBytes = 64 * 1024

export class Intake {
  readonly #inspection: Inspection
  readonly #spool: Spool
  readonly #sha256 = createHash('sha256')
  readonly #hmac: Hmac | null
  #size = 0
  #taken = 0
  /** What the file was refused for. */
  #fault: unknown = null
  #letGo: Promise<void> | null = null
  #ended = false

  constructor(readonly options: IntakeOptions) {
    this.#inspection = new Inspection(options)
    this.#spool = new Spool(options)
    this.#hmac = options.hmacKey === null ? null : createHmac('sha256', options.hmacKey)
  }

  /**
   * Takes the next bytes. To be awaited before the next ones are given; ignored after `abort`.
   * @throws DrifthookError of a file that is refused; it then has let go of it, and wants no more
   */
  async write(chunk: Uint8Array): Promise<void> {
    await this.#orLetGo(async () => {
      if (this.#letGo !== null) return
      const { maxBytes, place } = this.options
      this.#size += chunk.byteLength
      if (this.#size > maxBytes) throw fileTooLarge(maxBytes)
      place.take(chunk.byteLength)
      this.#taken += chunk.byteLength
      for (let start = 0; start < chunk.byteLength && this.#letGo === null; start += pieceBytes) {
        const piece = chunk.subarray(start, start + pieceBytes)
        this.#inspection.write(piece)
        this.#sha256.update(piece)
        this.#hmac?.update(piece)
        await this.#spool.write(piece)
      }
    })
  }

  /**
   * The whole file, which belongs to the caller from then on.
   * @throws DrifthookError of a file that is refused, `UPLOAD_INVALID` after `abort`
   */
  end(): Promise<UploadedFile> {
    return this.#orLetGo(async () => {
      if (this.#letGo !== null) throw cutOff()
      this.#inspection.end()
      const content = await this.#spool.finish()
      if (this.#letGo !== null) throw cutOff()
      this.#ended = true
      return {
        content,
        size: this.#size,
        sha256: this.#sha256.digest('hex'),
        hmac: this.#hmac?.digest('hex') ?? null,
        fileName: this.options.fileName,
        contentType: this.options.contentType,
        release: () => this.#release(),
      }
    })
  }

  /**
   * Lets go of what has come, after a write that is under way. Harmless more than once, and after `end`: the
   * file is its new owner's then, and goes with `release`.
   */
  async abort(): Promise<void> {
    if (!this.#ended) await this.#release()
  }

  async #orLetGo<T>(work: () => Promise<T>): Promise<T> {
    if (this.#fault !== null) throw this.#fault
    try {
      return await work()
    } catch (fault) {
      this.#fault = fault
      await this.#release()
      throw fault
    }
  }

  #release(): Promise<void> {
    this.#letGo ??= this.#spool.release().then(() => this.options.place.giveBack(this.#taken))
    return this.#letGo
  }
}

const cutOff = () => new DrifthookError('UPLOAD_INVALID', 'The upload ended before its file was complete.')

/** The refusal of a file above `maxBytes`, wherever it is noticed. */
export const fileTooLarge = (maxBytes: number): DrifthookError =>
  new DrifthookError(
    'FILE_TOO_LARGE',
    `The file has more than ${maxBytes} bytes. Split it, or ask for a higher limit.`,
    {
      limit: { name: 'upload.maxBytes', value: maxBytes },
    },
  )
