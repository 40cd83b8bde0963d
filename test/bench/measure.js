/** How a row of the table is measured. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {string} what
 * @property {string} against
 * @property {'MB/s' | '/s' | 'ms'} unit of what both sides return: of durations the least is the best
 * @property {{ text: string, holds: (ratio: number) => boolean }} reach what the ratio should be
 * @property {'time' | 'rate'} ratio `time`: ours takes so many times as long; `rate`: ours does so many times as much
 * @property {() => Promise<{ ours: () => Promise<number>, theirs: () => Promise<number>, end?: () => Promise<void> }>} prepare
 */

setFlagsFromString('--expose-gc')
export const collectGarbage = /** @type {() => void} */ (runInNewContext('gc'))

/**
 * Both sides in turn, so that a slow moment of the machine meets both; the best of each counts, because
 * whatever disturbs a measurement makes it worse.
 * @param {Row} row
 * @param {number} rounds
 */
export async function measure(row, rounds) {
  const { ours, theirs, end } = await row.prepare()
  const better = row.unit === 'ms' ? Math.min : Math.max
  /** @type {{ ours: number, theirs: number } | null} */
  let best = null
  try {
    // The round before the first counts for nothing: it compiles and connects.
    for (let round = 0; round <= rounds; round++) {
      const done = { ours: 0, theirs: 0 }
      collectGarbage()
      done.ours = await ours()
      collectGarbage()
      done.theirs = await theirs()
      if (round === 0) continue
      best =
        best === null
          ? done
          : { ours: better(best.ours, done.ours), theirs: better(best.theirs, done.theirs) }
    }
  } finally {
    await end?.()
  }
  if (best === null) throw new Error('at least one round is measured')
  const oursOverTheirs = best.ours / best.theirs
  return { ...best, ratio: row.ratio === 'time' && row.unit !== 'ms' ? 1 / oursOverTheirs : oursOverTheirs }
}

/**
 * @param {number} amount
 * @param {() => unknown} work
 * @returns {Promise<number>} amount per second
 */
export async function rate(amount, work) {
  const started = performance.now()
  await work()
  return amount / ((performance.now() - started) / 1000)
}
