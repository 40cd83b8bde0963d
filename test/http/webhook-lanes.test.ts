/** A receiver that does not answer is left alone; what the owner does about it counts at once. */
import { describe, expect, it } from 'vitest'
import { here } from '../support/combinations.js'
import { answering, deliveriesOf, publish, receiving, subscribe, webhookApp } from '../support/webhooks.js'

/** A webhook whose breaker is open, and two messages more that wait for it. */
async function leftAlone() {
  const now = { status: 500 }
  const breaker = { failures: 2, openMs: 60_000, maxOpenMs: 60_000 }
  const app = webhookApp(here, { delivery: { breaker, retryDelays: [] } })
  const to = await receiving(answering(now))
  const made = await subscribe(app, to.url())
  for (let n = 0; n < 4; n++) {
    await publish(app)
    await app.drifthook.runDue()
  }
  expect(to.requests).toHaveLength(2)
  now.status = 200
  const delivered = async () => {
    await app.clock.advance(1_000)
    await app.drifthook.runDue()
    return (await deliveriesOf(app, made.id, '&status=delivered&event=contact.created')).length
  }
  return { app, to, made, delivered }
}

describe('a receiver that is left alone', () => {
  it('is tried when its time has come, and not before', async () => {
    const { app, to, delivered } = await leftAlone()
    expect(await delivered()).toBe(0)
    expect(to.requests).toHaveLength(2)
    await app.clock.advance(59_000)
    expect(await delivered()).toBe(2)
  })

  it.each([
    ['a test that succeeds', ({ app, made }) => app.acme.post(`/webhooks/${made.id}/test`)],
    [
      'a new URL',
      ({ app, made, to }) => app.acme.patch(`/webhooks/${made.id}`).send({ url: to.url('/new') }),
    ],
    ['enabling it', ({ app, made }) => app.acme.patch(`/webhooks/${made.id}`).send({ enabled: true })],
  ] as [string, (on: Awaited<ReturnType<typeof leftAlone>>) => PromiseLike<{ status: number }>][])(
    'is tried at once after %s',
    async (_, act) => {
      const left = await leftAlone()
      expect((await act(left)).status).toBe(200)
      expect(await left.delivered()).toBe(2)
    },
  )

  it('is not tried at once after a change that has nothing to do with it', async () => {
    const left = await leftAlone()
    await left.app.acme.patch(`/webhooks/${left.made.id}`).send({ name: 'Another' })
    expect(await left.delivered()).toBe(0)
  })
})
