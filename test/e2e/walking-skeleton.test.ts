/** The thin path through every room: a drifted file in, a verified signed webhook out. No listen, no sleep. */
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, it } from 'vitest'
import { verify } from '../../src/signing/index.js'
import { type Receiver, receiver } from '../../src/testkit/receiver.js'
import { settle } from '../../src/testkit/settle.js'
import { acme, contractAndMonitor, orders, testApp, upload } from '../support/app.js'

const drifted = orders((order) => {
  delete order.email
  order.vat_number = 'NO918273645'
  order.quantity = String(order.quantity)
})

describe('a drifted file posted to a mounted router', () => {
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
  })

  async function scene(respond?: Parameters<typeof receiver>[0]) {
    const to: Receiver = await receiver(respond)
    closing.push(() => to.close())
    const it = testApp()
    closing.push(() => it.drifthook.stop())
    return { ...it, to, ...(await contractAndMonitor(it)) }
  }

  it('ends as a verified signed webhook', async () => {
    const { app, drifthook, acme: api, to, path, monitor, contract, clock } = await scene()
    const created = await api.post('/webhooks').send({ url: to.url('/hook'), events: ['drift.detected'] })
    expect(created.status).toBe(201)
    expect(created.body.secret).toMatch(/^whsec_[0-9a-f]{64}$/)

    const answer = await upload(app, path, drifted)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      success: true,
      event_id: 1,
      has_drift: true,
      drift_summary: { additions: 1, removals: 1, changes: 1, renames: 0 },
      alert_queued: true,
      partner_notified: false,
      alert_suppressed: false,
      severity: 'major',
      result: 'breaking',
      event_url: '/drift/api/v1/events/1',
    })

    expect(await settle(drifthook)).toBe(1)
    const sent = await to.next()
    const body = JSON.parse(sent.body.toString())
    expect(Object.keys(body)).toEqual([
      'event',
      'timestamp',
      'webhook_id',
      'message_id',
      'delivery_id',
      'data',
    ])
    expect(body.event).toBe('drift.detected')
    expect(body.timestamp).toBe('2026-03-01T12:00:00.000Z')
    expect(body.webhook_id).toBe(created.body.id)
    expect(sent.headers['webhook-id']).toBe(body.message_id)
    expect(body.data).toMatchObject({
      event_id: 1,
      monitor_id: monitor.id,
      contract_id: contract.id,
      file_name: 'orders.json',
      severity: 'major',
      result: 'breaking',
      drift_summary: { additions: 1, removals: 1, changes: 1, renames: 0 },
      changes_total: 3,
    })
    const kinds = body.data.changes.map(
      (change: { kind: string; path: string }) => `${change.kind} ${change.path}`,
    )
    expect(kinds).toEqual([
      'removed orders[].email',
      'changed orders[].quantity',
      'added orders[].vat_number',
    ])

    // Our own verifier, at the time of sending, and the official package's.
    const { secret } = created.body
    const now = () => clock.now()
    expect(verify({ headers: sent.headers, body: sent.body, secret, now })).toEqual({ ok: true })
    expect(
      verify({ headers: sent.headers, body: Buffer.concat([sent.body, Buffer.from(' ')]), secret, now }).ok,
    ).toBe(false)
  })

  it('is accepted by the official standardwebhooks package', async () => {
    // That package looks at the machine's own time.
    const to = await receiver()
    closing.push(() => to.close())
    const it = testApp({ clock: (await import('../../src/ports/clock.js')).systemClock })
    closing.push(() => it.drifthook.stop())
    const { path } = await contractAndMonitor(it)
    const created = await it.acme.post('/webhooks').send({ url: to.url(), events: ['*'] })
    await upload(it.app, path, drifted)
    await settle(it.drifthook)
    const sent = await to.next()
    const official = new Webhook(created.body.secret)
    const headers = sent.headers as Record<string, string>
    expect(official.verify(sent.body.toString(), headers)).toMatchObject({ event: 'drift.detected' })
    expect(() => official.verify(`${sent.body}x`, headers)).toThrow()
  })

  it('is recorded: event, delivery, attempt', async () => {
    const { app, drifthook, acme: api, to, path } = await scene()
    const { body: webhook } = await api.post('/webhooks').send({ url: to.url(), events: ['breaking'] })
    await upload(app, path, drifted)
    const pending = await api.get(`/webhooks/${webhook.id}/deliveries`)
    expect(pending.body.items[0]).toMatchObject({
      status: 'pending',
      attempt_count: 0,
      event: 'drift.detected',
    })
    await settle(drifthook)

    const event = await api.get('/events/1')
    expect(event.body).toMatchObject({
      id: 1,
      status: 'pending',
      severity: 'major',
      result: 'breaking',
      format: 'json',
    })
    expect(event.body.changes).toHaveLength(3)

    const listed = await api.get(`/webhooks/${webhook.id}/deliveries`)
    expect(listed.body.next_cursor).toBeNull()
    const delivery = await api.get(`/deliveries/${listed.body.items[0].id}`)
    expect(delivery.body).toMatchObject({
      status: 'delivered',
      http_status_code: 200,
      attempt_count: 1,
      next_attempt_at: null,
    })
    expect(delivery.body.attempts).toHaveLength(1)
    expect(delivery.body.attempts[0]).toMatchObject({
      number: 1,
      response_status: 200,
      error: null,
      error_class: null,
    })
    expect(delivery.body.attempts[0].request_headers['webhook-signature']).toBe('***')
    expect(JSON.stringify(delivery.body)).not.toContain(webhook.secret)
    expect((await api.get(`/webhooks/${webhook.id}`)).body.last_delivery_status).toBe('delivered')
    expect((await api.get(`/webhooks/${webhook.id}/attempts`)).body.items).toHaveLength(1)
  })

  it('is retried on the schedule until the receiver accepts it, with the same bytes', async () => {
    let status = 500
    const { app, drifthook, acme: api, to, path, clock } = await scene({ respond: () => ({ status }) })
    const { body: webhook } = await api.post('/webhooks').send({ url: to.url(), events: ['drift.*'] })
    await upload(app, path, drifted)
    expect(await settle(drifthook)).toBe(1)
    expect(await settle(drifthook)).toBe(0)
    await clock.advance(4_999)
    expect(await settle(drifthook)).toBe(0)
    await clock.advance(1_000)
    expect(await settle(drifthook)).toBe(1)
    status = 200
    await clock.advance(28_000)
    expect(await settle(drifthook)).toBe(1)
    expect(to.requests).toHaveLength(3)
    expect(new Set(to.requests.map((request) => request.body.toString())).size).toBe(1)
    const [delivery] = (await api.get(`/webhooks/${webhook.id}/deliveries`)).body.items
    expect(delivery).toMatchObject({ status: 'delivered', attempt_count: 3 })
    await clock.advance(100 * 3_600_000)
    expect(await settle(drifthook)).toBe(0)
  })

  it('is given up after the last delay, and says so', async () => {
    const { app, drifthook, acme: api, to, path, clock } = await scene({ respond: () => ({ status: 500 }) })
    const { body: webhook } = await api.post('/webhooks').send({ url: to.url(), events: ['drift.*'] })
    await upload(app, path, drifted)
    for (let hour = 0; hour < 80; hour++) {
      await settle(drifthook)
      await clock.advance(hour === 0 ? 60_000 : 3_600_000)
    }
    expect(to.requests).toHaveLength(10)
    const [delivery] = (await api.get(`/webhooks/${webhook.id}/deliveries`)).body.items
    expect(delivery).toMatchObject({
      status: 'failed',
      failure_reason: 'attempts_exhausted',
      attempt_count: 10,
    })
  })

  it('reaches only the subscriptions that match, of the same tenant', async () => {
    const { app, drifthook, acme: api, globex, to, path, monitor, contract } = await scene()
    const hook = (name: string, more: object) =>
      api.post('/webhooks').send({ url: to.url(`/${name}`), ...more })
    await hook('type', { events: ['drift.detected'] })
    await hook('result', { events: ['breaking'] })
    await hook('contract', { events: ['*'], contract_id: contract.id, audience: 'partner' })
    await hook('monitor', { events: ['*'], monitor_id: monitor.id })
    await hook('other-type', { events: ['check.passed'] })
    await hook('other-result', { events: ['pass'] })
    await hook('disabled', { events: ['*'], enabled: false })
    await globex.post('/webhooks').send({ url: to.url('/other-tenant'), events: ['*'] })
    const answer = await upload(app, path, drifted)
    expect(answer.body.partner_notified).toBe(true)
    await settle(drifthook)
    expect(to.requests.map((request) => request.path).sort()).toEqual([
      '/contract',
      '/monitor',
      '/result',
      '/type',
    ])
  })

  it('tells once of a drift that stands open, and again when somebody asks for repeats', async () => {
    const { app, drifthook, acme: api, to, path } = await scene()
    await api.post('/webhooks').send({ url: to.url(), events: ['drift.*'] })
    await upload(app, path, drifted)
    const again = await upload(app, path, drifted)
    expect(again.body).toMatchObject({
      event_id: 2,
      has_drift: true,
      alert_queued: false,
      alert_suppressed: true,
    })
    await settle(drifthook)
    expect(to.requests).toHaveLength(1)
    await api.post('/webhooks').send({ url: to.url('/repeats'), events: ['check.repeated'] })
    const third = await upload(app, path, drifted)
    expect(third.body).toMatchObject({ alert_queued: true, alert_suppressed: false })
    await settle(drifthook)
    expect(JSON.parse(to.requests[1]?.body.toString() ?? '').event).toBe('check.repeated')
  })

  it('makes a clean file a resolved event and tells nobody but those who ask', async () => {
    const { app, drifthook, acme: api, to, path } = await scene()
    await api.post('/webhooks').send({ url: to.url(), events: ['drift.*'] })
    const answer = await upload(app, path, orders())
    expect(answer.body).toMatchObject({
      has_drift: false,
      drift_summary: { additions: 0, removals: 0, changes: 0, renames: 0 },
      alert_queued: false,
      partner_notified: false,
      severity: null,
      result: 'pass',
    })
    expect((await api.get('/events/1')).body).toMatchObject({
      status: 'resolved',
      resolved_via: 'auto',
      fingerprint: null,
    })
    expect(await settle(drifthook)).toBe(0)
    await api.post('/webhooks').send({ url: to.url('/pass'), events: ['pass'] })
    const told = await upload(app, path, orders())
    expect(told.body.alert_queued).toBe(false)
    expect(await settle(drifthook)).toBe(1)
  })

  it('carries the host’s own events by the same machinery', async () => {
    const it = testApp({ eventTypes: ['contact.created', 'contact.deleted'] })
    closing.push(() => it.drifthook.stop())
    const to = await receiver()
    closing.push(() => to.close())
    await it.acme.post('/webhooks').send({ url: to.url(), events: ['contact.*'] })
    const data = { id: 7, Name: 'Jane', nested_Key: { aB: 1 } }
    const message = await it.drifthook.messages.publish(acme, { type: 'contact.created', data })
    await settle(it.drifthook)
    expect(JSON.parse((await to.next()).body.toString())).toMatchObject({ event: 'contact.created', data })
    expect((await it.acme.get(`/messages/${message.id}`)).body.data).toEqual(data)
    await expect(
      it.drifthook.messages.publish(acme, { type: 'contact.renamed', data }),
    ).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      errors: [{ path: 'type', code: 'unknown_event' }],
    })
  })

  it('sends the exact bytes of a body given as bytes', async () => {
    const it = testApp({ eventTypes: ['contact.created'] })
    closing.push(() => it.drifthook.stop())
    const to = await receiver()
    closing.push(() => to.close())
    await it.acme.post('/webhooks').send({ url: to.url(), events: ['*'] })
    const data = Buffer.from('{ "b": 1.0,\n"a": 12345678901234567890 }')
    await it.drifthook.messages.publish(acme, { type: 'contact.created', data })
    await settle(it.drifthook)
    expect((await to.next()).body.toString()).toContain(`"data":${data}}`)
  })

  it('stops calling a receiver that answers 410', async () => {
    const { app, drifthook, acme: api, to, path, clock } = await scene({ respond: () => ({ status: 410 }) })
    const { body: webhook } = await api.post('/webhooks').send({ url: to.url(), events: ['*'] })
    await upload(app, path, drifted)
    await settle(drifthook)
    await clock.advance(3_600_000)
    await upload(app, path, orders())
    expect(await settle(drifthook)).toBe(0)
    expect((await api.get(`/webhooks/${webhook.id}`)).body).toMatchObject({
      enabled: false,
      disabled_reason: 'receiver_gone',
    })
  })

  it('ends the pending deliveries of a deleted or disabled subscription with a reason', async () => {
    const { app, drifthook, acme: api, to, path } = await scene()
    const { body: disabled } = await api.post('/webhooks').send({ url: to.url(), events: ['*'] })
    await upload(app, path, drifted)
    await api.patch(`/webhooks/${disabled.id}`).send({ enabled: false })
    await settle(drifthook)
    expect(to.requests).toHaveLength(0)
    const [delivery] = (await api.get(`/webhooks/${disabled.id}/deliveries`)).body.items
    expect(delivery).toMatchObject({ status: 'failed', failure_reason: 'webhook_disabled', attempt_count: 0 })
  })
})
