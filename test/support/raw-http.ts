/** HTTP as bytes over a socket: no client in between that would refuse to send what is wrong. */
import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  status: number
  /** Names in lower case. */
  headers: Record<string, string>
  body: string
}

export interface Exchange {
  /** Whether our half is closed after the last byte, as by a sender that ends too early. */
  end?: boolean
}

/** An answer that takes longer than this is none. Far above what any machine needs. */
const patienceMs = 60_000

/**
 * Sends bytes on a connection of their own, and reads what is answered.
 * @returns null if the connection ended without an answer
 */
export async function exchange(
  port: number,
  bytes: Uint8Array,
  { end = false }: Exchange = {},
): Promise<RawAnswer | null> {
  const socket = await connected(port)
  const answer = answerOn(socket)
  if (end) socket.end(bytes)
  else socket.write(bytes)
  try {
    return await answer
  } finally {
    socket.destroy()
  }
}

/** A connection that is made. What goes wrong with it later shows in what is answered on it. */
export function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject).on('error', () => {})
      resolve(socket)
    })
  })
}

/** The next answer on a connection; null if it ends without one. */
export function answerOn(socket: Socket): Promise<RawAnswer | null> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0)
    const timer = setTimeout(() => settle(() => reject(new Error('no answer'))), patienceMs)
    const settle = (how: () => void) => {
      clearTimeout(timer)
      socket.off('data', onData).off('close', onClose)
      how()
    }
    const onData = (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      const whole = parse(received, false)
      if (whole !== null) settle(() => resolve(whole))
    }
    const onClose = () => settle(() => resolve(parse(received, true)))
    socket.on('data', onData).on('close', onClose)
    if (socket.destroyed) onClose()
  })
}

/** @param ended whether nothing more can come: then what has come is all of the body */
function parse(received: Buffer, ended: boolean): RawAnswer | null {
  const at = received.indexOf('\r\n\r\n')
  if (at < 0) return null
  const [first = '', ...lines] = received.toString('latin1', 0, at).split('\r\n')
  const status = Number(first.split(' ')[1])
  const rest = received.subarray(at + 4)
  if (status < 200) return parse(rest, ended)
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const length = headers['content-length']
  const isWhole = length === undefined ? ended : rest.byteLength >= Number(length)
  return isWhole || ended ? { status, headers, body: rest.toString() } : null
}

/** A request with a body, and headers that fit it unless others are given. */
export function post(
  path: string,
  body: Uint8Array | string,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const bytes = Buffer.from(body as string)
  const all = { host: 'localhost', 'content-length': String(bytes.byteLength), ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), bytes])
}

export interface RawPart {
  /** All of them, without the line that ends them. */
  headers: readonly string[]
  body: Uint8Array | string
}

/** The part that a good client sends a file in. */
export const filePart = (body: Uint8Array | string, name = 'orders.json'): RawPart => ({
  headers: [
    `Content-Disposition: form-data; name="file"; filename="${name}"`,
    'Content-Type: application/octet-stream',
  ],
  body,
})

export const fieldPart = (name: string, body = '1'): RawPart => ({
  headers: [`Content-Disposition: form-data; name="${name}"`],
  body,
})

/** A multipart body as the standard has it; what is wrong with it is in its parts. */
export function multipartBody(parts: readonly RawPart[], boundary = 'x'): Buffer {
  const pieces = parts.flatMap(({ headers, body }) => [
    Buffer.from(`--${boundary}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`),
    Buffer.from(body as string),
    Buffer.from('\r\n'),
  ])
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)])
}

export const postParts = (path: string, parts: readonly RawPart[], boundary = 'x'): Buffer =>
  post(path, multipartBody(parts, boundary), {
    'content-type': `multipart/form-data; boundary=${boundary}`,
  })
