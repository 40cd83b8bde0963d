/**
 * What one more costs when there are ten times as many already: publishing beside subscriptions that do not
 * match; listing, publishing, claiming and settling beside deliveries that have ended, or that wait.
 *
 *   node test/bench/growth.js                                    up to 1,000 subscriptions and 100,000 deliveries
 *   node test/bench/growth.js --history=10000                    less history
 *   node test/bench/growth.js --on=postgres --history=1000000    one storage of stores.js only
 */
import { parseArgs } from 'node:util'
import { createDrifthook } from 'drifthook'
import { collectGarbage } from './measure.js'
import { stores } from './stores.js'

/** @typedef {import('drifthook').Storage} Storage */
/** @typedef {import('./stores.js').Store} Store */
/** @typedef {{ what: string, figures: number[] }} Line microseconds a piece, by size */

const { values } = parseArgs({
  options: { history: { type: 'string', default: '100000' }, on: { type: 'string', multiple: true } },
})
const measuredStores = values.on ?? Object.keys(stores)
const subscriptions = [1, 10, 100, 1_000]
const histories = [1_000, 10_000, 100_000, 1_000_000].filter((size) => size <= Number(values.history))
const rounds = 7
/** As many as the runner settles at once. */
const batch = 64
const type = 'order.created'

const principal = /** @type {const} */ ({ tenantId: 'acme', actor: 'bench', permissions: ['*'] })
const url = 'http://127.0.0.1:9/'

/** A storage with one subscription and no runner: what is due, `claim` takes and `settle` ends. */
async function sceneOn(/** @type {Storage} */ storage) {
  const drifthook = createDrifthook({
    authenticate: () => principal,
    storage,
    secretKey: new Uint8Array(32),
    eventTypes: [type, 'order.shipped'],
    delivery: { allowLoopback: true },
  })
  await drifthook.start({ runner: false })
  const { id } = await drifthook.subscriptions.create(principal, { url, events: [type] })
  const publish = () => drifthook.messages.publish(principal, { type, data: { n: 1 } })

  const claim = (limit = batch, skipLanes = /** @type {string[]} */ ([])) => {
    const now = Date.now()
    const request = { limit, perLane: 1_000, skipLanes, now, leaseUntil: now + 60_000 }
    return storage.claim('deliveries', request)
  }
  const settle = async (/** @type {Awaited<ReturnType<typeof claim>>} */ rows) => {
    const set = { status: 'delivered', completedAt: Date.now(), attemptCount: 1 }
    const results = await storage.settle(
      'deliveries',
      rows.map(({ tenantId, id, fence }) => ({ kind: 'end', tenantId, id, fence, set, writes: [] })),
    )
    if (results.some((result) => result !== 'applied')) throw new Error('an outcome was not applied')
  }

  await publish()
  const claimed = await claim()
  const [model] = claimed
  if (model === undefined) throw new Error('a message makes a delivery')
  await settle(claimed)
  let count = 0
  /** Deliveries like that one, but for `facts`. */
  const add = (/** @type {number} */ size, /** @type {Partial<typeof model>} */ facts) =>
    storage.commit(
      Array.from({ length: size }, () => {
        const n = String(++count).padStart(9, '0')
        const names = { id: `del_${n}`, messageId: `msg_${n}`, createdAt: Date.now() }
        return { op: 'insert', table: 'deliveries', row: { ...model, leaseUntil: null, ...names, ...facts } }
      }),
    )
  const page = (/** @type {number} */ limit, /** @type {string | undefined} */ cursor) =>
    drifthook.deliveries.list(principal, id, { limit, ...(cursor && { cursor }) })
  return { drifthook, publish, claim, settle, add, page, due: () => add(batch, { dueAt: Date.now() }) }
}

/** @typedef {Awaited<ReturnType<typeof sceneOn>>} Scene */

/**
 * The least of a few rounds.
 * @param {number} pieces
 * @param {() => Promise<unknown>} work
 * @param {() => Promise<unknown>} [before] not measured
 * @returns microseconds a piece
 */
async function least(pieces, work, before = async () => {}) {
  let best = Number.POSITIVE_INFINITY
  collectGarbage()
  for (let round = 0; round < rounds; round++) {
    await before()
    const begun = performance.now()
    await work()
    best = Math.min(best, performance.now() - begun)
  }
  return (best / pieces) * 1_000
}

async function times(/** @type {number} */ count, /** @type {() => Promise<unknown>} */ work) {
  for (let n = 0; n < count; n++) await work()
}

/** @param {() => Promise<Store>} make @param {number[]} sizes @returns {Promise<Line[]>} */
async function besideSubscriptions(make, sizes) {
  const figures = []
  for (const size of sizes) {
    const store = await make()
    const { drifthook, publish } = await sceneOn(store.open())
    for (let n = 1; n < size; n++)
      await drifthook.subscriptions.create(principal, { url: `${url}${n}`, events: ['order.shipped'] })
    figures.push(await least(200, () => times(200, publish)))
    await drifthook.stop()
    await store.end()
  }
  return [{ what: 'publish', figures }]
}

/**
 * One storage that grows.
 * @param {() => Promise<Store>} make
 * @param {number[]} sizes
 * @param {(scene: Scene, size: number) => Promise<unknown>} grow by so many
 * @param {(scene: Scene, size: number) => Promise<Record<string, number>>} look
 * @returns {Promise<Line[]>}
 */
async function growing(make, sizes, grow, look) {
  const store = await make()
  const scene = await sceneOn(store.open())
  /** @type {Map<string, number[]>} */
  const found = new Map()
  let grown = 0
  for (const size of sizes) {
    for (; grown < size; grown += 1_000) await grow(scene, 1_000)
    for (const [what, figure] of Object.entries(await look(scene, size)))
      found.set(what, [...(found.get(what) ?? []), figure])
  }
  await scene.drifthook.stop()
  await store.end()
  return [...found].map(([what, figures]) => ({ what, figures }))
}

/** @param {() => Promise<Store>} make @param {number[]} sizes */
const besideHistory = (make, sizes) =>
  growing(
    make,
    sizes,
    ({ add }, size) => add(size, { status: 'delivered', dueAt: null }),
    async (scene, size) => {
      /** @type {string | undefined} */
      let middle
      for (let read = 0; read < size / 2; read += 100)
        middle = (await scene.page(100, middle)).nextCursor ?? undefined
      return {
        'list the newest page of 25': await least(50, () => times(50, () => scene.page(25, undefined))),
        'list a page of 25 from the middle': await least(50, () => times(50, () => scene.page(25, middle))),
        ...(await working(scene, [])),
      }
    },
  )

/** Of lanes that are left alone, as those of receivers that are down. @type {typeof besideHistory} */
const besideBacklog = (make, sizes) => {
  const lanes = Array.from({ length: 100 }, (_, n) => `wh_down${n}`)
  return growing(
    make,
    sizes,
    async ({ add }, size) => {
      for (const lane of lanes) await add(size / lanes.length, { lane, subscriptionId: lane, dueAt: 0 })
    },
    (scene) => working(scene, lanes),
  )
}

/** @param {Scene} scene @param {string[]} skipLanes @returns {Promise<Record<string, number>>} */
async function working({ publish, due, claim, settle }, skipLanes) {
  let claimed = await claim(0)
  const take = async () => {
    claimed = await claim(batch, skipLanes)
    if (claimed.length !== batch) throw new Error(`claimed ${claimed.length} of ${batch}`)
  }
  const end = async () => {
    await settle(claimed)
    claimed = []
  }
  const dueAgain = async () => {
    await end()
    await due()
  }
  const claiming = await least(batch, take, dueAgain)
  const settling = await least(batch, end, async () => {
    await dueAgain()
    await take()
  })
  const publishing = await least(
    batch,
    () => times(batch, publish),
    async () => {
      await settle(await claim(batch, skipLanes))
    },
  )
  await settle(await claim(batch, skipLanes))
  return {
    publish: publishing,
    [`claim, ${batch} at once`]: claiming,
    [`settle, ${batch} at once`]: settling,
  }
}

const format = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })
const print = (/** @type {string[]} */ cells) => console.log(`| ${cells.join(' | ')} |`)

for (const { beside, measure, sizes } of [
  { beside: 'subscriptions of which one matches', measure: besideSubscriptions, sizes: subscriptions },
  { beside: 'deliveries that have ended', measure: besideHistory, sizes: histories },
  { beside: 'due deliveries of 100 lanes that are left alone', measure: besideBacklog, sizes: histories },
]) {
  print([
    `µs for each, beside so many ${beside}`,
    'storage',
    ...sizes.map((size) => format.format(size)),
    'most for 10 ×',
  ])
  print(['---', '---', ...sizes.map(() => '--:'), '--:'])
  for (const name of measuredStores) {
    const make = stores[name]
    if (make === undefined) throw new Error(`There is no storage ${name}: ${Object.keys(stores).join(', ')}`)
    // The first run counts for nothing: it compiles.
    await measure(make, sizes.slice(0, 1))
    for (const { what, figures } of await measure(make, sizes)) {
      const steps = figures.slice(1).map((figure, n) => figure / Number(figures[n]))
      print([
        what,
        name,
        ...figures.map((figure) => format.format(figure)),
        `${Math.max(...steps).toFixed(2)} ×`,
      ])
    }
  }
  console.log()
}
