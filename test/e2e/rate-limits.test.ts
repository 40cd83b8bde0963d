/** Two processes' worth of drifthook on one store keep one limit. */
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { acme, contractAndMonitor, orders, testApp, upload } from '../support/app.js'
import { onServers, type Place } from '../support/combinations.js'
import { deliveriesOf, receiving, subscribe } from '../support/webhooks.js'

function life(place: Place) {
  const app = testApp({
    ...place.open(),
    eventTypes: ['contact.created'],
    upload: { rateLimit: { points: 5 } },
  })
  onTestFinished(() => app.drifthook.stop({ drainMs: 0 }))
  return app
}

describe.each(onServers.filter(({ name }) => name.endsWith(' + memory')))(
  'on %s, one limit is kept',
  (on) => {
    beforeAll(() => on.ready())

    it('of uploads and of deliveries', async () => {
      const place = on.place()
      onTestFinished(() => place.close())
      const [one, other] = [life(place), life(place)]
      const { path } = await contractAndMonitor(one)
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => upload((n % 2 ? one : other).app, path, orders())),
      )
      const statuses = answers.map(({ status }) => status).sort()
      expect(statuses).toEqual([...Array(5).fill(200), ...Array(3).fill(429)])

      const to = await receiving()
      const { id } = await subscribe(one, to.url(), { rate_limit: { points: 4, duration_ms: 3_600_000 } })
      await Promise.all(
        Array.from({ length: 12 }, (_, n) =>
          one.drifthook.messages.publish(acme, { type: 'contact.created', data: { n } }),
        ),
      )
      await Promise.all([one, other].map(({ drifthook }) => drifthook.runDue()))
      expect(to.requests).toHaveLength(4)
      const counts = (await deliveriesOf(one, id)).map(
        ({ status, attempt_count }: { status: string; attempt_count: number }) =>
          `${status} ${attempt_count}`,
      )
      expect(counts.sort()).toEqual([...Array(4).fill('delivered 1'), ...Array(8).fill('pending 0')])
    })
  },
)
