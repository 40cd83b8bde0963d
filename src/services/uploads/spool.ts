/** Where a file is kept while it comes in and is compared: small ones in memory, others on disk. */
import { randomUUID } from 'node:crypto'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DrifthookError } from '../../errors.js'
import { type Content, inlineBytes } from '../../ports/analyzer.js'

export interface SpoolOptions {
  /** Null: the system's folder for temporary files. */
  directory: string | null
  /** Bytes of one file kept in memory. Default: those that are compared without another thread. */
  memoryBytes?: number
}

/**
 * Keeps one file. Up to `memoryBytes` of it are in memory; with more it moves to a file whose name is removed
 * before it has content, so that nothing stays behind, even of a process that is killed.
 */
export class Spool {
  readonly #directory: string
  readonly #memoryBytes: number
  #memory = new Uint8Array(0)
  /** Bytes of `#memory` in use: those that are not in the file. */
  #pending = 0
  #size = 0
  #file: FileHandle | null = null
  /** The file's name, where a file that is open cannot be unlinked. */
  #name: string | null = null
  #underWay: Promise<unknown> = Promise.resolve()
  #released: Promise<void> | null = null

  constructor({ directory, memoryBytes = inlineBytes }: SpoolOptions) {
    this.#directory = directory ?? tmpdir()
    this.#memoryBytes = memoryBytes
  }

  /**
   * Keeps the next bytes, which the caller has back when this resolves. To be awaited before the next ones.
   * @throws DrifthookError `SPOOL_UNAVAILABLE`
   */
  write(bytes: Uint8Array): Promise<void> {
    return this.#run(() => this.#keep(bytes))
  }

  /**
   * All that was written, there until `release`.
   * @throws DrifthookError `SPOOL_UNAVAILABLE`
   */
  finish(): Promise<Content> {
    return this.#run(async () => {
      const file = this.#file
      // Of its own length: a view into a larger buffer would carry all of that to another thread.
      if (file === null) return this.#memory.slice(0, this.#size)
      await this.#flush()
      this.#memory = new Uint8Array(0)
      return { fd: file.fd, size: this.#size }
    })
  }

  /** Lets go of everything, after a write that is under way. Harmless more than once. */
  release(): Promise<void> {
    this.#released ??= this.#letGo()
    return this.#released
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    const result = work()
    this.#underWay = result
    return result
  }

  async #keep(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.byteLength
    if (this.#pending + bytes.byteLength > this.#memoryBytes) await this.#flush()
    if (bytes.byteLength > this.#memoryBytes) await this.#append(bytes)
    else this.#remember(bytes)
  }

  #remember(bytes: Uint8Array): void {
    const needed = this.#pending + bytes.byteLength
    if (needed > this.#memory.byteLength) {
      const grown = new Uint8Array(Math.min(this.#memoryBytes, Math.max(needed, 2 * this.#memory.byteLength)))
      grown.set(this.#memory.subarray(0, this.#pending))
      this.#memory = grown
    }
    this.#memory.set(bytes, this.#pending)
    this.#pending = needed
  }

  async #flush(): Promise<void> {
    await this.#append(this.#memory.subarray(0, this.#pending))
    this.#pending = 0
  }

  async #append(bytes: Uint8Array): Promise<void> {
    if (this.#released !== null) return
    try {
      this.#file ??= await this.#open()
      // A full disk takes a part of it first, and refuses the rest.
      for (let start = 0; start < bytes.byteLength && this.#released === null; ) {
        start += (await this.#file.write(bytes, start)).bytesWritten
      }
    } catch (cause) {
      throw spoolUnavailable(cause)
    }
  }

  async #open(): Promise<FileHandle> {
    const name = join(this.#directory, `drifthook-${randomUUID()}`)
    const file = await open(name, 'wx+', 0o600)
    await unlink(name).catch(() => {
      this.#name = name
    })
    return file
  }

  async #letGo(): Promise<void> {
    await this.#underWay.catch(() => {})
    this.#memory = new Uint8Array(0)
    // Nobody wants these bytes any more: what the disk says of them now changes nothing.
    await this.#file?.close().catch(() => {})
    if (this.#name !== null) await unlink(this.#name).catch(() => {})
  }
}

/** @param cause names the file: for the log, not for the sender */
const spoolUnavailable = (cause: unknown) =>
  new DrifthookError(
    'SPOOL_UNAVAILABLE',
    'The file could not be kept while it came in. Send it again later; if this goes on, tell the receiver.',
    { cause, retryAfterSeconds: 30 },
  )
