import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { OutboundResult } from '../../../src/ports/transport.js'
import { type HostileKindName, hostileKinds } from '../../../src/testkit/hostile.js'
import { answering, ended, hostile, rawServer, send, started, text, transport } from './support.js'

/** What the transport makes of each kind: the status, or the class and code of the failure. */
const outcomes: Record<HostileKindName, number | string> = {
  'never-answers': 'network timeout',
  'slow-headers': 'network timeout',
  'slow-body': 200,
  'silent-body': 200,
  'endless-body': 200,
  'endless-header': 'receiver headers_too_large',
  'endless-headers': 'receiver headers_too_large',
  'endless-trailers': 200,
  'endless-chunk-extension': 200,
  'gzip-bomb': 200,
  'endless-100': 'receiver http_malformed',
  'endless-103': 'receiver http_malformed',
  'redirects-to-itself': 308,
  'redirects-inward': 307,
  'closes-at-once': 'network connection_reset',
  'closes-unanswered': 'network connection_reset',
  'resets-at-once': 'network connection_reset',
  'resets-unanswered': 'network connection_reset',
  'resets-after-status-line': 'network connection_reset',
  'resets-after-headers': 200,
  'resets-in-body': 200,
  'length-too-long': 200,
  'length-too-short': 200,
  'length-negative': 'receiver http_malformed',
  'length-too-large-to-count': 'receiver http_malformed',
  'two-lengths': 'receiver http_malformed',
  'length-and-chunks': 'receiver http_malformed',
  'chunk-size-malformed': 200,
  'chunk-size-too-large': 200,
  'body-of-204': 204,
  'second-response': 503,
  'another-protocol': 'receiver http_malformed',
  'http-0.9': 'receiver http_malformed',
  'http-2': 'receiver http_malformed',
  'status-not-a-number': 'receiver http_malformed',
  'status-too-long': 'receiver http_malformed',
  'header-without-colon': 'receiver http_malformed',
  'header-with-nul': 'receiver http_malformed',
  'header-with-cr': 'receiver http_malformed',
  upgrades: 'receiver http_malformed',
  'tls-silent': 'network timeout',
  'tls-plain-text': 'network tls_failed',
  'tls-garbage': 'network tls_failed',
  'tls-closes': 'network tls_failed',
  'tls-resets': 'network tls_failed',
  'tls-self-signed': 'network tls_certificate',
  'tls-expired': 'network tls_certificate',
  'tls-wrong-name': 'network tls_certificate',
}

/** Those that only a deadline ends. The others get all the time they want, and need none of it. */
const endless: HostileKindName[] = [
  'never-answers',
  'slow-headers',
  'slow-body',
  'silent-body',
  'endless-chunk-extension',
  'tls-silent',
]
const timeoutMs = (kind: HostileKindName) => (endless.includes(kind) ? 500 : 10_000)

/** Those whose answers are proper HTTP, to their end. */
const reusable: HostileKindName[] = ['gzip-bomb', 'redirects-to-itself', 'redirects-inward']

const outcomeOf = ({ status, failure }: OutboundResult) =>
  failure === null ? status : `${failure.class} ${failure.code}`

describe('a receiver that is hostile', () => {
  it.each(hostileKinds)('by the kind $kind: $good', async ({ kind, expected }) => {
    const [there, healthy, to] = [await hostile(kind), await started(), transport()]
    const deadline = { timeoutMs: timeoutMs(kind) }
    const [result, beside] = await Promise.all([send(to, there.url, deadline), send(to, healthy.url())])
    expect(outcomeOf(result)).toBe(outcomes[kind])
    expect(result.failure === null ? result.status : 'failure').toBe(expected)
    expect(result.body?.length ?? 0).toBeLessThanOrEqual(2048)

    // Nobody else is held up, at the same time or after.
    expect(beside).toMatchObject({ status: 200 })
    expect(await send(to, healthy.url())).toMatchObject({ status: 200 })

    // One connection and one request for one delivery, and nothing left of it.
    expect(there.connections()).toBe(1)
    expect(there.requests()).toBeLessThanOrEqual(1)
    const left = reusable.includes(kind) ? 1 : 0
    await expect.poll(there.open).toBe(left)

    // What the first answer left behind is not taken for the second.
    expect(outcomeOf(await send(to, there.url, deadline))).toBe(outcomes[kind])
    expect(there.connections()).toBe(2 - left)
    await to.close()
    await there.allClosed()
  })

  it('by a gzip bomb is not unpacked', async () => {
    const { url } = await hostile('gzip-bomb')
    const { headers, body } = await send(transport({ keepBytes: 64 * 1024 }), url)
    expect(headers['content-encoding']).toBe('gzip')
    expect(String(body?.length)).toBe(headers['content-length'])
  })

  it('by a redirect calls nobody else', async () => {
    const there = await hostile('redirects-to-itself')
    expect((await send(transport(), there.url)).headers).toMatchObject({ location: there.url })
    expect(there.requests()).toBe(1)
  })

  it('by its certificate is refused for what is wrong with it, even if it is trusted', async () => {
    const outcome = async (kind: HostileKindName) => {
      const { url, ca } = await hostile(kind)
      return send(transport({ ca: String(ca) }), url)
    }
    expect((await outcome('tls-expired')).failure?.message).toContain('CERT_HAS_EXPIRED')
    expect((await outcome('tls-wrong-name')).failure).toMatchObject({ code: 'tls_certificate' })
    // The twin: nothing is wrong with this one but that nobody vouches for it.
    expect(await outcome('tls-self-signed')).toMatchObject({ status: 200 })
  })
})

describe('a receiver', () => {
  it('may give some interim answers before its own', async () => {
    const hints = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(3)
    const url = await answering(`${hints}HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok`)
    const result = await send(transport(), url)
    expect(result).toMatchObject({ status: 201, failure: null })
    expect(text(result)).toBe('ok')
  })

  it('may have many headers, within the cap', async () => {
    const url = await answering(`HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(8_000)}\r\ncontent-length: 0\r\n\r\n`)
    expect(await send(transport(), url)).toMatchObject({ status: 200, failure: null })
  })

  it('that sends without end is cut off at the cap', async () => {
    let sent = 0
    const url = await answering('HTTP/1.1 202 Accepted\r\n\r\n', (socket) => {
      const chunk = Buffer.alloc(16 * 1024, 'x')
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length
      }
      socket.on('drain', pour)
      pour()
    })
    const result = await send(transport(), url)
    expect(result).toMatchObject({ status: 202, failure: null })
    expect(text(result)).toBe('x'.repeat(2048))
    // What the system's socket buffers took, not what an endless body would have sent.
    expect(sent).toBeLessThan(32 * 1024 * 1024)
  })

  it('whose name is slow to resolve meets the deadline, and is never called after it', async () => {
    const there = await started()
    let answer: (found: { address: string; family: number }[]) => void = () => {}
    const to = transport({
      resolve: () =>
        new Promise((resolve) => {
          answer = resolve
        }),
    })
    const result = await send(to, `http://localhost:${there.port}/`, { timeoutMs: 100 })
    expect(result.failure).toMatchObject({ class: 'network', code: 'timeout' })
    answer([{ address: '127.0.0.1', family: 4 }])
    await send(transport(), there.url())
    expect(there.requests).toHaveLength(1)
  })

  it('that is not there refuses, and its query is not told', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await ended(server)
    const result = await send(transport(), `http://127.0.0.1:${port}/?token=hunter2`)
    expect(result.failure).toMatchObject({ class: 'network', code: 'connection_refused' })
    expect(JSON.stringify(result)).not.toContain('hunter2')
  })

  it('that breaks off now and then leaves the transport usable', async () => {
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

  it('that ends an idle connection is called on another', async () => {
    let calls = 0
    const url = await rawServer((socket) => {
      // Says that it keeps the connection, and ends it.
      socket.once('data', () => {
        calls += 1
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
      })
    })
    const to = transport()
    for (let n = 0; n < 20; n += 1) expect(await send(to, url)).toMatchObject({ status: 200 })
    expect(calls).toBe(20)
  })
})
