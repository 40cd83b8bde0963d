/**
 * What durability costs: messages published a second to one subscriber, each confirmed when it is as safe as its
 * store makes it; how long `start` takes; what a process holds while 100,000 deliveries are due.
 *
 *   node test/bench/persistence.js
 *   node test/bench/persistence.js --due=10000
 */
import { parseArgs } from 'node:util'
import { createDrifthook } from 'drifthook'
import { collectGarbage, rate } from './measure.js'
import { stores } from './stores.js'

const { values } = parseArgs({ options: { due: { type: 'string', default: '100000' } } })
const due = Number(values.due)
const type = 'order.created'
const principal = /** @type {const} */ ({ tenantId: 'acme', actor: 'bench', permissions: ['*'] })
const data = { order: 'PO-123456', customer: 'C42', lines: [{ sku: '00-12345', quantity: 3, price: 12.5 }] }

const drifthookOn = (/** @type {import('./stores.js').Store} */ store) =>
  createDrifthook({
    authenticate: () => principal,
    storage: store.open(),
    secretKey: new Uint8Array(32),
    eventTypes: [type],
    delivery: { allowLoopback: true },
  })

/** @param {import('drifthook').Drifthook} drifthook @param {number} count @param {number} atOnce */
async function publish(drifthook, count, atOnce) {
  let left = count
  const publisher = async () => {
    while (left-- > 0) await drifthook.messages.publish(principal, { type, data })
  }
  await Promise.all(Array.from({ length: atOnce }, publisher))
}

async function started(/** @type {import('./stores.js').Store} */ store) {
  const drifthook = drifthookOn(store)
  const begun = performance.now()
  await drifthook.start({ runner: false })
  return { drifthook, ms: performance.now() - begun }
}

/** The heap after a collection, and the process, in megabytes, while workers work off what is due. */
async function memoryWhileDue(/** @type {import('./stores.js').Store} */ store) {
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  const drifthook = drifthookOn(store)
  await drifthook.start()
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  collectGarbage()
  const { heapUsed, rss } = process.memoryUsage()
  await drifthook.stop({ drainMs: 0 })
  return { heap: (heapUsed - before) / 2 ** 20, process: rss / 2 ** 20 }
}

async function measured(/** @type {() => Promise<import('./stores.js').Store>} */ make) {
  const store = await make()
  const first = await started(store)
  // Nobody listens there: what is due stays due.
  await first.drifthook.subscriptions.create(principal, { url: 'http://127.0.0.1:9/', events: [type] })
  await publish(first.drifthook, 200, 8)
  const rates = []
  for (const [count, atOnce] of /** @type {const} */ ([
    [500, 1],
    [4_000, 64],
    [8_000, 1_000],
  ])) {
    rates.push(await rate(count, () => publish(first.drifthook, count, atOnce)))
  }
  await publish(first.drifthook, Math.max(0, due - 12_700), 500)
  // The one in memory is the same one again: it has no second start.
  await first.drifthook.stop()
  const again = await started(store)
  await again.drifthook.stop()
  const memory = await memoryWhileDue(store)
  await store.end()
  return [...rates, first.ms, again.ms, memory.heap, memory.process]
}

const format = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })
const print = (/** @type {readonly string[]} */ cells) => console.log(`| ${cells.join(' | ')} |`)
print([
  'storage',
  'published/s, one at a time',
  '64 at once',
  '1,000 at once',
  'first start, ms',
  `start with ${format.format(due)} due, ms`,
  'heap while they are due, MB',
  'process, MB',
])
print(['---', ...Array(7).fill('--:')])
for (const [name, make] of Object.entries(stores)) {
  if (name === 'memory') continue
  print([name, ...(await measured(make)).map((figure) => format.format(figure))])
}
