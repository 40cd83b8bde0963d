/** Receivers that do what a sender hopes no receiver does: real sockets here, one bad habit each. */

import { type AddressInfo, createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type Behaviour, behaviours } from './hostile-kinds.js'

export type HostileKindName = keyof typeof behaviours

export interface HostileKind {
  kind: HostileKindName
  /**
   * What a careful sender reports: this status, or that the request failed. Where a status came and its body
   * broke off, drifthook takes the status; a sender may also call that a failure.
   */
  expected: number | 'failure'
  /** What a careful sender does, in a sentence. */
  good: string
}

export interface HostileReceiver {
  /** `http://127.0.0.1:<port>/`, or `https:` where TLS is what is bad about it. */
  url: string
  port: number
  /**
   * Its own certificate (PEM) where it has one, else null. A sender that trusts it still has to refuse the one
   * that is expired and the one that is for another name, and gets a 200 from the one that is self-signed.
   */
  ca: string | null
  /** How many requests came so far. */
  requests(): number
  /** How many connections were opened so far. */
  connections(): number
  /** How many of them are still open. */
  open(): number
  /** Waits until none is open: for ever, if a sender leaves one behind. */
  allClosed(): Promise<void>
  /** Ends the server and all its connections. */
  close(): Promise<void>
}

/** Every kind of hostile receiver, to loop over. */
export const hostileKinds: readonly HostileKind[] = (Object.keys(behaviours) as HostileKindName[]).map(
  (kind) => ({ kind, expected: behaviours[kind].expected, good: behaviours[kind].good }),
)

/**
 * Starts a hostile receiver on 127.0.0.1.
 *
 * @param options `port`: default 0, any free port
 */
export async function hostileReceiver(
  kind: HostileKindName,
  options: { port?: number } = {},
): Promise<HostileReceiver> {
  const behaviour: Behaviour = behaviours[kind]
  const { tls } = behaviour
  const certificate = typeof tls === 'function' ? tls() : null
  const sockets = new Set<Socket>()
  let connections = 0
  let requests = 0

  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // Its senders break off, and have every reason to.
    socket.on('error', () => {})
    const stream = certificate === null ? socket : new TLSSocket(socket, { isServer: true, ...certificate })
    stream.on('error', () => socket.destroy())
    stream.on('data', (chunk: Buffer) => {
      if (tls === 'none' || !startsRequest(chunk)) return
      requests += 1
      behaviour.request?.(stream, url)
    })
    behaviour.connection?.(socket)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/`

  return {
    url,
    port,
    ca: certificate?.cert ?? null,
    requests: () => requests,
    connections: () => connections,
    open: () => sockets.size,
    async allClosed() {
      await Promise.all(Array.from(sockets, (socket) => new Promise((done) => socket.once('close', done))))
    },
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
        sockets.clear()
      })
    },
  }
}

/** Whether a chunk is the start of a request, not more of its body. */
const startsRequest = (chunk: Buffer): boolean => /^[A-Z]+ \S+ HTTP\/1\.1\r\n/.test(chunk.toString('latin1'))
