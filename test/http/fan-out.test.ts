/** A message to more receivers than one commit should carry: a job makes the deliveries. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { type DrifthookOptions, defineChannel } from '../../src/index.js'
import { acme, placeOn, testApp } from '../support/app.js'
import { durableHere } from '../support/combinations.js'

const told: string[] = []
const counting = defineChannel({
  name: 'counting',
  async send({ webhookId }) {
    told.push(webhookId)
  },
})

function hostOf(options: Partial<DrifthookOptions> = {}) {
  const app = testApp({ channels: [counting], eventTypes: ['contact.created'], ...options })
  onTestFinished(() => app.drifthook.stop({ drainMs: 0 }))
  told.length = 0
  return app
}

const subscribeMany = async ({ drifthook }: ReturnType<typeof hostOf>, count: number) => {
  const ids: string[] = []
  for (let n = 0; n < count; n++) {
    const target = { channel: 'counting', url: `desk ${n}`, events: ['contact.*'] }
    ids.push((await drifthook.subscriptions.create(acme, target)).id)
  }
  return ids.sort()
}

const publish = ({ drifthook }: ReturnType<typeof hostOf>) =>
  drifthook.messages.publish(acme, { type: 'contact.created', data: {} })

describe('a message to many', () => {
  it.each([
    [500, 0],
    [501, 1],
  ])('goes to %i receivers by way of %i jobs, once to each', async (receivers, jobs) => {
    const app = hostOf()
    const ids = await subscribeMany(app, receivers)
    const message = await publish(app)
    const { items } = await app.drifthook.jobs.list(acme, { kind: 'fan_out' })
    expect(items.map(({ target, status }) => ({ target, status }))).toEqual(
      Array.from({ length: jobs }, () => ({ target: message.id, status: 'pending' })),
    )
    await app.drifthook.runDue()
    expect([...told].sort()).toEqual(ids)
    const after = await app.drifthook.jobs.list(acme, { kind: 'fan_out' })
    expect(after.items.map(({ status, progress }) => ({ status, progress }))).toEqual(
      Array.from({ length: jobs }, () => ({ status: 'done', progress: { queued: receivers } })),
    )
  })

  it('reaches those who were there when it was published and are enabled when their turn comes', async () => {
    const app = hostOf()
    const [first = '', ...others] = await subscribeMany(app, 501)
    await publish(app)
    await app.clock.advance(5_001)
    await subscribeMany(app, 1)
    await app.drifthook.subscriptions.update(acme, first, { enabled: false })
    await app.drifthook.runDue()
    expect([...told].sort()).toEqual(others)
  })

  it('reaches those who were made by a process whose clock is ahead of the publisher', async () => {
    const app = hostOf()
    const ids = await subscribeMany(app, 501)
    await app.clock.advance(-2_000)
    await publish(app)
    await app.drifthook.runDue()
    expect([...told].sort()).toEqual(ids)
  })

  it('is fanned out by another process than the one that published it', async () => {
    const place = placeOn(durableHere)
    const publisher = hostOf(place.open())
    const ids = await subscribeMany(publisher, 501)
    await publish(publisher)
    await publisher.drifthook.stop({ drainMs: 0 })
    const worker = hostOf(place.open())
    await worker.drifthook.runDue()
    expect([...told].sort()).toEqual(ids)
  })

  it('is queued for the partner as any other', async () => {
    const app = hostOf()
    const contract = await app.drifthook.contracts.create(acme, { name: 'Orders', sample: { id: 1 } })
    const monitor = await app.drifthook.monitors.create(acme, { name: 'Kestrel', contractId: contract.id })
    for (let n = 0; n < 501; n++) {
      const audience = n === 500 ? ('partner' as const) : ('internal' as const)
      const target = { channel: 'counting', url: `desk ${n}`, events: ['drift.*'], audience }
      await app.drifthook.subscriptions.create(acme, target)
    }
    const file = Buffer.from('{"number":1}')
    const result = await app.drifthook.uploads.check(acme, { monitorId: monitor.id, file })
    expect(result).toMatchObject({ hasDrift: true, alertQueued: true, partnerNotified: true })
  })
})
