/** What the transport's tests share: transports and servers that are gone when the test is. */

import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { type HttpTransportOptions, httpTransport } from '../../../src/delivery/transport.js'
import type { OutboundRequest, OutboundResult, Transport } from '../../../src/ports/transport.js'
import { type HostileKindName, type HostileReceiver, hostileReceiver } from '../../../src/testkit/hostile.js'
import { type Receiver, type ReceiverOptions, receiver } from '../../../src/testkit/receiver.js'

/** A transport that may call this machine. */
export function transport(options: HttpTransportOptions = {}): Transport {
  const made = httpTransport({ allowLoopback: true, ...options })
  onTestFinished(() => made.close())
  return made
}

export async function started(options: ReceiverOptions = {}): Promise<Receiver> {
  const made = await receiver(options)
  onTestFinished(() => made.close())
  return made
}

export async function hostile(kind: HostileKindName): Promise<HostileReceiver> {
  const made = await hostileReceiver(kind)
  onTestFinished(() => made.close())
  return made
}

/** A TCP server that treats every connection as `onSocket` says; its URL. */
export async function rawServer(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await ended(server)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** A TCP server that answers every request with `bytes`, as they are. */
export function answering(bytes: string, then?: (socket: Socket) => void): Promise<string> {
  return rawServer((socket) => {
    socket.once('data', () => {
      socket.write(bytes, 'latin1')
      then?.(socket)
    })
  })
}

export async function ended(server: Server): Promise<void> {
  if (!server.listening) return
  server.close()
  await once(server, 'close')
}

export function send(
  to: Transport,
  url: string,
  over: Partial<OutboundRequest> = {},
): Promise<OutboundResult> {
  const body = Buffer.from('{"event":"test"}')
  return to.send({ url, headers: { 'content-type': 'application/json' }, body, timeoutMs: 5000, ...over })
}

export const text = (result: OutboundResult) =>
  result.body === null ? null : Buffer.from(result.body).toString()
