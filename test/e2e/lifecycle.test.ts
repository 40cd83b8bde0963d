import supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import { createDrifthook, memoryQueue, memoryStorage, systemClock } from '../../src/index.js'
import { receiver } from '../../src/testkit/receiver.js'
import {
  acme,
  contractAndMonitor,
  orders,
  placeOn,
  recordingLogger,
  testApp,
  upload,
} from '../support/app.js'
import { durableHere } from '../support/combinations.js'

const drifted = orders((order) => {
  delete order.email
})

describe('start and stop', () => {
  /** Processes of one store, by the machine's own time. */
  const processes = () => {
    const place = placeOn(durableHere)
    return () => ({ ...place.open(), clock: systemClock })
  }

  it('answers requests before start, and works nothing', async () => {
    const it = testApp({ clock: systemClock })
    const to = await receiver()
    await it.acme.post('/webhooks').send({ url: to.url(), events: ['*'] })
    const { path } = await contractAndMonitor(it)
    expect((await upload(it.app, path, drifted)).body.alert_queued).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(to.requests).toHaveLength(0)
    await it.drifthook.start({ runner: false })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(to.requests).toHaveLength(0)
    await it.drifthook.start()
    await to.next()
    await it.drifthook.stop()
    await to.close()
  })

  it('is woken by an upload, long before the next sweep', async () => {
    const it = testApp({ clock: systemClock })
    const to = await receiver()
    await it.acme.post('/webhooks').send({ url: to.url(), events: ['*'] })
    const { path } = await contractAndMonitor(it)
    await it.drifthook.start()
    await it.drifthook.start()
    await upload(it.app, path, drifted)
    await to.next(900)
    await it.drifthook.stop()
    await to.close()
  })

  it('delivers although every wake-up is lost', async () => {
    const deaf = { ...queueMethods(memoryQueue()), enqueue: async () => {} }
    const it = testApp({ clock: systemClock, queue: deaf })
    const to = await receiver()
    await it.acme.post('/webhooks').send({ url: to.url(), events: ['*'] })
    const { path } = await contractAndMonitor(it)
    await it.drifthook.start()
    await upload(it.app, path, drifted)
    await to.next(5_000)
    await it.drifthook.stop()
    await to.close()
  })

  it('answers uploads although the queue refuses wake-ups, and says so in the log', async () => {
    const broken = {
      ...queueMethods(memoryQueue()),
      enqueue: async () => {
        throw new Error('no queue today')
      },
    }
    const it = testApp({ queue: broken })
    await it.acme.post('/webhooks').send({ url: 'https://a.example', events: ['*'] })
    const { path } = await contractAndMonitor(it)
    expect((await upload(it.app, path, drifted)).status).toBe(200)
    expect(it.logger.lines).toContainEqual(expect.objectContaining({ level: 'warn' }))
  })

  it('carries work from one process’s life to the next', async () => {
    const to = await receiver()
    const durable = processes()
    const first = testApp(durable())
    const { body: webhook } = await first.acme.post('/webhooks').send({ url: to.url(), events: ['*'] })
    const { path } = await contractAndMonitor(first)
    await upload(first.app, path, drifted)
    await first.drifthook.stop()
    expect(to.requests).toHaveLength(0)

    const second = testApp(durable())
    await second.drifthook.start()
    const sent = await to.next()
    expect(to.verify(webhook.secret, sent)).toEqual({ ok: true })
    expect((await second.acme.get('/events/1')).body).toMatchObject({ id: 1, severity: 'major' })
    expect((await upload(second.app, path, drifted)).body).toMatchObject({ event_id: 2 })
    await second.drifthook.stop()
    await to.close()
  })

  it('does not read secrets with another key, and counts no attempt for that', async () => {
    const to = await receiver()
    const durable = processes()
    const first = testApp(durable())
    const { body: webhook } = await first.acme.post('/webhooks').send({ url: to.url(), events: ['*'] })
    const { path } = await contractAndMonitor(first)
    await upload(first.app, path, drifted)
    await first.drifthook.stop()
    const second = testApp({ ...durable(), secretKey: new Uint8Array(32).fill(8) })
    expect(await second.drifthook.runDue()).toBe(1)
    const [delivery] = (await second.acme.get(`/webhooks/${webhook.id}/deliveries`)).body.items
    expect(delivery).toMatchObject({ status: 'pending', attempt_count: 0 })
    expect(to.requests).toHaveLength(0)
    expect(second.logger.lines.some((line) => line.level === 'error')).toBe(true)
    await second.drifthook.stop()
    // With both keys it reads on.
    const keys = { new: new Uint8Array(32).fill(8), key1: new Uint8Array(32).fill(7) }
    const third = testApp({ ...durable(), secretKey: keys })
    expect((await third.acme.get(`/webhooks/${webhook.id}`)).status).toBe(200)
    await third.drifthook.stop()
    await to.close()
  })

  it('lets two processes share the file: each delivery is sent once', async () => {
    const to = await receiver()
    const durable = processes()
    const apps = [testApp(durable()), testApp(durable())] as const
    await apps[0].acme.post('/webhooks').send({ url: to.url(), events: ['*'] })
    const { path } = await contractAndMonitor(apps[0])
    await Promise.all(apps.map((app) => app.drifthook.start()))
    for (let n = 0; n < 16; n++) await upload(apps[n % 2 === 0 ? 0 : 1].app, path, drifted)
    for (let n = 0; n < 16; n++) await to.next(5_000)
    await Promise.all(apps.map((app) => app.drifthook.stop()))
    expect(to.requests).toHaveLength(16)
    expect(new Set(to.requests.map((one) => JSON.parse(one.body.toString()).delivery_id)).size).toBe(16)
    await to.close()
  })

  it('lets attempts under way end before it closes', async () => {
    const to = await receiver({
      respond: async () => {
        await new Promise((resolve) => setTimeout(resolve, 300))
        return { status: 200 }
      },
    })
    const it = testApp({ clock: systemClock })
    const { body: webhook } = await it.acme.post('/webhooks').send({ url: to.url(), events: ['*'] })
    const { path } = await contractAndMonitor(it)
    const storage = it.drifthook
    await storage.start()
    await upload(it.app, path, drifted)
    await to.next()
    const [delivery] = (await it.drifthook.deliveries.list(acme, webhook.id)).items
    expect(delivery?.status).toBe('pending')
    await it.drifthook.stop()
    await it.drifthook.stop()
    const answer = await supertest(it.app).get('/drift/api/v1/contracts').set('x-api-key', 'key-acme')
    expect(answer.status).toBe(503)
    await expect(it.drifthook.start()).rejects.toMatchObject({ code: 'STOPPED' })
    await to.close()
  })

  it('warns loudly of a storage that forgets, in production', async () => {
    const logger = recordingLogger()
    const before = process.env.NODE_ENV
    process.env.NODE_ENV = 'production'
    try {
      const drifthook = createDrifthook({ authenticate: () => null, logger, storage: memoryStorage() })
      await drifthook.start({ runner: false })
      await drifthook.stop()
    } finally {
      process.env.NODE_ENV = before
    }
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('lost') }),
    )
  })
})

/** A queue's methods as a plain object, to replace one of them. */
const queueMethods = (queue: ReturnType<typeof memoryQueue>) => ({
  open: () => queue.open(),
  close: () => queue.close(),
  enqueue: (...wakeUps: Parameters<typeof queue.enqueue>) => queue.enqueue(...wakeUps),
  consume: (...args: Parameters<typeof queue.consume>) => queue.consume(...args),
  stats: () => queue.stats(),
})
