/** The body of an upload on its way in: inflated, counted and waited for, but not for ever. */
import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { createGunzip, type Gunzip } from 'node:zlib'
import { DrifthookError } from '../../errors.js'
import type { HttpRequest } from '../request.js'

/** How long a sender may take. */
export interface Patience {
  /** Between two bytes that could have come, in milliseconds. */
  idleMs: number
  /** For the whole body, in milliseconds. */
  timeoutMs: number
}

export interface IncomingBodyOptions {
  encoding: 'gzip' | 'identity'
  /** Bytes of all of it, on the wire and inflated. */
  maxBytes: number
  tooLarge: () => DrifthookError
  patience: Patience
}

/**
 * The request's body as a stream of its own. Whatever is wrong with it destroys it with a {@link DrifthookError}:
 * `UPLOAD_INVALID`, `UPLOAD_TIMEOUT`, or `tooLarge`. Destroyed, for whatever reason, it takes no more from the
 * request, which is left paused to whoever answers it.
 */
export class IncomingBody extends Readable {
  readonly headers: IncomingHttpHeaders
  readonly #request: HttpRequest
  readonly #options: IncomingBodyOptions
  readonly #gunzip: Gunzip | null
  #received = 0
  #inflated = 0
  #idle: NodeJS.Timeout | undefined
  #total: NodeJS.Timeout | undefined

  constructor(request: HttpRequest, options: IncomingBodyOptions) {
    super({ highWaterMark: 64 * 1024 })
    this.headers = request.headers
    this.#request = request
    this.#options = options
    this.#gunzip = options.encoding === 'gzip' ? createGunzip({ chunkSize: 64 * 1024 }) : null
    // The sender may have gone while its token was looked up.
    if (request.destroyed) this.destroy(cutOff())
    else this.#open()
  }

  #open(): void {
    const request = this.#request
    const { idleMs, timeoutMs } = this.#options.patience
    request.on('data', this.#onReceived).on('close', this.#onClose).on('error', this.#onClose)
    if (this.#gunzip === null) request.on('data', this.#onData).on('end', this.#onEnd)
    else {
      this.#gunzip.on('data', this.#onData).on('end', this.#onInflated).on('error', this.#onDamaged)
      request.pipe(this.#gunzip)
    }
    // What came in one packet with its headers is not waited for.
    if (request.complete) return
    request.on('resume', this.#onResume)
    this.#idle = setTimeout(() => this.#onSilence(), idleMs)
    this.#total = setTimeout(
      () => this.#refuseSlow(`The body took longer than ${timeoutMs} ms.`, 'upload.timeoutMs', timeoutMs),
      timeoutMs,
    )
  }

  get #source(): Readable {
    return this.#gunzip ?? this.#request
  }

  override _read(): void {
    this.#source.resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#idle)
    clearTimeout(this.#total)
    const request = this.#request
    request.off('data', this.#onReceived).off('data', this.#onData).off('end', this.#onEnd)
    request.off('close', this.#onClose).off('error', this.#onClose).off('resume', this.#onResume)
    if (this.#gunzip !== null) {
      request.unpipe(this.#gunzip)
      this.#gunzip.destroy()
    }
    if (!request.readableEnded) request.pause()
    done(error)
  }

  readonly #onReceived = (chunk: Buffer) => {
    this.#received += chunk.byteLength
    this.#idle?.refresh()
    // What inflates to nothing would be counted by nobody else.
    if (this.#received > this.#options.maxBytes) this.destroy(this.#options.tooLarge())
  }

  readonly #onData = (chunk: Buffer) => {
    if (this.destroyed) return
    this.#inflated += chunk.byteLength
    if (this.#inflated > this.#options.maxBytes) this.destroy(this.#options.tooLarge())
    else if (!this.push(chunk)) this.#source.pause()
  }

  readonly #onEnd = () => {
    this.push(null)
  }

  /** zlib ends where the last member does, and says nothing of what comes behind it. */
  readonly #onInflated = () => {
    if (this.#request.readableEnded && this.#gunzip?.bytesWritten === this.#received) this.push(null)
    else this.#onDamaged()
  }

  readonly #onDamaged = (cause?: unknown) => {
    this.destroy(
      new DrifthookError('UPLOAD_INVALID', 'The gzip data is damaged, was cut off, or has more behind it.', {
        cause,
      }),
    )
  }

  readonly #onClose = (cause?: unknown) => {
    if (!this.#request.readableEnded) this.destroy(cutOff(cause))
  }

  readonly #onResume = () => {
    this.#idle?.refresh()
  }

  /** Only the time we wait for the sender is its silence, not the time we let it wait. */
  #onSilence(): void {
    const request = this.#request
    const before = this.#received
    // After a pause of the whole process, what came meanwhile is read before this is called.
    setImmediate(() => {
      if (this.destroyed || request.complete) return
      if (request.isPaused() || this.#received > before) return void this.#idle?.refresh()
      const { idleMs } = this.#options.patience
      this.#refuseSlow(`Not a byte came for ${idleMs} ms.`, 'upload.idleMs', idleMs)
    })
  }

  #refuseSlow(what: string, name: string, value: number): void {
    if (this.#request.complete) return
    this.destroy(new DrifthookError('UPLOAD_TIMEOUT', `${what} Send it again.`, { limit: { name, value } }))
  }
}

const cutOff = (cause?: unknown) =>
  new DrifthookError('UPLOAD_INVALID', 'The request ended before its body was complete.', { cause })
