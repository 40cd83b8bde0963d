/** `Prefer: respond-async`: the file is compared when its sender has been answered. */
import { describe, expect, it } from 'vitest'
import { DrifthookError, type ErrorCode, type Storage } from '../../src/index.js'
import { fakeClock } from '../../src/testkit/fake-clock.js'
import { orders, placeOn, upload } from '../support/app.js'
import { durableHere, memory } from '../support/combinations.js'
import { drifted, type UploadScene, uploadScene } from '../support/uploads.js'
import { deliveriesOf, webhookApp } from '../support/webhooks.js'

const later = ({ app, path }: Pick<UploadScene, 'app' | 'path'>, content = drifted) =>
  upload(app, path, content).set('prefer', 'respond-async')

const event = async ({ acme }: Pick<UploadScene, 'acme'>, id: number) =>
  (await acme.get(`/events/${id}`)).body

/** Calls `instead` for what is written in the commit that records what was found. */
function atRecording(storage: Storage, instead: (write: () => Promise<void>) => Promise<void>) {
  const commit = storage.commit.bind(storage)
  storage.commit = (writes) => {
    const records = writes.some(({ table }) => table === 'driftReports')
    return records ? instead(() => commit(writes)) : commit(writes)
  }
}

/** Holds what is about to be recorded until it is let go. */
function holding(storage: Storage) {
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const held = new Promise<void>((resolve) => {
    atRecording(storage, async (write) => {
      resolve()
      await released
      await write()
    })
  })
  return { held, release: () => release() }
}

const enough = 20_000

describe('an upload that is compared afterwards', () => {
  it('is answered 202 with an event that is processing, and becomes what it would have been at once', async () => {
    const scene = await uploadScene()
    const { held, release } = holding(scene.storage)
    const answer = await later(scene)
    const { event_id: id, event_url: url } = answer.body
    expect(answer.status).toBe(202)
    expect(answer.body).toEqual({ success: true, event_id: id, status: 'processing', event_url: url })
    expect(url).toBe(`/drift/api/v1/events/${id}`)
    expect(answer.headers).toMatchObject({ 'preference-applied': 'respond-async', location: url })
    await held
    expect(await event(scene, id)).toMatchObject({
      status: 'processing',
      result: null,
      error: null,
      changes: [],
      file_name: 'orders.json',
      file_size: drifted.length,
      file_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(await scene.left()).toMatchObject({ events: [id], messages: [], jobs: ['upload_lease pending'] })

    release()
    await scene.drifthook.uploads.settled(enough)
    const compared = await event(scene, id)
    expect(compared).toMatchObject({ status: 'pending', result: 'breaking', severity: 'major' })
    expect(await scene.left()).toMatchObject({ events: [id], messages: ['drift.detected'], jobs: [] })
    expect(await deliveriesOf(scene, scene.webhook.id)).toHaveLength(1)
    // The same file at once: a repetition of the same drift, so the fingerprints are the same.
    const atOnce = await event(scene, (await upload(scene.app, scene.path, drifted)).body.event_id)
    expect({ ...atOnce, id }).toEqual(compared)
    expect((await scene.left()).messages).toEqual(['check.repeated', 'drift.detected'])
  })

  it('is resolved if there was no drift, and an error if it could not be compared', async () => {
    const scene = await uploadScene()
    const good = await later(scene, orders())
    await scene.drifthook.uploads.settled(enough)
    expect(await event(scene, good.body.event_id)).toMatchObject({ status: 'resolved', resolved_via: 'auto' })
    const broken = await later(scene, '{"orders": [}')
    expect(broken.status).toBe(202)
    await scene.drifthook.uploads.settled(enough)
    expect(await event(scene, broken.body.event_id)).toMatchObject({
      status: 'pending',
      result: 'error',
      error: { code: 'FILE_MALFORMED', place: { line: 1 } },
    })
    expect((await scene.left()).messages).toEqual(['check.failed', 'check.passed'])
  })

  it('is refused at once, without an event, if it would be anyway', async () => {
    const scene = await uploadScene()
    expect((await later(scene, '')).body).toMatchObject({ status: 400, code: 'FILE_EMPTY' })
    expect(await scene.left()).toMatchObject({ events: [], jobs: [] })
  })

  it.each([
    ['respond-async', 202],
    ['wait=10, Respond-Async', 202],
    ['respond-async; foo=bar', 202],
    ['return=minimal', 200],
    ['respond-asynchronously', 200],
  ])('is asked for by "%s": %i', async (prefer, status) => {
    const scene = await uploadScene()
    expect((await upload(scene.app, scene.path, orders()).set('prefer', prefer)).status).toBe(status)
    await scene.drifthook.uploads.settled(enough)
  })

  it('under a key is answered 202 until it was compared, and the result from then on', async () => {
    const scene = await uploadScene()
    const { held, release } = holding(scene.storage)
    const send = () => later(scene).set('idempotency-key', 'k')
    const first = await send()
    expect(first.status).toBe(202)
    await held
    const again = await send()
    expect([again.status, again.body]).toEqual([202, first.body])
    expect(again.headers['idempotency-replayed']).toBe('true')
    const waiting = await upload(scene.app, scene.path, drifted).set('idempotency-key', 'k')
    expect([waiting.status, waiting.body]).toEqual([202, first.body])

    release()
    await scene.drifthook.uploads.settled(enough)
    const result = await send()
    expect(result.status).toBe(200)
    expect(result.body).toMatchObject({
      event_id: first.body.event_id,
      has_drift: true,
      alert_queued: true,
      partner_notified: true,
      result: 'breaking',
    })
    expect(await scene.left()).toMatchObject({ events: [first.body.event_id], messages: ['drift.detected'] })
    const other = await later(scene, orders()).set('idempotency-key', 'k')
    expect(other.body).toMatchObject({ status: 409, code: 'IDEMPOTENCY_CONFLICT' })
  })

  it('is found among the events by its status, and by no result', async () => {
    const scene = await uploadScene()
    const { held, release } = holding(scene.storage)
    const { event_id: id } = (await later(scene)).body
    await held
    const ids = async (query: string) =>
      (await scene.acme.get(`/events?${query}`)).body.items.map((each: { id: number }) => each.id)
    expect(await ids('status=processing')).toEqual([id])
    expect(await ids('status=pending')).toEqual([])
    for (const result of ['pass', 'warning', 'breaking', 'error'])
      expect(await ids(`result=${result}`)).toEqual([])
    release()
    await scene.drifthook.uploads.settled(enough)
    expect(await ids('status=processing')).toEqual([])
    expect(await ids('status=pending&result=breaking')).toEqual([id])
    const [listed] = (await scene.acme.get('/events')).body.items
    expect(listed).toMatchObject({ file_size: drifted.length, file_sha256: expect.any(String) })
  })

  it('keeps its lease for as long as it takes, and nobody may cancel that', async () => {
    const clock = fakeClock()
    const scene = await uploadScene(memory, { clock })
    const { held, release } = holding(scene.storage)
    const { event_id: id } = (await later(scene)).body
    await held
    const [lease] = (await scene.acme.get('/jobs?kind=upload_lease')).body.items
    expect(lease).toMatchObject({ status: 'pending', target: String(id) })
    expect((await scene.acme.post(`/jobs/${lease.id}/cancel`)).body.code).toBe('CONFLICT')
    for (let step = 0; step < 60; step++) {
      await clock.advance(5_000)
      await scene.drifthook.runDue()
      expect((await event(scene, id)).status).toBe('processing')
    }
    release()
    await scene.drifthook.uploads.settled(enough)
    await scene.drifthook.runDue()
    expect(await event(scene, id)).toMatchObject({ status: 'pending', result: 'breaking' })
    expect(await scene.left()).toMatchObject({ messages: ['drift.detected'], jobs: [] })
  })
})

describe('what a comparison raises that is no fault of the content', () => {
  /** Has the first comparisons raise that: they ask for the contract's schema. */
  function raising({ storage }: UploadScene, code: ErrorCode, times: number) {
    const get = storage.get.bind(storage)
    storage.get = async (table, tenantId, id) => {
      if (table === 'contractSchemas' && times-- > 0) throw new DrifthookError(code, 'not now')
      return get(table, tenantId, id)
    }
  }
  const nothing = { events: [], messages: [], jobs: [], keys: 0 }

  it.each([
    ['UPLOADS_BUSY', 503],
    ['XML_DOCTYPE_REFUSED', 400],
  ] as const)('%s is answered %i, and nothing is recorded', async (code, status) => {
    const scene = await uploadScene()
    raising(scene, code, 1)
    const send = () => upload(scene.app, scene.path, drifted).set('idempotency-key', 'k')
    const refused = await send()
    expect(refused.body).toMatchObject({ success: false, status, code })
    expect(refused.body.event_id).toBeUndefined()
    expect(await scene.left()).toMatchObject(nothing)
    const next = await send()
    expect([next.status, next.headers['idempotency-replayed']]).toEqual([200, undefined])
  })

  it('is waited for if it passes, where nobody waits for the answer', async () => {
    const clock = fakeClock()
    const scene = await uploadScene(memory, { clock })
    raising(scene, 'UPLOADS_BUSY', 3)
    const { event_id: id } = (await later(scene)).body
    while ((await event(scene, id)).status === 'processing') await clock.advance(2_000)
    expect((await event(scene, id)).result).toBe('breaking')
  })

  it('is written to the event that is there already if it is the file', async () => {
    const scene = await uploadScene()
    raising(scene, 'XML_DOCTYPE_REFUSED', 1)
    const { event_id: id } = (await later(scene)).body
    await scene.drifthook.uploads.settled(enough)
    expect((await event(scene, id)).error.code).toBe('XML_DOCTYPE_REFUSED')
    expect((await scene.left()).messages).toEqual(['check.failed'])
  })
})

describe('a storage that is away when it is to be recorded', () => {
  const away = () => Promise.reject(new DrifthookError('STORAGE_UNAVAILABLE', 'away'))

  it('is asked again until it is back', async () => {
    const clock = fakeClock()
    const scene = await uploadScene(memory, { clock })
    let refused = 0
    atRecording(scene.storage, (write) => (++refused <= 5 ? away() : write()))
    const { event_id: id } = (await later(scene)).body
    while ((await event(scene, id)).status === 'processing') await clock.advance(2_000)
    expect((await event(scene, id)).result).toBe('breaking')
    expect(refused).toBe(6)
    expect(await scene.left()).toMatchObject({ messages: ['drift.detected'], jobs: [] })
  })

  it('for longer than a lease leaves the event to whoever ends the lease', async () => {
    const clock = fakeClock()
    const scene = await uploadScene(memory, { clock })
    let isAway = true
    atRecording(scene.storage, (write) => (isAway ? away() : write()))
    const { event_id: id } = (await later(scene)).body
    const givenUp = () => scene.logger.lines.filter(({ message }) => message.includes('INTERRUPTED'))
    while (givenUp().length === 0) await clock.advance(2_000)
    isAway = false
    expect((await event(scene, id)).status).toBe('processing')
    await clock.advance(60_000)
    await scene.drifthook.runDue()
    expect((await event(scene, id)).error.code).toBe('INTERRUPTED')
    expect((await scene.left()).messages).toEqual(['check.failed'])
  })
})

describe('a process that is gone, or slow', () => {
  /** Two processes on one store; the second one's time is to be set. */
  async function two() {
    const place = placeOn(durableHere)
    const start = Date.parse('2026-03-01T12:00:00Z')
    const first = await uploadScene(durableHere, { ...place.open(), clock: fakeClock(start) })
    const clock = fakeClock(start)
    const second = webhookApp(durableHere, { ...place.open(), clock })
    const dueAfter = async (ms: number) => {
      await clock.set(start + ms)
      await second.drifthook.runDue()
    }
    return { first, second, dueAfter }
  }

  it('leaves an event that another one ends when the lease is over, and not before', async () => {
    const { first, second, dueAfter } = await two()
    const { held, release } = holding(first.storage)
    const send = (to: Pick<UploadScene, 'app'>) =>
      later({ ...first, app: to.app }).set('idempotency-key', 'k')
    const { event_id: id } = (await send(first)).body
    await held
    await dueAfter(59_999)
    expect((await event(second, id)).status).toBe('processing')
    expect((await send(second)).status).toBe(202)
    await dueAfter(60_000)
    expect(await event(second, id)).toMatchObject({
      status: 'pending',
      result: 'error',
      error: { code: 'INTERRUPTED' },
    })
    expect((await first.left()).messages).toEqual(['check.failed'])
    expect(await deliveriesOf(second, first.webhook.id)).toHaveLength(1)
    expect((await second.acme.get('/events?result=error')).body.items).toHaveLength(1)
    const again = await send(second)
    expect(again.body).toMatchObject({ success: false, status: 500, code: 'INTERRUPTED', event_id: id })

    // It was only slow: it comes too late, and changes nothing.
    release()
    await first.drifthook.uploads.settled(enough)
    expect((await event(second, id)).error.code).toBe('INTERRUPTED')
    expect((await first.left()).messages).toEqual(['check.failed'])
    expect(first.logger.lines.map(({ message }) => message)).toContain('a file was compared too late')
  })

  it('decides it together with the one that ends the lease: one of them wins, every time', async () => {
    const { first, second, dueAfter } = await two()
    let interrupted = 0
    for (let round = 1; round <= 8; round++) {
      const commit = first.storage.commit
      const { held, release } = holding(first.storage)
      const { event_id: id } = (await later(first)).body
      await held
      const ending = dueAfter(60_000 * round)
      if (round % 2 === 0) await new Promise<void>((resolve) => setImmediate(resolve))
      release()
      await Promise.all([ending, first.drifthook.uploads.settled(enough)])
      await dueAfter(60_000 * round + 30_000)
      first.storage.commit = commit
      const { status, result } = await event(second, id)
      expect(status).toBe('pending')
      const { messages, jobs } = await first.left()
      expect(messages).toHaveLength(round)
      if (result === 'error') interrupted++
      expect(messages.filter((type) => type === 'check.failed')).toHaveLength(interrupted)
      expect(jobs).not.toContain('upload_lease pending')
    }
  })

  it('that is stopped compares what it has taken in', async () => {
    const { first, second } = await two()
    const { held, release } = holding(first.storage)
    const { event_id: id } = (await later(first)).body
    await held
    const stopping = first.drifthook.stop({ drainMs: enough })
    release()
    await stopping
    expect(await event(second, id)).toMatchObject({ status: 'pending', result: 'breaking' })
  })

  it('that is stopped and cannot wait leaves it to the lease', async () => {
    const { first, second, dueAfter } = await two()
    const { held, release } = holding(first.storage)
    const { event_id: id } = (await later(first)).body
    await held
    await first.drifthook.stop({ drainMs: 0 })
    release()
    expect((await event(second, id)).status).toBe('processing')
    await dueAfter(60_000)
    expect((await event(second, id)).error.code).toBe('INTERRUPTED')
  })
})
