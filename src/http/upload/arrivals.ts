/** The files of one request as they come in: all of them are handed over, or none is kept. */
import type { Readable } from 'node:stream'
import type { FileClaim } from '../../services/uploads/admission.js'

/** Takes one file in as it arrives. */
export interface FileIntake<File> {
  /** To be awaited before the next bytes are given. */
  write(chunk: Uint8Array): Promise<void>
  end(): Promise<File>
  abort(): Promise<void>
}

/** Where files go as they arrive: an admission, or memory. */
export interface FileIntakes<File> {
  /** Bytes of one file. */
  maxBytes: number
  /** Files in one request. */
  maxFiles: number
  open(claim: FileClaim): FileIntake<File>
}

/** A file that has come in whole. */
export interface KeptFile {
  release(): Promise<void>
}

interface Arrival<File> {
  stream: Readable
  intake: FileIntake<File>
  file: Promise<File>
}

export class Arrivals<File extends KeptFile> {
  readonly #arrivals: Arrival<File>[] = []

  constructor(readonly intakes: FileIntakes<File>) {}

  get full(): boolean {
    return this.#arrivals.length >= this.intakes.maxFiles
  }

  /**
   * Takes a file in, as fast as the intake lets it.
   * @throws what the intake refuses it with, or what destroyed the stream
   */
  async take(claim: FileClaim, stream: Readable): Promise<File> {
    try {
      const intake = this.intakes.open(claim)
      const file = pour(stream, intake)
      this.#arrivals.push({ stream, intake, file })
      return await file
    } finally {
      // Refused before it was opened, it is read by nobody.
      stream.destroy()
    }
  }

  /** Those that were taken in, in the order in which they came. */
  files(): Promise<File[]> {
    return Promise.all(this.#arrivals.map(({ file }) => file))
  }

  /** Lets go of every file, wherever it is on its way in; of each once its last write is done. Never throws. */
  async letGo(): Promise<void> {
    const letGo = this.#arrivals.splice(0).map(async ({ stream, intake, file }) => {
      stream.destroy()
      await file.then((whole) => whole.release()).catch(() => {})
      await intake.abort()
    })
    await Promise.allSettled(letGo)
  }
}

async function pour<File>(stream: Readable, intake: FileIntake<File>): Promise<File> {
  for await (const chunk of stream) await intake.write(chunk)
  return intake.end()
}
