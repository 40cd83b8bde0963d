import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  type HostileKindName,
  type HostileReceiver,
  hostileKinds,
  hostileReceiver,
} from '../../../src/testkit/index.js'

async function hostile(kind: HostileKindName): Promise<HostileReceiver> {
  const made = await hostileReceiver(kind)
  onTestFinished(() => made.close())
  return made
}

/** A sender without any care: it asks, and reads for as long as it is told to. */
async function careless(to: HostileReceiver): Promise<{ socket: Socket; read: () => string }> {
  const socket = connect(to.port, '127.0.0.1')
  onTestFinished(() => {
    socket.destroy()
  })
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => {})
  socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}')
  return { socket, read: () => text }
}

describe('the list of hostile kinds', () => {
  it('says of each what to expect, and what a careful sender does', () => {
    expect(hostileKinds.length).toBeGreaterThan(40)
    expect(new Set(hostileKinds.map(({ kind }) => kind)).size).toBe(hostileKinds.length)
    for (const { expected, good } of hostileKinds) {
      expect(expected === 'failure' || (expected >= 200 && expected < 600)).toBe(true)
      expect(good).toMatch(/^[A-Z].*\.$/)
    }
  })
})

describe('a hostile receiver', () => {
  it.each(hostileKinds)(
    'of the kind $kind starts, listens, and ends with all its connections',
    async ({ kind }) => {
      const there = await hostileReceiver(kind)
      expect(there.url).toBe(`${kind.startsWith('tls-') ? 'https' : 'http'}://127.0.0.1:${there.port}/`)
      const { socket } = await careless(there)
      await expect.poll(there.connections).toBe(1)
      const gone = socket.closed ? null : once(socket, 'close')
      await there.close()
      await gone
      expect(there.open()).toBe(0)
    },
  )

  it('counts requests and connections, each answered as the first', async () => {
    const there = await hostile('redirects-inward')
    const { socket, read } = await careless(there)
    await expect.poll(read).toContain('169.254.169.254')
    socket.write('POST /again HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n')
    await expect.poll(there.requests).toBe(2)
    expect([there.connections(), there.open()]).toEqual([1, 1])
    socket.destroy()
    await there.allClosed()
    expect(there.open()).toBe(0)
  })

  it('goes on for as long as it is listened to', async () => {
    for (const kind of ['slow-headers', 'slow-body'] as const) {
      const { read } = await careless(await hostile(kind))
      await expect.poll(() => read().match(/a+$/)?.[0].length ?? 0).toBeGreaterThan(5)
    }
    for (const kind of ['endless-body', 'endless-103'] as const) {
      const { read } = await careless(await hostile(kind))
      await expect.poll(() => read().length).toBeGreaterThan(1_000_000)
    }
  })

  it('takes the port it is given', async () => {
    const first = await hostile('never-answers')
    const { port } = first
    await first.close()
    const second = await hostileReceiver('never-answers', { port })
    onTestFinished(() => second.close())
    expect(second.port).toBe(port)
    await expect(hostileReceiver('never-answers', { port })).rejects.toThrow('EADDRINUSE')
  })

  it('has a certificate where that is what is bad about it', async () => {
    const certificateOf = async (kind: HostileKindName) =>
      new X509Certificate(String((await hostile(kind)).ca))
    const now = new Date()
    const until = (certificate: X509Certificate) => new Date(certificate.validTo)

    const selfSigned = await certificateOf('tls-self-signed')
    expect(selfSigned.verify(selfSigned.publicKey)).toBe(true)
    expect(selfSigned.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(selfSigned.checkHost('localhost')).toBe('localhost')
    expect(until(selfSigned) > now).toBe(true)

    const expired = await certificateOf('tls-expired')
    expect(until(expired) < now).toBe(true)
    expect(new Date(expired.validFrom) < until(expired)).toBe(true)

    const wrongName = await certificateOf('tls-wrong-name')
    expect(wrongName.checkIP('127.0.0.1')).toBeUndefined()
    expect(wrongName.checkHost('another.test')).toBe('another.test')
    expect((await hostile('never-answers')).ca).toBeNull()
  })

  it('answers a sender that does not look at its certificate', async () => {
    const there = await hostile('tls-expired')
    const socket = connectTls({ port: there.port, host: '127.0.0.1', rejectUnauthorized: false })
    onTestFinished(() => {
      socket.destroy()
    })
    socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n')
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toContain('200 OK')
    expect(there.requests()).toBe(1)
  })
})
