/** The tree an X12 file is profiled into: builders found by packed names and positions, not by hashes. */
import type { Place } from '../../errors.js'
import type { PathBuilder } from '../builder.js'
import { Token } from '../token.js'

const encoder = new TextEncoder()
const key = new Token()

/** One path with what lies below it. A list is an array with one node for all of its items. */
export class TreeNode {
  /** How often the open occurrence of the parent has it. */
  times = 0
  /** How often it occurred itself, where it is an object. */
  occurrences = 0
  readonly #elements: (TreeNode | undefined)[] = []
  readonly #named = new Map<number, TreeNode>()
  #rest: TreeNode | null = null

  constructor(
    readonly builder: PathBuilder,
    readonly list: PathBuilder | null = null,
  ) {}

  /** The element or component at a position. */
  element(position: number, name: (position: number) => string, place: () => Place): TreeNode {
    if (this.builder.rest !== null) return this.#shared(this.builder.rest)
    const known = this.#elements[position]
    if (known) return known
    const child = this.#make(name(position), false, place)
    if (this.builder.rest === null) this.#elements[position] = child
    return child
  }

  /** The segment, loop or pair of a packed name. */
  named(code: number, list: boolean, name: (code: number) => string, place: () => Place): TreeNode {
    if (this.builder.rest !== null) return this.#shared(this.builder.rest)
    const known = this.#named.get(code)
    if (known) return known
    const child = this.#make(name(code), list, place)
    if (this.builder.rest === null) this.#named.set(code, child)
    return child
  }

  #make(name: string, list: boolean, place: () => Place): TreeNode {
    const { builder } = this
    key.bytes = encoder.encode(name)
    key.start = 0
    key.end = key.bytes.length
    key.measure(builder.context.seed)
    const child = builder.child(key, false, place)
    if (builder.rest !== null) return this.#shared(builder.rest)
    return list ? new TreeNode(child.itemNode(place), child) : new TreeNode(child)
  }

  /** Too many names to tell apart: all of them share one node. */
  #shared(rest: PathBuilder): TreeNode {
    if (this.#rest === null) {
      this.#rest = new TreeNode(rest)
      this.#named.clear()
      this.#elements.length = 0
    }
    return this.#rest
  }
}

/** One occurrence of a set, loop, segment or composite while it is being read. */
export class Occurrence {
  #children = 0
  #lists: TreeNode[] | null = null

  readonly #serial: number

  constructor(
    readonly node: TreeNode,
    readonly at: number,
  ) {
    // Presence is counted once per occurrence of the parent: its own number is enough.
    this.#serial = ++node.occurrences
    node.builder.object(at)
  }

  /**
   * Notes a child.
   * @param counted whether occurring twice is news, as it is for a segment that is no loop
   */
  has(child: TreeNode, at: number, counted: boolean): void {
    const { builder, list } = child
    if (builder === this.node.builder.rest) {
      builder.seen++
      return
    }
    if ((list ?? builder).present(this.#serial, this.#children)) {
      this.#children++
      child.times = 1
      if (list !== null) {
        list.array(at)
        if (this.#lists === null) this.#lists = [child]
        else this.#lists.push(child)
      }
    } else {
      child.times++
      if (counted && list === null) builder.occurred(child.times)
    }
    if (list !== null) builder.seen++
  }

  close(): void {
    if (this.#lists !== null) for (const { list, times } of this.#lists) list!.arrayEnd(times)
    this.node.builder.objectEnd(this.#serial, this.#children, this.at)
  }
}
