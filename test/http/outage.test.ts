/** What callers are told while the storage does not answer, and how it goes on after. */
import supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import { sqliteStorage } from '../../src/adapters/sqlite/index.js'
import { DrifthookError, memoryStorage, type Storage } from '../../src/index.js'
import { openRaw } from '../conformance/sqlite-drivers.js'
import { contractAndMonitor, orders, upload } from '../support/app.js'
import { memory } from '../support/combinations.js'
import { databaseFile, deliveriesOf, receiving, subscribe, webhookApp } from '../support/webhooks.js'

/** A storage that refuses everything while it is down. */
function breakable(): { storage: Storage; now: { down: boolean } } {
  const now = { down: false }
  const storage = new Proxy(memoryStorage(), {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function' || name === 'close') return value
      return async (...given: unknown[]) => {
        const cause = new Error('connect ECONNREFUSED 10.0.0.1:5432')
        if (now.down)
          throw new DrifthookError('STORAGE_UNAVAILABLE', 'The storage cannot be reached.', { cause })
        return value.apply(target, given)
      }
    },
  })
  return { storage, now }
}

const unavailable = {
  type: 'urn:drifthook:error:STORAGE_UNAVAILABLE',
  title: 'The storage does not answer',
  status: 503,
  code: 'STORAGE_UNAVAILABLE',
}

describe('while the storage does not answer', () => {
  it('every route says so, when to come back, and no more', async () => {
    const { storage, now } = breakable()
    const app = webhookApp(memory, { storage })
    const { path } = await contractAndMonitor(app)
    const made = await subscribe(app, 'https://a.example/')
    now.down = true
    const message = { type: 'contact.created', data: {} }
    const answers = [
      await upload(app.app, path, orders()),
      await app.acme.post('/messages').send(message),
      await app.acme.get('/events'),
      await app.acme.get(`/webhooks/${made.id}`),
      await app.acme.patch(`/webhooks/${made.id}`).send({ enabled: false }),
      await app.acme.post(`/webhooks/${made.id}/test`),
    ]
    for (const { status, headers, body, text } of answers) {
      expect(status).toBe(503)
      expect(headers['content-type']).toMatch('application/problem+json')
      expect(Number(headers['retry-after'])).toBeGreaterThan(0)
      expect(body).toMatchObject(unavailable)
      expect(text).not.toMatch(/ECONNREFUSED|10\.0\.0\.1|at .*\.ts/)
    }
    expect(answers[0]?.body.success).toBe(false)

    now.down = false
    expect((await upload(app.app, path, orders())).status).toBe(200)
    expect((await app.acme.post('/messages').send(message)).status).toBe(201)
    expect((await app.acme.get('/events')).body.items).toHaveLength(1)
    expect(await deliveriesOf(app, made.id)).toHaveLength(1)
  })

  it('health says down, to those who may know more as well', async () => {
    const { storage, now } = breakable()
    const app = webhookApp(memory, { storage })
    const health = async () =>
      [await supertest(app.app).get('/drift/health'), await app.acme.get('/health')] as const
    const well = await health()
    expect(well.map(({ status, body }) => [status, body.status])).toEqual([
      [200, 'up'],
      [200, 'up'],
    ])
    now.down = true
    const [open, detail] = await health()
    expect([open.status, open.body]).toEqual([503, { status: 'down' }])
    expect(detail.body).toEqual({
      status: 'down',
      durable: 'none',
      oldest_due_age_ms: null,
      clock_skew_ms: null,
    })
  })

  it('start rejects, and may be called again', async () => {
    const { storage, now } = breakable()
    const app = webhookApp(memory, { storage })
    now.down = true
    await expect(app.drifthook.start()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', status: 503 })
    now.down = false
    await app.drifthook.start()
    const to = await receiving()
    await subscribe(app, to.url())
    await app.acme.post('/messages').send({ type: 'contact.created', data: {} })
    await to.next()
  })
})

describe('a drifthook that is stopped', () => {
  it('tells when to ask again: another process may take over', async () => {
    const app = webhookApp()
    await app.drifthook.stop()
    const answer = await app.acme.get('/events')
    expect([answer.status, answer.body.code]).toEqual([503, 'STOPPED'])
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  })
})

describe('a SQLite database that somebody else has locked', () => {
  it('is unavailable for as long', async () => {
    const filename = databaseFile()
    const storage = sqliteStorage({ filename, busyTimeoutMs: 100 })
    const app = webhookApp(memory, { storage, secretKey: new Uint8Array(32) })
    const message = { type: 'contact.created', data: {} }
    expect((await app.acme.post('/messages').send(message)).status).toBe(201)
    const other = openRaw(filename, 'libsql')
    other.exec('BEGIN IMMEDIATE')
    const refused = await app.acme.post('/messages').send(message)
    expect(refused.status).toBe(503)
    expect(refused.body).toMatchObject({ ...unavailable, detail: expect.stringContaining('locked') })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    // Reading goes on beside a writer.
    expect((await app.acme.get('/webhooks')).status).toBe(200)
    other.exec('ROLLBACK')
    other.close()
    expect((await app.acme.post('/messages').send(message)).status).toBe(201)
  })
})

describe('clocks', () => {
  /** A memory storage with a clock that is so far ahead of ours. */
  const ahead = (ms: () => number, now: () => number): Storage => {
    const storage = memoryStorage()
    storage.now = async () => now() + ms()
    return storage
  }

  it('of store and process are compared: health tells by how much they differ, and above 2 s the log does', async () => {
    let skew = 1_500
    const clock = webhookApp().clock
    const app = webhookApp(memory, { clock, storage: ahead(() => skew, clock.now) })
    const told = () => app.logger.lines.filter(({ level }) => level === 'warn')
    const health = async () => (await app.acme.get('/health')).body
    await app.drifthook.start()
    await clock.advance(0)
    expect(await health()).toMatchObject({ status: 'up', clock_skew_ms: 1_500 })
    expect(told()).toEqual([])

    skew = -2_500
    await clock.advance(60_000)
    await clock.advance(10 * 60_000)
    expect(await health()).toMatchObject({ clock_skew_ms: -2_500 })
    expect(told()).toMatchObject([
      { message: expect.stringContaining('clocks'), fields: { clockSkewMs: -2_500 } },
    ])

    skew = 0
    await clock.advance(60_000)
    skew = 9_000
    await clock.advance(60_000)
    expect(told()).toHaveLength(2)
  })
})
