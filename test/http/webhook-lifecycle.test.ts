/** The life of a webhook: disabled, deleted, gone, failing, recovered; and what its deliveries come to. */
import { describe, expect, it } from 'vitest'
import type { ReceivedRequest } from '../../src/testkit/receiver.js'
import { acme, placeOn } from '../support/app.js'
import { durableHere, here, testedHere } from '../support/combinations.js'
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
const slow = { retryDelays: [minute, minute, minute, minute, minute, minute] }

/** Makes a fresh webhook with one delivery that waits for its retry. */
async function failingOnce(app: WebhookApp, url: string) {
  const made = await subscribe(app, url)
  await publish(app)
  await app.drifthook.runDue()
  const delivery = await deliveryOf(app, made.id)
  expect(delivery).toMatchObject({ status: 'pending', attempt_count: 1 })
  return { made, delivery }
}

const delivery = async ({ acme }: WebhookApp, id: string) => (await acme.get(`/deliveries/${id}`)).body
const messages = (requests: readonly ReceivedRequest[]) =>
  requests.map(({ body }) => JSON.parse(body.toString()))

describe.each(testedHere)('a webhook that ends, on %s', (on) => {
  it('ends its pending deliveries at once when it is disabled, and goes on when it is enabled', async () => {
    const now = { status: 500 }
    const app = webhookApp(on, { delivery: slow })
    const to = await receiving(answering(now))
    const { made, delivery: waiting } = await failingOnce(app, to.url())
    const disabled = await app.acme.patch(`/webhooks/${made.id}`).send({ enabled: false })
    expect(disabled.body).toMatchObject({ enabled: false, disabled_reason: 'manual' })
    await app.drifthook.runDue()
    expect(await delivery(app, waiting.id)).toMatchObject({
      status: 'failed',
      failure_reason: 'webhook_disabled',
      attempt_count: 1,
      next_attempt_at: null,
      completed_at: new Date(app.clock.now()).toISOString(),
    })

    await publish(app, { id: 'while disabled' })
    expect(await deliveriesOf(app, made.id)).toHaveLength(1)
    now.status = 200
    await app.clock.advance(24 * 60 * minute)
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(1)

    const enabled = await app.acme.patch(`/webhooks/${made.id}`).send({ enabled: true })
    expect(enabled.body).toMatchObject({ enabled: true, disabled_reason: null, failing_since: null })
    await publish(app, { id: 'after' })
    await app.drifthook.runDue()
    expect(messages(to.requests).map(({ data }) => data.id)).toEqual([1, 'after'])
    expect(await webhook(app, made.id)).toMatchObject({ last_delivery_status: 'delivered' })
  })

  it('ends its pending deliveries at once when it is deleted, a redelivery too', async () => {
    const app = webhookApp(on, { delivery: slow })
    const to = await receiving(() => ({ status: 500 }))
    const { made, delivery: waiting } = await failingOnce(app, to.url())
    await app.acme.patch(`/webhooks/${made.id}`).send({ enabled: false })
    await app.drifthook.runDue()
    await app.acme.post(`/deliveries/${waiting.id}/redeliver`).expect(200)
    await app.drifthook.runDue()
    expect(await delivery(app, waiting.id)).toMatchObject({ status: 'pending', attempt_count: 2 })
    await app.acme.delete(`/webhooks/${made.id}`).expect(204)
    await app.drifthook.runDue()
    expect(await delivery(app, waiting.id)).toMatchObject({
      status: 'failed',
      failure_reason: 'webhook_deleted',
      attempt_count: 2,
    })
    for (const path of ['', '/deliveries', '/attempts']) {
      expect((await app.acme.get(`/webhooks/${made.id}${path}`)).status).toBe(404)
    }
    await publish(app)
    await app.clock.advance(24 * 60 * minute)
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(2)
  })

  it('ends all its deliveries as receiver_gone at the first 410, and is disabled', async () => {
    const now = { status: 500 }
    const app = webhookApp(on, { delivery: { ...slow, perSubscription: 1 } })
    const to = await receiving(answering(now))
    const { made, delivery: waiting } = await failingOnce(app, to.url())
    now.status = 410
    await publish(app)
    await publish(app)
    await app.drifthook.runDue()
    expect(await webhook(app, made.id)).toMatchObject({
      enabled: false,
      disabled_reason: 'receiver_gone',
      last_delivery_status: 'failed',
    })
    const all = await deliveriesOf(app, made.id)
    expect(all.map((each: Record<string, unknown>) => [each.status, each.failure_reason])).toEqual(
      Array(3).fill(['failed', 'receiver_gone']),
    )
    expect(await delivery(app, waiting.id)).toMatchObject({ attempt_count: 1, http_status_code: 500 })
    expect(await auditActions(app)).toContain('webhook.disabled')
  })

  it.each([
    ['receiver_gone', 410],
    ['webhook_disabled', 500],
  ])('says %s, too, of what falls due before the job comes to it', async (reason, status) => {
    const now = { status: 500 }
    const app = webhookApp(on, { delivery: slow })
    const to = await receiving(answering(now))
    const { made, delivery: waiting } = await failingOnce(app, to.url())
    const claim = app.storage.claim.bind(app.storage)
    app.storage.claim = async (table, request) => (table === 'jobs' ? [] : claim(table, request))
    now.status = status
    await publish(app)
    await app.drifthook.runDue()
    if (status === 500) await app.acme.patch(`/webhooks/${made.id}`).send({ enabled: false })
    expect(await delivery(app, waiting.id)).toMatchObject({ status: 'pending' })
    await app.clock.advance(minute)
    await app.drifthook.runDue()
    expect(await delivery(app, waiting.id)).toMatchObject({ failure_reason: reason, attempt_count: 1 })
    expect(to.requests).toHaveLength(2)
  })

  it('leaves an attempt under way its chance', async () => {
    const app = webhookApp(on, { delivery: slow })
    let answer: (status: number) => void = () => {}
    const status = new Promise<number>((resolve) => {
      answer = resolve
    })
    const to = await receiving(async () => ({ status: await status }))
    const made = await subscribe(app, to.url())
    await publish(app)
    const running = app.drifthook.runDue()
    await to.next()
    await app.acme.patch(`/webhooks/${made.id}`).send({ enabled: false })
    answer(200)
    await running
    expect(await deliveryOf(app, made.id)).toMatchObject({ status: 'delivered', attempt_count: 1 })
  })

  it('ends after it an attempt under way that fails', async () => {
    const app = webhookApp(on, { delivery: slow })
    let answer: (status: number) => void = () => {}
    const status = new Promise<number>((resolve) => {
      answer = resolve
    })
    const to = await receiving(async () => ({ status: await status }))
    const made = await subscribe(app, to.url())
    await publish(app)
    const running = app.drifthook.runDue()
    await to.next()
    await app.acme.patch(`/webhooks/${made.id}`).send({ enabled: false })
    answer(500)
    await running
    // Looked at again soon, without waiting for the retry's own time.
    await app.clock.advance(15_000)
    await app.drifthook.runDue()
    expect(await deliveryOf(app, made.id)).toMatchObject({ failure_reason: 'webhook_disabled' })
    expect(to.requests).toHaveLength(1)
  })

  it('does not end what a replay has made due since it was enabled again', async () => {
    const now = { status: 500 }
    const app = webhookApp(on, { delivery: { retryDelays: [] } })
    const to = await receiving(answering(now))
    const made = await subscribe(app, to.url())
    await publish(app)
    await app.drifthook.runDue()
    expect(await deliveryOf(app, made.id)).toMatchObject({ failure_reason: 'attempts_exhausted' })
    const path = `/webhooks/${made.id}`
    await app.acme.patch(path).send({ enabled: false })
    await app.acme.patch(path).send({ enabled: true })
    await app.acme
      .post(`${path}/replay`)
      .send({ from: new Date(0).toISOString() })
      .expect(202)
    now.status = 200
    await app.drifthook.runDue()
    expect(await deliveryOf(app, made.id)).toMatchObject({ status: 'delivered', attempt_count: 2 })
  })
})

describe('many deliveries of a webhook that ends', () => {
  it('end in steps, and are told of as a job', async () => {
    const app = webhookApp(durableHere, { delivery: slow })
    const to = await receiving()
    const made = await subscribe(app, to.url())
    const data = Array.from({ length: 230 }, (_, id) => ({ id }))
    await Promise.all(
      data.map((one) => app.drifthook.messages.publish(acme, { type: 'contact.created', data: one })),
    )
    await app.acme.patch(`/webhooks/${made.id}`).send({ enabled: false })
    await app.drifthook.runDue()
    expect(to.requests).toEqual([])
    const { items } = (await app.acme.get(`/jobs?kind=end_deliveries&target=${made.id}`)).body
    expect(items).toMatchObject([{ status: 'done', progress: { ended: 230 }, created_by: acme.actor }])
    expect((await app.acme.get(`/webhooks/${made.id}/deliveries?status=pending`)).body.items).toEqual([])
  })
})

describe('a webhook that two processes deliver to', () => {
  it('is told of as failing, and disabled, once', async () => {
    const place = placeOn(durableHere)
    const patience = { afterMs: 0, failures: 2 }
    const process = () =>
      webhookApp(here, {
        ...place.open(),
        delivery: { ...slow, perSubscription: 4, failing: patience, disable: { afterMs: 0, failures: 4 } },
      })
    const [one, two] = [process(), process()]
    const to = await receiving(() => ({ status: 500 }))
    const told = await receiving()
    const made = await subscribe(one, to.url())
    await subscribe(one, told.url(), { events: ['subscription.*'] })
    for (let n = 0; n < 8; n++) await publish(one)
    await Promise.all([one.drifthook.runDue(), two.drifthook.runDue()])
    await Promise.all([one.drifthook.runDue(), two.drifthook.runDue()])
    expect(messages(told.requests).map(({ event }) => event)).toEqual(
      expect.arrayContaining(['subscription.failing', 'subscription.disabled']),
    )
    expect(told.requests).toHaveLength(2)
    expect(await webhook(two, made.id)).toMatchObject({ enabled: false, disabled_reason: 'failing' })
    expect((await auditActions(one)).filter((action) => action === 'webhook.disabled')).toHaveLength(1)
  })
})

describe.each(testedHere)('a webhook that keeps failing, on %s', (on) => {
  const patience = {
    ...slow,
    failing: { afterMs: minute, failures: 2 },
    disable: { afterMs: 3 * minute, failures: 3 },
  }

  /** One that fails, and one that is told of the life of webhooks. */
  async function stage(now: { status: number }, more: object = {}) {
    const app = webhookApp(on, { delivery: { ...patience, ...more } })
    const to = await receiving(answering(now))
    const told = await receiving()
    const made = await subscribe(app, to.url(), { events: ['contact.*', 'subscription.*'], name: 'Kestrel' })
    await subscribe(app, told.url(), { events: ['subscription.*'] })
    const heard = () => messages(told.requests).map(({ event }) => event)
    const later = async (ms: number) => {
      await app.clock.advance(ms)
      await app.drifthook.runDue()
    }
    return { app, to, told, made, heard, later }
  }

  it('is told of, then disabled, when both its time and its failures are over', async () => {
    const { app, to, told, made, heard, later } = await stage({ status: 500 })
    const since = new Date(app.clock.now()).toISOString()
    await publish(app)
    await later(0)
    expect(await webhook(app, made.id)).toMatchObject({ failing_since: since, enabled: true })
    expect(heard()).toEqual([])
    await later(minute)
    expect(heard()).toEqual(['subscription.failing'])
    await later(minute)
    // Three failures, but two minutes only.
    expect(await webhook(app, made.id)).toMatchObject({ enabled: true })
    await later(minute)
    expect(await webhook(app, made.id)).toMatchObject({ enabled: false, disabled_reason: 'failing' })
    expect(await deliveryOf(app, made.id)).toMatchObject({
      failure_reason: 'webhook_disabled',
      attempt_count: 4,
    })
    await later(24 * 60 * minute)
    expect(heard()).toEqual(['subscription.failing', 'subscription.disabled'])
    // Its own receiver is the one that does not answer: it is not told.
    expect(messages(to.requests).map(({ event }) => event)).toEqual(Array(4).fill('contact.created'))
    const [failing, disabled] = messages(told.requests)
    const facts = { webhook_id: made.id, name: 'Kestrel', url: to.url(), failing_since: since }
    const last_attempt = { status: 500, error: null }
    expect(failing.data).toEqual({ ...facts, failures: 2, last_attempt })
    expect(disabled.data).toEqual({ ...facts, failures: 3, reason: 'failing', last_attempt })
    expect(await auditActions(app)).toContain('webhook.disabled')
  })

  it('is not disabled by time alone', async () => {
    const { app, made, later } = await stage({ status: 500 }, { retryDelays: [10 * minute] })
    await publish(app)
    await later(0)
    await later(10 * minute)
    expect(await webhook(app, made.id)).toMatchObject({ enabled: true })
    await publish(app)
    await later(0)
    expect(await webhook(app, made.id)).toMatchObject({ enabled: false, disabled_reason: 'failing' })
  })

  it('begins anew after a success, of which is told once', async () => {
    const now = { status: 500 }
    const { app, made, heard, later } = await stage(now)
    await publish(app)
    await later(0)
    await later(minute)
    expect(heard()).toEqual(['subscription.failing'])
    now.status = 200
    await later(minute)
    expect(await webhook(app, made.id)).toMatchObject({
      failing_since: null,
      last_delivery_status: 'delivered',
    })
    await publish(app)
    await later(0)
    expect(heard()).toEqual(['subscription.failing', 'subscription.recovered'])
    now.status = 500
    await publish(app)
    await later(0)
    await later(minute)
    await later(minute)
    expect(await webhook(app, made.id)).toMatchObject({ enabled: true })
    expect(heard()).toEqual(['subscription.failing', 'subscription.recovered', 'subscription.failing'])
  })

  it('is not told of when it recovers before anybody was told', async () => {
    const now = { status: 500 }
    const { app, heard, later } = await stage(now)
    await publish(app)
    await later(0)
    now.status = 200
    await later(minute)
    expect(heard()).toEqual([])
  })

  it('begins anew when somebody enables it', async () => {
    const now = { status: 500 }
    const { app, made, heard, later } = await stage(now)
    await publish(app)
    for (let n = 0; n < 4; n++) await later(minute)
    expect(await webhook(app, made.id)).toMatchObject({ enabled: false })
    const enabled = await app.acme.patch(`/webhooks/${made.id}`).send({ enabled: true })
    expect(enabled.body).toMatchObject({ enabled: true, disabled_reason: null, failing_since: null })
    await publish(app)
    await later(0)
    await later(minute)
    await later(minute)
    expect(await webhook(app, made.id)).toMatchObject({ enabled: true })
    expect(heard()).toEqual(['subscription.failing', 'subscription.disabled', 'subscription.failing'])
    await later(minute)
    expect(await webhook(app, made.id)).toMatchObject({ enabled: false })
  })

  it('counts an attempt that takes its time from its start', async () => {
    const app = webhookApp(on, { delivery: { ...slow, disable: { afterMs: 0, failures: 2 } } })
    const to = await receiving(async () => {
      await app.clock.advance(3_000)
      return { status: 500 }
    })
    const { made } = await failingOnce(app, to.url())
    await app.clock.advance(minute)
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(2)
    expect(await webhook(app, made.id)).toMatchObject({ enabled: false, disabled_reason: 'failing' })
  })
})

describe('the life of a webhook', () => {
  it('is told of to others when it is disabled by hand or gone, and never where nobody asks', async () => {
    const now = { status: 200 }
    const app = webhookApp(here, { delivery: slow })
    const [to, told] = [await receiving(answering(now)), await receiving()]
    const made = await subscribe(app, to.url(), { events: ['*'] })
    await subscribe(app, told.url(), { events: ['subscription.disabled'] })
    await app.acme.patch(`/webhooks/${made.id}`).send({ enabled: false })
    await app.acme.patch(`/webhooks/${made.id}`).send({ enabled: false })
    await app.acme.patch(`/webhooks/${made.id}`).send({ enabled: true })
    now.status = 410
    await publish(app)
    await app.drifthook.runDue()
    expect(messages(told.requests).map(({ data }) => [data.webhook_id, data.reason])).toEqual([
      [made.id, 'manual'],
      [made.id, 'receiver_gone'],
    ])
    expect(messages(to.requests).map(({ event }) => event)).toEqual(['contact.created'])
  })

  it('is never ended for failing where the host says so', async () => {
    const app = webhookApp(here, { delivery: { retryDelays: [minute], disable: false } })
    const to = await receiving(() => ({ status: 500 }))
    const made = await subscribe(app, to.url())
    for (let n = 0; n < 30; n++) {
      await publish(app)
      await app.clock.advance(24 * 60 * minute)
      await app.drifthook.runDue()
    }
    expect(await webhook(app, made.id)).toMatchObject({ enabled: true })
  })

  it('hears a 410 although another attempt succeeds beside it', async () => {
    const app = webhookApp(here, { delivery: slow })
    let arrived = 0
    let bothHere = () => {}
    const both = new Promise<void>((resolve) => {
      bothHere = resolve
    })
    const to = await receiving(async () => {
      const status = ++arrived === 1 ? 410 : 200
      if (arrived === 2) bothHere()
      await both
      return { status }
    })
    const made = await subscribe(app, to.url())
    await publish(app)
    await publish(app)
    await app.drifthook.runDue()
    expect(await webhook(app, made.id)).toMatchObject({ enabled: false, disabled_reason: 'receiver_gone' })
  })
})
