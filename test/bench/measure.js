/** How a row of the table is measured. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {string} what
 * @property {string} against
 * @property {'MB/s' | '/s'} unit of what both sides return
 * @property {{ text: string, holds: (ratio: number) => boolean }} reach what the ratio should be
 * @property {'time' | 'rate'} ratio `time`: ours takes so many times as long; `rate`: ours does so many times as much
 * @property {() => Promise<{ ours: () => Promise<number>, theirs: () => Promise<number>, end?: () => Promise<void> }>} prepare
 */

setFlagsFromString('--expose-gc')
const collectGarbage = /** @type {() => void} */ (runInNewContext('gc'))

/**
 * Both sides in turn, so that a slow moment of the machine meets both; the best of each counts, because
 * whatever disturbs a measurement makes it worse.
 * @param {Row} row
 * @param {number} rounds
 */
export async function measure(row, rounds) {
  const { ours, theirs, end } = await row.prepare()
  const best = { ours: 0, theirs: 0 }
  try {
    // The round before the first counts for nothing: it compiles and connects.
    for (let round = 0; round <= rounds; round++) {
      const done = { ours: 0, theirs: 0 }
      collectGarbage()
      done.ours = await ours()
      collectGarbage()
      done.theirs = await theirs()
      if (round === 0) continue
      best.ours = Math.max(best.ours, done.ours)
      best.theirs = Math.max(best.theirs, done.theirs)
    }
  } finally {
    await end?.()
  }
  const ratio = row.ratio === 'time' ? best.theirs / best.ours : best.ours / best.theirs
  return { ...best, ratio }
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
