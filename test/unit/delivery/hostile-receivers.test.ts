import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { answering, ended, rawServer, send, started, text, transport } from './support.js'

/** Generous: what is shown is that the deadline ends things at all, not that it is exact. */
const SOON_MS = 3000
const deadline = { timeoutMs: 250 }

describe('a receiver that is slow', () => {
  it.each([
    ['never answers', () => {}],
    ['never ends its headers', (socket) => socket.write('HTTP/1.1 200 OK\r\nx-a: ')],
    ['only says to continue', (socket) => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n')],
  ] satisfies [string, (socket: import('node:net').Socket) => unknown][])(
    'and %s meets the deadline',
    async (_what, act) => {
      const url = await rawServer((socket) => {
        act(socket)
      })
      const startedAt = performance.now()
      const result = await send(transport(), url, deadline)
      expect(result).toMatchObject({
        status: null,
        body: null,
        failure: { class: 'network', code: 'timeout' },
      })
      expect(performance.now() - startedAt).toBeLessThan(SOON_MS)
    },
  )

  it('with its body has said its status by the deadline', async () => {
    const url = await answering('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')
    const startedAt = performance.now()
    const result = await send(transport(), url, deadline)
    expect(result).toMatchObject({ status: 200, failure: null })
    expect(text(result)).toBe('half')
    expect(performance.now() - startedAt).toBeLessThan(SOON_MS)
  })

  it('drips bytes and meets the same deadline', async () => {
    const url = await answering('HTTP/1.1 200 OK\r\n\r\n', (socket) => {
      const drip = setInterval(() => socket.write('.'), 20)
      socket.on('close', () => clearInterval(drip))
    })
    const startedAt = performance.now()
    expect(await send(transport(), url, deadline)).toMatchObject({ status: 200, failure: null })
    expect(performance.now() - startedAt).toBeLessThan(SOON_MS)
  })

  it('to resolve meets the deadline, and is never called after it', async () => {
    const there = await started()
    let answer: (found: { address: string; family: number }[]) => void = () => {}
    const to = transport({
      resolve: () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    })
    const result = await send(to, `http://localhost:${there.port}/`, deadline)
    expect(result.failure).toMatchObject({ class: 'network', code: 'timeout' })
    answer([{ address: '127.0.0.1', family: 4 }])
    await send(transport(), there.url())
    expect(there.requests).toHaveLength(1)
  })

  it('to shake hands meets the deadline', async () => {
    const url = await rawServer(() => {})
    const result = await send(transport(), url.replace('http:', 'https:'), deadline)
    expect(result.failure).toMatchObject({ class: 'network', code: 'timeout' })
    expect(result.timings).toHaveProperty('connect')
  })
})

describe('a receiver that sends too much', () => {
  it('is cut off at the cap, its status kept', async () => {
    let sent = 0
    let closed = false
    const url = await answering('HTTP/1.1 202 Accepted\r\n\r\n', (socket) => {
      const chunk = Buffer.alloc(16 * 1024, 'x')
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length
      }
      socket.on('drain', pour)
      socket.on('close', () => {
        closed = true
      })
      pour()
    })
    const result = await send(transport(), url)
    expect(result).toMatchObject({ status: 202, failure: null })
    expect(text(result)).toBe('x'.repeat(2048))
    await expect.poll(() => closed).toBe(true)
    // What the system's socket buffers took, not what an endless body would have sent.
    expect(sent).toBeLessThan(32 * 1024 * 1024)
  })

  it('in its headers is told so', async () => {
    const url = await answering(`HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(40_000)}\r\n\r\n`)
    const result = await send(transport(), url)
    expect(result).toMatchObject({ status: null, failure: { class: 'receiver', code: 'headers_too_large' } })
    const modest = await answering(
      `HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(8_000)}\r\ncontent-length: 0\r\n\r\n`,
    )
    expect(await send(transport(), modest)).toMatchObject({ status: 200, failure: null })
  })
})

describe('a receiver that breaks off', () => {
  it('before an answer', async () => {
    const there = await started({ respond: () => 'reset' })
    const result = await send(transport(), there.url())
    expect(result.failure).toMatchObject({ class: 'network', code: 'connection_reset' })
    const hangsUp = await rawServer((socket) => socket.once('data', () => socket.end()))
    expect((await send(transport(), hangsUp)).failure).toMatchObject({ code: 'connection_reset' })
    const atOnce = await rawServer((socket) => socket.resetAndDestroy())
    expect((await send(transport(), atOnce)).failure).toMatchObject({ code: 'connection_reset' })
  })

  it('within its body has said its status', async () => {
    const url = await answering('HTTP/1.1 500 No\r\ncontent-length: 100\r\n\r\nhalf', (socket) =>
      socket.end(),
    )
    const result = await send(transport(), url)
    expect(result).toMatchObject({ status: 500, failure: null })
    expect(text(result)).toBe('half')
  })

  it('or is not there', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await ended(server)
    const result = await send(transport(), `http://127.0.0.1:${port}/?token=hunter2`)
    expect(result.failure).toMatchObject({ class: 'network', code: 'connection_refused' })
    expect(JSON.stringify(result)).not.toContain('hunter2')
  })

  it('leaves the transport usable', async () => {
    let calls = 0
    const there = await started({
      respond: () => {
        calls += 1
        return calls % 2 === 1 ? 'reset' : { status: 200 }
      },
    })
    const to = transport()
    const results = []
    for (let n = 0; n < 6; n += 1) results.push((await send(to, there.url())).status)
    expect(results).toEqual([null, 200, null, 200, null, 200])
  })
})

describe('a receiver that does not speak HTTP', () => {
  it.each([
    ['an SSH banner', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a malformed status', 'HTTP/1.1 abc OK\r\n\r\n'],
    ['a malformed header', 'HTTP/1.1 200 OK\r\nbad header\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
  ])('but %s fails, as its own fault', async (_what, answer) => {
    const result = await send(transport(), await answering(answer))
    expect(result).toMatchObject({ status: null, failure: { class: 'receiver', code: 'http_malformed' } })
  })
})
