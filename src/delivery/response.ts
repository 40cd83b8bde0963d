/** What is kept of a response. */

import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'

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
export function keptHeaders(headers: IncomingHttpHeaders): Record<string, string> {
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

/**
 * Reads a body up to a cap, then ends the connection that brings it. A body that breaks off or is still
 * coming at the deadline is not an error: the status has been said, and what came is what there is.
 *
 * @returns the first `keepBytes` bytes
 */
export async function readBody(body: Readable, maxBytes: number, keepBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let read = 0
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      if (read < keepBytes) chunks.push(chunk.subarray(0, keepBytes - read))
      read += chunk.length
      // Leaving the loop destroys the body, and with it the connection.
      if (read >= maxBytes) break
    }
  } catch {
    // Broken off, or aborted.
  }
  return Buffer.concat(chunks)
}
