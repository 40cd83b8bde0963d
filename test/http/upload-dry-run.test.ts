/** A file that is compared for its sender's eyes only. */
import supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import { orders, upload } from '../support/app.js'
import { drifted, uploadScene } from '../support/uploads.js'

const nothing = { events: [], messages: [], keys: 0 }

describe('a dry run', () => {
  it('answers as the upload would, and leaves nothing behind', async () => {
    const scene = await uploadScene()
    const { app, path, monitor } = scene
    const dry = await upload(app, `${path}?dry_run=true`, drifted)
    expect(dry.status).toBe(200)
    expect(await scene.left()).toMatchObject(nothing)
    expect((await scene.acme.get(`/monitors/${monitor.id}`)).body.last_upload_at).toBeNull()
    const real = await upload(app, path, drifted)
    expect(real.body.dry_run).toBeUndefined()
    expect(dry.body).toEqual({
      ...real.body,
      dry_run: true,
      event_id: null,
      event_url: null,
      alert_queued: false,
      partner_notified: false,
    })
    expect((await scene.left()).events).toEqual([real.body.event_id])
    expect((await scene.acme.get(`/monitors/${monitor.id}`)).body.last_upload_at).not.toBeNull()
  })

  it('of a file that cannot be compared is the same problem without an event', async () => {
    const scene = await uploadScene()
    const dry = await upload(scene.app, `${scene.path}?dry_run=1`, '{"orders": [}')
    expect(await scene.left()).toMatchObject(nothing)
    const real = await upload(scene.app, scene.path, '{"orders": [}')
    expect(real.body).toMatchObject({ status: 400, code: 'FILE_MALFORMED', success: false })
    const { event_id, request_id, ...problem } = real.body
    expect(event_id).toBeGreaterThan(0)
    expect({ ...dry.body, request_id: '' }).toEqual({ ...problem, request_id: '' })
  })

  it('takes no key, waits for no answer to come later, and counts against the rate', async () => {
    const scene = await uploadScene()
    const { app, path } = scene
    const dry = await upload(app, `${path}?dry_run=true`, orders())
      .set('idempotency-key', 'k')
      .set('prefer', 'respond-async')
    expect([dry.status, dry.body.dry_run]).toEqual([200, true])
    expect(dry.headers['preference-applied']).toBeUndefined()
    expect(dry.headers['ratelimit-remaining']).toBe('19')
    expect(await scene.left()).toMatchObject(nothing)
    const real = await upload(app, path, drifted).set('idempotency-key', 'k')
    expect([real.status, real.headers['ratelimit-remaining']]).toEqual([200, '18'])
  })

  it.each([
    ['?dry_run=true', null, true],
    ['?dry_run=1', null, true],
    ['', 'true', true],
    ['', '1', true],
    ['?dry_run=true', '1', true],
    ['?dry_run=false', null, false],
    ['?dry_run=0', null, false],
    ['', 'false', false],
    ['', '0', false],
    ['', null, false],
  ])('is asked for by %s and the field %s: %s', async (query, field, isDry) => {
    const { app, path } = await uploadScene()
    const request = supertest(app).post(`${path}${query}`)
    if (field !== null) request.field('dry_run', field)
    const { status, body } = await request.attach('file', Buffer.from(orders()), 'orders.json')
    expect([status, body.event_id === null]).toEqual([200, isDry])
  })

  it('is asked for by the query of a raw body', async () => {
    const { app, path } = await uploadScene()
    const send = (query: string) =>
      supertest(app).post(`${path}${query}`).set('content-type', 'application/json').send(orders())
    expect((await send('?dry_run=true')).body.event_id).toBeNull()
    expect((await send('')).body.event_id).toBeGreaterThan(0)
  })

  it.each([
    ['?dry_run=yes', null],
    ['?dry_run=', null],
    ['?dry_run=true&dry_run=false', null],
    ['?dry_run=true', 'false'],
    ['', 'toString'],
  ])('is nothing else: %s with the field %s is refused', async (query, field) => {
    const scene = await uploadScene()
    const request = supertest(scene.app).post(`${scene.path}${query}`)
    if (field !== null) request.field('dry_run', field)
    const { status, body } = await request.attach('file', Buffer.from(orders()), 'orders.json')
    expect([status, body.code, body.errors[0].path]).toEqual([400, 'INVALID_REQUEST', 'dry_run'])
    expect(await scene.left()).toMatchObject(nothing)
  })
})
