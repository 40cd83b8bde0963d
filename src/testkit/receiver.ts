/** A webhook receiver for tests and examples: a real HTTP server here that writes down what comes. */

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type VerifyOptions, type VerifyResult, verify } from '../signing/index.js'

export interface ReceivedRequest {
  method: string
  /** Path and query. */
  path: string
  headers: IncomingHttpHeaders
  /** The bytes as they came. */
  body: Buffer
  receivedAt: Date
}

export interface Answer {
  status: number
  headers?: Record<string, string>
  body?: string | Uint8Array
}

/** `hang` never answers; `reset` breaks the connection off. */
export type Response = Answer | 'hang' | 'reset'

export interface ReceiverOptions {
  /** What to answer. Default `{ status: 200 }`. */
  respond?: (request: ReceivedRequest) => Response | Promise<Response>
  /** Default 0: any free port. */
  port?: number
}

export interface Receiver {
  port: number
  /** `http://127.0.0.1:<port>` and the path, `/` by default. */
  url(path?: string): string
  /** Everything received so far, oldest first. */
  requests: readonly ReceivedRequest[]
  /** How many connections were opened so far. */
  connections(): number
  /**
   * The oldest request that no earlier call returned, waiting for it if need be: two calls are two
   * requests, whenever they came.
   *
   * @param timeoutMs how long to wait, in milliseconds; default 5000
   * @throws Error if none came in that time
   */
  next(timeoutMs?: number): Promise<ReceivedRequest>
  /** Whether a request, by default the latest, is signed with `secret`, by default in the scheme `standard`. */
  verify(
    secret: string,
    request?: ReceivedRequest,
    options?: Pick<VerifyOptions, 'scheme' | 'headerNames'>,
  ): VerifyResult
  /** Ends the server and all its connections. */
  close(): Promise<void>
}

/** Starts a receiver on 127.0.0.1. */
export async function receiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const { respond = (): Answer => ({ status: 200 }), port: wantedPort = 0 } = options
  const requests: ReceivedRequest[] = []
  const unread: ReceivedRequest[] = []
  const waiting = new Set<(request: ReceivedRequest) => void>()
  let connections = 0

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const request = await read(incoming)
    requests.push(request)
    const [waiter] = waiting
    if (waiter === undefined) unread.push(request)
    else waiter(request)
    const response = await respond(request)
    if (response === 'reset') incoming.socket.resetAndDestroy()
    else if (response !== 'hang') outgoing.writeHead(response.status, response.headers).end(response.body)
  }

  const server = createServer((incoming, outgoing) => {
    // A sender that breaks off, or a script that throws, ends its own connection and nothing else.
    handle(incoming, outgoing).catch(() => incoming.socket.destroy())
  })
  server.on('connection', () => {
    connections += 1
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(wantedPort, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo

  return {
    port,
    requests,
    url: (path = '/') => `http://127.0.0.1:${port}${path}`,
    connections: () => connections,
    next(timeoutMs = 5000) {
      const request = unread.shift()
      if (request !== undefined) return Promise.resolve(request)
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(take)
          reject(new Error(`The receiver got no further request within ${timeoutMs} ms.`))
        }, timeoutMs)
        const take = (arrived: ReceivedRequest): void => {
          clearTimeout(timer)
          waiting.delete(take)
          resolve(arrived)
        }
        waiting.add(take)
      })
    },
    verify(secret, request = requests.at(-1), options = {}) {
      if (request === undefined) throw new Error('The receiver got no request to verify.')
      return verify({ ...options, headers: request.headers, body: request.body, secret })
    },
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

async function read(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const receivedAt = new Date()
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const { method = '', url = '', headers } = incoming
  return { method, path: url, headers, body: Buffer.concat(chunks), receivedAt }
}
