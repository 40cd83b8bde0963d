/** Sending an answer, also to a client that is not done sending its request. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer } from './problem.js'

/** A refused body is taken in so far, for so long, and with pauses so long, that its sender reads the answer. */
const drained = { bytes: 64 * 1024 * 1024, totalMs: 30_000, idleMs: 5_000 }

/**
 * Sends `answer`, once and whatever became of the connection. Where it refuses a body that is still coming, the
 * connection is closed, but not before the client had a chance to read why.
 */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  requestId: string,
): void {
  if (response.headersSent || response.destroyed) return
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body)
  for (const name in answer.headers) response.setHeader(name, answer.headers[name] ?? '')
  response.setHeader('x-request-id', requestId)
  response.setHeader('cache-control', 'no-store')
  response.statusCode = answer.status
  const refused = answer.status >= 400 && !request.complete
  if (!refused) {
    response.end(text)
    return
  }
  response.setHeader('connection', 'close')
  response.setHeader('content-length', Buffer.byteLength(text))
  // Who was too slow to send is not waited for once more.
  if (answer.status === 408) {
    response.end(text)
    return
  }
  response.write(text)
  drain(request, response)
}

/**
 * Takes in a bounded amount for a bounded time, then ends the response. Node closes a connection with the end of
 * its last response, and an operating system that closes over unread bytes resets it: many clients write all of a
 * body before they read, and would find the reset in place of the answer.
 */
function drain(request: IncomingMessage, response: ServerResponse): void {
  let left = drained.bytes
  const close = () => response.destroy()
  const total = setTimeout(close, drained.totalMs)
  const idle = setTimeout(close, drained.idleMs)
  response.once('close', () => {
    clearTimeout(total)
    clearTimeout(idle)
  })
  request.on('data', (chunk: Buffer) => {
    left -= chunk.byteLength
    if (left < 0) close()
    else if (!response.destroyed) idle.refresh()
  })
  request.once('end', () => response.end())
  request.resume()
}
