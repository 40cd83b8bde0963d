/**
 * Which item of one list is which item of another, told by a token for each item. O(n log n) at worst; short
 * lists get the best alignment there is, which costs more than that but is bounded.
 */
import type { Budget } from './budget.js'
import { matchShort } from './lcs.js'

export type Token = string | number | boolean | null

/** A pair of items, one of either list. */
export interface Pair {
  a: number
  b: number
  /** It stands elsewhere among the items that stayed. */
  moved: boolean
}

export interface Alignment {
  /** By their place in the second list. */
  pairs: Pair[]
  removed: number[]
  added: number[]
}

/** Longer lists than this, or of a larger product than its square, are matched by their tokens alone. */
const short = 500

/** Items of one key are partners; the second of a key on one side is that of the second on the other. */
export function alignByKey(a: readonly Token[], b: readonly Token[], budget: Budget): Alignment {
  return settle(matchTokens(a, b, budget), b.length, false)
}

/** Equal items are partners; what is left between two pairs is paired by position. */
export function alignByContent(a: readonly number[], b: readonly number[], budget: Budget): Alignment {
  const cells = a.length * b.length
  const best = cells <= short * short && budget.takeCells(cells)
  return settle(best ? matchShort(a, b) : matchTokens(a, b, budget), b.length, true)
}

/** For each of `a` the index of its partner in `b`, or -1. */
function matchTokens(a: readonly Token[], b: readonly Token[], budget: Budget): Int32Array {
  budget.spend(a.length + b.length)
  const first = new Map<Token, number>()
  const next = new Int32Array(b.length).fill(-1)
  for (let j = b.length - 1; j >= 0; j--) {
    next[j] = first.get(b[j]!) ?? -1
    first.set(b[j]!, j)
  }
  return Int32Array.from(a, (token) => {
    const j = first.get(token) ?? -1
    if (j >= 0) first.set(token, next[j]!)
    return j
  })
}

function settle(match: Int32Array, size: number, pairLeftovers: boolean): Alignment {
  const stayed = longestIncreasing(match)
  const partner = new Int32Array(size).fill(-1)
  match.forEach((j, i) => {
    if (j >= 0) partner[j] = i
  })
  if (pairLeftovers) fillGaps(match, partner, stayed)
  const pairs: Pair[] = []
  const added: number[] = []
  partner.forEach((i, j) => {
    if (i >= 0) pairs.push({ a: i, b: j, moved: stayed[i] === 0 })
    else added.push(j)
  })
  const removed: number[] = []
  match.forEach((j, i) => {
    if (j < 0) removed.push(i)
  })
  return { pairs, removed, added }
}

/** Pairs what has no partner between two pairs that stayed, first with first, second with second. */
function fillGaps(match: Int32Array, partner: Int32Array, stayed: Uint8Array): void {
  let [i, j] = [0, 0]
  while (i < match.length && j < partner.length) {
    if (stayed[i] === 1) {
      // The end of a gap: the other side must get there too.
      j = match[i]! + 1
      i++
    } else if (match[i]! >= 0) {
      i++
    } else if (partner[j] === -1) {
      match[i] = j
      partner[j] = i
      stayed[i] = 1
      i++
      j++
    } else if (stayed[partner[j]!] === 1) {
      // No more on this side of the gap.
      i++
    } else {
      j++
    }
  }
}

/**
 * Marks a longest strictly increasing subsequence of the numbers that are not negative: the items that need
 * not move. Patience sorting, O(n log n) (Fredman 1975); O(n) where all are in order, the usual case.
 */
export function longestIncreasing(numbers: Int32Array): Uint8Array {
  const marked = new Uint8Array(numbers.length)
  const before = new Int32Array(numbers.length)
  /** At k: the index of the least number that ends an increasing subsequence of k + 1. */
  const ends: number[] = []
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!
    if (number < 0) continue
    let low = ends.length
    if (low > 0 && numbers[ends[low - 1]!]! >= number) {
      low = 0
      for (let high = ends.length - 1; low < high; ) {
        const middle = (low + high) >> 1
        if (numbers[ends[middle]!]! < number) low = middle + 1
        else high = middle
      }
    }
    before[i] = low > 0 ? ends[low - 1]! : -1
    ends[low] = i
  }
  for (let i = ends.at(-1) ?? -1; i >= 0; i = before[i]!) marked[i] = 1
  return marked
}
