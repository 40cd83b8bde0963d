/**
 * The address guard: where a webhook may be sent.
 *
 * Whoever registers a URL makes this process call it, so the URL must not reach what only this process
 * can reach (server-side request forgery). It is judged three times: the URL when it is registered and
 * before every send, every answer of DNS, and the connected socket. Each is needed: a literal address
 * never meets DNS, and a name may resolve to another address the next time.
 */

import { isIP } from 'node:net'
import { parseUrl } from '../url.js'
import { addressKind } from './address-kind.js'

export interface AddressGuardOptions {
  /**
   * Permits `http:` and loopback addresses (127.0.0.0/8, ::1, `localhost`), for development and tests; a
   * list permits them on these ports only. Everything else stays refused. Default false.
   */
  allowLoopback?: boolean | readonly number[]
}

/** The code for machines, the sentence for people. It names neither credentials nor a query. */
export interface Refusal {
  code: 'invalid_url' | 'not_https' | 'address_refused'
  message: string
}

export interface AddressGuard {
  /**
   * Judges a URL by itself, without DNS.
   *
   * @returns null if it may be called, as far as the URL can tell
   */
  refusalOfUrl(url: string | URL): Refusal | null
  /**
   * Judges an address that DNS or a socket gave.
   *
   * @param ip as Node writes addresses
   * @param port 1 to 65535
   * @returns null if it may be connected to
   */
  refusalOfAddress(ip: string, port: number): Refusal | null
}

/** Names that mean a machine or network around this one (RFC 6762, RFC 8375, ICANN's `.internal`). */
const localSuffixes = ['.local', '.internal', '.localdomain', '.home.arpa']

/**
 * Makes a guard. It keeps nothing and asks nobody: the same input has the same answer.
 *
 * HTTPS only; no credentials in the URL; any port from 1 on (receivers do listen on odd ones, and the
 * address is what protects); only public unicast addresses; no names that are local by convention.
 */
export function createAddressGuard({ allowLoopback = false }: AddressGuardOptions = {}): AddressGuard {
  const loopbackAllowed = (port: number): boolean =>
    typeof allowLoopback === 'boolean' ? allowLoopback : allowLoopback.includes(port)

  function refusalOfAddress(ip: string, port: number): Refusal | null {
    const kind = addressKind(ip)
    if (kind === 'public' || (kind === 'loopback' && loopbackAllowed(port))) return null
    return refuse('address_refused', `The address is not a public one (${kind}).`)
  }

  function refusalOfUrl(input: string | URL): Refusal | null {
    const url = parse(input)
    if (url === null) return refuse('invalid_url', 'The URL cannot be read.')
    if (url.username !== '' || url.password !== '') {
      return refuse('invalid_url', 'The URL carries credentials; put them into a header.')
    }
    const port = portOf(url)
    if (port === 0) return refuse('invalid_url', 'Port 0 cannot be called.')

    const host = hostOf(url)
    const loopback = isLocalhost(host) || addressKind(host) === 'loopback'
    const permitted = loopback && loopbackAllowed(port)
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && permitted)) {
      return refuse('not_https', 'The URL must start with https://.')
    }
    // `new URL` reads a host that ends in a number as IPv4, or fails: there is no other spelling left.
    if (isIP(host) > 0) return refusalOfAddress(host, port)
    if (host.split('.').includes('')) return refuse('invalid_url', 'The host name has an empty label.')
    return permitted ? null : refusalOfName(host)
  }

  return { refusalOfUrl, refusalOfAddress }
}

/** The port a URL is called on. */
function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
}

/**
 * The host of a URL as DNS and sockets want it: without the brackets of IPv6 and the one trailing dot
 * that makes a name absolute. WHATWG parsing has already lowered it, decoded it and read every spelling of
 * an IPv4 address, so only this may be judged, never the text.
 */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
}

/** `localhost` and all names below it (RFC 6761 §6.3). */
function isLocalhost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost')
}

function refusalOfName(host: string): Refusal | null {
  const local = localSuffixes.some((suffix) => `.${host}`.endsWith(suffix))
  if (local || isLocalhost(host) || !host.includes('.')) {
    return refuse('address_refused', 'The host name is a local one.')
  }
  return null
}

function parse(input: string | URL): URL | null {
  if (input instanceof URL) return input
  return parseUrl(input)
}

function refuse(code: Refusal['code'], message: string): Refusal {
  return { code, message }
}
