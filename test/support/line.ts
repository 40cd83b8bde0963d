/** What lies between us and a server, for tests of bad days. */
import { createServer, connect as dial, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { freePort } from './throwaway.js'

/**
 * A line to a server that can be stalled, or cut and mended: all connections at once. What comes after `flow` is not
 * stalled. It is cut when the test ends.
 */
export async function cuttable(server: string) {
  const target = new URL(server)
  const standard = target.protocol.startsWith('redis') ? 6379 : 5432
  const sockets = new Set<Socket>()
  let stalled = false
  const join = (from: Socket, to: Socket) => {
    sockets.add(from)
    from.on('error', () => {}).on('close', () => to.destroy())
    if (!stalled) from.pipe(to)
  }
  const line = createServer((socket) => {
    const far = dial(Number(target.port || standard), target.hostname)
    join(socket, far)
    join(far, socket)
  })
  const port = await freePort()
  const mend = () => new Promise<void>((resolve) => line.listen(port, '127.0.0.1', resolve))
  const cut = async () => {
    const closed = new Promise((resolve) => line.close(resolve))
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    await closed
  }
  const stall = () => {
    stalled = true
    for (const socket of sockets) socket.unpipe().pause()
  }
  const flow = () => {
    stalled = false
  }
  await mend()
  onTestFinished(cut)
  const url = new URL(server)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return { url: url.href, stall, flow, cut, mend }
}
