/** Who may upload: decided by token, address, rate and signature before the body is read. */
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import supertest from 'supertest'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { memoryStorage } from '../../src/index.js'
import type { MonitorCreate } from '../../src/services/monitors/input.js'
import { acme, contractAndMonitor, orders, type TestApp, testApp, upload } from '../support/app.js'

async function scene(given: Partial<MonitorCreate> = {}, options: Parameters<typeof testApp>[0] = {}) {
  // The sender's address is the first that the header names, so that tests can have any.
  const it: TestApp = testApp(options, (host) => host.set('trust proxy', true))
  const { contract } = await contractAndMonitor(it)
  const monitor = await it.drifthook.monitors.create(acme, { name: 'M', contractId: contract.id, ...given })
  return { ...it, contract, monitor, path: `/drift/webhook/${monitor.token}` }
}

const from = (app: Express, path: string, address: string) =>
  upload(app, path, orders()).set('x-forwarded-for', address)

const unknown = (n: number) => `/drift/webhook/${String(n).padStart(43, 'x')}`
const sign = (content: string, secret: string | undefined) =>
  `sha256=${createHmac('sha256', secret ?? '')
    .update(content)
    .digest('hex')}`

describe('a list of addresses', () => {
  it.each([
    ['192.0.2.7', 200],
    ['198.51.100.255', 200],
    ['198.51.101.0', 403],
    ['::ffff:192.0.2.7', 200],
    ['::ffff:c000:207', 200],
    ['2001:db8:7:ffff::1', 200],
    ['2001:DB8:7::1', 200],
    ['2001:db8:8::1', 403],
    ['not an address', 403],
    ['0300.0.2.7', 403],
  ])('lets %s in or not: %i', async (address, status) => {
    const allowedAddresses = ['192.0.2.7', '198.51.100.0/24', '2001:db8:7::/48']
    const { app, path } = await scene({ allowedAddresses })
    const answer = await from(app, path, address)
    expect(answer.status).toBe(status)
    if (status === 403) expect(answer.body).toMatchObject({ success: false, code: 'ADDRESS_REFUSED' })
  })

  it('believes no header of a sender that is no trusted proxy', async () => {
    const { app, path } = await scene({ allowedAddresses: ['192.0.2.7'] })
    app.set('trust proxy', false)
    expect((await from(app, path, '192.0.2.7')).body).toMatchObject({ code: 'ADDRESS_REFUSED' })
  })

  it('is judged before the state and the rate of the monitor, and uses up nothing', async () => {
    const given = { allowedAddresses: ['192.0.2.7'], rateLimit: { points: 1, durationMs: 60_000 } }
    const { app, path, drifthook, monitor } = await scene({ ...given, active: false })
    for (let n = 0; n < 3; n++) expect((await from(app, path, '192.0.2.8')).body.code).toBe('ADDRESS_REFUSED')
    expect((await from(app, path, '192.0.2.7')).body.code).toBe('MONITOR_INACTIVE')
    await drifthook.monitors.update(acme, monitor.id, { active: true })
    expect((await from(app, path, '192.0.2.7')).status).toBe(200)
    expect((await from(app, path, '192.0.2.7')).body.code).toBe('RATE_LIMITED')
  })
})

describe("a monitor's own limits", () => {
  it('are its rate limit, in the headers too, and other monitors keep theirs', async () => {
    const { app, path, drifthook, contract } = await scene({ rateLimit: { points: 2, durationMs: 60_000 } })
    expect((await upload(app, path, orders())).headers).toMatchObject({
      'ratelimit-limit': '2',
      'ratelimit-remaining': '1',
    })
    await upload(app, path, orders())
    const refused = await upload(app, path, orders())
    expect(refused.body).toMatchObject({
      code: 'RATE_LIMITED',
      limit: { name: 'rate_limit.points', value: 2 },
    })
    const other = await drifthook.monitors.create(acme, { name: 'Other', contractId: contract.id })
    const answer = await upload(app, `/drift/webhook/${other.token}`, orders())
    expect(answer.headers).toMatchObject({ 'ratelimit-limit': '20' })
  })

  it('are not extended by refused requests', async () => {
    const { app, path } = await scene({ rateLimit: { points: 1, durationMs: 3_600_000 } })
    await upload(app, path, orders())
    const waits: number[] = []
    for (let n = 0; n < 5; n++) waits.push(Number((await upload(app, path, orders())).headers['retry-after']))
    expect(waits).toEqual([...waits].sort((a, b) => b - a))
    expect(waits[0]).toBeLessThanOrEqual(3_600)
  })

  it('are its size, never above what the installation takes now', async () => {
    const { app, path } = await scene({ maxBytes: orders().length })
    expect((await upload(app, path, orders())).status).toBe(200)
    const over = await upload(app, path, `${orders()} `)
    expect(over.body).toMatchObject({ code: 'FILE_TOO_LARGE', limit: { value: orders().length } })
  })
})

describe('a signed monitor', () => {
  const signed = async () => {
    const it = await scene({ signed: true })
    const send = (content: string, signature: string) =>
      upload(it.app, it.path, content).set('x-upload-signature', signature)
    return { ...it, send, secret: it.monitor.signingSecret }
  }

  it('takes a file with its signature, in a form or as the body, and makes an event', async () => {
    const { app, path, send, secret } = await signed()
    expect((await send(orders(), sign(orders(), secret))).body).toMatchObject({ event_id: 1 })
    expect((await send(orders(), sign(orders(), secret).toUpperCase().replace('SHA', 'sha'))).status).toBe(
      200,
    )
    const raw = supertest(app).post(path).set('content-type', 'application/json')
    const answer = await raw.set('x-upload-signature', sign(orders(), secret)).send(orders())
    expect(answer.body).toMatchObject({ success: true })
  })

  it.each([
    ['of another file', (secret?: string) => sign(`${orders()} `, secret)],
    ['by another secret', () => sign(orders(), `whsec_${'0'.repeat(64)}`)],
    ['by what follows whsec_', (secret = '') => sign(orders(), secret.slice('whsec_'.length))],
    ['cut short', (secret?: string) => sign(orders(), secret).slice(0, -1)],
    ['of another kind', (secret?: string) => sign(orders(), secret).replace('sha256', 'sha512')],
    ['without its kind', (secret?: string) => sign(orders(), secret).slice('sha256='.length)],
    ['that came twice', (secret?: string) => `${sign(orders(), secret)}, ${sign(orders(), secret)}`],
    ['that is empty', () => ''],
  ])('refuses a signature %s, and makes no event', async (_what, make) => {
    const { send, secret, acme: api } = await signed()
    const answer = await send(orders(), make(secret))
    expect(answer.body).toMatchObject({ success: false, status: 401, code: 'SIGNATURE_INVALID' })
    expect((await api.get('/events')).body.items).toEqual([])
  })

  it('refuses a file without a signature before its body comes', async () => {
    const { app, path } = await signed()
    const server = app.listen(0, '127.0.0.1')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const headers = { 'content-type': 'application/json', 'content-length': 1_000 }
    const sender = httpRequest({ port, path, method: 'POST', headers })
    // Not one byte of the body is sent.
    sender.flushHeaders()
    const [answer] = await once(sender, 'response')
    expect(answer.statusCode).toBe(401)
    sender.on('error', () => {}).destroy()
  })

  it('knows the new secret alone after a rotation, and no signature once it is switched off', async () => {
    const { app, path, send, secret, drifthook, monitor } = await signed()
    const rotated = await drifthook.monitors.rotateSigningSecret(acme, monitor.id)
    expect((await send(orders(), sign(orders(), secret))).status).toBe(401)
    expect((await send(orders(), sign(orders(), rotated.signingSecret))).status).toBe(200)
    await drifthook.monitors.update(acme, monitor.id, { signed: false })
    expect((await upload(app, path, orders())).status).toBe(200)
  })

  it('asks the host itself for no signature', async () => {
    const { drifthook, monitor } = await signed()
    const file = Buffer.from(orders())
    expect(await drifthook.uploads.check(acme, { monitorId: monitor.id, file })).toMatchObject({ eventId: 1 })
  })
})

describe('a token in a header', () => {
  const post = (app: Express) => supertest(app).post('/drift/webhook').set('content-type', 'application/json')

  it.each([
    ['X-Upload-Token', (token: string) => token],
    ['Authorization', (token: string) => `Bearer ${token}`],
    ['authorization', (token: string) => `bearer ${token}`],
  ])('%s is as good as one in the path', async (name, value) => {
    const { app, monitor } = await scene()
    const answer = await post(app).set(name, value(monitor.token)).send(orders())
    expect(answer.body).toMatchObject({ success: true, event_id: 1, event_url: '/drift/api/v1/events/1' })
    const wrong = await post(app)
      .set(name, value('x'.repeat(43)))
      .send(orders())
    expect(wrong.body).toMatchObject({ success: false, status: 404, code: 'TOKEN_UNKNOWN' })
  })

  it('is asked for by name where there is none', async () => {
    const { app } = await scene()
    const answer = await post(app).set('authorization', 'Basic YTpi').send(orders())
    expect(answer.body).toMatchObject({ status: 404, code: 'NOT_FOUND' })
    expect(answer.body.detail).toContain('/drift/webhook/{token}')
  })

  it('reaches the upload router that is mounted alone', async () => {
    const { app, drifthook, monitor } = await scene()
    app.use('/files', drifthook.routers.upload)
    const answer = await supertest(app)
      .post('/files')
      .set('x-upload-token', monitor.token)
      .set('content-type', 'application/json')
      .send(orders())
    expect(answer.status).toBe(200)
  })
})

describe('unknown tokens', () => {
  it('are answered 404 twenty times a minute, then 429, while known ones from there work', async () => {
    const { app, path, clock } = await scene()
    for (let n = 0; n < 20; n++) expect((await from(app, unknown(n), '192.0.2.1')).status).toBe(404)
    const refused = await from(app, unknown(20), '192.0.2.1')
    expect(refused.body).toMatchObject({ success: false, status: 429, code: 'RATE_LIMITED' })
    const wait = Number(refused.headers['retry-after'])
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(60)
    expect((await from(app, path, '192.0.2.1')).status).toBe(200)
    // Others may still guess wrong.
    expect((await from(app, unknown(21), '192.0.2.2')).status).toBe(404)
  })

  it('may be tried again in the next minute', async () => {
    const { app, clock } = await scene({}, { storage: memoryStorage() })
    for (let n = 0; n <= 20; n++) await from(app, unknown(n), '192.0.2.1')
    expect((await from(app, unknown(21), '192.0.2.1')).status).toBe(429)
    await clock.advance(60_000)
    expect((await from(app, unknown(22), '192.0.2.1')).status).toBe(404)
  })

  it('are counted for the whole network of an IPv6 address, and not for its neighbour', async () => {
    const { app } = await scene()
    for (let n = 0; n < 20; n++) await from(app, unknown(n), `2001:db8:0:1::${n.toString(16)}`)
    expect((await from(app, unknown(20), '2001:db8:0:1:ffff::1')).status).toBe(429)
    expect((await from(app, unknown(21), '2001:db8:0:2::1')).status).toBe(404)
  })

  it.each(['x', 'x'.repeat(42), 'x'.repeat(44), `${'x'.repeat(42)}~`, '%00'])(
    'such as %j, which are none, ask the storage nothing',
    async (token) => {
      const storage = memoryStorage()
      const asked = vi.spyOn(storage, 'lookup')
      const { app } = testApp({ storage })
      const answer = await upload(app, `/drift/webhook/${token}`, orders())
      expect(answer.body).toMatchObject({ status: 404, code: 'TOKEN_UNKNOWN' })
      expect(asked).not.toHaveBeenCalled()
      await upload(app, unknown(1), orders())
      expect(asked).toHaveBeenCalledOnce()
    },
  )
})
