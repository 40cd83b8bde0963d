/**
 * Which loop a segment lies in, without the map of a partner. HL segments name their parent (HL02) and level
 * (HL03), LS and LE enclose, N1 and its like gather what describes them, and the other loops have a rank:
 * a loop ends those of its own rank and beyond.
 */

import type { LoopRule, SegmentRule } from './x12-rules.js'
import type { Occurrence } from './x12-tree.js'

interface OpenLoop {
  id: string
  occurrence: Occurrence
  rank: number
  absorbs: ReadonlySet<string> | null
  /** HL01, for the levels below. */
  level: string
}

/** The open loops of one transaction set, outermost first. */
export class LoopStack {
  readonly #open: OpenLoop[] = []

  constructor(
    readonly set: string,
    occurrence: Occurrence,
  ) {
    this.#open.push({ id: 'ST', occurrence, rank: 0, absorbs: null, level: '' })
  }

  get depth(): number {
    return this.#open.length
  }

  /** Ends the loops a segment ends. What is then innermost is where it belongs. */
  place(rule: SegmentRule, parentLevel: string): Occurrence {
    const loop = this.opens(rule)
    const top = this.#open[this.#open.length - 1]!
    if (top.absorbs !== null && !top.absorbs.has(rule.id)) this.#pop()
    if (rule.id === 'HL') this.#closeLevels(parentLevel)
    else if (loop !== null) this.#closeRank(loop.rank)
    else if (rule.closes === 0) this.#closeTo(1)
    else if (rule.closes !== null) this.#closeRank(rule.closes)
    return this.#open[this.#open.length - 1]!.occurrence
  }

  /** How a segment opens a loop at this place, if it does. */
  opens({ loop }: SegmentRule): LoopRule | null {
    if (loop === null || loop.except === this.set) return null
    if (loop.only !== undefined && loop.only !== this.set) return null
    return loop.within === undefined || this.#open.some(({ id }) => id === loop.within) ? loop : null
  }

  push(rule: SegmentRule, occurrence: Occurrence, level: string): void {
    const { rank = 0, absorbs = null } = this.opens(rule) ?? {}
    this.#open.push({ id: rule.id, occurrence, rank, absorbs, level })
  }

  /** LE: back to where LS stood. */
  leave(): void {
    const at = this.#open.findLastIndex(({ id }) => id === 'LS')
    if (at > 0) this.#closeTo(at)
  }

  closeAll(): void {
    this.#closeTo(0)
  }

  /** A level hangs below the open one it names; else it is a top level of the set. */
  #closeLevels(parent: string): void {
    const at =
      parent === '' ? -1 : this.#open.findLastIndex(({ id, level }) => id === 'HL' && level === parent)
    this.#closeTo(Math.max(1, at + 1))
  }

  #closeRank(rank: number): void {
    while (this.#open[this.#open.length - 1]!.rank >= rank) this.#pop()
  }

  #closeTo(size: number): void {
    while (this.#open.length > size) this.#pop()
  }

  #pop(): void {
    this.#open.pop()!.occurrence.close()
  }
}
