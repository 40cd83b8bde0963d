/** Why no response came: stable codes, and sentences that name no address, query, header or secret. */

import type { OutboundResult } from '../ports/transport.js'

export type Failure = NonNullable<OutboundResult['failure']>

const failures = {
  timeout: ['network', 'The receiver did not answer before the deadline.'],
  dns_failed: ['network', 'The host name could not be resolved.'],
  connection_refused: ['network', 'The connection was refused.'],
  connection_reset: ['network', 'The connection ended before an answer came.'],
  unreachable: ['network', 'The receiver cannot be reached.'],
  tls_failed: ['network', 'The TLS handshake failed.'],
  tls_certificate: ['network', 'The certificate of the receiver was not accepted.'],
  request_failed: ['network', 'The request failed.'],
  http_malformed: ['receiver', 'The answer is not valid HTTP.'],
  headers_too_large: ['receiver', 'The headers of the answer are too large.'],
  request_invalid: ['refused', 'The request cannot be sent: a header is malformed or not permitted.'],
  address_refused: ['refused', 'The host name resolves to an address that is not public.'],
  transport_closed: ['ours', 'The transport was closed meanwhile.'],
  out_of_resources: ['ours', 'This machine has no file, memory, address or port left for a connection.'],
  proxy_failed: ['ours', 'The egress proxy opened no tunnel to the receiver.'],
} as const satisfies Record<string, readonly [Failure['class'], string]>

export type FailureCode = keyof typeof failures

/** What Node's system, DNS and OpenSSL, and undici say, in our words. */
const codes: Readonly<Record<string, FailureCode>> = {
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_reset',
  ECONNABORTED: 'connection_reset',
  EPIPE: 'connection_reset',
  UND_ERR_SOCKET: 'connection_reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EMFILE: 'out_of_resources',
  ENFILE: 'out_of_resources',
  ENOBUFS: 'out_of_resources',
  ENOMEM: 'out_of_resources',
  EAI_MEMORY: 'out_of_resources',
  EADDRNOTAVAIL: 'out_of_resources',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'http_malformed',
  UND_ERR_HEADERS_OVERFLOW: 'headers_too_large',
  UND_ERR_INVALID_ARG: 'request_invalid',
  UND_ERR_NOT_SUPPORTED: 'request_invalid',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'request_invalid',
  UND_ERR_DESTROYED: 'transport_closed',
  UND_ERR_CLOSED: 'transport_closed',
}

/** Carries a failure through promises and undici to whoever reports it. */
export class SendError extends Error {
  readonly failure: Failure

  /** @param detail a constant of OpenSSL's or Node's that tells failures of one code apart */
  constructor(code: FailureCode, detail?: string) {
    const [failureClass, sentence] = failures[code]
    const message = detail === undefined ? sentence : sentence.replace(/\.$/, ` (${detail}).`)
    super(message)
    this.name = 'SendError'
    this.failure = { class: failureClass, code, message }
  }
}

/** Whatever was thrown on the way, as a SendError. The text of a foreign error is never repeated. */
export function sendErrorOf(error: unknown): SendError {
  if (error instanceof SendError) return error
  // One error for each address of a name. Where one address failed for another reason than this machine's
  // lack of something (say, of IPv6), that reason is the one to tell.
  if (error instanceof AggregateError) {
    const each = error.errors.map(sendErrorOf)
    return each.find(({ failure }) => failure.class !== 'ours') ?? sendErrorOf(each[0])
  }
  const { name, code = '', message }: NodeJS.ErrnoException = error instanceof Error ? error : new Error()
  // undici has no code of its own for HTTP that makes no sense here: a 100 or 101 nobody asked for.
  if (name === 'HTTPParserError' || message.startsWith('bad ')) return new SendError('http_malformed')
  return new SendError(codes[code] ?? 'request_failed')
}
