/** `POST /deliveries/:id/redeliver`: the same bytes once more, to where the webhook points now. */
import { describe, expect, it, vi } from 'vitest'
import { verify } from '../../src/signing/index.js'
import { here, testedHere } from '../support/combinations.js'
import {
  answering,
  auditActions,
  deliveriesOf,
  deliveryOf,
  publish,
  receiving,
  subscribe,
  type WebhookApp,
  webhook,
  webhookApp,
} from '../support/webhooks.js'

const minute = 60_000
const twoRetries = { retryDelays: [minute, minute] }

const redeliver = ({ acme }: WebhookApp, id: string) => acme.post(`/deliveries/${id}/redeliver`)
const delivery = async ({ acme }: WebhookApp, id: string) => (await acme.get(`/deliveries/${id}`)).body
const conflict = { status: 409, body: expect.objectContaining({ code: 'CONFLICT' }) }

/** A delivery that was made, or has failed for good, after one attempt. */
async function ended(app: WebhookApp, url: string, more: object = {}) {
  const made = await subscribe(app, url, { retry_delays: [], ...more })
  await publish(app, { id: 'ü' })
  await app.drifthook.runDue()
  return { made, delivery: await deliveryOf(app, made.id) }
}

describe.each(testedHere)('a redelivery, on %s', (on) => {
  it('has the id and the bytes of before, and the URL, secret and headers of now', async () => {
    const app = webhookApp(on)
    const [old, fresh] = [await receiving(), await receiving()]
    const { made, delivery: before } = await ended(app, old.url(), { headers: { 'x-key': 'old' } })
    expect(before).toMatchObject({ status: 'delivered', attempt_count: 1 })
    await app.clock.advance(minute)
    const path = `/webhooks/${made.id}`
    await app.acme.patch(path).send({ url: fresh.url('/new'), headers: { 'x-key': 'new' }, name: 'New' })
    const rotated = await app.acme.post(`${path}/rotate-secret`).send({ overlap_ms: 0 })

    const again = await redeliver(app, before.id)
    expect(again.status).toBe(200)
    expect(again.body).toMatchObject({ id: before.id, status: 'pending', attempt_count: 1 })
    expect(again.body).toMatchObject({ next_attempt_at: new Date(app.clock.now()).toISOString() })
    await app.drifthook.runDue()
    const [first, second] = [await old.next(), await fresh.next()]
    expect(second.body).toEqual(first.body)
    expect(second.path).toBe('/new')
    expect(second.headers).toMatchObject({ 'x-key': 'new', 'webhook-id': first.headers['webhook-id'] })
    const accepts = (secret: string) => verify({ ...second, secret, now: app.clock.now }).ok
    expect([made.secret, rotated.body.secret].map(accepts)).toEqual([false, true])

    const after = await delivery(app, before.id)
    expect(after).toMatchObject({ status: 'delivered', attempt_count: 2, next_attempt_at: null })
    expect(after.attempts.map(({ number, url }: Record<string, unknown>) => [number, url])).toEqual([
      [1, old.url()],
      [2, fresh.url('/new')],
    ])
    expect(await deliveriesOf(app, made.id)).toHaveLength(1)
    expect(await auditActions(app)).toContain('delivery.redelivered')
  })

  it('has the bytes that a channel rendered the first time', async () => {
    const app = webhookApp(on)
    const to = await receiving(() => ({ status: 200, body: 'ok' }))
    const { made, delivery: before } = await ended(app, to.url(), { channel: 'slack' })
    await app.acme.patch(`/webhooks/${made.id}`).send({ name: 'Renamed', channel: 'webhook' }).expect(200)
    await app.acme.patch(`/webhooks/${made.id}`).send({ channel: 'slack' }).expect(200)
    await redeliver(app, before.id)
    // Where the store counts the rate limit of Slack for all processes, it does so by its own clock.
    const sent = async () => {
      await app.clock.advance(minute)
      await app.drifthook.runDue()
      expect(to.requests).toHaveLength(2)
    }
    await vi.waitFor(sent, { timeout: 10_000, interval: 100 })
    const [first, second] = to.requests
    expect(second?.body).toEqual(first?.body)
  })

  it('has its whole schedule before it again, and attempts count on', async () => {
    const app = webhookApp(on, { delivery: twoRetries })
    const to = await receiving(() => ({ status: 500 }))
    const made = await subscribe(app, to.url())
    await publish(app)
    const exhausted = async () => {
      for (let n = 0; n < 3; n++) {
        await app.drifthook.runDue()
        await app.clock.advance(minute)
      }
      return deliveryOf(app, made.id)
    }
    const first = await exhausted()
    expect(first).toMatchObject({ failure_reason: 'attempts_exhausted', attempt_count: 3 })
    await redeliver(app, first.id)
    expect(await delivery(app, first.id)).toMatchObject({ status: 'pending', failure_reason: null })
    expect(await exhausted()).toMatchObject({ failure_reason: 'attempts_exhausted', attempt_count: 6 })
    const { attempts } = await delivery(app, first.id)
    expect(attempts.map(({ number }: { number: number }) => number)).toEqual([1, 2, 3, 4, 5, 6])
    await app.clock.advance(1_000 * minute)
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(6)
  })

  it('goes out while the webhook is disabled, retries included', async () => {
    const now = { status: 500 }
    const app = webhookApp(on, { delivery: twoRetries })
    const to = await receiving(answering(now))
    const { made, delivery: before } = await ended(app, to.url())
    await app.acme.patch(`/webhooks/${made.id}`).send({ enabled: false, retry_delays: null })
    await redeliver(app, before.id)
    await app.drifthook.runDue()
    expect(await delivery(app, before.id)).toMatchObject({ status: 'pending', attempt_count: 2 })
    now.status = 200
    await app.clock.advance(minute)
    await app.drifthook.runDue()
    expect(await delivery(app, before.id)).toMatchObject({ status: 'delivered', attempt_count: 3 })
    expect(await webhook(app, made.id)).toMatchObject({ enabled: false, disabled_reason: 'manual' })
  })
})

describe('a redelivery', () => {
  it.each([410, 500])('answered %i is not held against the webhook', async (status) => {
    const now = { status: 200 }
    const patience = { afterMs: 0, failures: 1 }
    const app = webhookApp(here, { delivery: { failing: patience, disable: patience } })
    const to = await receiving(answering(now))
    const { made, delivery: before } = await ended(app, to.url())
    const stood = await webhook(app, made.id)
    now.status = status
    await redeliver(app, before.id)
    await app.drifthook.runDue()
    expect(await delivery(app, before.id)).toMatchObject({ status: 'failed', http_status_code: status })
    expect(await webhook(app, made.id)).toEqual(stood)
    // The same answer to a message of its own is.
    await app.clock.advance(1)
    await publish(app)
    await app.drifthook.runDue()
    expect(await webhook(app, made.id)).toMatchObject({ enabled: false })
  })

  it('that succeeds ends a run of failures', async () => {
    const now = { status: 500 }
    const app = webhookApp()
    const to = await receiving(answering(now))
    const { made, delivery: before } = await ended(app, to.url())
    expect((await webhook(app, made.id)).failing_since).not.toBeNull()
    now.status = 200
    await redeliver(app, before.id)
    await app.drifthook.runDue()
    expect(await webhook(app, made.id)).toMatchObject({
      failing_since: null,
      last_delivery_status: 'delivered',
    })
  })

  it('is refused while the delivery is pending, and twice at once', async () => {
    const app = webhookApp(here, { delivery: twoRetries })
    const to = await receiving(() => ({ status: 500 }))
    const made = await subscribe(app, to.url())
    await publish(app)
    const { id } = await deliveryOf(app, made.id)
    expect(await redeliver(app, id)).toMatchObject(conflict)
    await app.drifthook.runDue()
    expect(await redeliver(app, id)).toMatchObject(conflict)
    for (let n = 0; n < 2; n++) {
      await app.clock.advance(minute)
      await app.drifthook.runDue()
    }
    const answers = await Promise.all([redeliver(app, id), redeliver(app, id), redeliver(app, id)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(4)
    const redelivered = (await auditActions(app)).filter((action) => action === 'delivery.redelivered')
    expect(redelivered).toHaveLength(1)
  })

  it('is refused when its webhook is deleted, and to whom it does not belong', async () => {
    const app = webhookApp()
    const to = await receiving()
    const { made, delivery: before } = await ended(app, to.url())
    expect((await app.globex.post(`/deliveries/${before.id}/redeliver`)).status).toBe(404)
    expect((await app.as('key-reader').post(`/deliveries/${before.id}/redeliver`)).status).toBe(403)
    expect((await app.acme.post('/deliveries/del_none/redeliver')).status).toBe(404)
    await app.acme.delete(`/webhooks/${made.id}`)
    await app.drifthook.runDue()
    expect(await redeliver(app, before.id)).toMatchObject(conflict)
    expect(await delivery(app, before.id)).toMatchObject({ status: 'delivered', attempt_count: 1 })
    expect(to.requests).toHaveLength(1)
  })

  it('of a test sends the same ping again', async () => {
    const app = webhookApp()
    const to = await receiving()
    const made = await subscribe(app, to.url())
    await app.acme.post(`/webhooks/${made.id}/test`)
    const { id } = await deliveryOf(app, made.id)
    await redeliver(app, id)
    await app.drifthook.runDue()
    const [first, second] = [await to.next(), await to.next()]
    expect(second.body).toEqual(first.body)
  })
})
