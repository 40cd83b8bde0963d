/** Reading a request's body as the JSON a management route takes. */
import { defaultLimits } from '../diff/limits.js'
import { DrifthookError } from '../errors.js'
import type { HttpRequest } from './request.js'

/** Whether somebody before us read the stream. */
export const isConsumed = (request: HttpRequest): boolean => request.readableDidRead || request.readableEnded

/** The whole body, counted while it arrives. */
function readBytes(request: HttpRequest, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const done = (settle: () => void) => {
      request.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose)
      settle()
    }
    const onData = (chunk: Buffer) => {
      size += chunk.byteLength
      if (size > maxBytes) done(() => reject(bodyTooLarge(maxBytes)))
      else chunks.push(chunk)
    }
    const onEnd = () => done(() => resolve(Buffer.concat(chunks, size)))
    const onError = (cause: Error) => done(() => reject(aborted(cause)))
    const onClose = () => done(() => reject(aborted()))
    request.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
  })
}

const aborted = (cause?: unknown) =>
  new DrifthookError('BODY_INVALID', 'The request ended before its body was complete.', { cause })

/**
 * The JSON of a management request. A body that the host has parsed already is taken as it is.
 * @throws DrifthookError `BODY_INVALID`, `BODY_TOO_LARGE`
 */
export async function readJson(request: HttpRequest, maxBytes: number): Promise<unknown> {
  const value = await jsonOf(request, maxBytes)
  refuseDeep(value)
  return value
}

/** Deep enough to exhaust the stack of whoever follows it, and deeper than any file may be. */
function refuseDeep(value: unknown): void {
  const isContainer = (inner: unknown) => typeof inner === 'object' && inner !== null
  const { depth } = defaultLimits
  let level = [value].filter(isContainer)
  for (let n = 0; level.length > 0; n++) {
    if (n === depth) {
      throw new DrifthookError('BODY_INVALID', `The body has more than ${depth} levels of nesting.`, {
        limit: { name: 'depth', value: depth },
      })
    }
    level = level.flatMap((container) => Object.values(container as object).filter(isContainer))
  }
}

async function jsonOf(request: HttpRequest, maxBytes: number): Promise<unknown> {
  if (isConsumed(request)) return parsedByHost(request.body)
  const bytes = await readBytes(request, maxBytes)
  if (bytes.byteLength === 0) return undefined
  const type = request.get('content-type') ?? ''
  if (!/^application\/([\w.-]+\+)?json\b/i.test(type)) {
    throw new DrifthookError('BODY_INVALID', 'Send the body as JSON, with Content-Type: application/json.')
  }
  return parse(bytes)
}

function parsedByHost(body: unknown): unknown {
  if (body instanceof Uint8Array || typeof body === 'string') return parse(Buffer.from(body))
  // Express 4's parsers leave an empty object where there was no body.
  if (typeof body === 'object' && body !== null) return body
  throw new DrifthookError('BODY_INVALID', 'The body was read before drifthook, and no JSON was left of it.')
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new DrifthookError('BODY_INVALID', 'The body is not valid JSON in UTF-8.', { cause })
  }
}

const bodyTooLarge = (maxBytes: number) =>
  new DrifthookError('BODY_TOO_LARGE', `The body has more than ${maxBytes} bytes.`, {
    limit: { name: 'upload.maxBytes', value: maxBytes },
  })
