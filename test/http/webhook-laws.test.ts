/** What holds of deliveries whatever is done to a webhook, in whatever order. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Attempt, Delivery } from '../../src/index.js'
import { receiver } from '../../src/testkit/receiver.js'
import { acme, testApp } from '../support/app.js'

const minute = 60_000

/** What is done: by the owner, by the receiver, by time. */
const deed = fc.oneof(
  { weight: 4, arbitrary: fc.constant('publish') },
  { weight: 3, arbitrary: fc.constantFrom('answer 200', 'answer 500') },
  { weight: 1, arbitrary: fc.constant('answer 410') },
  { weight: 5, arbitrary: fc.constantFrom('work', 'wait') },
  { weight: 4, arbitrary: fc.constantFrom('disable', 'enable') },
  { weight: 5, arbitrary: fc.constantFrom('replay all', 'replay failed', 'redeliver', 'test', 'rotate') },
)

async function lifeOf(deeds: readonly string[]) {
  let status = 200
  const to = await receiver({ respond: () => ({ status }) })
  const delivery = { allowLoopback: true, retryDelays: [minute, minute], breaker: false as const }
  const app = testApp({ eventTypes: ['contact.created'], delivery })
  const { deliveries, subscriptions, messages } = app.drifthook
  const made = await subscriptions.create(acme, { url: to.url(), events: ['*'] })
  const from = new Date(app.clock.now()).toISOString()
  const listed = async () => (await deliveries.list(acme, made.id, { limit: 100 })).items
  /** What is refused changes nothing. */
  const attempt = (work: Promise<unknown>) => work.catch((error) => expect(error.status).toBe(409))

  for (const what of deeds) {
    if (what.startsWith('answer')) status = Number(what.split(' ')[1])
    else if (what === 'publish') await messages.publish(acme, { type: 'contact.created', data: {} })
    else if (what === 'work') await app.drifthook.runDue()
    else if (what === 'wait') await app.clock.advance(minute)
    else if (what === 'disable') await subscriptions.update(acme, made.id, { enabled: false })
    else if (what === 'enable') await subscriptions.update(acme, made.id, { enabled: true })
    else if (what === 'replay failed') await attempt(subscriptions.replay(acme, made.id, { from }))
    else if (what === 'replay all')
      await attempt(subscriptions.replay(acme, made.id, { from, status: ['failed', 'delivered', 'missed'] }))
    else if (what === 'test') await subscriptions.test(acme, made.id)
    else if (what === 'rotate') await attempt(subscriptions.rotateSecret(acme, made.id, { overlapMs: 0 }))
    else for (const { id } of (await listed()).slice(0, 1)) await attempt(deliveries.redeliver(acme, id))
  }
  for (let n = 0; n < 4; n++) {
    await app.drifthook.runDue()
    await app.clock.advance(minute)
  }
  const ended: (Delivery & { attempts: Attempt[] })[] = await Promise.all(
    (await listed()).map(({ id }) => deliveries.get(acme, id)),
  )
  await app.drifthook.stop({ drainMs: 0 })
  await to.close()
  return { ended, requests: to.requests }
}

describe('deliveries, whatever is done to their webhook', () => {
  it('end; are one for each message; and their attempts, numbers and bytes agree', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { minLength: 5, maxLength: 40 }), async (deeds) => {
        const { ended, requests } = await lifeOf(deeds)
        const sent = new Map<string, Buffer[]>()
        for (const { body } of requests) {
          const { delivery_id } = JSON.parse(body.toString())
          sent.set(delivery_id, [...(sent.get(delivery_id) ?? []), body])
        }
        expect(new Set(ended.map(({ messageId }) => messageId)).size).toBe(ended.length)
        expect(ended.length).toBeGreaterThanOrEqual(sent.size)
        for (const delivery of ended) {
          const { attempts, attemptCount, status, failureReason, id } = delivery
          const bodies = sent.get(id) ?? []
          expect(delivery).toMatchObject({ nextAttemptAt: null, completedAt: expect.any(String) })
          expect(attempts.map(({ number }) => number)).toEqual(attempts.map((_, n) => n + 1))
          expect([attempts.length, bodies.length]).toEqual([attemptCount, attemptCount])
          expect(bodies.every((body) => body.equals(bodies[0] as Buffer))).toBe(true)
          expect(status === 'failed').toBe(failureReason !== null)
          if (status === 'delivered') expect(attempts.at(-1)?.responseStatus).toBe(200)
        }
      }),
      { numRuns: 60 },
    )
  })
})
