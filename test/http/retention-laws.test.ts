/** Whatever happens in whatever order: what is young or unfinished stays whole, and what is over goes. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { memoryStorage } from '../../src/index.js'
import type { Row } from '../../src/ports/tables.js'
import { acme, testApp } from '../support/app.js'
import { countAndErase, historyOf } from '../support/retention.js'
import { receiving, subscribe } from '../support/webhooks.js'

const hour = 3_600_000
const day = 24 * hour
const messagesDays = 6
const attemptsDays = 2

const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant('publish' as const), n: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('answer' as const), n: fc.constantFrom(200, 500, 503) }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('redeliver' as const), n: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('replay' as const), n: fc.nat(30) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('wait' as const),
      n: fc.constantFrom(0, 5, 24, 48, 100, 170),
    }),
  },
)

type World = Awaited<ReturnType<typeof historyOf>>
const hasEnded = ({ status }: Row<'deliveries'>) => status !== 'pending'

/** What was there before and must still be: what is young, and what is not over. */
function expectKept(before: World, after: World, now: number): void {
  const messages = new Map(after.messages.map((row) => [row.id, row]))
  const deliveries = new Set(after.deliveries.map(({ id }) => id))
  const attempts = new Set(after.attempts.map(({ id }) => id))
  const young = now - messagesDays * day
  for (const { id, createdAt } of before.messages)
    if (createdAt > young) expect(messages.has(id), 'a young message').toBe(true)
  for (const row of before.deliveries)
    if (!hasEnded(row) || (messages.get(row.messageId)?.createdAt ?? 0) > young)
      expect(deliveries).toContain(row.id)
  for (const { id, deliveryId, startedAt } of before.attempts)
    if (deliveries.has(deliveryId) && startedAt > now - attemptsDays * day) expect(attempts).toContain(id)
}

/** Nothing hangs in the air. */
function expectWhole({ messages, deliveries, attempts }: World): void {
  const messageIds = new Set(messages.map(({ id }) => id))
  const deliveryIds = new Set(deliveries.map(({ id }) => id))
  for (const { messageId, failureReason } of deliveries) {
    expect(messageIds).toContain(messageId)
    expect(failureReason).not.toBe('message_expired')
  }
  for (const { deliveryId } of attempts) expect(deliveryIds).toContain(deliveryId)
}

it('keeps and takes away as it says, in every history', { timeout: 60_000 }, async () => {
  const seen = { gone: 0, shorn: 0, unfinished: 0 }
  const answer = { status: 200 }
  const to = await receiving(({ path }) => ({ status: path === '/changing' ? answer.status : 200 }))
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 15, maxLength: 40, size: 'max' }),
      async (operations) => {
        answer.status = 200
        const storage = memoryStorage()
        const {
          clock,
          drifthook,
          acme: api,
        } = testApp({
          ...{ storage, eventTypes: ['contact.created'], retention: { messagesDays, attemptsDays } },
          delivery: {
            allowLoopback: true,
            retryDelays: [day, 4 * day, 4 * day],
            breaker: false,
            disable: false,
          },
        })
        const webhooks = [to.url('/changing'), to.url('/steady')].map((url) => subscribe({ acme: api }, url))
        const [{ id: webhookId }] = await Promise.all(webhooks)
        const from = new Date(clock.now()).toISOString()
        let published = 0
        const run = async (ms: number) => {
          const before = await historyOf(storage)
          await clock.advance(ms)
          await drifthook.runDue()
          const after = await historyOf(storage)
          expectKept(before, after, clock.now())
          expectWhole(after)
          const shorn = after.deliveries.filter(
            ({ id, attemptCount }) =>
              attemptCount > after.attempts.filter((row) => row.deliveryId === id).length,
          )
          seen.shorn += shorn.length
          seen.unfinished += after.deliveries.filter((row) => !hasEnded(row)).length
        }
        await run(0)
        for (const { does, n } of operations) {
          if (does === 'answer') answer.status = n
          if (does === 'wait') await run(n * hour)
          if (does === 'publish') {
            published += n
            for (let left = n; left > 0; left--)
              await drifthook.messages.publish(acme, { type: 'contact.created', data: left })
          }
          const ended = does === 'redeliver' ? (await historyOf(storage)).deliveries.filter(hasEnded) : []
          const chosen = ended[n % (ended.length || 1)]
          if (chosen !== undefined) await drifthook.deliveries.redeliver(acme, chosen.id)
          if (does === 'replay') {
            const status = (['failed', 'delivered', 'missed'] as const).slice(n % 3)
            await drifthook.subscriptions.replay(acme, webhookId, { from, status: [...status] })
          }
        }
        // Two rounds, so that what ended after the first is met by the second.
        await run(2 * hour)
        const endedBy = clock.now()
        await run(2 * hour)
        const { messages, deliveries, attempts } = await historyOf(storage)
        const late = new Set(
          deliveries
            .filter((row) => !hasEnded(row) || (row.completedAt ?? 0) > endedBy)
            .map((row) => row.messageId),
        )
        for (const { id, createdAt } of messages)
          if (createdAt < clock.now() - messagesDays * day - 3 * hour) expect(late).toContain(id)
        seen.gone += published - messages.length
        expect(await countAndErase(storage, ['messageBodies', 'attemptDetails', 'messages'])).toEqual([
          messages.length,
          attempts.length,
          messages.length,
        ])
        await drifthook.stop({ drainMs: 0 })
      },
    ),
    { seed: 20260301, numRuns: 12 },
  )
  // The histories had what they are about.
  expect(seen.gone).toBeGreaterThan(5)
  expect(seen.shorn).toBeGreaterThan(5)
  expect(seen.unfinished).toBeGreaterThan(5)
})
