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
const seconds = 15
const tickMs = 25

const principal = /** @type {const} */ ({ tenantId: 'acme', actor: 'bench', permissions: ['*'] })
const types = Array.from({ length: healthy / fanOut }, (_, n) => `order.created${n}`)

/** @type {import('./measure.js').Row} */
export const hangingRow = {
  id: 'hanging',
  what: `p99 from publish to receipt at ${healthy} receivers, while ${hanging} more hang with a backlog, memory storage`,
  against: 'without those that hang',
  unit: 'ms',
  ratio: 'duration',
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
 * From the start of a process on: also what it takes to find out who hangs is in it.
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
  for (let n = 0; n < backlog; n++) await drifthook.messages.publish(principal, { type: 'order.old', data: {} })

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
  await sleep(2_000)
  await drifthook.stop({ drainMs: 0 })
  const said = /** @type {{ latencies: number[], hanging: number }} */ (await receiver.ask({}))
  const sorted = said.latencies.sort((a, b) => a - b)
  const at = (q) => sorted[Math.floor(sorted.length * q)]
  console.error({ hang, said: said.hanging, n: sorted.length, p50: at(.5), p90: at(.9), p99: at(.99), p999: at(.999), max: sorted.at(-1) })
  if (sorted.length < messages * fanOut) console.error(`${messages * fanOut - sorted.length} never came`)
  return Number(sorted[Math.floor(sorted.length * 0.99)])
}
