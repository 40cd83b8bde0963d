/** The Transport over HTTP/1.1: one shared client, guarded connections, one deadline, bounded answers. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { Agent } from 'undici'
import type { OutboundRequest, OutboundResult, Timings, Transport } from '../ports/transport.js'
import { type AddressGuardOptions, createAddressGuard } from './address-guard.js'
import { type Attempt, guardedConnector, type Resolve } from './connector.js'
import { type Failure, SendError, sendErrorOf } from './failure.js'
import { proxyOf } from './proxy.js'
import { type Response, ResponseReader } from './response.js'

export interface HttpTransportOptions extends AddressGuardOptions {
  /** Bytes of a response that are read before its connection is ended. Default 64 KiB. */
  maxResponseBytes?: number
  /** Bytes of a response that are kept. Default 2048. */
  keepBytes?: number
  /** PEM certificates to trust instead of Node's own list, for receivers behind a private authority. */
  ca?: string
  /**
   * The egress proxy every connection goes through, by HTTP CONNECT: `http://[user:password@]host:port`. Its
   * own address is not judged; receivers' addresses are, and it is given those, never a name. Default null.
   */
  proxy?: string | null
  /** For tests only: stands in for DNS. Its answers are judged like those of DNS. */
  resolve?: Resolve
}

const MAX_HEADER_BYTES = 16 * 1024
/** Node's servers close an idle connection after 5 s; ending it a second before loses no request to that. */
const IDLE_MS = 4_000
/** The longest a receiver's `Keep-Alive` header may ask us to keep an idle connection. */
const MAX_IDLE_MS = 60_000
/** Deadline of a connection that the client opens again by itself, on behalf of no particular attempt. */
const RECONNECT_MS = 10_000

/**
 * The Transport that delivers over HTTP.
 *
 * Every connection goes through the address guard, whatever the environment says: HTTP_PROXY and
 * NODE_TLS_REJECT_UNAUTHORIZED are not read. Connections are kept and shared by all deliveries; a receiver
 * whose TLS fails leaves nothing behind. Redirects are not followed, bodies are not decompressed.
 *
 * A fault of the egress proxy is never charged to a receiver, nor is a lack of files or memory here: both are
 * failures of the class `ours`.
 *
 * How many requests run at once is the caller's to bound: there is no queue here, where a request could
 * wait without anybody seeing it.
 *
 * @throws TypeError if `proxy` is no such URL
 */
export function httpTransport(options: HttpTransportOptions = {}): Transport {
  const {
    maxResponseBytes = 64 * 1024,
    keepBytes = 2048,
    allowLoopback = false,
    resolve,
    ca,
    proxy,
  } = options
  const limits = { maxBytes: maxResponseBytes, keepBytes }
  const guard = createAddressGuard({ allowLoopback })
  const connect = guardedConnector({ guard, resolve, ca, proxy: proxy ? proxyOf(proxy) : null })
  const running = new Set<(reason: SendError) => void>()
  let closed = false

  // undici asks for a connection while it dispatches the request that needs one, and does not say for
  // which. This is how the connector knows whose deadline to keep and whose timings to write.
  let dispatching: Attempt | null = null

  const agent = new Agent({
    connect({ protocol, hostname, port }, callback) {
      const attempt = dispatching ?? { signal: AbortSignal.timeout(RECONNECT_MS), timings: {} }
      const target = { protocol, hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) }
      connect(target, attempt).then(
        (socket) => callback(null, socket),
        (error) => callback(sendErrorOf(error), null),
      )
    },
    maxHeaderSize: MAX_HEADER_BYTES,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: MAX_IDLE_MS,
    // The deadline covers both.
    headersTimeout: 0,
    bodyTimeout: 0,
  })

  function dispatch({ url, headers, body }: OutboundRequest, attempt: Attempt, reader: ResponseReader) {
    const { origin, pathname, search } = new URL(url)
    const path = pathname + search
    dispatching = attempt
    try {
      agent.dispatch({ origin, path, method: 'POST', headers: withDefaults(headers), body }, reader)
    } finally {
      dispatching = null
    }
  }

  /** One request and its response, over at the deadline at the latest. */
  function exchange(request: OutboundRequest, attempt: OneAttempt): Promise<Response | SendError> {
    return new Promise((resolve) => {
      const reader = new ResponseReader(limits, (outcome) => {
        clearTimeout(deadline)
        running.delete(end)
        resolve(outcome)
      })
      const end = (reason: SendError): void => {
        reader.end(reason)
        attempt.abort(reason)
      }
      const deadline = setTimeout(() => {
        end(new SendError(attempt.atProxy ? 'proxy_failed' : 'timeout'))
      }, request.timeoutMs)
      running.add(end)
      dispatch(request, attempt, reader)
    })
  }

  async function send(request: OutboundRequest): Promise<OutboundResult> {
    const startedAt = performance.now()
    const attempt = new OneAttempt()
    const taken = (rest: Partial<Timings> = {}): Timings =>
      rounded({ ...attempt.timings, ...rest, total: performance.now() - startedAt })

    const refusal = guard.refusalOfUrl(request.url)
    if (refusal !== null) return failed({ class: 'refused', ...refusal }, taken())
    if (closed) return failed(new SendError('transport_closed').failure, taken())

    const outcome = await exchange(request, attempt).catch(sendErrorOf)
    if (outcome instanceof SendError) return failed(outcome.failure, taken())
    const { statusAt, ...response } = outcome
    const { dns = 0, connect = 0, tls = 0 } = attempt.timings
    const firstByte = statusAt - startedAt - dns - connect - tls
    const result = { ...response, timings: taken({ firstByte }), failure: null }
    // undici takes a connection back one turn after the response: a delivery that follows at once finds it.
    await nextTurn()
    return result
  }

  async function close(): Promise<void> {
    closed = true
    for (const end of running) end(new SendError('transport_closed'))
    await agent.destroy()
  }

  return { send, close, refusal: (url) => guard.refusalOfUrl(url) }
}

/** Makes its AbortController only when asked for: most requests find a connection open and need none. */
class OneAttempt implements Attempt {
  readonly timings: Attempt['timings'] = {}
  atProxy = false
  #controller: AbortController | null = null

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  abort(reason: SendError): void {
    this.#controller ??= new AbortController()
    this.#controller.abort(reason)
  }
}

/** The caller's headers, and what every request says of us unless they say otherwise. */
function withDefaults(headers: Record<string, string>): Record<string, string> {
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()))
  return {
    ...(names.has('user-agent') ? {} : { 'user-agent': 'drifthook' }),
    ...(names.has('accept-encoding') ? {} : { 'accept-encoding': 'identity' }),
    ...headers,
  }
}

function failed(failure: Failure, timings: Timings): OutboundResult {
  return { status: null, headers: {}, body: null, timings, failure }
}

/** Whole milliseconds. */
function rounded(timings: Timings): Timings {
  const entries = Object.entries(timings).map(([phase, ms]) => [phase, Math.round(ms)])
  return Object.fromEntries(entries)
}
