/** `POST /webhooks/:id/replay`: the messages of a time window, sent again to one webhook by a job. */
import { describe, expect, it } from 'vitest'
import { acme, contractAndMonitor, orders, upload } from '../support/app.js'
import { here, testedHere } from '../support/combinations.js'
import {
  answering,
  auditActions,
  deliveriesOf,
  publish,
  receiving,
  subscribe,
  type WebhookApp,
  webhook,
  webhookApp,
} from '../support/webhooks.js'

const minute = 60_000
const once = { delivery: { retryDelays: [] } }

const at = ({ clock }: WebhookApp, ms = 0) => new Date(clock.now() + ms).toISOString()

async function replay(app: WebhookApp, id: string, body: object) {
  const answer = await app.acme.post(`/webhooks/${id}/replay`).send(body)
  expect(answer.body.errors ?? []).toEqual([])
  expect(answer.status).toBe(202)
  return answer.body
}

const job = async ({ acme }: WebhookApp, id: string) => (await acme.get(`/jobs/${id}`)).body

/** Replays, works what is due, and returns how the job ended with what arrived meanwhile. */
async function replayed(app: WebhookApp, id: string, body: object, requests: readonly { body: Buffer }[]) {
  const before = requests.length
  const made = await replay(app, id, body)
  await app.drifthook.runDue()
  const { status, progress } = await job(app, made.id)
  const names = requests.slice(before).map((request) => JSON.parse(request.body.toString()).data.id)
  return { status, progress, names: names.sort() }
}

const done = (scanned: number, queued: number, names: unknown[]) => ({
  status: 'done',
  progress: { scanned, queued },
  names,
})

/** One webhook and four messages, a minute apart: delivered, failed, missed while disabled, delivered. */
async function history(app: WebhookApp) {
  const now = { status: 200 }
  const to = await receiving(answering(now))
  const made = await subscribe(app, to.url())
  const start = app.clock.now()
  const path = `/webhooks/${made.id}`
  const message = async (id: string, status: number) => {
    now.status = status
    await publish(app, { id })
    await app.drifthook.runDue()
    await app.clock.advance(minute)
  }
  await message('delivered', 200)
  await message('failed', 500)
  await app.acme.patch(path).send({ enabled: false })
  await message('missed', 200)
  await app.acme.patch(path).send({ enabled: true })
  await message('last', 200)
  const all = { from: new Date(start).toISOString() }
  return { to, made, now, start, all }
}

describe.each(testedHere)('a replay, on %s', (on) => {
  it('sends what failed and what was missed, and leaves the rest', async () => {
    const app = webhookApp(on, once)
    const { to, made, all } = await history(app)
    const before = await deliveriesOf(app, made.id)
    const answer = await replay(app, made.id, all)
    expect(answer).toEqual({
      id: expect.stringMatching(/^job_/),
      kind: 'replay',
      target: made.id,
      status: 'pending',
      progress: {},
      failure_reason: null,
      created_by: acme.actor,
      created_at: at(app),
      updated_at: at(app),
      completed_at: null,
    })
    const sent = to.requests.length
    await app.drifthook.runDue()
    expect(await job(app, answer.id)).toMatchObject({ status: 'done', completed_at: at(app) })
    // That it was disabled is a message of the window, too.
    expect((await job(app, answer.id)).progress).toEqual({ scanned: 5, queued: 2 })
    const names = to.requests.slice(sent).map(({ body }) => JSON.parse(body.toString()).data.id)
    expect(names.sort()).toEqual(['failed', 'missed'])
    const after = await deliveriesOf(app, made.id)
    expect(after).toHaveLength(before.length + 1)
    expect(after.every(({ status }: { status: string }) => status === 'delivered')).toBe(true)
    const again = await replayed(app, made.id, all, to.requests)
    expect(again).toEqual(done(5, 0, []))
    expect(await auditActions(app)).toContain('webhook.replayed')
  })

  it.each([
    ['failed', ['failed']],
    ['missed', ['missed']],
    ['delivered', ['delivered', 'last']],
  ])('sends what is asked for: %s', async (status, names) => {
    const app = webhookApp(on, once)
    const { to, made, all } = await history(app)
    const body = { ...all, status: [status] }
    expect(await replayed(app, made.id, body, to.requests)).toEqual(done(5, names.length, names))
  })

  it('keeps the delivery, its id and its bytes', async () => {
    const app = webhookApp(on, once)
    const { to, made, all } = await history(app)
    await replayed(app, made.id, { ...all, status: ['delivered', 'failed'] }, to.requests)
    for (const name of ['delivered', 'failed', 'last']) {
      const same = to.requests.filter(({ body }) => JSON.parse(body.toString()).data.id === name)
      expect(same).toHaveLength(2)
      expect(same[1]?.body).toEqual(same[0]?.body)
      expect(same[1]?.headers['webhook-id']).toBe(same[0]?.headers['webhook-id'])
    }
    const numbers = (await app.acme.get(`/webhooks/${made.id}/attempts`)).body.items
    expect(numbers.map(({ number }: { number: number }) => number).sort()).toEqual([1, 1, 1, 2, 2, 2])
  })

  it('keeps to its window, both ends included', async () => {
    const app = webhookApp(on, once)
    const { to, made, start } = await history(app)
    const status = ['delivered', 'failed', 'missed']
    const window = (from: number, until: number) => ({
      from: new Date(start + from).toISOString(),
      to: new Date(start + until).toISOString(),
      status,
    })
    const inside = async (from: number, until: number) =>
      (await replayed(app, made.id, window(from, until), to.requests)).names
    expect(await inside(0, 0)).toEqual(['delivered'])
    expect(await inside(1, minute)).toEqual(['failed'])
    expect(await inside(minute, 2 * minute)).toEqual(['failed', 'missed'])
    expect(await inside(3 * minute + 1, 9 * minute)).toEqual([])
    // An instant of another zone is the same instant.
    const from = new Date(start + 2 * 60 * minute).toISOString().replace('Z', '+02:00')
    expect((await replayed(app, made.id, { from, to: from, status }, to.requests)).names).toEqual([
      'delivered',
    ])
  })

  it('does not double what is pending', async () => {
    const app = webhookApp(on, { delivery: { retryDelays: [minute] } })
    const now = { status: 500 }
    const to = await receiving(answering(now))
    const made = await subscribe(app, to.url())
    const from = at(app)
    await publish(app, { id: 1 })
    await app.drifthook.runDue()
    const body = { from, status: ['failed', 'delivered', 'missed'] }
    expect(await replayed(app, made.id, body, to.requests)).toEqual(done(1, 0, []))
    now.status = 200
    await app.clock.advance(minute)
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(2)
    expect(await deliveriesOf(app, made.id)).toMatchObject([{ status: 'delivered', attempt_count: 2 }])
  })

  it('asked for twice sends what failed once', async () => {
    const app = webhookApp(on, once)
    const { to, made, all } = await history(app)
    const before = to.requests.length
    const jobs = [await replay(app, made.id, all), await replay(app, made.id, all)]
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(before + 2)
    const queued = await Promise.all(jobs.map(async ({ id }) => (await job(app, id)).progress.queued))
    expect(queued.sort()).toEqual([0, 2])
  })

  it('stops where it is when it is cancelled, disabled or deleted', async () => {
    const app = webhookApp(on, once)
    const { to, made, all } = await history(app)
    const sent = to.requests.length
    const path = `/webhooks/${made.id}`
    const cancelled = await replay(app, made.id, all)
    expect((await app.acme.post(`/jobs/${cancelled.id}/cancel`)).body).toMatchObject({ status: 'cancelled' })
    const disabled = await replay(app, made.id, all)
    await app.acme.patch(path).send({ enabled: false })
    await app.drifthook.runDue()
    expect(await job(app, disabled.id)).toMatchObject({ status: 'done', progress: { scanned: 0, queued: 0 } })
    await app.acme.patch(path).send({ enabled: true })
    const deleted = await replay(app, made.id, all)
    await app.acme.delete(path)
    await app.drifthook.runDue()
    expect(await job(app, deleted.id)).toMatchObject({ status: 'done', progress: { queued: 0 } })
    expect(await job(app, cancelled.id)).toMatchObject({ status: 'cancelled', progress: {} })
    expect(to.requests).toHaveLength(sent)
  })
})

describe('a replay', () => {
  it('is refused while the webhook is disabled', async () => {
    const app = webhookApp()
    const made = await subscribe(app, 'https://a.example/', { enabled: false })
    const path = `/webhooks/${made.id}`
    const refused = await app.acme.post(`${path}/replay`).send({ from: at(app) })
    expect(refused.status).toBe(409)
    expect(refused.body).toMatchObject({ code: 'WEBHOOK_DISABLED' })
    expect((await app.acme.get('/jobs')).body.items).toEqual([])
    await app.acme.patch(path).send({ enabled: true })
    await replay(app, made.id, { from: at(app) })
  })

  it.each([
    [{}, 'from'],
    [{ from: 'yesterday' }, 'from'],
    [{ from: '2026-03-01' }, 'from'],
    [{ from: '2026-03-01T00:00:00Z', to: '2026-02-01T00:00:00Z' }, 'to'],
    [{ from: '2026-03-01T00:00:00Z', status: [] }, 'status'],
    [{ from: '2026-03-01T00:00:00Z', status: ['pending'] }, 'status[0]'],
    [{ from: '2026-03-01T00:00:00Z', until: '2026-03-02T00:00:00Z' }, 'until'],
  ])('%j is refused at %s', async (body, path) => {
    const app = webhookApp()
    const made = await subscribe(app, 'https://a.example/')
    const refused = await app.acme.post(`/webhooks/${made.id}/replay`).send(body)
    expect(refused.status).toBe(400)
    expect(refused.body.errors).toMatchObject([{ path }])
    expect((await app.acme.get('/jobs')).body.items).toEqual([])
  })

  it('is another tenant’s business, and needs its permission', async () => {
    const app = webhookApp()
    const made = await subscribe(app, 'https://a.example/')
    const path = `/webhooks/${made.id}/replay`
    const body = { from: at(app) }
    expect((await app.globex.post(path).send(body)).status).toBe(404)
    expect((await app.as('key-reader').post(path).send(body)).status).toBe(403)
    expect((await app.nobody.post(path).send(body)).status).toBe(401)
    const { id } = await replay(app, made.id, body)
    expect((await app.globex.get(`/jobs/${id}`)).status).toBe(404)
    expect((await app.globex.post(`/jobs/${id}/cancel`)).status).toBe(404)
    expect((await app.globex.get('/jobs')).body.items).toEqual([])
  })

  it('counts against the webhook as any delivery does', async () => {
    const patience = { afterMs: 0, failures: 2 }
    const app = webhookApp(here, { delivery: { retryDelays: [], disable: patience } })
    const to = await receiving(() => ({ status: 500 }))
    const made = await subscribe(app, to.url())
    const from = at(app)
    await publish(app)
    await app.drifthook.runDue()
    await replay(app, made.id, { from })
    await app.drifthook.runDue()
    expect(await webhook(app, made.id)).toMatchObject({ enabled: false, disabled_reason: 'failing' })
  })

  it('sends nothing that the webhook does not subscribe to, and no test of another', async () => {
    const app = webhookApp()
    const to = await receiving()
    const narrow = await subscribe(app, to.url(), { events: ['contact.created'] })
    const wide = await subscribe(app, to.url(), { events: ['*'], enabled: false })
    const from = at(app)
    await publish(app, { id: 1 }, 'contact.deleted')
    await publish(app, { id: 2 }, 'contact.created')
    await app.acme.post(`/webhooks/${narrow.id}/test`)
    await app.drifthook.runDue()
    await app.acme.patch(`/webhooks/${wide.id}`).send({ enabled: true })
    const status = ['missed', 'delivered', 'failed']
    expect(await replayed(app, narrow.id, { from, status }, to.requests)).toMatchObject({ names: [2] })
    expect(await replayed(app, wide.id, { from, status }, to.requests)).toMatchObject({ names: [1, 2] })
  })

  it('sends a tenant’s Slack nothing that a monitor’s own replaced', async () => {
    const app = webhookApp()
    const to = await receiving(() => ({ status: 200, body: 'ok' }))
    const { monitor, path } = await contractAndMonitor(app)
    const common = { events: ['drift.*'], channel: 'slack', rate_limit: { points: 100, duration_ms: 1 } }
    const tenants = await subscribe(app, to.url('/tenant'), common)
    await subscribe(app, to.url('/own'), { ...common, monitor_id: monitor.id })
    const from = at(app)
    const drifted = orders((order) => {
      delete order.email
    })
    await upload(app.app, path, drifted)
    await app.drifthook.runDue()
    expect(to.requests.map(({ path }) => path)).toEqual(['/own'])
    const { id } = await replay(app, tenants.id, { from })
    await app.drifthook.runDue()
    expect(await job(app, id)).toMatchObject({ status: 'done', progress: { scanned: 1, queued: 0 } })
    expect(to.requests).toHaveLength(1)
  })
})
