/** Moves of one list, one after the other. */

/** Of an item among those that stay in the list: its index before all moves and after them. */
export interface Move {
  from: number
  to: number
}

/**
 * The same moves as steps: where the item is when its turn comes, and the index it then gets. An item is
 * settled when it has been moved or does not move. Going by the final place, each item goes right behind
 * the one that will be before it, which is settled; so only the items still to be moved have to be counted.
 * O(m log m) for m moves, whatever the length of the list.
 */
export function sequenceOf(moves: readonly Move[]): Move[] {
  const byTarget = [...moves].sort((x, y) => x.to - y.to)
  const origins = moves.map(({ from }) => from).sort((x, y) => x - y)
  const waiting = new Waiting(origins)
  /** Of each item moved so far: the origin of the unmoved item it now stands behind, or -1. Ascending. */
  const anchors: number[] = []
  return byTarget.map(({ from, to }, settled) => {
    const anchor = unmovedBefore(origins, to - settled)
    const unmoved = from - countBelow(origins, from)
    waiting.remove(from)
    const step = {
      from: unmoved + waiting.below(from) + countBelow(anchors, from),
      to: to + waiting.below(anchor),
    }
    anchors.push(anchor)
    return step
  })
}

/** The origin of the last of the first `count` unmoved items; -1 for none. */
function unmovedBefore(origins: readonly number[], count: number): number {
  if (count === 0) return -1
  // The moved items before it are those with fewer than `count` unmoved ones before them.
  let low = 0
  for (let high = origins.length; low < high; ) {
    const middle = (low + high) >> 1
    if (origins[middle]! - middle < count) low = middle + 1
    else high = middle
  }
  return count - 1 + low
}

/** Counts the items still to be moved, by origin: a Fenwick tree (1994). */
class Waiting {
  readonly #tree: Int32Array

  constructor(readonly origins: readonly number[]) {
    this.#tree = new Int32Array(origins.length + 1)
    for (let i = 1; i < this.#tree.length; i++) this.#tree[i] = i & -i
  }

  remove(origin: number): void {
    const { length } = this.#tree
    for (let i = countBelow(this.origins, origin) + 1; i < length; i += i & -i) this.#tree[i]!--
  }

  below(origin: number): number {
    let count = 0
    for (let i = countBelow(this.origins, origin); i > 0; i -= i & -i) count += this.#tree[i]!
    return count
  }
}

/** How many of the ascending numbers are below one. */
export function countBelow(ascending: readonly number[], limit: number): number {
  let low = 0
  for (let high = ascending.length; low < high; ) {
    const middle = (low + high) >> 1
    if (ascending[middle]! < limit) low = middle + 1
    else high = middle
  }
  return low
}
