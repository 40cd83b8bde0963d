/** A file that is sent again under its `Idempotency-Key`. */
import supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import { acme, orders, upload } from '../support/app.js'
import { testedHere } from '../support/combinations.js'
import { drifted, type UploadScene, uploadScene } from '../support/uploads.js'

const keyed = ({ app, path }: UploadScene, content: string, key = 'k-1', name = 'orders.json') =>
  upload(app, path, content, name).set('idempotency-key', key)

describe('an upload under an idempotency key', () => {
  it.each([
    ['that drifted', drifted, 'drift.detected'],
    ['without drift', orders(), 'check.passed'],
  ])('of a file %s is answered as the first time, with one event and one message', async (_, file, type) => {
    const scene = await uploadScene()
    const first = await keyed(scene, file)
    expect(first.status).toBe(200)
    expect(first.headers['idempotency-replayed']).toBeUndefined()
    const again = await keyed(scene, file)
    expect([again.status, again.body]).toEqual([200, first.body])
    expect(again.headers['idempotency-replayed']).toBe('true')
    expect(await scene.left()).toMatchObject({ events: [first.body.event_id], messages: [type], keys: 1 })
  })

  it('repeats who was told then, whoever would be told now', async () => {
    const scene = await uploadScene()
    const first = await keyed(scene, drifted)
    expect(first.body).toMatchObject({ alert_queued: true, partner_notified: true, alert_suppressed: false })
    await scene.acme.delete(`/webhooks/${scene.webhook.id}`)
    expect((await keyed(scene, drifted)).body).toEqual(first.body)
    const other = await keyed(scene, drifted, 'k-2')
    expect(other.body).toMatchObject({ alert_queued: false, partner_notified: false, alert_suppressed: true })
    expect((await keyed(scene, drifted, 'k-2')).body).toEqual(other.body)
  })

  it('of a file that could not be compared names the same event', async () => {
    const scene = await uploadScene()
    const broken = '{"orders": [\n{"id": oops}]}'
    const first = await keyed(scene, broken)
    expect(first.body).toMatchObject({ success: false, status: 400, code: 'FILE_MALFORMED' })
    expect(first.body.place).toBeDefined()
    const again = await keyed(scene, broken)
    expect(again.headers['idempotency-replayed']).toBe('true')
    expect({ ...again.body, request_id: '' }).toEqual({ ...first.body, request_id: '' })
    expect(await scene.left()).toMatchObject({ events: [first.body.event_id], messages: ['check.failed'] })
  })

  it('is another one without a key, with another key, and at another monitor', async () => {
    const scene = await uploadScene()
    const other = await scene.drifthook.monitors.create(acme, {
      name: 'Other',
      contractId: scene.contract.id,
    })
    const answers = [
      await upload(scene.app, scene.path, orders()),
      await upload(scene.app, scene.path, orders()),
      await keyed(scene, orders()),
      await keyed(scene, orders(), 'k-2'),
      await keyed({ ...scene, path: `/drift/webhook/${other.token}` }, orders()),
    ]
    expect(new Set(answers.map(({ body }) => body.event_id)).size).toBe(5)
    expect(await scene.left()).toMatchObject({ keys: 3 })
  })

  it('of another file is a conflict, be it the same under another name', async () => {
    const scene = await uploadScene()
    expect((await keyed(scene, orders())).status).toBe(200)
    for (const other of [keyed(scene, drifted), keyed(scene, orders(), 'k-1', 'other.json')]) {
      const { status, body } = await other
      expect([status, body.code, body.success]).toEqual([409, 'IDEMPOTENCY_CONFLICT', false])
      expect(body.errors[0].path).toBe('idempotency_key')
    }
    expect((await scene.left()).events).toHaveLength(1)
    expect((await keyed(scene, orders())).headers['idempotency-replayed']).toBe('true')
  })

  it('of a refused file takes no key', async () => {
    const scene = await uploadScene()
    expect((await keyed(scene, '')).body.code).toBe('FILE_EMPTY')
    expect((await scene.left()).keys).toBe(0)
    expect((await keyed(scene, orders())).status).toBe(200)
  })

  it('is another one after a day', async () => {
    const scene = await uploadScene()
    const first = await keyed(scene, orders())
    await scene.clock.advance(24 * 3_600_000)
    const next = await keyed(scene, drifted)
    expect(next.status).toBe(200)
    expect(next.body.event_id).toBeGreaterThan(first.body.event_id)
  })

  it('is refused if its key is none', async () => {
    const scene = await uploadScene()
    for (const key of ['two words', 'x'.repeat(256), '']) {
      const { status, body } = await keyed(scene, orders(), key)
      expect([status, body.code]).toEqual([400, 'INVALID_REQUEST'])
      expect(body.errors[0].path).toBe('idempotency_key')
    }
    expect((await scene.left()).events).toEqual([])
    expect((await keyed(scene, orders(), 'x'.repeat(255))).status).toBe(200)
  })

  it('takes no more than its commit, and asks for no key if there is none', async () => {
    const scene = await uploadScene()
    const { storage } = scene
    const asked: string[] = []
    for (const name of ['get', 'lookup', 'commit'] as const) {
      const method = storage[name].bind(storage) as (...given: unknown[]) => never
      Object.assign(storage, {
        [name]: (...given: unknown[]) => {
          asked.push(name === 'commit' ? 'commit' : `${name} ${given[0]}`)
          return method(...given)
        },
      })
    }
    await upload(scene.app, scene.path, orders())
    expect(asked).not.toContain('get idempotencyKeys')
    expect(asked.filter((each) => each === 'commit')).toHaveLength(1)
    asked.length = 0
    await keyed(scene, orders())
    expect(asked.filter((each) => each === 'commit')).toHaveLength(1)
    expect(asked).toContain('get idempotencyKeys')
  })
})

describe.each(testedHere)('on %s', (combination) => {
  it.each([
    ['two files', 2, drifted],
    ['eight files', 8, drifted],
    ['two broken files', 2, '{"orders": [}'],
  ])('of %s at once under one key one makes the event, and all are answered with it', async (_, n, file) => {
    const scene = await uploadScene(combination, { upload: { inFlightPerToken: 20 } })
    const agent = supertest(scene.app)
    const send = () =>
      agent.post(scene.path).set('idempotency-key', 'k').attach('file', Buffer.from(file), 'o')
    const answers = await Promise.all(Array.from({ length: n }, () => send()))
    const [first, ...others] = answers.map(({ status, body }) => ({ status, ...body, request_id: '' }))
    expect(first.event_id).toBeGreaterThan(0)
    for (const other of others) expect(other).toEqual(first)
    expect(answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true')).toHaveLength(n - 1)
    expect(await scene.left()).toMatchObject({ events: [first.event_id], keys: 1 })
    expect((await scene.left()).messages).toHaveLength(1)
  })
})
