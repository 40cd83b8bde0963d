/** One request under way and its response: ended together, and with them a connection that is being opened. */

import type { Attempt } from './connector.js'
import type { SendError } from './failure.js'
import { type ResponseLimits, ResponseReader } from './response.js'

export class Exchange implements Attempt {
  readonly origin: string
  readonly reader: ResponseReader
  readonly timings: Attempt['timings'] = {}
  atProxy = false
  #opening: AbortController | null = null

  constructor(origin: string, limits: ResponseLimits) {
    this.origin = origin
    this.reader = new ResponseReader(limits)
  }

  /** For whoever opens its connection. Made when asked for: most requests find one open and need none. */
  get signal(): AbortSignal {
    this.#opening ??= new AbortController()
    return this.#opening.signal
  }

  /** Whether it waits for a connection that nobody opens. */
  isWaiting(): boolean {
    return this.#opening === null && !this.reader.isStarted()
  }

  end(reason: SendError): void {
    this.reader.end(reason)
    this.#opening?.abort(reason)
  }
}
