/** What is read of a response, and what is kept of it. */

import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { SendError, sendErrorOf } from './failure.js'

export interface Response {
  status: number
  /** When the status came, on the clock of `performance.now()`. */
  statusAt: number
  headers: Record<string, string>
  /** The first `keepBytes` bytes. */
  body: Uint8Array
}

export interface ResponseLimits {
  /** Bytes of a body that are read before its connection is ended. */
  maxBytes: number
  /** Bytes of a body that are kept. */
  keepBytes: number
}

/** Interim responses (1xx) before the real one. Real servers send one or two. */
const MAX_INTERIM = 10

/**
 * Takes in one response, as undici reads it: no stream in between, nothing inflated.
 *
 * A body that breaks off, passes the cap or is still coming at the deadline is not an error: the status has
 * been said, and what came is what there is.
 */
export class ResponseReader implements Dispatcher.DispatchHandler {
  /** Never rejects; a SendError if no status came. */
  readonly outcome: Promise<Response | SendError>

  readonly #limits: ResponseLimits
  readonly #chunks: Uint8Array[] = []
  #head: Omit<Response, 'body'> | null = null
  #interim = 0
  #read = 0
  #controller: Dispatcher.DispatchController | null = null
  #ended: SendError | null = null
  #settle: (outcome: Response | SendError) => void = () => {}

  constructor(limits: ResponseLimits) {
    this.#limits = limits
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  /** Whether its request has a connection, or had one. */
  isStarted(): boolean {
    return this.#controller !== null
  }

  /** Ends the request and its connection, now or as soon as it has one. What came until now is the outcome. */
  end(reason: SendError): void {
    this.#ended = reason
    this.#settle(this.#response() ?? reason)
    this.#controller?.abort(reason)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#ended !== null) controller.abort(this.#ended)
  }

  onResponseStart(_controller: unknown, status: number, headers: IncomingHttpHeaders): void {
    if (status >= 200) {
      this.#head = { status, statusAt: performance.now(), headers: keptHeaders(headers) }
    } else if (++this.#interim > MAX_INTERIM) {
      this.end(new SendError('http_malformed'))
    }
  }

  onResponseData(_controller: unknown, chunk: Uint8Array): void {
    const { maxBytes, keepBytes } = this.#limits
    // Copied: a chunk is a view of undici's own buffer.
    if (this.#read < keepBytes) this.#chunks.push(Uint8Array.from(chunk.subarray(0, keepBytes - this.#read)))
    this.#read += chunk.length
    if (this.#read >= maxBytes) this.end(new SendError('request_failed'))
  }

  onResponseEnd(): void {
    this.#settle(this.#response() ?? new SendError('request_failed'))
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#settle(this.#response() ?? sendErrorOf(error))
  }

  #response(): Response | null {
    return this.#head && { ...this.#head, body: Buffer.concat(this.#chunks) }
  }
}

/** Headers worth a line in the delivery log. None of them carries a session or a credential. */
const kept = [
  'content-type',
  'content-length',
  'content-encoding',
  'date',
  'location',
  'retry-after',
  'server',
  'x-request-id',
]

const MAX_VALUE_CHARACTERS = 256

/** The headers on the list, names in lower case, repeated ones joined, each cut to 256 characters. */
function keptHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const result: Record<string, string> = {}
  for (const name of kept) {
    const value = headers[name]
    if (value === undefined) continue
    const text = Array.isArray(value) ? value.join(', ') : value
    result[name] = (name === 'location' ? bareLocation(text) : text).slice(0, MAX_VALUE_CHARACTERS)
  }
  return result
}

/** Where a redirect wanted to go, without what may be secret in it: credentials, query, fragment. */
function bareLocation(location: string): string {
  return location.replace(/[?#].*$/s, '').replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/]*@/i, '$1//')
}
