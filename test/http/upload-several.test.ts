/** Several files in one request. */
import supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import { acme, orders, upload } from '../support/app.js'
import { drifted, type UploadScene, uploadScene } from '../support/uploads.js'

const broken = '{"orders": [}'

async function scene(maxFiles = 5) {
  const made = await uploadScene()
  await made.drifthook.monitors.update(acme, made.monitor.id, { maxFiles })
  return made
}

function send({ app, path }: UploadScene, files: readonly string[], query = '') {
  const request = supertest(app).post(`${path}${query}`)
  files.forEach((content, n) => {
    request.attach('file', Buffer.from(content), `${n}.json`)
  })
  return request
}

describe('several files in one request', () => {
  it('are compared one after the other, and answered with a list of what each alone is answered', async () => {
    const made = await scene()
    const { status, body } = await send(made, [orders(), drifted, drifted])
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual(['success', 'results'])
    expect(body.success).toBe(true)
    expect(body.results).toMatchObject([
      { success: true, file_name: '0.json', has_drift: false, result: 'pass', alert_queued: false },
      { success: true, file_name: '1.json', has_drift: true, result: 'breaking', alert_queued: true },
      { success: true, file_name: '2.json', has_drift: true, result: 'breaking', alert_queued: true },
    ])
    const [first, second, third] = body.results.map(({ event_id }: { event_id: number }) => event_id)
    expect([second - first, third - second].every((more) => more > 0)).toBe(true)
    expect(await made.left()).toMatchObject({
      events: [first, second, third],
      messages: ['check.passed', 'check.repeated', 'drift.detected'],
    })
    const alone = await upload(made.app, made.path, orders())
    expect(Object.keys(body.results[0]).sort()).toEqual([...Object.keys(alone.body), 'file_name'].sort())
  })

  it('with one among them that cannot be compared are 400, and the others are recorded', async () => {
    const made = await scene()
    const { status, body } = await send(made, [drifted, broken, orders()])
    expect(status).toBe(400)
    expect(body.success).toBe(false)
    const { events, messages } = await made.left()
    expect(body.results).toMatchObject([
      { success: true, event_id: events[0], has_drift: true },
      { success: false, event_id: events[1], code: 'FILE_MALFORMED', status: 400, file_name: '1.json' },
      { success: true, event_id: events[2], has_drift: false },
    ])
    expect(body.results[1].place).toBeDefined()
    expect(messages).toEqual(['check.failed', 'check.passed', 'drift.detected'])
  })

  it('of which only one came are answered as one', async () => {
    const made = await scene()
    const { body } = await send(made, [orders()])
    expect(body.results).toBeUndefined()
    expect(body.event_id).toBeGreaterThan(0)
  })

  it('under one key have a key each: sent again they are answered as before', async () => {
    const made = await scene()
    const files = [orders(), drifted, broken]
    const first = await send(made, files).set('idempotency-key', 'k')
    const again = await send(made, files).set('idempotency-key', 'k')
    expect([again.status, again.body]).toEqual([400, first.body])
    expect(first.headers['idempotency-replayed']).toBeUndefined()
    expect(again.headers['idempotency-replayed']).toBe('true')
    expect(await made.left()).toMatchObject({ keys: 3, events: { length: 3 }, messages: { length: 3 } })
  })

  it('go on where they broke off, if they are sent again under their key', async () => {
    const made = await scene()
    const { storage } = made
    const nextIds = storage.nextIds.bind(storage)
    let asked = 0
    storage.nextIds = async (counter, n) => {
      if (++asked === 2) throw new Error('broken in the middle')
      return nextIds(counter, n)
    }
    const files = [orders(), drifted]
    expect((await send(made, files).set('idempotency-key', 'k')).status).toBe(500)
    expect((await made.left()).events).toHaveLength(1)
    const again = await send(made, files).set('idempotency-key', 'k')
    expect(again.status).toBe(200)
    expect(again.headers['idempotency-replayed']).toBeUndefined()
    const { events, messages } = await made.left()
    expect(again.body.results.map(({ event_id }: { event_id: number }) => event_id)).toEqual(events)
    expect(messages).toEqual(['check.passed', 'drift.detected'])
  })

  it('of which one is another under its key conflict there', async () => {
    const made = await scene()
    await send(made, [orders(), drifted]).set('idempotency-key', 'k')
    const { status, body } = await send(made, [orders(), orders()]).set('idempotency-key', 'k')
    expect(status).toBe(400)
    expect(body.results).toMatchObject([{ success: true }, { code: 'IDEMPOTENCY_CONFLICT', status: 409 }])
    expect((await made.left()).events).toHaveLength(2)
  })

  it('can be tried dry', async () => {
    const made = await scene()
    const { status, body } = await send(made, [orders(), drifted], '?dry_run=true')
    expect(status).toBe(200)
    expect(body.results).toMatchObject([
      { event_id: null, dry_run: true, has_drift: false },
      { event_id: null, dry_run: true, has_drift: true },
    ])
    expect(await made.left()).toMatchObject({ events: [], messages: [] })
  })

  it('can be compared afterwards, each with its event', async () => {
    const made = await scene()
    const { status, headers, body } = await send(made, [orders(), drifted, broken]).set(
      'prefer',
      'respond-async',
    )
    expect([status, headers['preference-applied'], headers.location]).toEqual([
      202,
      'respond-async',
      undefined,
    ])
    const ids = body.results.map((each: { event_id: number }) => each.event_id)
    expect(body.results).toEqual(
      ids.map((id: number, n: number) => ({
        file_name: `${n}.json`,
        success: true,
        event_id: id,
        status: 'processing',
        event_url: `/drift/api/v1/events/${id}`,
      })),
    )
    await made.drifthook.uploads.settled(20_000)
    const { items } = (await made.acme.get('/events')).body
    expect(items.map(({ result }: { result: string }) => result)).toEqual(['error', 'breaking', 'pass'])
    expect((await made.left()).messages).toEqual(['check.failed', 'check.passed', 'drift.detected'])
  })
})
