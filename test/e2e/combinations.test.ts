/** A drifted file in, a signed webhook out; two processes; a restart: on every supported pair of storage and queue. */
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { verify } from '../../src/signing/index.js'
import { settle } from '../../src/testkit/settle.js'
import { acme, contractAndMonitor, globex, orders, placeOn, testApp, upload } from '../support/app.js'
import { durableHere, onServers, type Place } from '../support/combinations.js'
import { deliveriesOf, receiving, subscribe } from '../support/webhooks.js'

/** One life of a process; it ends with the test. */
function life(place: Place) {
  const app = testApp({ ...place.open(), eventTypes: ['contact.created'] })
  onTestFinished(() => app.drifthook.stop({ drainMs: 0 }))
  return app
}

const publish = ({ drifthook }: ReturnType<typeof life>, n: number, principal = acme) =>
  Promise.all(
    Array.from({ length: n }, (_, id) =>
      drifthook.messages.publish(principal, { type: 'contact.created', data: { id } }),
    ),
  )

const statuses = (deliveries: { status: string }[]) => deliveries.map(({ status }) => status)

/** Without a combination asked for, those that no other test of the normal run is about. */
const tested = process.env.DRIFTHOOK_COMBINATION === undefined ? onServers : [durableHere]

describe.each(tested)('on %s', (on) => {
  beforeAll(() => on.ready())

  it('a drifted file ends as a verified signed webhook, sent by a runner that was woken', async () => {
    // Its clock stands still: it looks once as it starts, and then when it is woken.
    const app = life(placeOn(on))
    await app.drifthook.start()
    const to = await receiving()
    const { path } = await contractAndMonitor(app)
    const { id, secret } = await subscribe(app, to.url('/hook'), { events: ['drift.detected'] })
    const drifted = orders((order) => {
      delete order.email
    })
    const answer = await upload(app.app, path, drifted)
    expect(answer.body).toMatchObject({ success: true, has_drift: true, alert_queued: true })
    const sent = await to.next()
    expect(verify({ headers: sent.headers, body: sent.body, secret, now: app.clock.now })).toEqual({
      ok: true,
    })
    expect(JSON.parse(sent.body.toString()).data).toMatchObject({ drift_summary: { removals: 1 } })
    await vi.waitFor(async () => expect(statuses(await deliveriesOf(app, id))).toEqual(['delivered']))
    const problems = app.logger.lines.filter(({ level }) => level === 'warn' || level === 'error')
    // A clock that stands still differs from the store's.
    expect(problems.filter(({ message }) => !message.includes('clocks'))).toEqual([])
  })

  it('two processes share the work of two tenants: each delivery is made once', async () => {
    const place = placeOn(on)
    const [one, two] = [life(place), life(place)]
    const to = await receiving()
    const { id } = await subscribe(one, to.url())
    await subscribe({ ...one, acme: one.globex }, to.url())
    const messages = [...(await publish(one, 30)), ...(await publish(two, 30, globex))]
    const made = await Promise.all([settle(one.drifthook), settle(two.drifthook)])
    expect(made[0] + made[1]).toBe(60)
    const sent = to.requests.map(({ headers }) => headers['webhook-id'])
    expect(sent.sort()).toEqual(messages.map((message) => message.id).sort())
    expect(statuses(await deliveriesOf(two, id))).toEqual(Array(30).fill('delivered'))
  })

  it('what one process has left the next one does', async () => {
    const place = placeOn(on)
    const first = life(place)
    const now = { status: 500 }
    const to = await receiving(() => ({ status: now.status }))
    const { id } = await subscribe(first, to.url())
    await publish(first, 3)
    await settle(first.drifthook)
    const waiting = { status: 'pending', attempt_count: 1 }
    expect(await deliveriesOf(first, id)).toMatchObject([waiting, waiting, waiting])
    await first.drifthook.stop()

    now.status = 200
    const second = life(place)
    await second.clock.advance(3_600_000)
    expect(await settle(second.drifthook)).toBe(3)
    const done = { status: 'delivered', attempt_count: 2 }
    expect(await deliveriesOf(second, id)).toMatchObject([done, done, done])
  })
})
