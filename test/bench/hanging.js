import { setTimeout as sleep } from 'node:timers/promises'
import { createDrifthook } from 'drifthook'
import { startChild } from './child.js'

const healthy = 1_000
const hanging = 100
/** Pending deliveries of each receiver that hangs, from before the start. */
const backlog = 50
/** So many healthy receivers want each message. */
const fanOut = 10
/** Deliveries to healthy receivers. */
const perSecond = 400
const seconds = 45
const tickMs = 25
/** How long the last deliveries may take. */
const patienceSeconds = 30

const principal = /** @type {const} */ ({ tenantId: 'acme', actor: 'bench', permissions: ['*'] })
const types = Array.from({ length: healthy / fanOut }, (_, n) => `order.created${n}`)

/** @type {import('./measure.js').Row} */
export const hangingRow = {
  id: 'hanging',
  what: `p99 from publish to receipt, ${healthy} receivers, ${perSecond}/s, while ${hanging} more hang with a backlog, memory storage`,
  against: 'without those that hang',
  unit: 'ms',
  ratio: 'time',
  reach: { text: '≤ 1.5 ×', holds: (ratio) => ratio <= 1.5 },
  prepare: async () => {
    const receiver = await startChild('./timing-receiver.js')
    return {
      ours: () => p99(receiver, hanging),
      theirs: () => p99(receiver, 0),
      end: receiver.end,
    }
  },
}

/**
 * From `start` on, so that finding out who hangs is in it.
 * @param {Awaited<ReturnType<typeof startChild>>} receiver
 * @param {number} hang how many of the receivers
 */
async function p99(receiver, hang) {
  const { url } = receiver.ready
  const drifthook = createDrifthook({
    authenticate: () => principal,
    eventTypes: [...types, 'order.old'],
    delivery: { allowLoopback: true },
    limits: { subscriptions: healthy + hanging },
  })
  for (let n = 0; n < healthy; n++) {
    const type = String(types[n % types.length])
    await drifthook.subscriptions.create(principal, { url: `${url}/ok${n}`, events: [type] })
  }
  for (let n = 0; n < hang; n++)
    await drifthook.subscriptions.create(principal, { url: `${url}/hang${n}`, events: ['order.old'] })
  for (let n = 0; n < backlog; n++)
    await drifthook.messages.publish(principal, { type: 'order.old', data: {} })

  await drifthook.start()
  const messages = (perSecond / fanOut) * seconds
  const started = performance.now()
  for (let sent = 0; sent < messages; await sleep(tickMs)) {
    const due = Math.min(messages, ((performance.now() - started) / 1000) * (perSecond / fanOut))
    for (; sent < due; sent++) {
      const at = String(process.hrtime.bigint())
      await drifthook.messages.publish(principal, { type: String(types[sent % types.length]), data: { at } })
    }
  }
  // What never comes counts as late as can be.
  const latencies = Array(messages * fanOut).fill(Number.POSITIVE_INFINITY)
  let received = 0
  for (let asked = 0; received < latencies.length && asked < patienceSeconds; asked++) {
    await sleep(1_000)
    for (const latency of /** @type {number[]} */ ((await receiver.ask({})).latencies)) {
      latencies[received++] = latency
    }
  }
  await drifthook.stop({ drainMs: 0 })
  return Number(latencies.sort((a, b) => a - b)[Math.ceil(latencies.length * 0.99) - 1])
}
