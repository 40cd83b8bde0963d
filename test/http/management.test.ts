import express from 'express'
import supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import { acme, contractAndMonitor, orders, testApp, upload } from '../support/app.js'

const schema = {
  type: 'object',
  required: ['orders'],
  properties: {
    orders: {
      type: 'array',
      items: { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] },
    },
  },
}

describe('contracts', () => {
  it('are made from a sample, several samples, a file or a schema', async () => {
    const { acme: api } = testApp()
    const made = await api
      .post('/contracts')
      .send({ name: 'sample', sample: JSON.parse(orders()), vendor: 'Kestrel', tags: ['orders'] })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({
      name: 'sample',
      vendor: 'Kestrel',
      tags: ['orders'],
      format: 'json',
      version: 1,
      policy: {},
    })
    expect(made.body.schema.properties.orders.items.properties.sku.type).toBe('string')
    expect(made.body.sketch_key_sealed).toBeUndefined()
    const several = await api
      .post('/contracts')
      .send({ name: 'samples', samples: [{ a: 1 }, { a: 2, b: 3 }] })
    expect(several.body.schema.required).toEqual(['a'])
    const text = await api
      .post('/contracts')
      .send({ name: 'text', sample: 'a,b\n1,2\n3,4\n5,6\n', format: 'csv' })
    expect(text.body.format).toBe('csv')
    const byHand = await api.post('/contracts').send({
      name: 'schema',
      schema,
      policy: {
        mode: 'score',
        overrides: [{ path: 'x', impact: 'info', reason: 'r', expires_at: '2027-01-01T00:00:00Z' }],
      },
    })
    expect(byHand.body).toMatchObject({
      format: null,
      schema,
      policy: { mode: 'score', overrides: [{ expires_at: '2027-01-01T00:00:00Z' }] },
    })
    const file = await api
      .post('/contracts')
      .field('name', 'file')
      .field('tags', '["a"]')
      .attach('file', Buffer.from(orders()), 'o.json')
    expect(file.body).toMatchObject({ name: 'file', tags: ['a'], format: 'json' })
  })

  it('are listed newest first without schemas, read, changed and deleted', async () => {
    const { acme: api, clock } = testApp()
    for (const name of ['one', 'two', 'three']) {
      await api.post('/contracts').send({ name, schema })
      await clock.advance(10)
    }
    const first = await api.get('/contracts?limit=2')
    expect(first.body.items.map((contract: { name: string }) => contract.name)).toEqual(['three', 'two'])
    expect(first.body.items[0].schema).toBeUndefined()
    const second = await api.get(`/contracts?limit=2&cursor=${first.body.next_cursor}`)
    expect(second.body).toMatchObject({ items: [{ name: 'one' }], next_cursor: null })
    const { id } = second.body.items[0]
    const changed = await api
      .patch(`/contracts/${id}`)
      .send({ description: 'what Kestrel sends', policy: { profile: 'strict' } })
    expect(changed.body).toMatchObject({
      name: 'one',
      description: 'what Kestrel sends',
      policy: { profile: 'strict' },
      schema,
    })
    expect((await api.put(`/contracts/${id}`).send({ name: 'uno' })).body).toMatchObject({
      name: 'uno',
      description: 'what Kestrel sends',
    })
    expect((await api.delete(`/contracts/${id}`)).status).toBe(204)
    expect((await api.get(`/contracts/${id}`)).status).toBe(404)
  })

  it('have names of their own, and stay while something names them', async () => {
    const it = testApp()
    const { acme: api, globex } = it
    const { contract, monitor } = await contractAndMonitor(it)
    const taken = await api.post('/contracts').send({ name: 'Orders', schema })
    expect(taken.body).toMatchObject({
      status: 409,
      code: 'NAME_TAKEN',
      errors: [{ path: 'name', code: 'taken' }],
    })
    expect((await globex.post('/contracts').send({ name: 'Orders', schema })).status).toBe(201)
    expect((await api.delete(`/contracts/${contract.id}`)).body).toMatchObject({
      status: 409,
      code: 'CONTRACT_IN_USE',
    })
    await api.delete(`/monitors/${monitor.id}`)
    expect((await api.delete(`/contracts/${contract.id}`)).status).toBe(204)
  })

  it('answer bad input with the path, code and message of each fault', async () => {
    const { acme: api } = testApp()
    const faults = async (body: object) => (await api.post('/contracts').send(body)).body
    expect(await faults({ schema })).toMatchObject({
      status: 400,
      code: 'INVALID_REQUEST',
      errors: [{ path: 'name', code: 'required' }],
    })
    expect(await faults({ name: 'x' })).toMatchObject({ errors: [{ path: 'schema', code: 'required' }] })
    expect(await faults({ name: 'x', schema, sample: 1 })).toMatchObject({
      errors: [{ code: 'ambiguous' }, { code: 'ambiguous' }],
    })
    expect(await faults({ name: 'x', schema, contractId: 'y' })).toMatchObject({
      errors: [{ path: 'contractId', code: 'unknown_field' }],
    })
    expect(
      await faults({ name: 'x', schema, policy: { overrides: [{ path: 'a', impact: 'bad', reason: 'r' }] } }),
    ).toMatchObject({ errors: [{ path: 'policy.overrides[0].impact' }] })
    expect(await faults({ name: 'x', sample: 'neither fish nor fowl' })).toMatchObject({
      status: 400,
      code: 'FORMAT_UNDECIDED',
    })
    const text = await api.post('/contracts').set('content-type', 'application/json').send('{"name":')
    expect(text.body).toMatchObject({ status: 400, code: 'BODY_INVALID' })
    const form = await api.post('/contracts').type('form').send({ name: 'x' })
    expect(form.body).toMatchObject({ status: 400, code: 'BODY_INVALID' })
    expect((await api.get('/contracts?cursor=abc')).body).toMatchObject({
      status: 400,
      errors: [{ path: 'cursor', code: 'invalid_cursor' }],
    })
    expect((await api.get('/contracts?limit=0')).body).toMatchObject({
      status: 400,
      errors: [{ path: 'limit' }],
    })
  })
})

describe('monitors', () => {
  it('show their token on creation, on rotation and to those who may see it', async () => {
    const it = testApp()
    const { acme: api, drifthook } = it
    const { contract } = await contractAndMonitor(it)
    const made = await api.post('/monitors').send({ name: 'Kestrel 2', contract_id: contract.id })
    expect(made.status).toBe(201)
    expect(made.body.token).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(made.body.upload_url).toBe(`/drift/webhook/${made.body.token}`)
    expect(made.body.token_prefix).toBe(made.body.token.slice(0, 6))
    const read = await api.get(`/monitors/${made.body.id}`)
    expect(read.body.token).toBeUndefined()
    expect(JSON.stringify(read.body)).not.toContain(made.body.token)
    const shown = await api.get(`/monitors/${made.body.id}/upload-url`)
    expect(shown.body).toEqual({ token: made.body.token, upload_url: made.body.upload_url })
    const rotated = await api.post(`/monitors/${made.body.id}/rotate-token`)
    expect(rotated.status).toBe(200)
    expect(rotated.body.token).not.toBe(made.body.token)
    const reader = { ...acme, permissions: ['monitors:read' as const] }
    await expect(drifthook.monitors.uploadUrl(reader, made.body.id)).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
  })

  it('are listed, changed, moved to another contract and deleted', async () => {
    const it = testApp()
    const { acme: api } = it
    const { contract, monitor } = await contractAndMonitor(it)
    const { body: other } = await api.post('/contracts').send({ name: 'Other', schema })
    const moved = await api.patch(`/monitors/${monitor.id}`).send({ contract_id: other.id, active: false })
    expect(moved.body).toMatchObject({ contract_id: other.id, active: false, name: 'Kestrel' })
    expect((await api.delete(`/contracts/${contract.id}`)).status).toBe(204)
    expect((await api.delete(`/contracts/${other.id}`)).status).toBe(409)
    expect((await api.get('/monitors')).body.items).toHaveLength(1)
    expect((await api.delete(`/monitors/${monitor.id}`)).status).toBe(204)
    expect((await api.get('/monitors')).body.items).toHaveLength(0)
    const unknown = await api.post('/monitors').send({ name: 'x', contract_id: 'ct_nowhere' })
    expect(unknown.body).toMatchObject({
      status: 400,
      errors: [{ path: 'contract_id', code: 'unknown_contract' }],
    })
  })
})

describe('webhooks', () => {
  it('show their secret once', async () => {
    const { acme: api } = testApp()
    const made = await api.post('/webhooks').send({
      url: 'https://hooks.example.com/in?key=geheim',
      events: ['drift.*', 'breaking'],
      headers: { 'X-Api-Key': 'geheim' },
    })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({
      name: 'hooks.example.com',
      url: 'https://hooks.example.com/in?key=***',
      headers: { 'x-api-key': '***' },
      enabled: true,
      signature: 'standard',
      secret_prefix: made.body.secret.slice(0, 14),
      verification: { scheme: 'standard', headers: ['webhook-id', 'webhook-timestamp', 'webhook-signature'] },
      last_delivery_status: null,
      created_by: 'ada',
    })
    const read = await api.get(`/webhooks/${made.body.id}`)
    expect(read.body.secret).toBeUndefined()
    expect(JSON.stringify([read.body, (await api.get('/webhooks')).body])).not.toMatch(
      /geheim|whsec_[0-9a-f]{9}/,
    )
  })

  it('need a URL that may be called and events that exist', async () => {
    const { acme: api } = testApp({ delivery: { allowLoopback: false } })
    const faults = async (body: object) => (await api.post('/webhooks').send(body)).body.errors
    expect(await faults({ events: ['*'] })).toMatchObject([{ path: 'url', code: 'required' }])
    expect(await faults({ url: 'https://a.example' })).toMatchObject([{ path: 'events', code: 'required' }])
    expect(await faults({ url: 'https://a.example', events: [] })).toMatchObject([{ path: 'events' }])
    expect(await faults({ url: 'nowhere', events: ['*'] })).toMatchObject([
      { path: 'url', code: 'invalid_url' },
    ])
    expect(await faults({ url: 'http://a.example', events: ['*'] })).toMatchObject([
      { path: 'url', code: 'not_https' },
    ])
    expect(await faults({ url: 'https://127.0.0.1', events: ['*'] })).toMatchObject([
      { path: 'url', code: 'address_refused' },
    ])
    expect(await faults({ url: 'https://a.example', events: ['*', 'drift.imagined'] })).toMatchObject([
      { path: 'events[1]', code: 'unknown_event' },
    ])
    expect(
      await faults({ url: 'https://a.example', events: ['*'], headers: { 'Webhook-Signature': 'x' } }),
    ).toHaveLength(1)
    expect(
      await faults({ url: 'https://a.example', events: ['*'], headers: { a: 'x\r\ny: z' } }),
    ).toHaveLength(1)
    const made = await api.post('/webhooks').send({ url: 'https://a.example', events: ['*'] })
    expect(made.status).toBe(201)
    const patched = await api.patch(`/webhooks/${made.body.id}`).send({ url: 'http://169.254.169.254/' })
    expect(patched.body.errors).toMatchObject([{ path: 'url' }])
  })

  it('are changed and deleted', async () => {
    const { acme: api } = testApp()
    const { body: made } = await api.post('/webhooks').send({ url: 'https://a.example', events: ['*'] })
    const changed = await api
      .patch(`/webhooks/${made.id}`)
      .send({ url: 'https://b.example/x', events: ['pass'], enabled: false })
    expect(changed.body).toMatchObject({
      url: 'https://b.example/x',
      events: ['pass'],
      enabled: false,
      disabled_reason: 'manual',
      name: 'a.example',
    })
    const ids = async (query: string) =>
      (await api.get(`/webhooks?${query}`)).body.items.map(({ id }: { id: string }) => id)
    expect(await ids('enabled=false')).toEqual([made.id])
    expect(await ids('enabled=true')).toEqual([])
    expect((await api.patch(`/webhooks/${made.id}`).send({})).status).toBe(400)
    expect((await api.delete(`/webhooks/${made.id}`)).status).toBe(204)
    expect((await api.delete(`/webhooks/${made.id}`)).status).toBe(404)
  })
})

describe('tenants and permissions', () => {
  it('makes another tenant’s record a 404, and its own readable', async () => {
    const it = testApp()
    const { acme: api, globex, app } = it
    const { contract, monitor, path } = await contractAndMonitor(it)
    const { body: webhook } = await api.post('/webhooks').send({ url: 'https://a.example', events: ['*'] })
    await upload(app, path, orders())
    const { body: deliveries } = await api.get(`/webhooks/${webhook.id}/deliveries`)
    const message = deliveries.items[0].message_id
    const paths = [
      `/contracts/${contract.id}`,
      `/monitors/${monitor.id}`,
      `/monitors/${monitor.id}/upload-url`,
      '/events/1',
      `/webhooks/${webhook.id}`,
      `/webhooks/${webhook.id}/deliveries`,
      `/webhooks/${webhook.id}/attempts`,
      `/deliveries/${deliveries.items[0].id}`,
      `/messages/${message}`,
    ]
    for (const one of paths) {
      expect([one, (await api.get(one)).status]).toEqual([one, 200])
      expect([one, (await globex.get(one)).body.code]).toEqual([one, 'NOT_FOUND'])
    }
    for (const list of ['/contracts', '/monitors', '/events', '/webhooks']) {
      expect((await globex.get(list)).body.items).toEqual([])
      expect((await api.get(list)).body.items).toHaveLength(1)
    }
    for (const one of [`/contracts/${contract.id}`, `/monitors/${monitor.id}`, `/webhooks/${webhook.id}`]) {
      expect((await globex.patch(one).send({ name: 'mine' })).status).toBe(404)
      expect((await globex.delete(one)).status).toBe(404)
      expect((await api.get(one)).status).toBe(200)
    }
  })

  it('asks for credentials, and for permissions', async () => {
    const it = testApp()
    await contractAndMonitor(it)
    const { nobody, as } = it
    const unknown = await nobody.get('/contracts')
    expect(unknown.status).toBe(401)
    expect(unknown.headers['www-authenticate']).toBeDefined()
    expect(unknown.body).toMatchObject({ code: 'UNAUTHENTICATED' })
    const reader = as('key-reader')
    expect((await reader.get('/contracts')).status).toBe(200)
    expect((await reader.get('/events')).status).toBe(200)
    const refused = await reader.post('/contracts').send({ name: 'x', schema })
    expect(refused.body).toMatchObject({ status: 403, code: 'FORBIDDEN' })
    expect(refused.body.detail).toContain('contracts:write')
    expect((await reader.get('/webhooks')).status).toBe(403)
  })

  it('never lets in by a throwing authenticate, and keeps its message to itself', async () => {
    const { app, logger } = testApp({
      authenticate: () => {
        throw new Error('ldap at 10.0.0.7 is down')
      },
    })
    const answer = await supertest(app).get('/drift/api/v1/contracts')
    expect(answer.body).toMatchObject({ status: 500, code: 'INTERNAL' })
    expect(JSON.stringify(answer.body)).not.toContain('ldap')
    expect(logger.lines.some((line) => line.level === 'error')).toBe(true)
  })

  it('refuses a mutation with a cookie from another site', async () => {
    const { acme: api } = testApp()
    const send = (headers: Record<string, string>) =>
      api
        .post('/contracts')
        .set('cookie', 'session=1')
        .set(headers)
        .send({ name: `n${Math.random()}`, schema })
    expect((await send({})).body.code).toBe('CROSS_SITE')
    expect((await send({ 'sec-fetch-site': 'cross-site' })).body.code).toBe('CROSS_SITE')
    expect((await send({ origin: 'https://evil.example' })).body.code).toBe('CROSS_SITE')
    expect((await send({ 'sec-fetch-site': 'same-origin' })).status).toBe(201)
    expect((await send({ origin: 'http://shop.example', host: 'shop.example' })).status).toBe(201)
    expect((await api.get('/contracts').set('cookie', 'session=1')).status).toBe(200)
  })
})

describe('behind the host’s body parsers', () => {
  it.each([
    ['express.json()', () => [express.json()]],
    ['express.urlencoded()', () => [express.urlencoded({ extended: true })]],
    ['both', () => [express.urlencoded({ extended: true }), express.json()]],
    ['express.raw()', () => [express.raw({ type: '*/*' })]],
  ])('management routes work: %s', async (_name, parsers) => {
    const { acme: api } = testApp({}, (app) => app.use(...parsers()))
    const made = await api.post('/contracts').send({ name: 'x', schema })
    expect(made.status).toBe(201)
    expect((await api.delete(`/contracts/${made.body.id}`)).status).toBe(204)
  })
})

describe('paths that are easily mistaken', () => {
  it.each([
    ['/drift/webhook', '/drift/api/v1/webhooks'],
    ['/drift/webhooks', '/drift/api/v1/webhooks'],
    [`/drift/webhooks/${'a'.repeat(43)}`, '/drift/webhook/{token}'],
    ['/drift/api/v1/webhook', '/drift/api/v1/webhooks'],
    ['/drift/api/webhooks', '/drift/api/v1/webhooks'],
  ])('POST %s names the right one', async (wrong, right) => {
    const { app } = testApp()
    const answer = await supertest(app).post(wrong).send({})
    expect(answer.status).toBe(404)
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(answer.body.detail).toContain(right)
    expect(answer.body.detail).not.toContain('aaaa')
  })

  it('leaves everything else to the host', async () => {
    const { app } = testApp()
    app.use('/drift/own', (_request, response) => void response.send('mine'))
    expect((await supertest(app).get('/drift/own')).text).toBe('mine')
    expect((await supertest(app).get('/drift/api/v1/nothing')).body).toMatchObject({
      status: 404,
      code: 'NOT_FOUND',
    })
    const wrong = await supertest(app).delete('/drift/api/v1/contracts')
    expect([wrong.status, wrong.headers.allow]).toEqual([405, 'POST, GET'])
  })
})

describe('health', () => {
  it('says up without credentials, and more with them', async () => {
    const it = testApp()
    expect((await supertest(it.app).get('/drift/health')).body).toEqual({ status: 'up' })
    expect((await it.acme.get('/health')).body).toEqual({
      status: 'up',
      durable: 'none',
      oldest_due_age_ms: 0,
      clock_skew_ms: null,
    })
    await it.drifthook.stop()
    const stopped = await supertest(it.app).get('/drift/api/v1/contracts').set('x-api-key', 'key-acme')
    expect(stopped.body).toMatchObject({ status: 503, code: 'STOPPED' })
  })
})
