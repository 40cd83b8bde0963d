/** `POST /webhooks/:id/test`: one ping at once, whatever comes of it, and no mark left behind. */
import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../../src/index.js'
import { receiver } from '../../src/testkit/receiver.js'
import { here, testedHere } from '../support/combinations.js'
import {
  auditActions,
  deliveriesOf,
  publish,
  receiving,
  subscribe,
  type WebhookApp,
  webhook,
  webhookApp,
} from '../support/webhooks.js'

async function test({ acme }: Pick<WebhookApp, 'acme'>, id: string) {
  const answer = await acme.post(`/webhooks/${id}/test`)
  expect(answer.status).toBe(200)
  return answer.body
}

const key = (n: number) => new Uint8Array(32).fill(n)

describe.each(testedHere)('a test of a webhook, on %s', (on) => {
  it('is a signed ping, whatever the webhook subscribes to, logged as any delivery', async () => {
    const app = webhookApp(on)
    const to = await receiving(() => ({ status: 202, body: 'thanks' }))
    const made = await subscribe(app, to.url('/in'), { headers: { 'X-Own': 'mine' } })
    const attempt = await test(app, made.id)
    expect(attempt).toMatchObject({
      number: 1,
      url: to.url('/in'),
      response_status: 202,
      response_body: 'thanks',
      error_class: null,
      error: null,
      started_at: new Date(app.clock.now()).toISOString(),
    })
    expect(attempt.request_headers).toMatchObject({
      'x-own': '***',
      'webhook-signature': '***',
      'webhook-id': expect.stringMatching(/^msg_/),
      'webhook-timestamp': expect.stringMatching(/^\d+$/),
    })
    const request = await to.next()
    expect(to.verify(made.secret, request)).toMatchObject({ reason: 'timestamp_too_old' })
    expect(request.headers['x-own']).toBe('mine')
    const body = JSON.parse(request.body.toString())
    expect(body).toMatchObject({ event: 'ping', webhook_id: made.id, data: { webhook_id: made.id } })
    expect(body.message_id).toBe(request.headers['webhook-id'])

    const [delivery] = await deliveriesOf(app, made.id)
    expect(delivery).toMatchObject({
      id: body.delivery_id,
      event: 'ping',
      status: 'delivered',
      attempt_count: 1,
      http_status_code: 202,
      next_attempt_at: null,
    })
    expect((await app.acme.get(`/deliveries/${delivery.id}`)).body.attempts).toEqual([attempt])
    expect((await app.acme.get(`/webhooks/${made.id}/attempts`)).body.items).toHaveLength(1)
    expect((await app.acme.get(`/messages/${body.message_id}`)).body.data).toEqual(body.data)
    expect(await auditActions(app)).toContain('webhook.tested')
  })

  it.each([200, 301, 404, 410, 429, 500])('leaves no mark when answered %i', async (status) => {
    const app = webhookApp(on, { delivery: { failing: { afterMs: 0, failures: 1 } } })
    const to = await receiving(() => ({ status, headers: { location: '/else', 'retry-after': '60' } }))
    const made = await subscribe(app, to.url(), { events: ['*'] })
    const watcher = await subscribe(app, to.url(), { events: ['*'] })
    const before = await webhook(app, made.id)
    expect(await test(app, made.id)).toMatchObject({
      response_status: status,
      error_class: status === 200 ? null : 'receiver',
    })
    const [delivery] = await deliveriesOf(app, made.id)
    expect(delivery).toMatchObject(
      status === 200
        ? { status: 'delivered', failure_reason: null }
        : { status: 'failed', failure_reason: 'test_failed' },
    )
    expect(delivery).toMatchObject({ http_status_code: status, next_attempt_at: null })
    // Neither the runner nor time bring it back, and nobody else hears of it.
    await app.clock.advance(7 * 24 * 3_600_000)
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(1)
    expect(await webhook(app, made.id)).toEqual(before)
    expect(before).toMatchObject({ enabled: true, last_delivery_status: null, failing_since: null })
    expect(await deliveriesOf(app, watcher.id)).toEqual([])
  })
})

describe('a test of a webhook', () => {
  it('is told who refuses a connection, hangs, or breaks off', async () => {
    const app = webhookApp(here, { delivery: { timeoutMs: 150 } })
    const hanging = await receiving(() => 'hang')
    const resetting = await receiving(() => 'reset')
    const closed = await receiver()
    await closed.close()
    const outcome = async (url: string) => {
      const made = await subscribe(app, url)
      const { response_status, error_class, error } = await test(app, made.id)
      expect(response_status).toBeNull()
      expect((await deliveriesOf(app, made.id))[0]).toMatchObject({ failure_reason: 'test_failed' })
      expect(await webhook(app, made.id)).toMatchObject({ enabled: true, failing_since: null })
      return [error_class, error.split(':')[0]]
    }
    expect(await outcome(closed.url())).toEqual(['network', 'connection_refused'])
    expect(await outcome(hanging.url())).toEqual(['network', 'timeout'])
    expect(await outcome(resetting.url())).toEqual(['network', 'connection_reset'])
  })

  it('is told of an address that is not called any more, and calls nobody', async () => {
    const shared = { storage: memoryStorage(), secretKey: key(1) }
    const to = await receiving()
    const made = await subscribe(webhookApp(here, shared), to.url())
    const strict = webhookApp(here, { ...shared, delivery: { allowLoopback: false } })
    expect(await test(strict, made.id)).toMatchObject({ response_status: null, error_class: 'refused' })
    expect(to.connections()).toBe(0)
  })

  it('is told that a secret could not be read, which is nobody’s fault but ours', async () => {
    const shared = { storage: memoryStorage() }
    const to = await receiving()
    const made = await subscribe(webhookApp(here, { ...shared, secretKey: key(1) }), to.url())
    const keyless = webhookApp(here, { ...shared, secretKey: key(2) })
    expect(await test(keyless, made.id)).toMatchObject({ response_status: null, error_class: 'ours' })
    expect(to.connections()).toBe(0)
    expect(keyless.logger.lines.some(({ level }) => level === 'error')).toBe(true)
    expect(await webhook(keyless, made.id)).toMatchObject({ last_delivery_status: null })
  })

  it('goes out while the webhook is disabled, too', async () => {
    const app = webhookApp()
    const to = await receiving()
    const made = await subscribe(app, to.url(), { enabled: false })
    expect(await test(app, made.id)).toMatchObject({ response_status: 200 })
    expect(to.requests).toHaveLength(1)
    expect(await webhook(app, made.id)).toMatchObject({ enabled: false, disabled_reason: 'manual' })
  })

  it('does not count towards failing or disabling, however many fail', async () => {
    const patience = { afterMs: 0, failures: 3 }
    const delivery = { failing: patience, disable: patience, retryDelays: [60_000, 60_000, 60_000] }
    const app = webhookApp(here, { delivery })
    const to = await receiving(() => ({ status: 500 }))
    const made = await subscribe(app, to.url())
    await publish(app)
    await app.drifthook.runDue()
    for (let n = 0; n < 5; n++) await test(app, made.id)
    await app.clock.advance(60_000)
    await app.drifthook.runDue()
    expect(await webhook(app, made.id)).toMatchObject({ enabled: true })
    await app.clock.advance(60_000)
    await app.drifthook.runDue()
    expect(await webhook(app, made.id)).toMatchObject({ enabled: false, disabled_reason: 'failing' })
  })

  it('does not end a run of failures by succeeding', async () => {
    const now = { status: 500 }
    const patience = { afterMs: 0, failures: 2 }
    const app = webhookApp(here, { delivery: { disable: patience, retryDelays: [60_000] } })
    const to = await receiving(() => ({ status: now.status }))
    const made = await subscribe(app, to.url())
    await publish(app)
    await app.drifthook.runDue()
    now.status = 200
    await app.clock.advance(1)
    await test(app, made.id)
    expect((await webhook(app, made.id)).failing_since).not.toBeNull()
    now.status = 500
    await app.clock.advance(60_000)
    await app.drifthook.runDue()
    expect(await webhook(app, made.id)).toMatchObject({ enabled: false, disabled_reason: 'failing' })
  })

  it('is a Slack message where the channel is Slack’s', async () => {
    const app = webhookApp()
    const to = await receiving(() => ({ status: 200, body: 'ok' }))
    const made = await subscribe(app, to.url('/services/T/B/x'), { channel: 'slack' })
    expect(await test(app, made.id)).toMatchObject({ response_status: 200, error: null })
    const { body, headers } = await to.next()
    expect(headers['content-type']).toBe('application/json')
    expect(JSON.parse(body.toString())).toMatchObject({ text: expect.any(String), blocks: expect.any(Array) })

    const unwilling = await receiving(() => ({ status: 404, body: 'no_service' }))
    const other = await subscribe(app, unwilling.url(), { channel: 'slack' })
    expect(await test(app, other.id)).toMatchObject({ error: 'Slack answered 404: no_service.' })
    expect(await webhook(app, other.id)).toMatchObject({ enabled: true })
  })

  it('is another tenant’s business', async () => {
    const app = webhookApp()
    const to = await receiving()
    const made = await subscribe(app, to.url())
    expect((await app.globex.post(`/webhooks/${made.id}/test`)).status).toBe(404)
    expect((await app.nobody.post(`/webhooks/${made.id}/test`)).status).toBe(401)
    expect((await app.as('key-reader').post(`/webhooks/${made.id}/test`)).status).toBe(403)
    expect(to.connections()).toBe(0)
  })
})
