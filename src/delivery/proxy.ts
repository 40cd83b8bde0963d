/** The egress proxy: tunnels by HTTP CONNECT (RFC 9110 §9.3.6), so that a firewall knows one way out. */

import { request } from 'node:http'
import { isIPv6, type Socket } from 'node:net'
import { unescape as percentDecoded } from 'node:querystring'
import { parseUrl } from '../url.js'
import { SendError } from './failure.js'

export interface EgressProxy {
  /** IPv6 without its brackets. */
  host: string
  port: number
  headers: Record<string, string>
}

const MAX_HEADER_BYTES = 8 * 1024

/**
 * Reads a proxy's URL: `http://[user:password@]host:port`.
 *
 * @throws TypeError if it is anything else; the message repeats nothing of it, for it may hold a password
 */
export function proxyOf(text: string): EgressProxy {
  const url = parseUrl(text)
  if (url?.protocol !== 'http:' || url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new TypeError('The proxy must be a URL of the form http://[user:password@]host:port.')
  }
  const credentials = `${percentDecoded(url.username)}:${percentDecoded(url.password)}`
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 80),
    headers:
      credentials === ':'
        ? {}
        : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` },
  }
}

/**
 * Opens a tunnel to an address. The next byte of the socket is the receiver's.
 *
 * @param address an IP literal
 * @throws SendError `proxy_failed`, whatever the proxy did, or the reason of the abort
 */
export function tunnel(
  proxy: EgressProxy,
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<Socket> {
  const authority = `${isIPv6(address) ? `[${address}]` : address}:${port}`
  return new Promise((resolve, reject) => {
    const fail = (): void =>
      reject(signal.reason instanceof SendError ? signal.reason : new SendError('proxy_failed'))
    const asking = request({
      host: proxy.host,
      port: proxy.port,
      method: 'CONNECT',
      path: authority,
      headers: { ...proxy.headers, host: authority },
      maxHeaderSize: MAX_HEADER_BYTES,
      agent: false,
    })
    const abort = (): void => {
      asking.destroy()
    }
    signal.addEventListener('abort', abort, { once: true })
    asking.once('connect', ({ statusCode = 0 }, stream, head) => {
      // Without a TLS agent, what node:http connects is a socket of node:net.
      const socket = stream as Socket
      // Stays on: between here and the HTTP client an error would have no listener and end the process.
      socket.on('error', () => {})
      if (statusCode >= 200 && statusCode < 300) {
        // A receiver that speaks first is not HTTP; whoever reads next finds that out.
        socket.unshift(head)
        resolve(socket)
      } else {
        socket.destroy()
        fail()
      }
    })
    asking.on('error', fail)
    asking.once('close', () => {
      signal.removeEventListener('abort', abort)
      fail()
    })
    if (signal.aborted) abort()
    else asking.end()
  })
}
