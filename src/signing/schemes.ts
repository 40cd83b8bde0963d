/** The schemes there are, and what their headers are called. */

import { DrifthookError } from '../errors.js'
import { HEADER_NAME } from './grammar.js'
import { hex } from './hex.js'
import type { HeaderPart, Scheme, SignatureHeaders } from './scheme.js'
import { sha256 } from './sha256.js'
import { standard } from './standard.js'
import { timestamped } from './timestamped.js'

/** How a request can be signed. `standard` is the default everywhere. */
export const signatureSchemes = ['standard', 'hex', 'sha256', 'timestamped'] as const

export type SignatureScheme = (typeof signatureSchemes)[number]

const schemes: Record<SignatureScheme, Scheme> = { standard, hex, sha256, timestamped }

/** @throws DrifthookError `INVALID_REQUEST` for a name that is none of {@link signatureSchemes} */
export function schemeOf(name: SignatureScheme): Scheme {
  if (!signatureSchemes.includes(name)) {
    throw invalid(`A signature scheme is one of ${signatureSchemes.join(', ')}.`)
  }
  return schemes[name]
}

/**
 * The headers of a scheme by name: those given, in the case given, and the defaults of the rest.
 *
 * @throws DrifthookError `INVALID_REQUEST` if a name is no header name of at most 100 characters, two are
 *   the same, or the scheme has no such header
 */
export function signatureHeaders(scheme: SignatureScheme, names: SignatureHeaders = {}): SignatureHeaders {
  const defaults = schemeOf(scheme).headers
  if (Object.keys(names).length === 0) return { ...defaults }
  if (!Object.keys(names).every((part) => Object.hasOwn(defaults, part))) {
    throw invalid(`The signature scheme ${scheme} names these headers: ${Object.keys(defaults).join(', ')}.`)
  }

  const headers = Object.entries(defaults).map(
    ([part, name]) => [part, names[part as HeaderPart] ?? name] as const,
  )
  if (!headers.every(([, name]) => HEADER_NAME.test(name))) {
    throw invalid('The name of a signature header is no header name.')
  }
  if (new Set(headers.map(([, name]) => name.toLowerCase())).size < headers.length) {
    throw invalid('The headers of a signature have different names.')
  }
  return Object.fromEntries(headers)
}

function invalid(message: string): DrifthookError {
  return new DrifthookError('INVALID_REQUEST', message)
}
