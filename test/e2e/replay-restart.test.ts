/** A replay of several steps outlives its process: stopped in the middle, or killed before a step was written. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Storage, systemClock } from '../../src/index.js'
import { fakeClock } from '../../src/testkit/fake-clock.js'
import type { Receiver } from '../../src/testkit/receiver.js'
import { acme, placeOn, testApp } from '../support/app.js'
import { durableHere, type Place } from '../support/combinations.js'
import { receiving } from '../support/webhooks.js'

const count = 350

/** One life of a process on a store that others work on as well. */
function life(place: Place, clock = systemClock) {
  const parts = place.open()
  const app = testApp({ clock, eventTypes: ['contact.created'], ...parts })
  onTestFinished(() => app.drifthook.stop({ drainMs: 0 }))
  return { ...app, storage: parts.storage }
}

type Life = ReturnType<typeof life>

/** A replay of more messages than a step looks at, none of which was delivered yet. */
async function replayOfMany({ acme: api, drifthook }: Life, url: string): Promise<string> {
  const made = await api.post('/webhooks').send({ url, events: ['*'], enabled: false })
  const data = Array.from({ length: count }, (_, id) => ({ id }))
  await Promise.all(
    data.map((one) => drifthook.messages.publish(acme, { type: 'contact.created', data: one })),
  )
  await api.patch(`/webhooks/${made.body.id}`).send({ enabled: true })
  const from = new Date(0).toISOString()
  const { status, body } = await api.post(`/webhooks/${made.body.id}/replay`).send({ from })
  expect(status).toBe(202)
  return body.id
}

/** Calls `instead` for the n-th time that a step of a job is to be written. */
function atStep(storage: Storage, n: number, instead: (write: () => Promise<never[]>) => Promise<never[]>) {
  const settle = storage.settle.bind(storage)
  let steps = 0
  storage.settle = async (table, outcomes) => {
    if (table !== 'jobs' || ++steps !== n) return settle(table, outcomes)
    return instead(async () => (await settle(table, outcomes)) as never[])
  }
}

const names = ({ requests }: Receiver) =>
  requests.map(({ body }) => JSON.parse(body.toString()).data.id).sort((a, b) => a - b)
const all = Array.from({ length: count }, (_, id) => id)

describe('a replay', () => {
  it('goes on in the next process when this one stops, and sends each message once', async () => {
    const place = placeOn(durableHere)
    const to = await receiving()
    const first = life(place)
    const id = await replayOfMany(first, to.url())
    const stepped = new Promise<void>((resolve) => {
      atStep(first.storage, 2, async (write) => {
        const results = await write()
        resolve()
        return results
      })
    })
    await first.drifthook.start()
    await stepped
    await first.drifthook.stop()
    expect(to.requests.length).toBeLessThan(count)

    const second = life(place)
    const half = (await second.acme.get(`/jobs/${id}`)).body
    expect(half).toMatchObject({ status: 'pending' })
    expect(half.progress.queued).toBeLessThan(count)
    await second.drifthook.start()
    while (to.requests.length < count) await to.next()
    await second.drifthook.stop()

    const third = life(place)
    expect(await third.drifthook.runDue()).toBe(0)
    expect((await third.acme.get(`/jobs/${id}`)).body).toMatchObject({
      status: 'done',
      progress: { scanned: count, queued: count },
    })
    expect(names(to)).toEqual(all)
  })

  it('loses no step and repeats none when a process is gone before it wrote it', async () => {
    const place = placeOn(durableHere)
    const to = await receiving()
    const start = Date.parse('2026-03-01T12:00:00Z')
    const first = life(place, fakeClock(start))
    const id = await replayOfMany(first, to.url())
    const gone = new Promise<void>((resolve) => {
      atStep(first.storage, 2, () => {
        resolve()
        return new Promise(() => {})
      })
    })
    void first.drifthook.runDue()
    await gone

    const second = life(place, fakeClock(start + 59_000))
    // The claim of the lost process still stands: what its first step queued is sent, and no more.
    await second.drifthook.runDue()
    expect(to.requests).toHaveLength(100)
    const third = life(place, fakeClock(start + 60_000))
    await third.drifthook.runDue()
    expect((await third.acme.get(`/jobs/${id}`)).body).toMatchObject({
      status: 'done',
      progress: { scanned: count, queued: count },
    })
    expect(names(to)).toEqual(all)
  })
})
