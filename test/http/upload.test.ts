import express from 'express'
import supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import { acme, contractAndMonitor, orders, type TestApp, testApp, upload } from '../support/app.js'

const mebibyte = 1024 * 1024

async function scene(options: Parameters<typeof testApp>[0] = {}, mount?: Parameters<typeof testApp>[1]) {
  const it: TestApp = testApp(options, mount)
  return { ...it, ...(await contractAndMonitor(it)) }
}

describe('the upload endpoint', () => {
  it('answers with exactly the documented fields', async () => {
    const { app, path } = await scene()
    const answer = await upload(app, path, orders())
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
    expect(Object.keys(answer.body)).toEqual([
      'success',
      'event_id',
      'has_drift',
      'drift_summary',
      'alert_queued',
      'partner_notified',
      'alert_suppressed',
      'severity',
      'result',
      'event_url',
    ])
    expect(answer.headers).toMatchObject({ 'ratelimit-limit': '20', 'ratelimit-remaining': '19' })
    expect(answer.headers['x-request-id']).toMatch(/^[\w-]{36}$/)
  })

  it('answers 404 for an unknown token, 403 for an inactive monitor, in this order and before the rate', async () => {
    const { app, path, drifthook, monitor } = await scene({ upload: { rateLimit: { points: 1 } } })
    const unknown = await upload(app, '/drift/webhook/nobody-knows-this-token', orders())
    expect(unknown.status).toBe(404)
    expect(unknown.body).toMatchObject({ success: false, code: 'TOKEN_UNKNOWN', status: 404 })
    await drifthook.monitors.update(acme, monitor.id, { active: false })
    for (let n = 0; n < 3; n++) {
      const inactive = await upload(app, path, orders())
      expect(inactive.body).toMatchObject({ success: false, code: 'MONITOR_INACTIVE', status: 403 })
    }
    await drifthook.monitors.update(acme, monitor.id, { active: true })
    expect((await upload(app, path, orders())).status).toBe(200)
    expect((await upload(app, path, orders())).status).toBe(429)
  })

  it('takes 20 requests a window per token, counts refused files, and starts anew after the window', async () => {
    const { app, path, drifthook, contract } = await scene({ upload: { rateLimit: { durationMs: 2_000 } } })
    const other = await drifthook.monitors.create(acme, { name: 'Other', contractId: contract.id })
    for (let n = 0; n < 20; n++)
      expect((await upload(app, path, n % 2 === 0 ? orders() : '')).status).not.toBe(429)
    const refused = await upload(app, path, orders())
    expect(refused.status).toBe(429)
    expect(refused.body).toMatchObject({ success: false, code: 'RATE_LIMITED' })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(refused.headers).toMatchObject({ 'ratelimit-limit': '20', 'ratelimit-remaining': '0' })
    // Another token has a window of its own.
    expect((await upload(app, `/drift/webhook/${other.token}`, orders())).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 2_100))
    expect((await upload(app, path, orders())).status).toBe(200)
  })

  it('refuses a token that was rotated away, and accepts the new one', async () => {
    const { app, path, drifthook, monitor } = await scene()
    const { token } = await drifthook.monitors.rotateToken(acme, monitor.id)
    expect((await upload(app, path, orders())).status).toBe(404)
    expect((await upload(app, `/drift/webhook/${token}`, orders())).status).toBe(200)
  })

  it('accepts a file of exactly 30 MiB and refuses one byte more, with 400', async () => {
    const { app, path } = await scene()
    const filled = (bytes: number) => {
      const head = orders().slice(0, -1)
      return Buffer.from(`${head}${' '.repeat(bytes - head.length - 1)}}`)
    }
    expect((await upload(app, path, filled(30 * mebibyte))).status).toBe(200)
    const over = await upload(app, path, filled(30 * mebibyte + 1))
    expect(over.status).toBe(400)
    expect(over.body).toMatchObject({
      success: false,
      code: 'FILE_TOO_LARGE',
      limit: { name: 'upload.maxBytes', value: 30 * mebibyte },
    })
  })

  it('refuses by Content-Length before the body is read', async () => {
    const { app, path } = await scene({ upload: { maxBytes: 1_000 } })
    const answer = await upload(app, path, 'x'.repeat(2 * mebibyte))
    expect(answer.body).toMatchObject({ status: 400, code: 'FILE_TOO_LARGE' })
  })

  it.each([
    ['nothing in it', '', 'FILE_EMPTY'],
    ['a ZIP archive', Buffer.from('504b0304aabb', 'hex'), 'FILE_ARCHIVE'],
    ['a NUL byte', '{"orders":[\u0000]}', 'FILE_SUSPICIOUS'],
  ])('refuses a file with %s and makes no event', async (_what, content, code) => {
    const { app, path, acme: api } = await scene()
    const answer = await upload(app, path, content)
    expect(answer.body).toMatchObject({ success: false, status: 400, code })
    expect(answer.body.event_id).toBeUndefined()
    expect((await api.get('/events')).body.items).toEqual([])
  })

  it('names the field when there is no file, or in another one', async () => {
    const { app, path } = await scene()
    const none = await supertest(app).post(path).field('name', 'orders')
    expect(none.body).toMatchObject({ success: false, code: 'FILE_MISSING' })
    const other = await supertest(app).post(path).attach('document', Buffer.from(orders()), 'orders.json')
    expect(other.body).toMatchObject({ success: false, code: 'FILE_FIELD_WRONG' })
    expect(other.body.detail).toContain('"file"')
    const two = await supertest(app)
      .post(path)
      .attach('file', Buffer.from('1'), 'a')
      .attach('file', Buffer.from('2'), 'b')
    expect(two.body).toMatchObject({ success: false, code: 'FILES_TOO_MANY' })
    const cut = await supertest(app)
      .post(path)
      .set('content-type', 'multipart/form-data; boundary=x')
      .send('--x\r\n')
    expect(cut.body).toMatchObject({ success: false, status: 400, code: 'UPLOAD_INVALID' })
  })

  it('records a file that cannot be parsed as an event with result error, publishes check.failed, answers 400', async () => {
    const { app, path, acme: api, drifthook } = await scene()
    const to = await (await import('../../src/testkit/receiver.js')).receiver()
    await api.post('/webhooks').send({ url: to.url(), events: ['check.failed'] })
    const answer = await upload(app, path, '{"orders": [1, 2')
    expect(answer.body).toMatchObject({ success: false, status: 400, code: 'FILE_MALFORMED', event_id: 1 })
    expect(answer.body.place).toMatchObject({ line: 1 })
    expect((await api.get('/events/1')).body).toMatchObject({
      result: 'error',
      severity: null,
      status: 'pending',
      error: { code: 'FILE_MALFORMED' },
    })
    await drifthook.runDue()
    expect(JSON.parse((await to.next()).body.toString())).toMatchObject({
      event: 'check.failed',
      data: { event_id: 1, result: 'error', error: { code: 'FILE_MALFORMED' } },
    })
    await to.close()
  })

  it('says so when the file has another format than the contract', async () => {
    const { app, path } = await scene()
    const csv = 'id,sku\n1,KX-1\n2,KX-2\n3,KX-3\n'
    const undeclared = await upload(app, path, csv, 'orders.txt')
    expect(undeclared.body).toMatchObject({ status: 400, code: 'FORMAT_MISMATCH', event_id: 1 })
    // As text/csv it need not be read, and makes no event.
    const declared = await upload(app, path, csv, 'orders.csv')
    expect(declared.body).toMatchObject({ status: 400, code: 'FILE_TYPE_REFUSED' })
    expect(declared.body.event_id).toBeUndefined()
  })

  it('takes a raw body with its content type', async () => {
    const { app, path } = await scene()
    const answer = await supertest(app).post(path).set('content-type', 'application/json').send(orders())
    expect(answer.body).toMatchObject({ success: true, has_drift: false })
  })

  it('says at once that a body parser of the host was faster', async () => {
    const { app, path } = await scene({}, (host) => host.use(express.json()))
    const answer = await supertest(app).post(path).set('content-type', 'application/json').send(orders())
    expect(answer.body).toMatchObject({ success: false, status: 500, code: 'RAW_BODY_UNAVAILABLE' })
    // Multipart is not a parser's business, so that works all the same.
    expect((await upload(app, path, orders())).status).toBe(200)
  })

  it('accepts the part types that real clients send', async () => {
    const { app, path } = await scene()
    for (const contentType of ['application/octet-stream', 'text/plain', 'application/vnd.ms-excel']) {
      const answer = await supertest(app)
        .post(path)
        .attach('file', Buffer.from(orders()), { filename: 'a', contentType })
      expect(answer.status).toBe(200)
    }
    const image = await supertest(app)
      .post(path)
      .attach('file', Buffer.from(orders()), { filename: 'a.png', contentType: 'image/png' })
    expect(image.body).toMatchObject({ status: 400, code: 'FILE_TYPE_REFUSED' })
  })

  it('records the name of the file without folders and control characters', async () => {
    const { app, path, acme: api } = await scene()
    await upload(app, path, orders(), '../../Bestellungen-ä.json')
    expect((await api.get('/events/1')).body.file_name).toBe('Bestellungen-ä.json')
  })

  it('compares CSV with a contract learned from CSV', async () => {
    const { app, drifthook, acme: api } = testApp()
    const csv = (header: string, rows: string[]) => `${[header, ...rows].join('\n')}\n`
    const sample = csv('order_id,sku,quantity,email', [
      '1,KX-1,10,a@b.example',
      '2,KX-2,20,c@d.example',
      '3,KX-3,30,e@f.example',
    ])
    const { body: contract } = await api
      .post('/contracts')
      .field('name', 'Orders as CSV')
      .attach('file', Buffer.from(sample), 'orders.csv')
    expect(contract).toMatchObject({ format: 'csv', version: 1 })
    const monitor = await drifthook.monitors.create(acme, { name: 'csv', contractId: contract.id })
    const path = `/drift/webhook/${monitor.token}`
    expect((await upload(app, path, sample, 'orders.csv')).body).toMatchObject({ has_drift: false })
    const drifted = csv('orderId,sku,quantity,vat', [
      '1,KX-1,ten,NO1',
      '2,KX-2,twenty,NO2',
      '3,KX-3,thirty,NO3',
    ])
    const answer = await upload(app, path, drifted, 'orders.csv')
    expect(answer.body).toMatchObject({
      has_drift: true,
      drift_summary: { additions: 1, removals: 1, changes: 1, renames: 1 },
    })
  })

  it('is not there for other methods', async () => {
    const { app, path } = await scene()
    const answer = await supertest(app).get(path)
    expect(answer.status).toBe(405)
    expect(answer.headers.allow).toBe('POST')
  })
})

describe('uploads.check, for files the host has itself', () => {
  it('takes bytes or a stream, and needs the permission', async () => {
    const { drifthook, monitor } = await scene()
    const file = Buffer.from(orders())
    expect(
      await drifthook.uploads.check(acme, { monitorId: monitor.id, file, fileName: 'a.json' }),
    ).toMatchObject({ eventId: 1 })
    async function* chunks() {
      yield file.subarray(0, 10)
      yield file.subarray(10)
    }
    expect(await drifthook.uploads.check(acme, { monitorId: monitor.id, file: chunks() })).toMatchObject({
      hasDrift: false,
    })
    const reader = { ...acme, permissions: ['events:read' as const] }
    await expect(drifthook.uploads.check(reader, { monitorId: monitor.id, file })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
    const stranger = { ...acme, tenantId: 'globex' }
    await expect(drifthook.uploads.check(stranger, { monitorId: monitor.id, file })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })
})
