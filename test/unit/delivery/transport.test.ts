import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { newSecret, signStandard } from '../../../src/signing/index.js'
import { rawServer, send, started, text, transport } from './support.js'

describe('a delivery', () => {
  it('arrives as it was given, and its answer comes back', async () => {
    const there = await started({
      respond: () => ({ status: 201, headers: { 'Content-Type': 'text/plain' }, body: 'thanks' }),
    })
    const body = Uint8Array.of(0xe4, 0x00, 0xff, 0x22)
    const result = await send(transport(), there.url('/hooks?token=1#x'), { body })
    const { headers, ...request } = await there.next()

    expect(request).toMatchObject({ method: 'POST', path: '/hooks?token=1', body: Buffer.from(body) })
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': '4',
      'user-agent': 'drifthook',
      'accept-encoding': 'identity',
      host: `127.0.0.1:${there.port}`,
    })
    expect(result).toMatchObject({ status: 201, headers: { 'content-type': 'text/plain' }, failure: null })
    expect(text(result)).toBe('thanks')
  })

  it('verifies at the receiver', async () => {
    const there = await started()
    const secret = newSecret()
    const body = Buffer.from('{"event":"drift.detected"}')
    const timestamp = Math.floor(Date.now() / 1000)
    const headers = signStandard({ id: 'msg_1', timestamp, body, secrets: [secret] })
    await send(transport(), there.url(), { headers, body })
    expect(there.verify(secret)).toEqual({ ok: true })
    expect(there.verify(newSecret())).toMatchObject({ ok: false, reason: 'no_matching_signature' })
  })

  it('keeps its own user-agent and accept-encoding, in any case', async () => {
    const there = await started()
    await send(transport(), there.url(), { headers: { 'User-Agent': 'acme/1', 'ACCEPT-ENCODING': 'br' } })
    expect((await there.next()).headers).toMatchObject({ 'user-agent': 'acme/1', 'accept-encoding': 'br' })
  })

  it('may have an empty body', async () => {
    const there = await started({ respond: () => ({ status: 204 }) })
    const result = await send(transport(), there.url(), { body: new Uint8Array() })
    expect(result).toMatchObject({ status: 204, failure: null })
    expect(result.body).toHaveLength(0)
    expect(await there.next()).toMatchObject({ headers: { 'content-length': '0' }, body: Buffer.alloc(0) })
  })

  it.each([400, 404, 410, 429, 500, 503])('answered %i is no failure of the transport', async (status) => {
    const there = await started({ respond: () => ({ status, headers: { 'retry-after': '7' }, body: 'no' }) })
    const result = await send(transport(), there.url())
    expect(result).toMatchObject({ status, headers: { 'retry-after': '7' }, failure: null })
  })

  it.each([301, 302, 307, 308])('redirected with %i goes nowhere', async (status) => {
    const target = await started()
    const location = `http://user:hunter2@127.0.0.1:${target.port}/next?key=hunter2#hunter2`
    const there = await started({ respond: () => ({ status, headers: { location } }) })
    const result = await send(transport(), there.url())
    expect(result).toMatchObject({ status, failure: null })
    // Where to is worth telling; what may be secret in it is not.
    expect(result.headers.location).toBe(`http://127.0.0.1:${target.port}/next`)
    expect(target.requests).toHaveLength(0)
  })

  it('answered in gzip is not unpacked', async () => {
    const packed = gzipSync('a'.repeat(1000))
    const there = await started({
      respond: () => ({ status: 200, headers: { 'content-encoding': 'gzip' }, body: packed }),
    })
    const result = await send(transport(), there.url())
    expect(Buffer.from(result.body ?? []).equals(packed)).toBe(true)
    expect(result.headers['content-encoding']).toBe('gzip')
  })

  it('keeps response headers by a list, and cuts them', async () => {
    const there = await started({
      respond: () => ({
        status: 200,
        headers: {
          'set-cookie': 'session=1',
          'x-internal': '1',
          server: 's'.repeat(1000),
          'x-request-id': 'r1',
        },
      }),
    })
    const { headers } = await send(transport(), there.url())
    expect(Object.keys(headers).sort()).toEqual(['date', 'server', 'x-request-id'])
    expect(headers.server).toBe('s'.repeat(256))
    expect(headers['x-request-id']).toBe('r1')
  })

  it('keeps the first bytes of a body', async () => {
    const long = Array.from({ length: 3000 }, (_, index) => String(index % 10)).join('')
    const there = await started({ respond: () => ({ status: 200, body: long }) })
    const to = transport()
    expect(text(await send(to, there.url()))).toBe(long.slice(0, 2048))
    expect(text(await send(transport({ keepBytes: 5 }), there.url()))).toBe('01234')
    // A body within the cap is read to its end, and the connection lives on.
    expect(await send(to, there.url())).toMatchObject({ status: 200 })
    expect(there.connections()).toBe(2)
  })

  it.each([
    ['a line break in a value', { 'x-a': 'b\r\nx-c: d' }],
    ['a malformed name', { 'x a': 'b' }],
    ['hop-by-hop headers', { 'transfer-encoding': 'chunked' }],
    ['a wrong length', { 'content-length': '3' }],
  ])('with %s is refused, not thrown', async (_what, headers) => {
    const there = await started()
    const result = await send(transport(), there.url(), { headers: headers as Record<string, string> })
    expect(result).toMatchObject({ status: null, failure: { class: 'refused', code: 'request_invalid' } })
    expect(there.requests).toHaveLength(0)
  })
})

describe('connections', () => {
  it('are kept: sequential deliveries share one', async () => {
    const there = await started({ respond: () => ({ status: 200, body: 'ok' }) })
    const to = transport()
    const first = await send(to, there.url())
    for (let n = 0; n < 9; n += 1) expect((await send(to, there.url(`/${n}`))).status).toBe(200)
    const last = await send(to, there.url())
    expect(there.requests).toHaveLength(11)
    expect(there.connections()).toBe(1)
    expect(first.timings).toHaveProperty('connect')
    expect(last.timings).not.toHaveProperty('connect')
  })

  it('are not shared by deliveries at the same time: a hanging one holds up nobody', async () => {
    const there = await started({ respond: ({ path }) => (path === '/hang' ? 'hang' : { status: 200 }) })
    const to = transport()
    const hanging = send(to, there.url('/hang'), { timeoutMs: 400 })
    await there.next()
    const others = await Promise.all(Array.from({ length: 20 }, () => send(to, there.url())))
    expect(others.every(({ status }) => status === 200)).toBe(true)
    expect((await hanging).failure).toMatchObject({ code: 'timeout' })
  })

  it('are timed in whole milliseconds', async () => {
    const there = await started()
    const url = `http://localhost:${there.port}/`
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
    const { timings } = await send(transport({ resolve }), url)
    expect(Object.keys(timings).sort()).toEqual(['connect', 'dns', 'firstByte', 'total'])
    for (const ms of Object.values(timings)) expect(Number.isInteger(ms) && ms >= 0).toBe(true)
  })

  it('go nowhere near HTTP_PROXY', async () => {
    const proxy = await started()
    const there = await started()
    const before = process.env.HTTP_PROXY
    process.env.HTTP_PROXY = proxy.url()
    process.env.http_proxy = proxy.url()
    onTestFinished(() => {
      if (before === undefined) delete process.env.HTTP_PROXY
      else process.env.HTTP_PROXY = before
      delete process.env.http_proxy
    })
    expect(await send(transport(), there.url())).toMatchObject({ status: 200 })
    expect(proxy.requests).toHaveLength(0)
    expect(there.requests).toHaveLength(1)
  })

  it('end with close(), the running ones too', async () => {
    const there = await started({ respond: ({ path }) => (path === '/hang' ? 'hang' : { status: 200 }) })
    const to = transport()
    await send(to, there.url())
    await there.next()
    const hanging = send(to, there.url('/hang'))
    await there.next()
    await to.close()
    expect((await hanging).failure).toMatchObject({ class: 'ours', code: 'transport_closed' })
    expect((await send(to, there.url())).failure).toMatchObject({
      class: 'ours',
      code: 'transport_closed',
    })
    await to.close()
  })

  it('end with close() even while they are being opened', async () => {
    let ended = false
    let accepted = (): void => {}
    const connected = new Promise<void>((resolve) => {
      accepted = resolve
    })
    const url = await rawServer((socket) => {
      socket.resume().on('close', () => {
        ended = true
      })
      accepted()
    })
    const to = transport()
    const shaking = send(to, url.replace('http:', 'https:'))
    await connected
    await to.close()
    expect((await shaking).failure).toMatchObject({ code: 'transport_closed' })
    await expect.poll(() => ended).toBe(true)
  })
})
