/**
 * Builds a profile while a format reads its file: one node per path, fed with tokens. Keys are matched as
 * bytes; `finish` turns the tree into the plain data of `profile.ts`.
 */
import type { Place } from '../errors.js'
import { type ContractNode, nodeOfKey } from './contract.js'
import { ValueCounter } from './counter.js'
import { type DiffLimits, limitExceeded, maxChildren } from './limits.js'
import { asRest, emptyPath, mergePaths, type PathProfile } from './profile.js'
import { sketchSeed } from './sketch.js'
import type { Token } from './token.js'
import { ValueCheck } from './value-check.js'

/** What every node of one profile shares. */
export class BuilderContext {
  readonly seed: number
  paths = 0

  constructor(
    readonly key: Uint8Array,
    readonly limits: DiffLimits,
    /** A place that needs no second look at the file, for paths that are told apart no more. */
    readonly roughPlace: (at: number) => Place = (byte) => ({ byte }),
    /** What the contract, if one is given, expects of the node that has no parent. */
    readonly expected: ContractNode | null = null,
  ) {
    this.seed = sketchSeed(key)
  }

  countPath(place: () => Place): void {
    if (++this.paths > this.limits.paths) throw limitExceeded('paths', this.limits, place())
  }
}

const noKey = new Uint8Array(0)

export class PathBuilder extends ValueCounter {
  seen = 0
  /** The serial number of the last object that had this key: presence is counted once per object. */
  lastParent = 0
  /** The child that followed this one last time: the guess for the next key. */
  next: PathBuilder | null = null
  readonly children: PathBuilder[] = []
  items: PathBuilder | null = null
  /** Set once the children were too many: all of them share this node. */
  rest: PathBuilder | null = null
  #first = Number.POSITIVE_INFINITY
  #last = -1
  /** The children by the hash of their key. */
  #index = new Map<number, PathBuilder[]>()
  /** How often the last object that had this key has it, where a format lets keys repeat. */
  #run = 0
  /** What the children were before they shared a node. */
  #absorbed: PathProfile | null = null
  /** How many children every object so far had. */
  #constant = 0

  constructor(
    readonly context: BuilderContext,
    /** The key as UTF-8; empty for roots and items. */
    readonly key: Uint8Array = noKey,
    /** Whether JSON spells the key with the same bytes, so that it can be compared unread. */
    readonly plain = false,
    readonly expected: ContractNode | null = context.expected,
  ) {
    super()
    this.check = ValueCheck.of(expected)
  }

  /** The end of an object: notes which of the children seen in every object so far it lacks. */
  objectEnd(serial: number, keys: number, at: number): void {
    if (this.check !== null && this.rest === null) {
      const has = (key: string) =>
        this.children.some(
          (child) => child.lastParent === serial && Buffer.from(child.key).toString() === key,
        )
      this.check.object(keys, has, at)
    }
    if (keys >= this.children.length || this.#constant === 0) return
    for (const child of this.children) {
      if (child.lastParent !== serial && child.missing(at)) this.#constant--
    }
  }

  itemNode(place: () => Place): PathBuilder {
    if (this.items === null) {
      this.context.countPath(place)
      this.items = new PathBuilder(this.context, noKey, false, this.expected?.items ?? null)
    }
    return this.items
  }

  /** The child for a key, made if it is new. */
  child(token: Token, plain: boolean, place: () => Place): PathBuilder {
    if (this.rest !== null) return this.rest
    const candidates = this.#index.get(token.hash)
    if (candidates) for (const child of candidates) if (sameBytes(child.key, token)) return child
    if (this.children.length === maxChildren) return this.#collapse()
    this.context.countPath(place)
    const expected = this.expected && nodeOfKey(this.expected, token.text())
    const child = new PathBuilder(this.context, token.copy(), plain, expected)
    if (this.objects > 1) child.missing(this.firstObject)
    else this.#constant++
    if (candidates) candidates.push(child)
    else this.#index.set(token.hash, [child])
    this.children.push(child)
    return child
  }

  /** Notes that an object has this child, at a position among its keys. False when it had it already. */
  present(serial: number, position: number): boolean {
    if (this.lastParent === serial) return false
    this.lastParent = serial
    this.seen++
    if (position < this.#first) this.#first = position
    if (position > this.#last) this.#last = position
    return true
  }

  /**
   * Notes that an object has this child, perhaps not for the first time: for formats in which a name may
   * repeat. How often it stands in one object becomes the `length` of the path.
   */
  occur(serial: number, position: number, at: number): boolean {
    const first = this.present(serial, position)
    if (!first) {
      if (this.#run++ === 1) this.repeated(at)
      return false
    }
    if (this.#run > 0) this.arrayEnd(this.#run)
    this.#run = 1
    return true
  }

  /** Every position kept at this node and below, some of them several times. */
  positions(found: number[] = []): number[] {
    this.addPositions(found)
    for (const node of this.#below()) node.positions(found)
    return found
  }

  /** This node and all below it as plain data. */
  finish(toPlace: (at: number) => Place): PathProfile {
    if (this.#run > 0) this.arrayEnd(this.#run)
    this.#run = 0
    const profile = this.counts(this.context.key, toPlace)
    profile.seen = this.seen
    if (this.#last >= 0) profile.position = { min: this.#first, max: this.#last }
    for (const child of this.children) {
      profile.children.set(Buffer.from(child.key).toString(), child.finish(toPlace))
    }
    if (this.rest) profile.rest = asRest(mergePaths(this.rest.finish(toPlace), this.#absorbed ?? emptyPath()))
    if (this.items) profile.items = this.items.finish(toPlace)
    return profile
  }

  /** From here on the children are told apart no more. */
  #collapse(): PathBuilder {
    const before = this.children.reduce((sum, child) => sum + child.#size(), 0)
    this.#absorbed = this.children.map((child) => child.finish(this.context.roughPlace)).reduce(mergePaths)
    this.context.paths -= before - sizeOf(this.#absorbed)
    this.children.length = 0
    this.#index.clear()
    const described = this.expected?.rest
    const expected = typeof described === 'object' ? described : null
    this.rest = new PathBuilder(this.context, noKey, false, expected)
    return this.rest
  }

  #below(): PathBuilder[] {
    return [...this.children, this.items, this.rest].filter((node) => node !== null)
  }

  #size(): number {
    return this.#below().reduce((sum, node) => sum + node.#size(), 1)
  }
}

function sizeOf(path: PathProfile): number {
  const below = [...path.children.values(), path.items, path.rest]
  return below.reduce((sum, node) => sum + (node ? sizeOf(node) : 0), 1)
}

function sameBytes(key: Uint8Array, token: Token): boolean {
  const { bytes, start } = token
  if (key.length !== token.end - start) return false
  for (let i = 0; i < key.length; i++) if (key[i] !== bytes[start + i]) return false
  return true
}
