/**
 * What one more costs when there are ten times as many already: publishing beside subscriptions that do not
 * match, and listing, publishing, claiming and settling beside deliveries that have ended.
 *
 *   node test/bench/growth.js                    up to 1,000 subscriptions and 100,000 deliveries
 *   node test/bench/growth.js --history=10000    less history
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createDrifthook, memoryStorage } from 'drifthook'
import { sqliteStorage } from 'drifthook/sqlite'
import { collectGarbage } from './measure.js'

/** @typedef {import('drifthook').Storage} Storage */
/** @typedef {{ what: string, figures: number[] }} Line microseconds a piece, by size */

const { values } = parseArgs({ options: { history: { type: 'string', default: '100000' } } })
const subscriptions = [1, 10, 100, 1_000]
const histories = [1_000, 10_000, 100_000].filter((size) => size <= Number(values.history))
const rounds = 7
/** As many as the runner settles at once. */
const batch = 64
const type = 'order.created'

const principal = /** @type {const} */ ({ tenantId: 'acme', actor: 'bench', permissions: ['*'] })
const url = 'http://127.0.0.1:9/'

/** Without a runner: nothing is delivered. */
async function started(/** @type {Storage} */ storage) {
  const drifthook = createDrifthook({
    authenticate: () => principal,
    storage,
    secretKey: new Uint8Array(32),
    eventTypes: [type, 'order.shipped'],
    delivery: { allowLoopback: true },
  })
  await drifthook.start({ runner: false })
  const { id } = await drifthook.subscriptions.create(principal, { url, events: [type] })
  return { drifthook, id, publish: () => drifthook.messages.publish(principal, { type, data: { n: 1 } }) }
}

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

/** @param {() => Storage} open @param {number[]} sizes @returns {Promise<Line[]>} */
async function besideSubscriptions(open, sizes) {
  const figures = []
  for (const size of sizes) {
    const { drifthook, publish } = await started(open())
    for (let n = 1; n < size; n++)
      await drifthook.subscriptions.create(principal, { url: `${url}${n}`, events: ['order.shipped'] })
    figures.push(await least(200, () => times(200, publish)))
    await drifthook.stop()
  }
  return [{ what: 'publish to one of so many subscriptions', figures }]
}

/** @param {() => Storage} open @param {number[]} sizes @returns {Promise<Line[]>} */
async function besideHistory(open, sizes) {
  const storage = open()
  const { drifthook, id, publish } = await started(storage)
  await publish()
  const work = worker(storage)
  const [model] = await work.claim(1)
  if (model === undefined) throw new Error('a message makes a delivery')
  await work.settle([model])

  let count = 0
  /** Deliveries like the one there is. */
  const add = (/** @type {number} */ size, /** @type {Partial<typeof model>} */ facts) =>
    storage.commit(
      Array.from({ length: size }, () => {
        const n = String(++count).padStart(9, '0')
        const row = { ...model, id: `del_${n}`, messageId: `msg_${n}`, createdAt: Date.now(), ...facts }
        return { op: 'insert', table: 'deliveries', row }
      }),
    )
  const ended = { status: 'delivered', leaseUntil: null, dueAt: null, claims: 0 }
  const due = () => add(batch, { status: 'pending', leaseUntil: null, dueAt: Date.now(), claims: 0 })
  const list = (/** @type {string | undefined} */ cursor) =>
    drifthook.deliveries.list(principal, id, { limit: 25, ...(cursor && { cursor }) })

  /** @type {Map<string, number[]>} */
  const found = new Map()
  const note = (/** @type {string} */ what, /** @type {number} */ figure) =>
    void found.set(what, [...(found.get(what) ?? []), figure])

  for (const size of sizes) {
    while (count < size) await add(Math.min(1_000, size - count), ended)
    /** @type {string | undefined} */
    let middle
    for (let read = 0; read < size / 2; read += 100) {
      const page = await drifthook.deliveries.list(principal, id, {
        limit: 100,
        ...(middle && { cursor: middle }),
      })
      middle = page.nextCursor ?? undefined
    }
    note('list the newest page of 25', await least(50, () => times(50, () => list(undefined))))
    note('list a page of 25 from the middle', await least(50, () => times(50, () => list(middle))))

    let claimed = await work.claim(0)
    const claim = async () => {
      claimed = await work.claim(batch)
    }
    const settle = () => work.settle(claimed)
    note(
      `claim, ${batch} at once`,
      await least(batch, claim, async () => {
        await settle()
        await due()
      }),
    )
    await settle()
    note(
      `settle, ${batch} at once`,
      await least(batch, settle, async () => {
        await due()
        await claim()
      }),
    )
    note(
      'publish',
      await least(
        batch,
        () => times(batch, publish),
        async () => {
          await claim()
          await settle()
        },
      ),
    )
    while ((await work.settle(await work.claim(batch))) > 0);
  }
  await drifthook.stop()
  return [...found].map(([what, figures]) => ({ what, figures }))
}

/** What the runner asks of a storage. */
function worker(/** @type {Storage} */ storage) {
  return {
    claim: (/** @type {number} */ limit) => {
      const now = Date.now()
      const request = { limit, perLane: 1_000, skipLanes: [], now, leaseUntil: now + 60_000 }
      return storage.claim('deliveries', request)
    },
    /** @param {Awaited<ReturnType<typeof storage.claim<'deliveries'>>>} rows */
    settle: async (rows) => {
      const set = { status: 'delivered', completedAt: Date.now(), attemptCount: 1 }
      const results = await storage.settle(
        'deliveries',
        rows.map(({ tenantId, id, fence }) => ({ kind: 'end', tenantId, id, fence, set, writes: [] })),
      )
      if (results.some((result) => result !== 'applied')) throw new Error('an outcome was not applied')
      return results.length
    },
  }
}

const folder = await mkdtemp(join(tmpdir(), 'drifthook-growth-'))
let files = 0
/** @type {Record<string, () => Storage>} */
const storages = {
  memory: () => memoryStorage(),
  sqlite: () => sqliteStorage({ filename: join(folder, `${++files}.db`) }),
}
const format = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })
const print = (/** @type {string[]} */ cells) => console.log(`| ${cells.join(' | ')} |`)

try {
  for (const { measure, sizes } of [
    { measure: besideSubscriptions, sizes: subscriptions },
    { measure: besideHistory, sizes: histories },
  ]) {
    print(['µs for each', 'storage', ...sizes.map((size) => format.format(size)), 'most for 10 ×'])
    print(['---', '---', ...sizes.map(() => '--:'), '--:'])
    for (const [name, open] of Object.entries(storages)) {
      // The first run counts for nothing: it compiles.
      await measure(open, sizes.slice(0, 1))
      for (const { what, figures } of await measure(open, sizes)) {
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
} finally {
  await rm(folder, { recursive: true, force: true })
}
