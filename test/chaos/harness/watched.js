/** The adapters of a process, watched from outside: what passes is written down, and each step is a point to die at. */
import { points } from './points.js'

/**
 * @typedef {import('drifthook').Storage} Storage
 * @typedef {import('drifthook').Queue} Queue
 * @typedef {import('./journal.js').Journal} Journal
 * @typedef {import('./points.js').KillPoints} KillPoints
 * @typedef {import('./points.js').Point} Point
 */

/**
 * An adapter with some of its methods replaced, and all others its own.
 * @template {object} Adapter
 * @param {Adapter} inner
 * @param {Partial<Adapter>} replaced
 * @returns {Adapter}
 */
export const replacing = (inner, replaced) =>
  new Proxy(inner, {
    get(target, name) {
      if (name in replaced) return Reflect.get(replaced, name)
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

/** @param {Parameters<Storage['commit']>[0]} writes */
export const publishes = (writes) => writes.some(({ op, table }) => op === 'insert' && table === 'messages')

/**
 * @param {Storage} inner
 * @param {{ journal: Journal, kill: KillPoints }} watch
 */
export function watchedStorage(inner, { journal, kill }) {
  /** The fence each delivery was last claimed under, here. @type {Map<string, number>} */
  const fences = new Map()

  /** @param {string} table @param {string} point @returns {Point} */
  const pointOf = (table, point) => {
    const name = table === 'jobs' ? `job: ${point}` : point
    if (!(name in points)) throw new Error(`there is no point ${name}`)
    return /** @type {Point} */ (name)
  }

  const storage = replacing(inner, {
    async commit(writes) {
      if (!publishes(writes)) return inner.commit(writes)
      kill.pass('publish: before commit')
      kill.passSoon('publish: during commit')
      await inner.commit(writes)
      kill.pass('publish: after commit')
    },

    async claim(table, request) {
      if (table === 'deliveries') kill.passSoon('during claim')
      const rows = await inner.claim(table, request)
      const { now, leaseUntil } = request
      for (const { id, fence } of rows) {
        journal({ what: 'claim', table, id, fence, now, leaseUntil })
        if (table === 'deliveries') fences.set(id, fence)
      }
      if (rows.length > 0) kill.pass(pointOf(table, 'after claim'))
      return rows
    },

    async settle(table, outcomes) {
      /** @param {readonly string[]} results */
      const note = (results) =>
        outcomes.forEach(({ id, fence, kind }, n) => {
          journal({ what: 'settle', table, id, fence, kind, result: results[n] ?? 'threw' })
        })
      kill.pass(pointOf(table, 'before settle'))
      kill.passSoon(pointOf(table, 'during settle'))
      try {
        const results = await inner.settle(table, outcomes)
        note(results)
        kill.pass(pointOf(table, 'after settle'))
        return results
      } catch (error) {
        note([])
        throw error
      }
    },
  })
  return { storage, fenceOf: (/** @type {string} */ id) => fences.get(id) ?? 0 }
}

/**
 * @typedef {object} WakeUps
 * @property {import('./random.js').Random} random
 * @property {number} dropped which part of them is lost
 * @property {import('./clock.js').FastClock} clock
 * @property {boolean} machineTime whether the engine goes by the machine's clock
 *
 * @param {Queue} inner
 * @param {{ journal: Journal, kill: KillPoints }} watch
 * @param {WakeUps} wakeUps
 */
export function watchedQueue(inner, { journal, kill }, { random, dropped, clock, machineTime }) {
  return replacing(inner, {
    async enqueue(wakeUps) {
      const isRetry = wakeUps.some(({ runAt }) => runAt !== undefined)
      kill.pass(isRetry ? 'retry: before enqueue' : 'publish: before enqueue')
      const kept = wakeUps.filter(() => !random.chance(dropped))
      for (let n = kept.length; n < wakeUps.length; n++) journal({ what: 'dropped' })
      const translated = kept.map(({ id, runAt }) =>
        runAt === undefined ? { id } : { id, runAt: machineTime ? clock.machineTime(runAt) : runAt },
      )
      await inner.enqueue(translated)
      kill.pass(isRetry ? 'retry: after enqueue' : 'publish: before the answer')
    },
  })
}

/**
 * Names each attempt to its receiver, in a header that hooks may set, and follows it.
 * @param {string} process which one, in all its lives
 * @param {{ journal: Journal, kill: KillPoints, fenceOf: (id: string) => number }} watch
 * @returns {import('drifthook').Hooks}
 */
export function watchingHooks(process, { journal, kill, fenceOf }) {
  let attempts = 0
  return {
    attempt({ deliveryId }) {
      const token = `${process}.${attempts++}`
      journal({ what: 'attempt', token, id: deliveryId, fence: fenceOf(deliveryId) })
      kill.pass('before send')
      kill.passSoon('during send')
      return {
        headers: { baggage: `attempt=${token}` },
        end({ succeeded, error }) {
          journal({ what: 'end', token, succeeded, error })
          kill.pass('after the receiver answered')
        },
      }
    },
  }
}
