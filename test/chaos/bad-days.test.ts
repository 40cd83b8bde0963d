/** A PostgreSQL that is down, goes down, stalls or has no connection left; seen over HTTP and by the runner. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool, type PoolConfig } from 'pg'
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { postgresStorage } from '../../src/adapters/postgres/index.js'
import { systemClock } from '../../src/index.js'
import { contractAndMonitor, orders, upload } from '../support/app.js'
import { memory } from '../support/combinations.js'
import { cuttable } from '../support/line.js'
import { restartablePostgres } from '../support/postgres-server.js'
import { uniqueName } from '../support/ways.js'
import {
  deliveriesOf,
  publish,
  receiving,
  subscribe,
  type WebhookApp,
  webhookApp,
} from '../support/webhooks.js'

let server: Awaited<ReturnType<typeof restartablePostgres>>
beforeAll(async () => {
  server = await restartablePostgres()
  await server.start()
})
afterAll(() => server.close())

/** An application on a schema of its own, by the machine's time. */
function life(config: PoolConfig = {}, schema = uniqueName()) {
  const pool = new Pool({ connectionString: server.url, ...config })
  // An ended pool lets go of connections before they are closed, and the server may be stopped in between.
  pool.on('error', () => {})
  onTestFinished(() => pool.end())
  const secretKey = new Uint8Array(32).fill(7)
  const storage = postgresStorage({ pool, schema })
  const app = webhookApp(memory, { storage, secretKey, clock: systemClock })
  return { ...app, pool, schema }
}

const health = async ({ app }: WebhookApp) => (await supertest(app).get('/drift/health')).status

/** Asks for everything a caller may want, all of it at once. */
function askAll(app: WebhookApp, path: string, webhookId: string) {
  return Promise.all([
    upload(app.app, path, orders()),
    app.acme.post('/messages').send({ type: 'contact.created', data: {} }),
    app.acme.get('/events'),
    app.acme.get(`/webhooks/${webhookId}/deliveries`),
  ])
}

function expectUnavailable(answers: Awaited<ReturnType<typeof askAll>>) {
  for (const { status, headers, body, text } of answers) {
    expect([status, body.code]).toEqual([503, 'STORAGE_UNAVAILABLE'])
    expect(headers['content-type']).toMatch('application/problem+json')
    expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    expect(text).not.toMatch(/ECONN|127\.0\.0\.1|\.ts:/)
  }
}

const counts = async ({ pool, schema }: ReturnType<typeof life>) => {
  const count = (table: string) => `(SELECT count(*)::int FROM ${schema}.${table}) AS ${table}`
  const tables = ['drift_events', 'messages', 'message_bodies', 'deliveries', 'attempts']
  return (await pool.query(`SELECT ${tables.map(count).join(', ')}`)).rows[0]
}

describe('a database that is down', () => {
  it('at the start makes start reject, and answers 503; when it has come nothing need be restarted', async () => {
    await server.stop()
    const app = life()
    await expect(app.drifthook.start()).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: 'PostgreSQL cannot be reached.',
    })
    expect((await app.acme.get('/events')).status).toBe(503)
    expect(await health(app)).toBe(503)
    await server.start()
    expect(await health(app)).toBe(200)
    await app.drifthook.start()
    const to = await receiving()
    await subscribe(app, to.url())
    await publish(app)
    await to.next()
  })

  it('for a while costs nothing but that while: what was claimed is recorded, and done once', async () => {
    const app = life()
    let release = () => {}
    const answered = new Promise<void>((resolve) => {
      release = resolve
    })
    const to = await receiving(async () => {
      await answered
      return { status: 200 }
    })
    const { path } = await contractAndMonitor(app)
    const { id } = await subscribe(app, to.url())
    await app.drifthook.start()
    for (let n = 0; n < 3; n++) await publish(app, { n })
    for (let n = 0; n < 3; n++) await to.next()
    const before = await counts(app)
    expect(before).toMatchObject({ messages: 3, deliveries: 3, attempts: 0 })

    await server.stop()
    release()
    for (let n = 0; n < 3; n++) expectUnavailable(await askAll(app, path, id))
    expect(await health(app)).toBe(503)
    await sleep(6_000)
    const runner = app.logger.lines.filter(({ message }) => message.includes('it is tried again'))
    expect(runner).toHaveLength(1)

    await server.start()
    expect(await health(app)).toBe(200)
    expect(await counts(app)).toMatchObject({ ...before, attempts: expect.any(Number) })
    for (const { status } of await askAll(app, path, id)) expect(status).toBeLessThan(300)
    // Three that were under way, and the one published just now.
    await vi.waitFor(
      async () => {
        const deliveries = await deliveriesOf(app, id)
        expect(deliveries.map(({ status }: { status: string }) => status)).toEqual(Array(4).fill('delivered'))
      },
      { timeout: 20_000, interval: 200 },
    )
    expect(to.requests).toHaveLength(4)
    expect(await counts(app)).toMatchObject({ messages: 5, message_bodies: 5, drift_events: 1, attempts: 4 })
    expect(app.logger.lines.map(({ message }) => message)).toContain('the storage answers again')
  })
})

describe('a line to the database', () => {
  it('that is cut again and again leaves nothing half-written', async () => {
    const line = await cuttable(server.url)
    const app = life({ connectionString: line.url })
    const to = await receiving()
    const { path } = await contractAndMonitor(app)
    const { id } = await subscribe(app, to.url())
    let accepted = 0
    let uploaded = 0
    for (let round = 0; round < 6; round++) {
      const asking = askAll(app, path, id)
      await sleep(round * 4)
      await line.cut()
      const answers = await asking
      for (const { status } of answers) expect([200, 201, 503]).toContain(status)
      if (answers[0].status === 200) uploaded++
      if (answers[1].status === 201) accepted++
      await line.mend()
    }
    // The pool may have a connection left that was cut.
    const { drift_events, messages, message_bodies, deliveries } = await vi.waitFor(() => counts(app))
    // An answer that was lost on the way may have been a yes.
    expect(drift_events).toBeGreaterThanOrEqual(uploaded)
    expect(message_bodies).toBe(messages)
    expect(messages - drift_events).toBe(deliveries)
    expect(deliveries).toBeGreaterThanOrEqual(accepted)
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(deliveries)
  })

  it('that stalls holds nobody up for good', async () => {
    const line = await cuttable(server.url)
    const app = life({ connectionString: line.url })
    const { path } = await contractAndMonitor(app)
    const { id } = await subscribe(app, 'https://a.example/')
    // No connection is there that could be in use: new ones are not answered.
    await line.cut()
    await line.mend()
    line.stall()
    expectUnavailable(await askAll(app, path, id))
    await line.cut()
    line.flow()
    await line.mend()
    for (const { status } of await askAll(app, path, id)) expect(status).toBeLessThan(300)
  })
})

describe('a pool whose connections the host holds, all of them', () => {
  it.each([
    ['as long as the pool waits', { connectionTimeoutMillis: 300 }],
    ['5 s, where the pool would wait for ever', {}],
  ])('is waited for %s', async (_, config) => {
    const app = life({ max: 2, ...config })
    const { path } = await contractAndMonitor(app)
    const { id } = await subscribe(app, 'https://a.example/')
    const held = [await app.pool.connect(), await app.pool.connect()]
    expectUnavailable(await askAll(app, path, id))
    for (const client of held) client.release()
    for (const { status } of await askAll(app, path, id)) expect(status).toBeLessThan(300)
    // Nothing of what came too late was kept.
    expect(app.pool.totalCount - app.pool.idleCount).toBe(0)
    expect(await counts(app)).toMatchObject({ messages: 2, drift_events: 1 })
  })
})

describe('a clock', () => {
  it('is the server’s own in health', async () => {
    const app = life()
    const { body } = await app.acme.get('/health')
    expect(Math.abs(body.clock_skew_ms)).toBeLessThan(2_000)
    const late = webhookApp(memory, {
      storage: postgresStorage({ pool: app.pool, schema: app.schema }),
      secretKey: new Uint8Array(32).fill(7),
      clock: { ...systemClock, now: () => Date.now() - 60_000 },
    })
    expect((await late.acme.get('/health')).body.clock_skew_ms).toBeGreaterThan(50_000)
  })
})
