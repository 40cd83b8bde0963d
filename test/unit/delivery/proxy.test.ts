import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { httpTransport } from '../../../src/delivery/transport.js'
import { hostile, rawServer, send, started, transport } from './support.js'

interface TestProxy {
  url: string
  /** The targets asked for, as they were asked for. */
  asked: string[]
  headers: IncomingHttpHeaders[]
}

/** A CONNECT proxy as node:http makes them; `refuse` answers instead of connecting. */
async function connectProxy(refuse?: (target: string) => string | null): Promise<TestProxy> {
  const asked: string[] = []
  const headers: IncomingHttpHeaders[] = []
  const sockets = new Set<Socket>()
  const server = createServer()
  server.on('connection', (socket) => sockets.add(socket))
  server.on('connect', ({ url = '', headers: sent }, socket, head) => {
    asked.push(url)
    headers.push(sent)
    socket.on('error', () => {})
    const refusal = refuse?.(url) ?? null
    if (refusal !== null) return socket.end(refusal)
    const { hostname, port } = new URL(`http://${url}`)
    const upstream = connect(Number(port), hostname.replace(/^\[|\]$/g, ''), () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
    socket.on('close', () => upstream.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, headers }
}

const v4 = (address: string) => ({ address, family: 4 })
const ours = { status: null, failure: { class: 'ours', code: 'proxy_failed' } }

describe('through an egress proxy', () => {
  it('a delivery arrives, to the address that was judged, never by its name', async () => {
    const [there, proxy] = [await started(), await connectProxy()]
    const to = transport({ proxy: proxy.url })
    const first = await send(to, `http://localhost:${there.port}/a`)
    expect(first).toMatchObject({ status: 200, failure: null })
    expect(Object.keys(first.timings).sort()).toEqual(['connect', 'dns', 'firstByte', 'total'])
    expect(await there.next()).toMatchObject({
      path: '/a',
      headers: { host: `localhost:${there.port}` },
    })
    expect(proxy.asked).toEqual([expect.stringMatching(`^(127\\.0\\.0\\.1|\\[::1\\]):${there.port}$`)])
    expect(proxy.headers[0]).not.toHaveProperty('proxy-authorization')

    // The tunnel is kept, as any connection.
    expect(await send(to, `http://localhost:${there.port}/b`)).toMatchObject({ status: 200 })
    expect(there.connections()).toBe(1)
  })

  it('TLS is ours to check, with the name of the receiver', async () => {
    // Made for these tests alone, for localhost and 127.0.0.1.
    const fixture = (part: string) =>
      readFileSync(new URL(`fixtures/test-only-self-signed.${part}.pem`, import.meta.url), 'utf8')
    const server = createSecureServer({ key: fixture('key'), cert: fixture('cert') }, (request, response) => {
      request.resume().on('end', () => response.end())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const proxy = await connectProxy()
    const options = { proxy: proxy.url, resolve: async () => [v4('127.0.0.1')] }

    const trusting = transport({ ...options, ca: fixture('cert') })
    expect(await send(trusting, `https://localhost:${port}/`)).toMatchObject({ status: 200 })
    expect((await send(trusting, `https://hooks.example.com:${port}/`)).failure).toMatchObject({
      class: 'network',
      code: 'tls_certificate',
    })
    expect((await send(transport(options), `https://localhost:${port}/`)).failure).toMatchObject({
      code: 'tls_certificate',
    })
    expect(proxy.asked).toEqual(Array(3).fill(`127.0.0.1:${port}`))
  })

  it('addresses are judged as ever, before the proxy hears of them', async () => {
    const proxy = await connectProxy()
    const refused = { failure: { class: 'refused', code: 'address_refused' } }
    for (const bad of ['10.0.0.1', '169.254.169.254', '127.0.0.1']) {
      const to = httpTransport({ proxy: proxy.url, resolve: async () => [v4('93.184.215.14'), v4(bad)] })
      expect(await send(to, 'https://hooks.example.com/')).toMatchObject(refused)
      await to.close()
    }
    expect(await send(httpTransport({ proxy: proxy.url }), 'https://[::1]/')).toMatchObject(refused)
    expect(proxy.asked).toEqual([])
  })

  it('credentials go to the proxy and nowhere else', async () => {
    const [there, proxy] = [await started(), await connectProxy()]
    const withCredentials = proxy.url.replace('//', '//egress:p%40ss%3Aword@')
    const result = await send(transport({ proxy: withCredentials }), there.url())
    expect(result).toMatchObject({ status: 200 })
    const expected = `Basic ${Buffer.from('egress:p@ss:word').toString('base64')}`
    expect(proxy.headers).toMatchObject([{ 'proxy-authorization': expected }])
    expect((await there.next()).headers).not.toHaveProperty('proxy-authorization')

    const refusing = await connectProxy(() => 'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    const failed = await send(
      transport({ proxy: refusing.url.replace('//', '//egress:p%40ss%3Aword@') }),
      there.url(),
    )
    expect(failed).toMatchObject(ours)
    expect(JSON.stringify(failed)).not.toMatch(/p%40ss|p@ss|egress:|Basic/)
  })

  it('the next address is tried where the proxy cannot reach one', async () => {
    const there = await started()
    const proxy = await connectProxy((target) =>
      target.startsWith('[') ? 'HTTP/1.1 502 Bad Gateway\r\n\r\n' : null,
    )
    const resolve = async () => [{ address: '::1', family: 6 }, v4('127.0.0.1')]
    const to = transport({ proxy: proxy.url, resolve })
    expect(await send(to, `http://localhost:${there.port}/`)).toMatchObject({ status: 200 })
    expect(proxy.asked).toEqual([`[::1]:${there.port}`, `127.0.0.1:${there.port}`])
  })

  it('a receiver that fails is charged as ever', async () => {
    const proxy = await connectProxy()
    const outcome = async (kind: Parameters<typeof hostile>[0]) => {
      const { url } = await hostile(kind)
      return (await send(transport({ proxy: proxy.url }), url, { timeoutMs: 1000 })).failure
    }
    expect(await outcome('never-answers')).toMatchObject({ class: 'network', code: 'timeout' })
    expect(await outcome('tls-silent')).toMatchObject({ class: 'network', code: 'timeout' })
    expect(await outcome('resets-unanswered')).toMatchObject({ class: 'network', code: 'connection_reset' })
    expect(await outcome('tls-plain-text')).toMatchObject({ class: 'network', code: 'tls_failed' })

    // What comes with the proxy's answer is the receiver's: it speaks first, and no TLS.
    const speaksFirst = await rawServer((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\nSSH-2.0-OpenSSH_9.2\r\n'))
    })
    const result = await send(transport({ proxy: speaksFirst }), 'https://127.0.0.1/')
    expect(result.failure).toMatchObject({ class: 'network', code: 'tls_failed' })
  })
})

describe('an egress proxy that fails is never the receiver', () => {
  const status = (line: string) => `HTTP/1.1 ${line}\r\ncontent-length: 0\r\n\r\n`
  it.each([
    ['refuses', status('403 Forbidden')],
    ['wants credentials', status('407 Proxy Authentication Required')],
    ['cannot reach it', status('502 Bad Gateway')],
    ['redirects', status('302 Found')],
    ['speaks another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['answers malformed', 'HTTP/1.1 200 OK\r\nbad header\r\n\r\n'],
    ['answers with too large a header', `HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['hangs up', ''],
  ])('when it %s', async (_what, answer) => {
    const there = await started()
    const proxy = await rawServer((socket) => {
      socket.once('data', () => socket.end(answer))
    })
    expect(await send(transport({ proxy }), there.url())).toMatchObject(ours)
    expect(there.connections()).toBe(0)
  })

  it('when it is not there', async () => {
    const gone = await started()
    await gone.close()
    const there = await started()
    expect(await send(transport({ proxy: gone.url() }), there.url())).toMatchObject(ours)
  })

  it('when it never answers, and leaves nothing behind', async () => {
    const [there, silent] = [await started(), await hostile('never-answers')]
    const to = transport({ proxy: silent.url })
    expect(await send(to, there.url(), { timeoutMs: 200 })).toMatchObject(ours)
    await expect.poll(silent.open).toBe(0)

    const hanging = send(to, there.url())
    await expect.poll(silent.connections).toBe(2)
    await to.close()
    expect((await hanging).failure).toMatchObject({ class: 'ours', code: 'transport_closed' })
    await expect.poll(silent.open).toBe(0)
  })

  it('and one whose URL makes no sense is told at once, without its password', () => {
    expect(() => httpTransport({ proxy: 'http://100%:hunter2@proxy' })).not.toThrow()
    for (const proxy of ['nonsense', 'https://user:hunter2@proxy:1', 'http://user:hunter2@proxy/path']) {
      expect(() => httpTransport({ proxy })).toThrow(TypeError)
      expect(() => httpTransport({ proxy })).not.toThrow('hunter2')
    }
  })
})
