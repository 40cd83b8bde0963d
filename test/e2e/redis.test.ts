/** The whole of it in Redis, spread over shards: a drifted file in, a signed webhook out; two instances; a restart. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { redisStorage } from '../../src/adapters/redis/index.js'
import { verify } from '../../src/signing/index.js'
import { settle } from '../../src/testkit/settle.js'
import { acme, contractAndMonitor, globex, orders, testApp, upload } from '../support/app.js'
import { redis, type TestRedis } from '../support/services.js'
import { deliveriesOf, receiving, subscribe } from '../support/webhooks.js'

let server: TestRedis
let client: Redis
let prefix = ''
let made = 0
beforeAll(async () => {
  server = await redis()
  client = new Redis(server.url)
})
beforeEach(() => {
  prefix = `${server.prefix}_${made++}`
})
afterAll(async () => {
  client.disconnect()
  await server.close()
})

/** One life of a process on the test's prefix; it ends with the test. */
function life() {
  const app = testApp({
    storage: redisStorage({ client, prefix, shards: 8, acceptLoss: true }),
    secretKey: new Uint8Array(32).fill(7),
    eventTypes: ['contact.created'],
  })
  onTestFinished(() => app.drifthook.stop({ drainMs: 0 }))
  return app
}

const publish = ({ drifthook }: ReturnType<typeof life>, n: number, principal = acme) =>
  Promise.all(
    Array.from({ length: n }, (_, id) =>
      drifthook.messages.publish(principal, { type: 'contact.created', data: { id } }),
    ),
  )

describe('in Redis', () => {
  it('a drifted file ends as a verified signed webhook', async () => {
    const app = life()
    const to = await receiving()
    const { path } = await contractAndMonitor(app)
    const { id, secret } = await subscribe(app, to.url('/hook'), { events: ['drift.detected'] })
    const drifted = orders((order) => {
      delete order.email
    })
    const answer = await upload(app.app, path, drifted)
    expect(answer.body).toMatchObject({ success: true, has_drift: true, alert_queued: true })
    expect(await settle(app.drifthook)).toBe(1)
    const sent = await to.next()
    expect(verify({ headers: sent.headers, body: sent.body, secret, now: app.clock.now })).toEqual({
      ok: true,
    })
    expect(await deliveriesOf(app, id)).toMatchObject([{ status: 'delivered', attempt_count: 1 }])
  })

  it('two instances share the work of two tenants: each delivery is made once', async () => {
    const [one, two] = [life(), life()]
    const to = await receiving()
    await subscribe(one, to.url())
    await subscribe({ ...one, acme: one.globex }, to.url())
    const messages = [...(await publish(one, 30)), ...(await publish(two, 30, globex))]
    const works = await Promise.all([settle(one.drifthook), settle(two.drifthook)])
    expect(works[0] + works[1]).toBe(60)
    const sent = to.requests.map(({ headers }) => headers['webhook-id'])
    expect(sent.sort()).toEqual(messages.map((message) => message.id).sort())
  })

  it('what one process has left the next one does', async () => {
    const first = life()
    const now = { status: 500 }
    const to = await receiving(() => ({ status: now.status }))
    const { id } = await subscribe(first, to.url())
    await publish(first, 3)
    await settle(first.drifthook)
    await first.drifthook.stop()

    now.status = 200
    const second = life()
    await second.clock.advance(3_600_000)
    expect(await settle(second.drifthook)).toBe(3)
    const delivered = Array(3).fill({ status: 'delivered', attempt_count: 2 })
    expect(await deliveriesOf(second, id)).toMatchObject(delivered)
  })
})
