/**
 * Opens connections for the HTTP client, guarded at every step: the literal address or every answer of
 * DNS before, the socket's own word on where it is connected after, and only then TLS.
 */

import { promises as dns, type LookupAddress } from 'node:dns'
import { isIP, connect as openTcp, type Socket } from 'node:net'
import { connect as openTls, type TLSSocket } from 'node:tls'
import type { Timings } from '../ports/transport.js'
import type { AddressGuard } from './address-guard.js'
import { SendError, sendErrorOf } from './failure.js'
import { type EgressProxy, tunnel } from './proxy.js'

/** All addresses of a host name, as `dns.promises.lookup(name, { all: true })` gives them. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>

export interface ConnectorOptions {
  guard: AddressGuard
  /** Default: the system's resolver. */
  resolve?: Resolve | undefined
  /** PEM certificates to trust instead of Node's own list. */
  ca?: string | undefined
  /** Every connection goes through a tunnel of this proxy. Default: none does. */
  proxy?: EgressProxy | null | undefined
}

export interface Target {
  protocol: string
  /** IPv6 without its brackets. */
  hostname: string
  port: number
}

/** One try at a request, as far as a connection is concerned. */
export interface Attempt {
  /** Aborted when the try must end, with the SendError to report as its reason. */
  signal: AbortSignal
  /** Filled in on the way, in milliseconds. */
  timings: Pick<Timings, 'dns' | 'connect' | 'tls'>
  /** Set while the proxy is what has not answered, so that a deadline is not charged to the receiver. */
  atProxy?: boolean
}

export type Connector = (target: Target, attempt: Attempt) => Promise<Socket>

/** When to try a name's next address, in milliseconds. Node's own 250 is too little across an ocean. */
const NEXT_ADDRESS_MS = 500
/** When an idle connection is first asked whether its peer still lives, in milliseconds. */
const KEEP_ALIVE_MS = 60_000

/**
 * Makes a connector. What it returns is connected, and encrypted for `https:`; anything else is a
 * rejection with a SendError and leaves no socket behind.
 */
export function guardedConnector({ guard, resolve = resolveAll, ca, proxy }: ConnectorOptions): Connector {
  async function answers(host: string): Promise<LookupAddress[]> {
    const found = await resolve(host).catch((error) => {
      const cause = sendErrorOf(error)
      throw cause.failure.class === 'ours' ? cause : new SendError('dns_failed')
    })
    if (found.length === 0) throw new SendError('dns_failed')
    return found
  }

  async function addressesOf(host: string, port: number, { signal, timings }: Attempt) {
    const family = isIP(host)
    const startedAt = performance.now()
    const addresses = family > 0 ? [{ address: host, family }] : await orAbort(answers(host), signal)
    if (family === 0) timings.dns = performance.now() - startedAt
    // All or nothing: a name with one bad answer is an attack or broken, and which one is not ours to guess.
    if (addresses.some(({ address }) => guard.refusalOfAddress(address, port) !== null)) {
      throw new SendError('address_refused')
    }
    return addresses
  }

  async function direct(addresses: LookupAddress[], host: string, port: number, signal: AbortSignal) {
    const socket = openTcp({
      host,
      port,
      // Only what was just judged; nothing resolves the name a second time.
      lookup: (_host, _options, callback) => callback(null, addresses),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    })
    await ready(socket, 'connect', signal)
    const { remoteAddress } = socket
    if (remoteAddress !== undefined && guard.refusalOfAddress(remoteAddress, port) === null) return socket
    socket.destroy()
    // A peer that hung up at once has no address any more.
    throw new SendError(remoteAddress === undefined ? 'connection_reset' : 'address_refused')
  }

  /** Only what was just judged, by its number: a proxy that resolved the name might get another answer. */
  async function through(proxy: EgressProxy, addresses: LookupAddress[], port: number, attempt: Attempt) {
    let failure: unknown
    attempt.atProxy = true
    for (const { address } of addresses) {
      try {
        const socket = await tunnel(proxy, address, port, attempt.signal)
        attempt.atProxy = false
        return socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS)
      } catch (error) {
        failure = error
        if (attempt.signal.aborted) break
      }
    }
    throw failure
  }

  async function tcp(host: string, port: number, attempt: Attempt): Promise<Socket> {
    const addresses = await addressesOf(host, port, attempt)
    const startedAt = performance.now()
    const socket = proxy
      ? await through(proxy, addresses, port, attempt)
      : await direct(addresses, host, port, attempt.signal)
    attempt.timings.connect = performance.now() - startedAt
    return socket
  }

  async function tls(socket: Socket, host: string, attempt: Attempt): Promise<TLSSocket> {
    const startedAt = performance.now()
    const secured = openTls({
      socket,
      host,
      // Server names are names (RFC 6066 §3); for an address the certificate is checked against `host`.
      ...(isIP(host) > 0 ? {} : { servername: host }),
      ...(ca === undefined ? {} : { ca }),
      ALPNProtocols: ['http/1.1'],
      // Said, so that NODE_TLS_REJECT_UNAUTHORIZED=0 does not unsay it.
      rejectUnauthorized: true,
    })
    try {
      await ready(secured, 'secureConnect', attempt.signal)
    } catch (error) {
      socket.destroy()
      if (attempt.signal.aborted) throw error
      // Node's types say Error; what it holds is OpenSSL's constant, such as CERT_HAS_EXPIRED.
      const reason: unknown = secured.authorizationError
      if (!reason) throw new SendError('tls_failed')
      throw new SendError('tls_certificate', /^[A-Z_]+$/.test(String(reason)) ? String(reason) : undefined)
    }
    attempt.timings.tls = performance.now() - startedAt
    return secured
  }

  return async ({ protocol, hostname, port }, attempt) => {
    const host = hostname.replace(/\.$/, '')
    const socket = await tcp(host, port, attempt)
    return protocol === 'https:' ? await tls(socket, host, attempt) : socket
  }
}

function resolveAll(hostname: string): Promise<LookupAddress[]> {
  return dns.lookup(hostname, { all: true, verbatim: true })
}

/** Waits for a socket's event; on an error or abort the socket is destroyed. */
function ready(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      socket.destroy(signal.reason)
    }
    const settle = (error?: unknown): void => {
      signal.removeEventListener('abort', abort)
      if (error === undefined) resolve()
      else reject(sendErrorOf(error))
    }
    signal.addEventListener('abort', abort, { once: true })
    socket.once(event, () => settle())
    // Stays on: between here and the HTTP client an error would have no listener and end the process.
    socket.on('error', settle)
    socket.once('close', () => settle(new SendError('connection_reset')))
    if (signal.aborted) abort()
  })
}

/** `promise`, or the reason of the abort, whichever comes first: DNS cannot be cancelled, only left. */
function orAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
