import { readSync } from 'node:fs'
import { DrifthookError } from '../errors.js'
import type { Content } from '../ports/analyzer.js'

/**
 * All bytes of a content, until the next is asked for. Reads an open file while the thread waits: not for the
 * host's event loop.
 * @throws DrifthookError `SPOOL_UNAVAILABLE` if the file cannot be read, or ends too early
 */
export const bytesOf = (content: Content): Uint8Array =>
  'fd' in content ? readWhole(content.fd, content.size) : content

/**
 * Of this thread, which reads one file after the other: a new one for each would be a garbage of 30 MB, of which
 * several wait for their collection at once.
 */
let buffer = Buffer.alloc(0)

/** By positions, so that neither other readers of the file matter nor a thread that was ended in the middle. */
function readWhole(fd: number, size: number): Uint8Array {
  if (buffer.byteLength < size) buffer = Buffer.allocUnsafeSlow(size)
  const bytes = buffer.subarray(0, size)
  let length = 0
  while (length < size) {
    const read = readOn(fd, bytes, length)
    if (read === 0) throw unreadable()
    length += read
  }
  return bytes
}

function readOn(fd: number, bytes: Buffer, position: number): number {
  try {
    return readSync(fd, bytes, position, bytes.byteLength - position, position)
  } catch (cause) {
    throw unreadable(cause)
  }
}

const unreadable = (cause?: unknown) =>
  new DrifthookError('SPOOL_UNAVAILABLE', 'The file could not be read back whole. Send it again.', {
    retryAfterSeconds: 5,
    cause,
  })
