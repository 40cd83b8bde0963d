/** Jobs over HTTP: how far they are, which there are, and how to stop one. */
import { describe, expect, it } from 'vitest'
import type { Storage } from '../../src/index.js'
import { acme } from '../support/app.js'
import { testedHere } from '../support/combinations.js'
import {
  auditActions,
  deliveriesOf,
  receiving,
  subscribe,
  type WebhookApp,
  webhookApp,
} from '../support/webhooks.js'

/** Calls `then` after each step of a job is written, with how many there were. */
function afterEachStep(storage: Storage, then: (steps: number) => Promise<unknown>): void {
  const settle = storage.settle.bind(storage)
  let steps = 0
  storage.settle = async (table, outcomes) => {
    const results = await settle(table, outcomes)
    if (table === 'jobs') await then(++steps)
    return results
  }
}

/** So many messages that a webhook, disabled meanwhile, has missed. */
async function missed(app: WebhookApp, url: string, count: number) {
  const made = await subscribe(app, url, { enabled: false })
  const from = new Date(app.clock.now()).toISOString()
  const data = Array.from({ length: count }, (_, id) => ({ id }))
  await Promise.all(
    data.map((one) => app.drifthook.messages.publish(acme, { type: 'contact.created', data: one })),
  )
  await app.acme.patch(`/webhooks/${made.id}`).send({ enabled: true })
  return { made, from }
}

const replay = async ({ acme: api }: WebhookApp, id: string, from: string) =>
  (await api.post(`/webhooks/${id}/replay`).send({ from })).body
const job = async ({ acme: api }: WebhookApp, id: string) => (await api.get(`/jobs/${id}`)).body

describe.each(testedHere)('a job of several steps, on %s', (on) => {
  it('shows how far it is, and does everything once', async () => {
    const app = webhookApp(on)
    const to = await receiving()
    const { made, from } = await missed(app, to.url(), 250)
    const { id } = await replay(app, made.id, from)
    const seen: unknown[] = []
    afterEachStep(app.storage, async () => seen.push((await job(app, id)).progress))
    await app.drifthook.runDue()
    expect(seen).toEqual([
      { scanned: 100, queued: 100 },
      { scanned: 200, queued: 200 },
      { scanned: 250, queued: 250 },
    ])
    expect(await job(app, id)).toMatchObject({ status: 'done', failure_reason: null })
    const names = to.requests.map(({ body }) => JSON.parse(body.toString()).data.id)
    expect(new Set(names).size).toBe(250)
    expect(names).toHaveLength(250)
  })

  it('can be stopped on the way; what it did stays', async () => {
    const app = webhookApp(on)
    const to = await receiving()
    const { made, from } = await missed(app, to.url(), 250)
    const { id } = await replay(app, made.id, from)
    afterEachStep(app.storage, async (steps) => {
      if (steps === 1) expect((await app.acme.post(`/jobs/${id}/cancel`)).status).toBe(200)
    })
    await app.drifthook.runDue()
    const now = new Date(app.clock.now()).toISOString()
    expect(await job(app, id)).toMatchObject({ status: 'cancelled', completed_at: now })
    expect(await job(app, id)).toMatchObject({ progress: { scanned: 100, queued: 100 } })
    expect(to.requests).toHaveLength(100)
    await app.clock.advance(24 * 3_600_000)
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(100)
    // Another replay finishes what this one left.
    await replay(app, made.id, from)
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(250)
  })
})

describe('a job', () => {
  it('that is cancelled during a step writes nothing of that step', async () => {
    const app = webhookApp()
    const { storage } = app
    const to = await receiving()
    const { made, from } = await missed(app, to.url(), 3)
    const { id } = await replay(app, made.id, from)
    const settle = storage.settle.bind(storage)
    storage.settle = async (table, outcomes) => {
      if (table === 'jobs') await app.acme.post(`/jobs/${id}/cancel`)
      return settle(table, outcomes)
    }
    await app.drifthook.runDue()
    expect(await job(app, id)).toMatchObject({ status: 'cancelled', progress: {} })
    expect(await deliveriesOf(app, made.id)).toEqual([])
  })

  it('whose step fails is tried again, and failed for good after three days', async () => {
    const app = webhookApp()
    const { storage } = app
    const to = await receiving()
    const { made, from } = await missed(app, to.url(), 3)
    const { id } = await replay(app, made.id, from)
    const list = storage.list.bind(storage)
    storage.list = async () => {
      throw new Error('not today')
    }
    const worked = async (afterMs: number) => {
      await app.clock.advance(afterMs)
      await app.drifthook.runDue()
      return job(app, id)
    }
    expect(await worked(0)).toMatchObject({ status: 'pending', failure_reason: null })
    storage.list = list
    expect(await worked(59_999)).toMatchObject({ status: 'pending' })
    expect(await worked(1)).toMatchObject({ status: 'done', progress: { queued: 3 } })

    const other = await replay(app, made.id, from)
    storage.list = async () => {
      throw new Error('never again')
    }
    await app.drifthook.runDue()
    await app.clock.advance(72 * 3_600_000 + 1)
    await app.drifthook.runDue()
    expect(await job(app, other.id)).toMatchObject({ status: 'failed', failure_reason: 'internal' })
    storage.list = list
    expect((await app.acme.post(`/jobs/${other.id}/cancel`)).status).toBe(409)
  })

  it('that has ended cannot be cancelled', async () => {
    const app = webhookApp()
    const to = await receiving()
    const { made, from } = await missed(app, to.url(), 1)
    const { id } = await replay(app, made.id, from)
    await app.drifthook.runDue()
    const again = async () => (await app.acme.post(`/jobs/${id}/cancel`)).body
    expect(await again()).toMatchObject({
      status: 409,
      code: 'CONFLICT',
      detail: expect.stringMatching('done'),
    })
    const other = await replay(app, made.id, from)
    await app.acme.post(`/jobs/${other.id}/cancel`).expect(200)
    const twice = await app.acme.post(`/jobs/${other.id}/cancel`)
    expect(twice.body).toMatchObject({ status: 409, detail: expect.stringMatching('cancelled') })
    const cancelled = (await auditActions(app)).filter((action) => action === 'job.cancelled')
    expect(cancelled).toHaveLength(1)
  })

  it('is found, listed and cancelled by its tenant alone, and by whom it is permitted', async () => {
    const app = webhookApp()
    const made = await subscribe(app, 'https://a.example/')
    const { id } = await replay(app, made.id, new Date(0).toISOString())
    const paths = { get: `/jobs/${id}`, list: '/jobs', cancel: `/jobs/${id}/cancel` }
    expect((await app.globex.get(paths.get)).status).toBe(404)
    expect((await app.globex.post(paths.cancel)).status).toBe(404)
    expect((await app.globex.get(paths.list)).body).toEqual({ items: [], next_cursor: null })
    const reader = app.as('key-reader')
    expect((await reader.get(paths.get)).status).toBe(403)
    expect((await reader.get(paths.list)).status).toBe(403)
    expect((await reader.post(paths.cancel)).status).toBe(403)
    expect((await app.nobody.get(paths.list)).status).toBe(401)
    expect((await app.acme.get('/jobs/job_none')).status).toBe(404)
    expect((await app.acme.get(paths.get)).body).toMatchObject({ id, status: 'pending' })
  })

  it('is listed newest first, by kind, status and target, in pages', async () => {
    const app = webhookApp()
    const [one, two] = [
      await subscribe(app, 'https://a.example/'),
      await subscribe(app, 'https://b.example/'),
    ]
    const from = new Date(0).toISOString()
    const ids: string[] = []
    for (const target of [one, two, one]) {
      ids.unshift((await replay(app, target.id, from)).id)
      await app.clock.advance(1)
    }
    const { id: resealing } = (await app.acme.post('/secrets/reencrypt')).body
    await app.acme.post(`/jobs/${ids[0]}/cancel`)
    const listed = async (query: string) =>
      (await app.acme.get(`/jobs?${query}`)).body.items.map(({ id }: { id: string }) => id)
    expect(await listed('')).toEqual([resealing, ...ids])
    expect(await listed('kind=replay')).toEqual(ids)
    expect(await listed('kind=reencrypt')).toEqual([resealing])
    expect(await listed('status=cancelled')).toEqual([ids[0]])
    expect(await listed(`target=${one.id}`)).toEqual([ids[0], ids[2]])
    expect(await listed(`target=${one.id}&status=pending&kind=replay`)).toEqual([ids[2]])
    expect(await listed(`target=${one.id}&kind=reencrypt`)).toEqual([])

    const first = (await app.acme.get('/jobs?limit=3')).body
    const rest = (await app.acme.get(`/jobs?limit=3&cursor=${first.next_cursor}`)).body
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual([resealing, ...ids])
    expect(rest.next_cursor).toBeNull()
    for (const query of ['kind=nothing', 'status=running', 'limit=0', 'cursor=x', 'colour=red']) {
      expect((await app.acme.get(`/jobs?${query}`)).status).toBe(400)
    }
  })

  it('lets another webhook’s job run beside it', async () => {
    const app = webhookApp()
    const to = await receiving()
    const [one, two] = [await missed(app, to.url('/1'), 120), await missed(app, to.url('/2'), 120)]
    for (const { made } of [one, two]) await replay(app, made.id, one.from)
    await app.drifthook.runDue()
    const paths = to.requests.map(({ path }) => path)
    expect(paths.filter((path) => path === '/1')).toHaveLength(240)
    expect(paths.filter((path) => path === '/2')).toHaveLength(240)
  })
})

describe('the list of webhooks', () => {
  it('is filtered by whether they are enabled', async () => {
    const app = webhookApp()
    const on = await subscribe(app, 'https://a.example/')
    const off = await subscribe(app, 'https://b.example/', { enabled: false })
    const listed = async (query: string) =>
      (await app.acme.get(`/webhooks${query}`)).body.items.map(({ id }: { id: string }) => id)
    expect(await listed('')).toHaveLength(2)
    expect(await listed('?enabled=true')).toEqual([on.id])
    expect(await listed('?enabled=false')).toEqual([off.id])
    expect((await app.acme.get('/webhooks?enabled=perhaps')).status).toBe(400)
    const { items } = await app.drifthook.subscriptions.list(acme, { enabled: false })
    expect(items.map(({ id }) => id)).toEqual([off.id])
  })
})
