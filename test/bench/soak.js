/**
 * What a process keeps of deliveries that have ended, half of them failed: the heap after a full garbage
 * collection, at ten points on the way. The memory storage keeps its history by design: it shows what a leak
 * would look like.
 *
 *   node test/bench/soak.js                       100,000 deliveries
 *   node test/bench/soak.js --deliveries=10000
 *   node test/bench/soak.js --storage=memory      else sqlite
 *   node test/bench/soak.js --json                for programs
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createDrifthook, memoryStorage } from 'drifthook'
import { sqliteStorage } from 'drifthook/sqlite'
import { startChild } from './child.js'
import { collectGarbage } from './measure.js'

const { values } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '100000' },
    storage: { type: 'string', default: 'sqlite' },
    json: { type: 'boolean', default: false },
  },
})
const points = 10
const receivers = ['ok', 'error', 'ok', 'reset'].flatMap((kind) => [0, 1, 2, 3].map((n) => `/${kind}${n}`))
const messagesPerPoint = Math.ceil(Number(values.deliveries) / points / receivers.length)
const principal = /** @type {const} */ ({ tenantId: 'acme', actor: 'bench', permissions: ['*'] })
const data = { order: 'PO-123456', customer: 'C42', lines: [{ sku: '00-12345', quantity: 3, price: 12.5 }] }

const ends = { delivered: 0, failed: 0 }
const progress = new EventTarget()
/** @param {number} count how many deliveries have ended by then */
async function ended(count) {
  while (ends.delivered + ends.failed < count) await once(progress, 'ended')
}

const folder = await mkdtemp(join(tmpdir(), 'drifthook-soak-'))
const receiver = await startChild('./mixed-receiver.js')
const drifthook = createDrifthook({
  authenticate: () => principal,
  storage:
    values.storage === 'memory' ? memoryStorage() : sqliteStorage({ filename: join(folder, 'drifthook.db') }),
  secretKey: new Uint8Array(32),
  eventTypes: ['order.created'],
  // One attempt each, and no pauses: what fails ends as soon as what succeeds.
  delivery: { allowLoopback: true, retryDelays: [], breaker: false, disable: false },
  hooks: {
    settle: ({ status }) => {
      if (status === 'pending') return
      ends[status] += 1
      progress.dispatchEvent(new Event('ended'))
    },
  },
})

/** @type {{ deliveries: number, failed: number, heap: number, external: number, rss: number, seconds: number }[]} */
const samples = []
try {
  await drifthook.start()
  for (const path of receivers) {
    const url = `${receiver.ready.url}${path}`
    await drifthook.subscriptions.create(principal, { url, events: ['order.created'] })
  }
  for (let point = 1, begun = performance.now(); point <= points; point++, begun = performance.now()) {
    for (let n = 0; n < messagesPerPoint; n++)
      await drifthook.messages.publish(principal, { type: 'order.created', data })
    const deliveries = point * messagesPerPoint * receivers.length
    await ended(deliveries)
    const seconds = (performance.now() - begun) / 1000
    collectGarbage()
    const { heapUsed, external, rss } = process.memoryUsage()
    samples.push({ deliveries, failed: ends.failed, heap: heapUsed, external, rss, seconds })
  }
} finally {
  await drifthook.stop()
  await receiver.end()
  await rm(folder, { recursive: true, force: true })
}

if (values.json) console.log(JSON.stringify(samples))
else {
  const megabytes = (/** @type {number} */ bytes) => (bytes / 2 ** 20).toFixed(1)
  console.log(
    '| deliveries ended | of them failed | heap, MB | outside the heap, MB | process, MB | per second |',
  )
  console.log('|--:|--:|--:|--:|--:|--:|')
  for (const { deliveries, failed, heap, external, rss, seconds } of samples) {
    const rate = Math.round((messagesPerPoint * receivers.length) / seconds)
    const memory = [heap, external, rss].map(megabytes)
    console.log(`| ${[deliveries, failed, ...memory, rate].join(' | ')} |`)
  }
}
