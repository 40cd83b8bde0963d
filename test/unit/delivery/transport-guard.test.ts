import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createAddressGuard } from '../../../src/delivery/address-guard.js'
import { guardedConnector } from '../../../src/delivery/connector.js'
import { answering, send, started, transport } from './support.js'

const v4 = (address: string) => ({ address, family: 4 })
const v6 = (address: string) => ({ address, family: 6 })
const refused = { status: null, body: null, failure: { class: 'refused', code: 'address_refused' } }

describe('loopback', () => {
  it('is refused unless it is allowed, on the ports it is allowed on', async () => {
    const there = await started()
    expect(await send(transport({ allowLoopback: false }), there.url())).toMatchObject({
      failure: { class: 'refused', code: 'not_https' },
    })
    const secure = there.url().replace('http:', 'https:')
    expect(await send(transport({ allowLoopback: false }), secure)).toMatchObject(refused)
    expect((await send(transport({ allowLoopback: [there.port + 1] }), there.url())).failure).not.toBeNull()
    expect(there.connections()).toBe(0)

    for (const allowLoopback of [true, [there.port]]) {
      const to = transport({ allowLoopback })
      expect(await send(to, there.url())).toMatchObject({ status: 200 })
      expect(await send(to, `http://localhost:${there.port}/`)).toMatchObject({ status: 200 })
      expect(await send(to, `http://localhost.:${there.port}/`)).toMatchObject({ status: 200 })
      expect(await send(to, `http://2130706433:${there.port}/`)).toMatchObject({ status: 200 })
    }
  })

  it('is what refusal() says beforehand', () => {
    const strict = transport({ allowLoopback: false })
    expect(strict.refusal('https://127.0.0.1/')).toMatchObject({ code: 'address_refused' })
    expect(strict.refusal('http://example.com/')).toMatchObject({ code: 'not_https' })
    expect(strict.refusal('nonsense')).toMatchObject({ code: 'invalid_url' })
    expect(strict.refusal('https://example.com/')).toBeNull()
    expect(transport().refusal('http://127.0.0.1/')).toBeNull()
  })

  it('refuses what cannot be read, and never rejects', async () => {
    for (const url of ['', 'nonsense', undefined as unknown as string]) {
      expect((await send(transport(), url)).failure).toMatchObject({ class: 'refused', code: 'invalid_url' })
    }
  })
})

describe('DNS', () => {
  it.each([
    ['a private address', [v4('10.0.0.1')]],
    ['the metadata service', [v4('169.254.169.254')]],
    ['loopback', [v4('127.0.0.1')]],
    ['loopback inside IPv6', [v6('::ffff:127.0.0.1')]],
    ['a private address behind NAT64', [v6('64:ff9b::10.0.0.1')]],
    ['the platform of a cloud', [v4('168.63.129.16')]],
    ['a good and a bad one', [v4('93.184.215.14'), v4('192.168.1.1')]],
    ['a good and a bad one of the other family', [v4('93.184.215.14'), v6('fd00::1')]],
    ['a scoped address', [v6('fe80::1%eth0')]],
    ['no address at all', [v4('intranet')]],
  ])('answers with %s are refused', async (_what, found) => {
    const asked: string[] = []
    const resolve = async (name: string) => {
      asked.push(name)
      return found
    }
    const result = await send(
      transport({ allowLoopback: false, resolve }),
      'https://hooks.example.com/?key=hunter2',
    )
    expect(result).toMatchObject(refused)
    expect(asked).toEqual(['hooks.example.com'])
    // Neither the query nor what is inside the network is anybody's to read in a log.
    expect(JSON.stringify(result)).not.toMatch(/hunter2|10\.0|169\.254|192\.168|fd00/)
  })

  /** Here loopback is the good address, so that what is accepted is really delivered. */
  it.each([
    ['one address', [v4('10.0.0.1')], [v4('127.0.0.1')]],
    ['several', [v4('10.0.0.1'), v4('192.168.1.1')], [v4('127.0.0.1'), v4('127.0.0.1')]],
    ['a bad one last', [v4('127.0.0.1'), v4('169.254.169.254')], [v4('127.0.0.1'), v4('127.0.0.2')]],
    ['a bad one first', [v4('0.0.0.0'), v4('127.0.0.1')], [v4('127.0.0.1')]],
    ['a bad one between', [v4('127.0.0.1'), v4('10.0.0.1'), v4('127.0.0.1')], [v4('127.0.0.1')]],
    ['both families', [v4('127.0.0.1'), v6('fd00::1')], [v6('::1'), v4('127.0.0.1')]],
    ['IPv4 mapped into IPv6', [v6('::ffff:10.0.0.1')], [v6('::ffff:127.0.0.1'), v4('127.0.0.1')]],
    ['mapped in hexadecimal', [v6('::ffff:a9fe:a9fe')], [v6('::ffff:7f00:1'), v4('127.0.0.1')]],
    ['other embedded IPv4', [v6('::7f00:1'), v4('127.0.0.1')], [v6('::1'), v4('127.0.0.1')]],
    ['loopback behind NAT64', [v6('64:ff9b::7f00:1')], [v4('127.0.0.1')]],
    ['a zone', [v6('::1%lo'), v4('127.0.0.1')], [v6('::1'), v4('127.0.0.1')]],
    ['another spelling', [v4('127.1')], [v4('127.0.0.1')]],
  ])('with %s: all answers are good, or nothing is connected to', async (_what, bad, good) => {
    const there = await started()
    const url = `http://localhost:${there.port}/`
    expect(await send(transport({ resolve: async () => bad }), url)).toMatchObject(refused)
    expect(there.connections()).toBe(0)
    expect(await send(transport({ resolve: async () => good }), url)).toMatchObject({ status: 200 })
    expect(there.connections()).toBe(1)
  })

  it.each([
    ['turns private', [v4('10.0.0.1')], refused],
    ['stays', [v4('127.0.0.1')], { status: 200 }],
  ])('that %s is judged again when the transport connects again', async (_what, later, outcome) => {
    let connections = 0
    const url = await answering('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n', () => {
      connections += 1
    })
    let asked = 0
    const to = transport({ resolve: async () => (asked++ === 0 ? [v4('127.0.0.1')] : later) })
    const named = url.replace('127.0.0.1', 'localhost')
    expect(await send(to, named)).toMatchObject({ status: 200 })
    expect(await send(to, named)).toMatchObject(outcome)
    expect(asked).toBe(2)
    expect(connections).toBe(outcome === refused ? 1 : 2)
  })

  it('that changes its answer is judged at every connection', async () => {
    const there = await started()
    const answers = [[v4('127.0.0.1')], [v4('127.0.0.1'), v4('10.0.0.1')], [v4('10.0.0.1')]]
    let asked = 0
    const resolve = async () => answers[asked++] ?? []
    // Each transport has its own connections, so each asks.
    const url = `http://localhost:${there.port}/`
    expect(await send(transport({ resolve }), url)).toMatchObject({ status: 200 })
    expect(await send(transport({ resolve }), url)).toMatchObject(refused)
    expect(await send(transport({ resolve }), url)).toMatchObject(refused)
    expect(asked).toBe(3)
    expect(there.connections()).toBe(1)
  })

  it('is asked once for a connection: the address judged is the address called', async () => {
    const there = await started()
    let asked = 0
    const resolve = async () => (asked++ === 0 ? [v4('127.0.0.1')] : [v4('10.0.0.1')])
    expect(await send(transport({ resolve }), `http://localhost:${there.port}/`)).toMatchObject({
      status: 200,
    })
    expect(asked).toBe(1)
  })

  it.each([
    ['nothing', async () => []],
    [
      'an error',
      async () => {
        throw Object.assign(new Error('getaddrinfo ENOTFOUND hooks.example.com'), { code: 'ENOTFOUND' })
      },
    ],
  ])('that answers with %s is a failure of the network', async (_what, resolve) => {
    const result = await send(transport({ resolve }), 'https://hooks.example.com/')
    expect(result).toMatchObject({ failure: { class: 'network', code: 'dns_failed' } })
  })

  it('tries the next address when one refuses', async () => {
    const there = await started()
    const resolve = async () => [v6('::1'), v4('127.0.0.1')]
    expect(await send(transport({ resolve }), `http://localhost:${there.port}/`)).toMatchObject({
      status: 200,
    })
  })
})

describe('the connector', () => {
  it.each(['127.0.0.1', '127.0.0.1.'])(
    'judges the literal %s itself, for nobody asks DNS',
    async (hostname) => {
      const there = await started()
      const resolve = () => Promise.reject(new Error('asked for an address'))
      const target = { protocol: 'http:', hostname, port: there.port }
      const connectWith = (allowLoopback: boolean | number[]) =>
        guardedConnector({ guard: createAddressGuard({ allowLoopback }), resolve })(target, {
          signal: AbortSignal.timeout(5000),
          timings: {},
        })
      for (const none of [false, [there.port + 1]]) {
        await expect(connectWith(none)).rejects.toMatchObject({ failure: { code: 'address_refused' } })
      }
      expect(there.connections()).toBe(0)
      const socket = await connectWith([there.port])
      expect(socket.remotePort).toBe(there.port)
      socket.destroy()
    },
  )
})

describe('the connected socket', () => {
  it('is judged by its own word', async () => {
    const there = await started()
    // A guard that is blind until the connection stands: only the last check can refuse.
    let asked = 0
    const real = createAddressGuard()
    const guard = {
      ...real,
      refusalOfAddress: (ip: string, port: number) =>
        asked++ === 0 ? null : real.refusalOfAddress(ip, port),
    }
    const connect = guardedConnector({ guard })
    const target = { protocol: 'http:', hostname: '127.0.0.1', port: there.port }
    const attempt = { signal: AbortSignal.timeout(5000), timings: {} }
    await expect(connect(target, attempt)).rejects.toMatchObject({ failure: { code: 'address_refused' } })
    expect(asked).toBe(2)

    const lenient = guardedConnector({ guard: createAddressGuard({ allowLoopback: true }) })
    const socket = await lenient(target, attempt)
    expect(socket.remoteAddress).toBe('127.0.0.1')
    socket.destroy()
  })
})

describe('TLS', () => {
  // Made for these tests alone, for localhost and 127.0.0.1; its key is beside it for everyone to read.
  const fixture = (part: string) =>
    readFileSync(new URL(`fixtures/test-only-self-signed.${part}.pem`, import.meta.url), 'utf8')

  async function secureServer(): Promise<number> {
    const server = createServer({ key: fixture('key'), cert: fixture('cert') }, (request, response) => {
      request.resume().on('end', () => response.end(request.headers.host))
    })
    server.on('tlsClientError', () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return (server.address() as AddressInfo).port
  }

  it('with a certificate nobody vouches for is refused, whatever the environment says', async () => {
    const port = await secureServer()
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    onTestFinished(() => {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    })
    const to = transport()
    for (let n = 0; n < 5; n += 1) {
      const { failure } = await send(to, `https://127.0.0.1:${port}/`)
      expect(failure).toMatchObject({ class: 'network', code: 'tls_certificate' })
      expect(failure?.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT')
    }
  })

  it('with a certificate we were told to trust works, by name and by address', async () => {
    const port = await secureServer()
    const to = transport({ ca: fixture('cert'), resolve: async () => [v4('127.0.0.1')] })
    for (const host of ['127.0.0.1', 'localhost', 'localhost.']) {
      const result = await send(to, `https://${host}:${port}/`)
      expect(result).toMatchObject({ status: 200, failure: null })
      expect(result.timings).toHaveProperty('tls')
    }
  })

  it('with a certificate of another name is refused', async () => {
    const port = await secureServer()
    const to = transport({ ca: fixture('cert'), resolve: async () => [v4('127.0.0.1')] })
    const { failure } = await send(to, `https://hooks.example.com:${port}/`)
    expect(failure).toMatchObject({ class: 'network', code: 'tls_certificate' })
  })

  it('to a port that does not speak it fails', async () => {
    const url = await answering('HTTP/1.1 400 Bad Request\r\n\r\n')
    const { failure } = await send(transport(), url.replace('http:', 'https:'))
    expect(failure).toMatchObject({ class: 'network', code: 'tls_failed' })
  })
})
