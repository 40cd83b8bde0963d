/** The Transport over HTTP/1.1: one shared client, guarded connections, one deadline, bounded answers. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import { Agent } from 'undici'
import type { OutboundRequest, OutboundResult, Timings, Transport } from '../ports/transport.js'
import { type AddressGuardOptions, createAddressGuard } from './address-guard.js'
import { guardedConnector, type Resolve } from './connector.js'
import { Exchange } from './exchange.js'
import { type Failure, SendError, sendErrorOf } from './failure.js'
import { proxyOf } from './proxy.js'
import { targetReader } from './target.js'

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
  const targetOf = targetReader(guard)
  const connect = guardedConnector({ guard, resolve, ca, proxy: proxy ? proxyOf(proxy) : null })
  const running = new Set<Exchange>()
  let closed = false

  // undici asks for a connection while it dispatches the request that needs one, and does not say for
  // which. This is how the connector knows whose deadline to keep and whose timings to write.
  let dispatching: Exchange | null = null

  /**
   * Whose connection undici wants. Without a request being dispatched it wants one again, either for a request
   * whose idle connection died before it was sent, or for one that was ended, which needs none any more: a
   * receiver that never answers would be called twice.
   */
  function wanting(origin: string): Exchange | null {
    if (dispatching !== null) return dispatching
    for (const exchange of running) if (exchange.origin === origin && exchange.isWaiting()) return exchange
    return null
  }

  const agent = new Agent({
    connect({ protocol, hostname, host, port }, callback) {
      const exchange = wanting(`${protocol}//${host}`)
      if (exchange === null) return callback(new SendError('connection_reset'), null)
      const target = { protocol, hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) }
      connect(target, exchange).then(
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

  function dispatch(exchange: Exchange, path: string, { headers, body }: OutboundRequest): void {
    const { origin } = exchange
    dispatching = exchange
    try {
      agent.dispatch({ origin, path, method: 'POST', headers: withDefaults(headers), body }, exchange.reader)
    } catch (error) {
      exchange.end(sendErrorOf(error))
    } finally {
      dispatching = null
    }
  }

  async function send(request: OutboundRequest): Promise<OutboundResult> {
    const startedAt = performance.now()
    const total = (): number => performance.now() - startedAt

    const target = targetOf(request.url)
    if (target.refusal !== null) return failed({ class: 'refused', ...target.refusal }, { total: total() })
    if (closed) return failed(new SendError('transport_closed').failure, { total: total() })

    const exchange = new Exchange(target.origin, limits)
    const deadline = setTimeout(() => {
      exchange.end(new SendError(exchange.atProxy ? 'proxy_failed' : 'timeout'))
    }, request.timeoutMs)
    running.add(exchange)
    dispatch(exchange, target.path, request)
    const outcome = await exchange.reader.outcome
    clearTimeout(deadline)
    running.delete(exchange)
    const { timings } = exchange
    if (outcome instanceof SendError) return failed(outcome.failure, { ...timings, total: total() })
    const { statusAt, ...response } = outcome
    const { dns = 0, connect = 0, tls = 0 } = timings
    const firstByte = statusAt - startedAt - dns - connect - tls
    const result = {
      ...response,
      timings: rounded({ ...timings, firstByte, total: total() }),
      failure: null,
    }
    // undici takes a connection back one turn after the response: a delivery that follows at once finds it.
    await nextTurn()
    return result
  }

  async function close(): Promise<void> {
    closed = true
    for (const exchange of running) exchange.end(new SendError('transport_closed'))
    await agent.destroy()
  }

  return { send, close, refusal: (url) => guard.refusalOfUrl(url) }
}

/** The caller's headers, and what every request says of us unless they say otherwise. */
function withDefaults(headers: Record<string, string>): Record<string, string> {
  const sent = { ...headers }
  const names = Object.keys(headers).map((name) => name.toLowerCase())
  if (!names.includes('user-agent')) sent['user-agent'] = 'drifthook'
  if (!names.includes('accept-encoding')) sent['accept-encoding'] = 'identity'
  return sent
}

function failed(failure: Failure, timings: Timings): OutboundResult {
  return { status: null, headers: {}, body: null, timings: rounded(timings), failure }
}

/** Whole milliseconds. */
function rounded(timings: Timings): Timings {
  const whole = { ...timings }
  for (const phase of Object.keys(whole) as (keyof Timings)[]) whole[phase] = Math.round(whole[phase] ?? 0)
  return whole
}
