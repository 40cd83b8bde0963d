/** What goes when its time is over, and what stays. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { createDrifthook, type DrifthookOptions, type Storage } from '../../src/index.js'
import { record } from '../../src/testkit/storage/harness.js'
import { acme } from '../support/app.js'
import { here, testedHere } from '../support/combinations.js'
import { countAndErase, historyOf, rowsOf } from '../support/retention.js'
import {
  answering,
  deliveryOf,
  publish,
  receiving,
  subscribe,
  type WebhookApp,
  webhookApp,
} from '../support/webhooks.js'

const hour = 3_600_000
const day = 24 * hour
const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id)

/** Moves on, and has what is due by then done: also the round of pruning that began meanwhile. */
async function later({ clock, drifthook }: Pick<WebhookApp, 'clock' | 'drifthook'>, ms: number) {
  await clock.advance(ms)
  await drifthook.runDue()
}

const patient = { breaker: false, disable: false, failing: { failures: 1_000 } } as const

/** The one job that comes back. */
const pruneJob = (storage: Storage) => storage.get('jobs', '_system', 'job_prune')

describe.each(testedHere)('messages, on %s', (on) => {
  it('go with all that came of them when they are old; young ones stay', async () => {
    const app = webhookApp(on)
    const to = await receiving()
    await subscribe(app, to.url())
    await publish(app)
    await later(app, 0)
    await later(app, 29 * day)
    const young = await publish(app)
    await later(app, 0)
    expect((await historyOf(app.storage)).messages).toHaveLength(2)
    await later(app, day + 2 * hour)
    const kept = await historyOf(app.storage)
    expect(ids(kept.messages)).toEqual([young])
    expect(kept.deliveries.map(({ messageId }) => messageId)).toEqual([young])
    expect(kept.attempts.map(({ deliveryId }) => deliveryId)).toEqual(ids(kept.deliveries))
    const sides = ['messageBodies', 'attemptDetails'] as const
    expect(await countAndErase(app.storage, sides)).toEqual([1, 1])
    expect(app.logger.lines).toContainEqual(
      expect.objectContaining({ level: 'info', fields: { records: 6 } }),
    )
  })

  it('stay as long as one of their deliveries has not ended', async () => {
    const now = { status: 500 }
    const app = webhookApp(on, {
      delivery: { retryDelays: [9 * day, 9 * day], ...patient },
      retention: { messagesDays: 5, idempotencyHours: 1 },
    })
    const [good, bad] = [await receiving(), await receiving(answering(now))]
    await subscribe(app, good.url())
    await subscribe(app, bad.url())
    await publish(app)
    await later(app, 0)
    await later(app, 8 * day)
    await later(app, 2 * hour)
    expect(await historyOf(app.storage)).toMatchObject({
      messages: [{}],
      deliveries: [{}, {}],
      attempts: [{}, {}],
    })
    now.status = 200
    await later(app, day)
    const { deliveries } = await historyOf(app.storage)
    expect(deliveries.map(({ status, failureReason }) => [status, failureReason])).toEqual([
      ['delivered', null],
      ['delivered', null],
    ])
    await later(app, 2 * hour)
    expect(await historyOf(app.storage)).toEqual({ messages: [], deliveries: [], attempts: [] })
  })

  it('of very many receivers, tried very often, go in pieces', async () => {
    const app = webhookApp(on)
    await later(app, 0)
    const message = record('messages', { id: 'msg_big', type: 'contact.created', createdAt: app.clock.now() })
    const body = { tenantId: 'acme', id: 'msg_big', data: Buffer.from('{}') }
    const deliveries = Array.from({ length: 250 }, (_, n) =>
      record('deliveries', {
        ...{ id: `del_${n}`, messageId: 'msg_big', subscriptionId: `wh_${n}`, lane: `wh_${n}` },
        ...{ status: 'delivered', attemptCount: n === 3 ? 230 : 1, dueAt: null, createdAt: app.clock.now() },
      }),
    )
    const attempts = deliveries.flatMap(({ id, attemptCount }) =>
      Array.from({ length: attemptCount }, (_, n) =>
        record('attempts', { id: `att_${id}_${n}`, deliveryId: id, number: n, subscriptionId: 'wh' }),
      ),
    )
    await app.storage.commit([
      { op: 'insert', table: 'messages', row: message },
      { op: 'insert', table: 'messageBodies', row: body },
      ...deliveries.map((row) => ({ op: 'insert', table: 'deliveries', row }) as const),
      ...attempts.map((row) => ({ op: 'insert', table: 'attempts', row }) as const),
    ])
    let largest = 0
    const settle = app.storage.settle.bind(app.storage)
    app.storage.settle = (table, outcomes) => {
      for (const each of outcomes) if ('writes' in each) largest = Math.max(largest, each.writes.length)
      return settle(table, outcomes)
    }
    await later(app, 31 * day)
    expect(await historyOf(app.storage)).toEqual({ messages: [], deliveries: [], attempts: [] })
    expect(await countAndErase(app.storage, ['messageBodies'])).toEqual([0])
    expect(largest).toBeGreaterThan(300)
    expect(largest).toBeLessThan(650)
  })

  it('stay while they are fanned out', async () => {
    const app = webhookApp(on)
    const id = await publish(app)
    const job = record('jobs', { id: 'job_f', kind: 'fan_out', target: id, status: 'pending' })
    await app.storage.commit([{ op: 'insert', table: 'jobs', row: { ...job, createdAt: app.clock.now() } }])
    await later(app, 0)
    await later(app, 40 * day)
    expect(ids((await historyOf(app.storage)).messages)).toEqual([id])
    await app.storage.commit([
      { op: 'update', table: 'jobs', tenantId: 'acme', id: 'job_f', set: { status: 'done' } },
    ])
    await later(app, 2 * hour)
    expect((await historyOf(app.storage)).messages).toEqual([])
    expect(await rowsOf(app.storage, 'jobs', 'created')).toEqual([])
  })

  it('that somebody sends again in that very moment stay, and are sent', async () => {
    const app = webhookApp(on)
    const to = await receiving()
    const { id } = await subscribe(app, to.url())
    await publish(app)
    await later(app, 0)
    const { id: deliveryId } = await deliveryOf(app, id)
    const settle = app.storage.settle.bind(app.storage)
    let redelivered = 0
    app.storage.settle = async (table, outcomes) => {
      const pruning = outcomes.some(
        (each) => 'writes' in each && each.writes.some(({ op }) => op === 'delete'),
      )
      if (pruning && redelivered++ === 0) await app.drifthook.deliveries.redeliver(acme, deliveryId)
      return settle(table, outcomes)
    }
    await later(app, 31 * day)
    expect(redelivered).toBe(1)
    expect(await deliveryOf(app, id)).toMatchObject({ id: deliveryId, status: 'delivered', attempt_count: 2 })
    expect(to.requests).toHaveLength(2)
    await later(app, 2 * hour)
    expect(await deliveryOf(app, id)).toBeUndefined()
  })

  it('past their time are not replayed, though they are still there', async () => {
    const app = webhookApp(on)
    const to = await receiving()
    const { id } = await subscribe(app, to.url(), { enabled: false })
    const from = new Date(app.clock.now()).toISOString()
    await publish(app, { id: 'old' })
    await app.clock.advance(day)
    await publish(app, { id: 'young' })
    await app.acme.patch(`/webhooks/${id}`).send({ enabled: true })
    await app.clock.advance(29 * day + 1)
    await app.drifthook.subscriptions.replay(acme, id, { from, status: ['missed'] })
    await app.drifthook.runDue()
    expect(to.requests.map(({ body }) => JSON.parse(String(body)).data.id)).toEqual(['young'])
  })
})

it('attempts may go before their messages, and each delivery is looked at for them once', async () => {
  const app = webhookApp(here, { retention: { attemptsDays: 2 } })
  const to = await receiving()
  await subscribe(app, to.url())
  for (let n = 0; n < 3; n++) await publish(app)
  await later(app, 0)
  await later(app, day)
  await publish(app)
  await later(app, 0)
  await later(app, day + hour)
  expect(await historyOf(app.storage)).toMatchObject({
    messages: [{}, {}, {}, {}],
    deliveries: [{}, {}, {}, {}],
    attempts: [{}],
  })
  let looks = 0
  const list = app.storage.list.bind(app.storage)
  app.storage.list = (table, query) => {
    if (table === 'attempts') looks++
    return list(table, query)
  }
  await later(app, 2 * hour)
  expect(looks).toBe(0)
  await later(app, day)
  expect(looks).toBe(1)
  expect((await historyOf(app.storage)).attempts).toEqual([])
  expect(await countAndErase(app.storage, ['attemptDetails', 'messages'])).toEqual([0, 4])
})

describe('what stands alone', () => {
  const old = { createdAt: Date.parse('2026-01-01T00:00:00Z') }

  it('goes when it is old: audit entries, keys, ended jobs, events that are decided on', async () => {
    const app = webhookApp(here, { retention: { eventsDays: 20, auditDays: 10 } })
    const young = { createdAt: app.clock.now() - day }
    const event = (id: string, more: object) => ({
      ...({ op: 'insert', table: 'driftEvents' } as const),
      row: record('driftEvents', { id, ...old, ...more }),
    })
    const rows = ['driftReports', 'auditEntries', 'idempotencyKeys', 'jobs'] as const
    await app.storage.commit([
      event('pending', { status: 'pending' }),
      event('resolved', { status: 'resolved' }),
      event('ignored', { status: 'ignored' }),
      event('open', { status: 'ignored', openKey: 'monitor:print' }),
      event('rejected', { status: 'rejected' }),
      event('young', { status: 'resolved', ...young }),
      ...['pending', 'resolved'].map(
        (id) => ({ op: 'insert', table: 'driftReports', row: record('driftReports', { id }) }) as const,
      ),
      ...[old, young].flatMap(({ createdAt }, n) =>
        rows.slice(1).map((table) => {
          const row = record(table as 'jobs', { id: `${n}`, createdAt, status: 'done' } as never)
          if (table !== 'jobs') delete (row as Partial<typeof row>).status
          return { op: 'insert', table, row } as never
        }),
      ),
      {
        ...{ op: 'insert', table: 'jobs' },
        row: record('jobs', { id: 'running', status: 'pending', ...old }),
      },
    ])
    await later(app, 0)
    await later(app, 2 * hour)
    expect(ids(await rowsOf(app.storage, 'driftEvents', 'created'))).toEqual(['open', 'pending', 'young'])
    expect(ids(await rowsOf(app.storage, 'auditEntries', 'created'))).toEqual(['1'])
    expect(ids(await rowsOf(app.storage, 'jobs', 'created'))).toEqual(['running', '1'])
    // A day is longer than keys are kept.
    expect(await rowsOf(app.storage, 'idempotencyKeys', 'created')).toEqual([])
    expect(await app.storage.get('driftReports', 'acme', 'resolved')).toBeNull()
    expect(await app.storage.get('driftReports', 'acme', 'pending')).not.toBeNull()
  })

  it('stays for ever where null says so', async () => {
    const forEver = { attemptsDays: null, messagesDays: null, idempotencyHours: null, auditDays: null }
    const app = webhookApp(here, { retention: forEver })
    const to = await receiving()
    await subscribe(app, to.url())
    const publishing = { type: 'contact.created', data: {}, idempotencyKey: 'once' }
    const { id } = await app.drifthook.messages.publish(acme, publishing)
    await later(app, 0)
    const before = await historyOf(app.storage)
    await later(app, 5_000 * day)
    expect(await historyOf(app.storage)).toEqual(before)
    expect(before).toMatchObject({ messages: [{}], deliveries: [{}], attempts: [{}] })
    expect((await app.drifthook.messages.publish(acme, publishing)).id).toBe(id)
    expect((await rowsOf(app.storage, 'auditEntries', 'created')).length).toBeGreaterThan(1)
  })
})

describe('the job that prunes', () => {
  it('goes on in another process when one dies in the middle of a round', async () => {
    const app = webhookApp(here)
    const { storage, clock } = app
    const other = anotherProcess(storage, clock)
    const made = await Promise.all(Array.from({ length: 250 }, () => publish(app)))
    await later(app, 0)
    const settle = storage.settle.bind(storage)
    let steps = 0
    // The process ends after its first step: nothing it does any more reaches the store.
    storage.settle = async (table, outcomes) =>
      steps++ === 0 ? settle(table, outcomes) : new Promise<never>(() => {})
    await clock.advance(31 * day)
    void app.drifthook.runDue()
    await expect.poll(() => steps, { interval: 1 }).toBe(2)
    const left = (await historyOf(storage)).messages.length
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThan(made.length)
    storage.settle = settle
    await other.runDue()
    expect((await historyOf(storage)).messages).toHaveLength(left)
    await clock.advance(61_000)
    await other.runDue()
    expect((await historyOf(storage)).messages).toEqual([])
  })

  it('is one for all processes, made by whoever comes first, and comes back every hour', async () => {
    const app = webhookApp(here)
    const { storage, clock } = app
    const other = anotherProcess(storage, clock)
    await Promise.all([app.drifthook.runDue(), other.runDue()])
    const made = await pruneJob(storage)
    expect(made).toMatchObject({ status: 'pending', dueAt: clock.now() + hour, fence: 0 })
    await clock.advance(hour)
    expect(await Promise.all([app.drifthook.runDue(), other.runDue()])).toEqual([0, 0])
    expect(await pruneJob(storage)).toMatchObject({ fence: 1, claims: 0, dueAt: clock.now() + hour })
    expect(await storage.tenants('jobs', null, 10)).toEqual(['_system'])
    expect((await app.acme.get('/jobs')).body.items).toEqual([])
    expect((await app.acme.get('/jobs/job_prune')).status).toBe(404)
  })

  it('comes back even if it brings its workers down, or was ended by hand', async () => {
    const app = webhookApp(here)
    const { storage, clock } = app
    await app.drifthook.runDue()
    const place = { tenantId: '_system', id: 'job_prune' }
    await storage.commit([
      { op: 'update', table: 'jobs', ...place, set: { claims: 10, dueAt: clock.now(), state: { sweep: 3 } } },
    ])
    await app.drifthook.runDue()
    const anew = { status: 'pending', claims: 0, state: {}, dueAt: clock.now() + hour }
    expect(await pruneJob(storage)).toMatchObject(anew)
    expect(app.logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    await storage.commit([
      { op: 'update', table: 'jobs', ...place, set: { status: 'cancelled', dueAt: null } },
    ])
    await anotherProcess(storage, clock).runDue()
    expect(await pruneJob(storage)).toMatchObject({ status: 'pending', dueAt: clock.now() + hour })
  })

  it('passes over a tenant whose records cannot be read, and names it', async () => {
    const app = webhookApp(here)
    const { storage } = app
    await publish(app)
    await app.drifthook.messages.publish(
      { ...acme, tenantId: 'globex' },
      { type: 'contact.created', data: 1 },
    )
    await later(app, 0)
    const list = storage.list.bind(storage)
    storage.list = (table, query) =>
      table === 'messages' && query.tenantId === 'acme'
        ? Promise.reject(new Error('odd'))
        : list(table, query)
    await later(app, 31 * day)
    expect(await storage.tenants('messages', null, 10)).toEqual(['acme'])
    const fields = expect.objectContaining({ tenantId: 'acme' })
    expect(app.logger.lines).toContainEqual(expect.objectContaining({ level: 'error', fields }))
  })
})

/** A second instance on the same store, as another process has one. */
function anotherProcess(
  storage: Storage,
  clock: WebhookApp['clock'],
  options: Partial<DrifthookOptions> = {},
) {
  const other = createDrifthook({ authenticate: () => null, storage, clock, ...options })
  onTestFinished(() => other.stop({ drainMs: 0 }))
  return other
}

it('nobody is the tenant of what belongs to no tenant', async () => {
  const tenant = { id: 'acme' }
  const app = webhookApp(here, {
    authenticate: () => ({ tenantId: tenant.id, actor: 'a', permissions: ['*'] }),
  })
  expect((await app.acme.get('/jobs')).status).toBe(200)
  tenant.id = '_system'
  expect((await app.acme.get('/jobs')).status).toBe(500)
})
