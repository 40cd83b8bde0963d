/** The whole of it on PostgreSQL: a drifted file in, a signed webhook out; two instances; a restart. */
import { Pool } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { postgresStorage } from '../../src/adapters/postgres/index.js'
import { verify } from '../../src/signing/index.js'
import { settle } from '../../src/testkit/settle.js'
import { acme, contractAndMonitor, orders, testApp, upload } from '../support/app.js'
import { postgres, type TestPostgres } from '../support/services.js'
import { uniqueName } from '../support/ways.js'
import { deliveriesOf, receiving, subscribe } from '../support/webhooks.js'

let server: TestPostgres
let admin: Pool
let schema = ''
beforeAll(async () => {
  server = await postgres()
  admin = new Pool({ connectionString: server.url, max: 1 })
})
beforeEach(() => {
  schema = uniqueName()
  onTestFinished(async () => void (await admin.query(`DROP SCHEMA ${schema} CASCADE`)))
})
afterAll(async () => {
  await admin.end()
  await server.close()
})

/** One life of a process on the test's schema; it ends with the test. */
function life() {
  const pool = new Pool({ connectionString: server.url, max: 5 })
  const app = testApp({
    storage: postgresStorage({ pool, schema }),
    secretKey: new Uint8Array(32).fill(7),
    eventTypes: ['contact.created'],
  })
  onTestFinished(async () => {
    await app.drifthook.stop({ drainMs: 0 })
    await pool.end()
  })
  return app
}

const publish = ({ drifthook }: ReturnType<typeof life>, n: number) =>
  Promise.all(
    Array.from({ length: n }, (_, id) =>
      drifthook.messages.publish(acme, { type: 'contact.created', data: { id } }),
    ),
  )

describe('on PostgreSQL', () => {
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
    expect(JSON.parse(sent.body.toString()).data).toMatchObject({ drift_summary: { removals: 1 } })
    expect(await deliveriesOf(app, id)).toMatchObject([{ status: 'delivered', attempt_count: 1 }])
  })

  it('two instances share the work: each delivery is made once', async () => {
    const [one, two] = [life(), life()]
    const to = await receiving()
    const { id } = await subscribe(one, to.url())
    const messages = await publish(one, 60)
    const made = await Promise.all([settle(one.drifthook), settle(two.drifthook)])
    expect(made[0] + made[1]).toBe(60)
    const sent = to.requests.map(({ headers }) => headers['webhook-id'])
    expect(sent.sort()).toEqual(messages.map((message) => message.id).sort())
    const deliveries = await deliveriesOf(two, id)
    expect(deliveries.map(({ status }: { status: string }) => status)).toEqual(Array(60).fill('delivered'))
  })

  it('what one process has left the next one does', async () => {
    const first = life()
    const now = { status: 500 }
    const to = await receiving(() => ({ status: now.status }))
    const { id } = await subscribe(first, to.url())
    await publish(first, 3)
    await settle(first.drifthook)
    expect(await deliveriesOf(first, id)).toMatchObject(
      Array(3).fill({ status: 'pending', attempt_count: 1 }),
    )
    await first.drifthook.stop()

    now.status = 200
    const second = life()
    await second.clock.advance(3_600_000)
    expect(await settle(second.drifthook)).toBe(3)
    expect(await deliveriesOf(second, id)).toMatchObject(
      Array(3).fill({ status: 'delivered', attempt_count: 2 }),
    )
  })
})
