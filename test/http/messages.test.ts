/** The host's own events over HTTP: publishing, the catalogue, the OpenAPI document. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterEach, describe, expect, it } from 'vitest'
import { receiver } from '../../src/testkit/receiver.js'
import { settle } from '../../src/testkit/settle.js'
import { acme, contractAndMonitor, orders, testApp, upload } from '../support/app.js'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const schema = {
  type: 'object',
  required: ['fullName'],
  properties: { fullName: { type: 'string' }, tags: { items: { type: 'object', required: ['Id'] } } },
}
const example = { fullName: 'Jane Doe', camelCase_mixed: { innerKey: 1 } }
const eventTypes = {
  'contact.created': { description: 'A contact is new.', schema, example },
  'contact.deleted': {},
}

async function scene() {
  const it = testApp({ eventTypes })
  closing.push(() => it.drifthook.stop())
  const to = await receiver()
  closing.push(() => to.close())
  const { body: webhook } = await it.acme.post('/webhooks').send({ url: to.url(), events: ['*'] })
  /** The messages there are, as the one subscription was told of them. */
  const told = async () => {
    const { body } = await it.acme.get(`/webhooks/${webhook.id}/deliveries`)
    return body.items.map((delivery: { message_id: string }) => delivery.message_id)
  }
  return { ...it, to, told }
}

const validator = () => addFormats.default(new Ajv2020({ strictTypes: false, allErrors: true }))

describe('POST /messages', () => {
  const message = { type: 'contact.created', data: example }

  it('publishes what fits the schema, and says where other data does not', async () => {
    const { acme: api, told } = await scene()
    const made = await api.post('/messages').send(message)
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject(message)
    expect(await told()).toEqual([made.body.id])
    const data = { fullName: 7, tags: [{ Id: 1 }, {}], 'secret value': 'hush' }
    const refused = await api.post('/messages').send({ type: 'contact.created', data })
    expect(refused.status).toBe(400)
    expect(refused.body).toMatchObject({
      code: 'INVALID_REQUEST',
      errors: [
        { path: 'data.fullName', code: 'invalid_type', message: 'must be string' },
        { path: 'data.tags[1].Id', code: 'required', message: 'is required' },
      ],
    })
    expect(JSON.stringify(refused.body)).not.toContain('hush')
    expect(await told()).toHaveLength(1)
    expect((await api.post('/messages').send({ type: 'contact.deleted', data })).status).toBe(201)
  })

  it.each(['drift.detected', 'subscription.failing', 'ping', 'contact.renamed', 'contact.*', 'Contact', ''])(
    'does not publish %j',
    async (type) => {
      const { acme: api, told } = await scene()
      expect((await api.post('/messages').send({ type, data: {} })).body).toMatchObject({
        status: 400,
        errors: [{ path: 'type', code: 'unknown_event' }],
      })
      expect(await told()).toEqual([])
    },
  )

  it('takes the bytes of JSON as they are, but none that would break the envelope', async () => {
    const { drifthook, told } = await scene()
    const publish = (data: Uint8Array) => drifthook.messages.publish(acme, { type: 'contact.created', data })
    const json = Buffer.from('{ "fullName": "Jane" }')
    expect((await publish(json)).data).toEqual({ fullName: 'Jane' })
    const refused = [Buffer.from('\ufeff{}'), Buffer.from('{} {}'), Buffer.from([0x22, 0xff, 0x22])]
    for (const data of refused) {
      await expect(publish(data)).rejects.toMatchObject({ errors: [{ path: 'data', code: 'not_json' }] })
    }
    await expect(publish(Buffer.from('{}'))).rejects.toMatchObject({ errors: [{ path: 'data.fullName' }] })
    expect(await told()).toHaveLength(1)
  })

  it('repeats its answer under one Idempotency-Key, and publishes once', async () => {
    const { acme: api, told, drifthook } = await scene()
    const send = (data: unknown) =>
      api.post('/messages').set('Idempotency-Key', '"a-1"').send({ type: 'contact.deleted', data })
    const answers = await Promise.all([send({ n: 1 }), send({ n: 1 }), send({ n: 1 })])
    answers.push(await send({ n: 1 }))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201])
    for (const { body } of answers) expect(body).toEqual(answers[0]?.body)
    expect(await told()).toEqual([answers[0]?.body.id])
    const inBody = { type: 'contact.deleted', data: { n: 1 }, idempotency_key: '"a-1"' }
    expect((await api.post('/messages').send(inBody)).body.id).toBe(answers[0]?.body.id)
    const inProcess = { type: 'contact.deleted', data: { n: 1 }, idempotencyKey: '"a-1"' }
    expect((await drifthook.messages.publish(acme, inProcess)).id).toBe(answers[0]?.body.id)
    expect((await send({ n: 2 })).body).toMatchObject({
      status: 409,
      code: 'IDEMPOTENCY_CONFLICT',
      errors: [{ path: 'idempotency_key', code: 'taken' }],
    })
    expect(await told()).toHaveLength(1)
    expect((await api.post('/messages').send({ type: 'contact.deleted', data: { n: 2 } })).status).toBe(201)
    expect(await told()).toHaveLength(2)
  })

  it('refuses a key that is none, and a body that is none, with a key too', async () => {
    const { acme: api, told } = await scene()
    for (const key of ['', 'two words', 'k'.repeat(256)]) {
      expect((await api.post('/messages').set('Idempotency-Key', key).send(message)).body).toMatchObject({
        status: 400,
        errors: [{ path: 'idempotency_key' }],
      })
    }
    const unread = api.post('/messages').set('Idempotency-Key', 'k').type('json')
    expect((await unread.send('null')).body).toMatchObject({ status: 400, code: 'INVALID_REQUEST' })
    expect(await told()).toEqual([])
  })
})

describe('GET /webhooks/events', () => {
  it('lists what a subscription may name, with schema and example as the host wrote them', async () => {
    const { acme: api } = await scene()
    const { status, body } = await api.get('/webhooks/events')
    expect(status).toBe(200)
    expect(body.next_cursor).toBeNull()
    const types = body.items.map(({ type }: { type: string }) => type)
    expect(types).toEqual([
      'drift.detected',
      'check.repeated',
      'check.passed',
      'check.failed',
      'subscription.failing',
      'subscription.recovered',
      'subscription.disabled',
      'contact.created',
      'contact.deleted',
    ])
    for (const type of types) {
      const made = await api.post('/webhooks').send({ url: 'https://a.example', events: [type] })
      expect([type, made.status]).toEqual([type, 201])
    }
    expect(body.items.slice(-2)).toEqual([
      { type: 'contact.created', description: 'A contact is new.', schema, example, built_in: false },
      { type: 'contact.deleted', description: null, schema: null, example: null, built_in: false },
    ])
    expect(body.items[0]).toMatchObject({ built_in: true, schema: { type: 'object' } })
  })

  it('needs subscriptions:read', async () => {
    const { as, nobody } = await scene()
    expect((await nobody.get('/webhooks/events')).status).toBe(401)
    expect((await as('key-reader').get('/webhooks/events')).body.code).toBe('FORBIDDEN')
    expect((await as('key-globex').get('/webhooks/events')).status).toBe(200)
  })
})

describe('GET /openapi.json', () => {
  it('answers the document, its names untouched, to whoever has credentials', async () => {
    const { as, nobody, drifthook } = await scene()
    expect((await nobody.get('/openapi.json')).status).toBe(401)
    const { status, body, headers } = await as('key-reader').get('/openapi.json')
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
    expect(body).toEqual(JSON.parse(JSON.stringify(drifthook.catalogue.openapi())))
  })

  it('describes what is really sent', async () => {
    const { acme: api, drifthook, app, to } = await scene()
    const { body: document } = await api.get('/openapi.json')
    const { path } = await contractAndMonitor({ drifthook })
    const drifted = orders((order) => {
      order.quantity = 'many'
      order.amount = order.price
      delete order.price
      delete order.email
    })
    await upload(app, path, orders())
    await upload(app, path, drifted)
    await upload(app, path, drifted)
    await upload(app, path, '{"orders": [')
    await api.post('/messages').send({ type: 'contact.created', data: example })
    expect(await settle(drifthook)).toBe(5)
    const sent = to.requests.map(({ body }) => JSON.parse(body.toString()))
    expect(sent.map(({ event }) => event).sort()).toEqual([
      'check.failed',
      'check.passed',
      'check.repeated',
      'contact.created',
      'drift.detected',
    ])
    for (const body of sent) {
      const { content } = document.webhooks[body.event].post.requestBody
      const described = content['application/json'].schema
      const validate = validator().compile(described)
      validate(body)
      expect([body.event, validate.errors]).toEqual([body.event, null])
      expect(Object.keys(body)).toEqual(Object.keys(described.properties))
      // Receivers may rely on what is described, and what is sent is described.
      if (body.event !== 'contact.created')
        expect(Object.keys(body.data).sort()).toEqual(
          Object.keys(described.properties.data.properties).sort(),
        )
    }
  })

  it('describes what is told of subscriptions, and a ping', async () => {
    const { acme: api, drifthook, to } = await scene()
    const { body: document } = await api.get('/openapi.json')
    const { body: other } = await api.post('/webhooks').send({ url: to.url('/other'), events: ['drift.*'] })
    await api.patch(`/webhooks/${other.id}`).send({ enabled: false })
    await settle(drifthook)
    expect((await api.post(`/webhooks/${other.id}/test`)).status).toBe(200)
    const sent = to.requests.map(({ body }) => JSON.parse(body.toString()))
    expect(sent.map(({ event }) => event)).toEqual(['subscription.disabled', 'ping'])
    for (const body of sent) {
      const { content } = document.webhooks[body.event].post.requestBody
      const validate = validator().compile(content['application/json'].schema)
      validate(body)
      expect([body.event, validate.errors]).toEqual([body.event, null])
    }
  })

  it('does not replay a ping to whom it was not sent', async () => {
    const { acme: api, drifthook, to, told, clock } = await scene()
    const { body: other } = await api.post('/webhooks').send({ url: to.url('/other'), events: ['drift.*'] })
    await api.post(`/webhooks/${other.id}/test`)
    await api.post('/messages').send({ type: 'contact.deleted', data: 1 })
    await clock.advance(1_000)
    const [mine] = (await api.get('/webhooks')).body.items.filter(
      (item: { id: string }) => item.id !== other.id,
    )
    const window = { from: '2026-01-01T00:00:00Z', to: '2026-03-01T12:00:00.500Z', status: ['missed'] }
    const replay = await api.post(`/webhooks/${mine.id}/replay`).send(window)
    expect(replay.status).toBe(202)
    await settle(drifthook)
    expect(await told()).toHaveLength(1)
  })
})
