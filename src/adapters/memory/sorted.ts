/**
 * A sorted list in chunks: finding is a binary search, adding and removing moves at most one chunk. It keeps
 * an index of 100,000 records in order without ever sorting it.
 */
const chunkLimit = 128

export class Sorted<Item> {
  readonly #compare: (a: Item, b: Item) => number
  /** Never empty ones, except for a single one when the list is empty. */
  #chunks: Item[][] = [[]]
  #size = 0

  /** @param compare a total order: no two items of the list are equal by it */
  constructor(compare: (a: Item, b: Item) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#size
  }

  get first(): Item | undefined {
    return this.#chunks[0]?.[0]
  }

  add(item: Item): void {
    const [at, within] = this.#placeOf(item)
    const chunk = this.#chunks[at]!
    if (within === chunk.length) chunk.push(item)
    else chunk.splice(within, 0, item)
    this.#size++
    if (chunk.length > chunkLimit) this.#chunks.splice(at + 1, 0, chunk.splice(chunkLimit >> 1))
  }

  /** Removes the item equal to this one. */
  remove(item: Item): void {
    const [at, within] = this.#placeOf(item)
    const chunk = this.#chunks[at]!
    if (within >= chunk.length || this.#compare(chunk[within]!, item) !== 0) return
    chunk.splice(within, 1)
    this.#size--
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(at, 1)
  }

  /** The first item for which `reached` is true; it must stay true from there on. */
  firstFrom(reached: (item: Item) => boolean): Item | undefined {
    // What is looked for is mostly newer than all that is there.
    const last = this.#chunks.at(-1)?.at(-1)
    if (last === undefined || !reached(last)) return undefined
    const [at, within] = this.#position(reached)
    return this.#chunks[at]?.[within]
  }

  /**
   * Upwards from the first item for which `reached` is true; it must stay true from there on. The list must
   * not change meanwhile.
   */
  *upFrom(reached: (item: Item) => boolean): Generator<Item> {
    let [at, within] = this.#position(reached)
    for (; at < this.#chunks.length; at++, within = 0) {
      const chunk = this.#chunks[at]!
      for (; within < chunk.length; within++) yield chunk[within]!
    }
  }

  /** Downwards from the last item for which `passed` is false; it must stay true upwards from there. */
  *downFrom(passed: (item: Item) => boolean): Generator<Item> {
    let [at, within] = this.#position(passed)
    while (true) {
      const chunk = this.#chunks[at]!
      while (--within >= 0) yield chunk[within]!
      if (--at < 0) return
      within = this.#chunks[at]!.length
    }
  }

  /** Where an item is, or belongs. */
  #placeOf(item: Item): [chunk: number, within: number] {
    const compare = this.#compare
    let at = this.#chunks.length - 1
    // What comes is mostly newer than what is there, and so belongs in the last chunk.
    if (at > 0 && compare(this.#chunks[at]![0]!, item) > 0) {
      at = firstTrue(at, (i) => compare(this.#chunks[i]!.at(-1)!, item) >= 0)
    }
    const chunk = this.#chunks[at]!
    return [at, firstTrue(chunk.length, (i) => compare(chunk[i]!, item) >= 0)]
  }

  /** Where the first item is for which `reached` is true, or the end of the last chunk. */
  #position(reached: (item: Item) => boolean): [chunk: number, within: number] {
    const last = this.#chunks.length - 1
    const at = Math.min(
      firstTrue(last + 1, (i) => {
        const chunk = this.#chunks[i]!
        return chunk.length > 0 && reached(chunk.at(-1)!)
      }),
      last,
    )
    const chunk = this.#chunks[at]!
    return [at, firstTrue(chunk.length, (i) => reached(chunk[i]!))]
  }
}

function firstTrue(length: number, test: (at: number) => boolean): number {
  let from = 0
  let to = length
  while (from < to) {
    const middle = (from + to) >> 1
    if (test(middle)) to = middle
    else from = middle + 1
  }
  return from
}
