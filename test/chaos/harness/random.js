/** Chance that one seed decides, however processes and time run. */
import { createHash } from 'node:crypto'

/**
 * @typedef {object} Random
 * @property {() => number} next from 0 to below 1
 * @property {(n: number) => number} below an integer from 0 to below `n`
 * @property {(probability: number) => boolean} chance
 * @property {<T>(list: readonly [T, ...T[]]) => T} pick
 * @property {<T>(list: readonly T[]) => T[]} shuffled
 */

/**
 * A generator (mulberry32) of its own for each purpose, so that what one draws leaves the others as they are.
 * @param {...(string | number)} seed
 * @returns {Random}
 */
export function random(...seed) {
  let state = createHash('sha256').update(seed.join(' ')).digest().readUInt32LE()
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (/** @type {number} */ n) => Math.floor(next() * n)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (list) => list[below(list.length)] ?? list[0],
    shuffled: (list) =>
      list
        .map((item) => ({ item, at: next() }))
        .sort((a, b) => a.at - b.at)
        .map(({ item }) => item),
  }
}
