import { randomBytes } from 'node:crypto'
import { createDrifthook } from 'drifthook'
import { bareDelivery, data } from './bare-delivery.js'
import { startChild } from './child.js'
import { rate } from './measure.js'

const receivers = 16
const messages = 250
const deliveries = receivers * messages
const concurrency = 64

const principal = /** @type {const} */ ({ tenantId: 'acme', actor: 'bench', permissions: ['*'] })

/** @type {import('./measure.js').Row} */
export const deliveriesRow = {
  id: 'deliveries',
  what: 'deliveries per second, memory storage',
  against: 'a bare loop of `undici.request` + HMAC',
  unit: '/s',
  ratio: 'rate',
  reach: { text: '≥ 0.6 ×', holds: (ratio) => ratio >= 0.6 },
  prepare: async () => {
    const receiver = await startChild('./receiver.js')
    const url = String(receiver.ready.url)
    const drifthook = createDrifthook({
      authenticate: () => principal,
      eventTypes: ['order.created'],
      delivery: { allowLoopback: true, concurrency },
    })
    await drifthook.start()
    for (let i = 0; i < receivers; i++) {
      await drifthook.subscriptions.create(principal, { url: `${url}${i}`, events: ['order.created'] })
    }
    const key = randomBytes(32)

    return {
      ours: () =>
        rate(deliveries, async () => {
          const done = receiver.ask({ until: deliveries })
          for (let i = 0; i < messages; i++) {
            await drifthook.messages.publish(principal, { type: 'order.created', data })
          }
          await done
        }),
      theirs: () =>
        rate(deliveries, async () => {
          const done = receiver.ask({ until: deliveries })
          let left = deliveries
          const loop = async () => {
            while (left-- > 0) await bareDelivery(`${url}${left % receivers}`, key, left)
          }
          await Promise.all(Array.from({ length: concurrency }, loop))
          await done
        }),
      end: async () => {
        await drifthook.stop()
        await receiver.end()
      },
    }
  },
}
