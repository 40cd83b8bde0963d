/**
 * Builds a profile while a format reads its file: one node per path, fed with tokens. This is the hot path,
 * so nodes are mutable, counters are plain fields, and keys are matched as bytes; `finish` turns the tree
 * into the plain data of `profile.ts`.
 */
import type { Place } from '../errors.js'
import { type DiffLimits, limitExceeded, maxChildren } from './limits.js'
import { emptyPath, type JsonType, jsonTypes, mergePaths, type PathProfile } from './profile.js'
import { SketchBuilder, sketchSeed } from './sketch.js'
import { classify, textFormats } from './text-format.js'
import type { Token } from './token.js'

const [NULL, BOOLEAN, INTEGER, NUMBER, STRING, OBJECT, ARRAY] = [0, 1, 2, 3, 4, 5, 6] as const
/** Where `places` keeps the formats, after the types. */
const FORMATS = jsonTypes.length
const EMPTY = FORMATS + textFormats.length
const MISSING = EMPTY + 1
const placeNames: readonly string[] = [...jsonTypes, ...textFormats, 'empty', 'missing']

/** What every node of one profile shares. */
export class BuilderContext {
  readonly seed: number
  paths = 0

  constructor(
    readonly key: Uint8Array,
    readonly limits: DiffLimits,
  ) {
    this.seed = sketchSeed(key)
  }

  countPath(place: () => Place): void {
    if (++this.paths > this.limits.paths) throw limitExceeded('paths', this.limits, place())
  }
}

export class PathBuilder {
  seen = 0
  /** The serial number of the last object that had this key: presence is counted once per object. */
  lastParent = 0
  /** The child that followed this one last time: the guess for the next key. */
  next: PathBuilder | null = null
  readonly children: PathBuilder[] = []
  items: PathBuilder | null = null
  /** Set once the children were too many: all of them share this node. */
  rest: PathBuilder | null = null

  #types = new Float64Array(jsonTypes.length)
  #formats = new Float64Array(textFormats.length)
  #places = new Float64Array(placeNames.length).fill(-1)
  #empty = 0
  #blank = 0
  #texts = 0
  #mask = 0
  #shortest = Number.POSITIVE_INFINITY
  #longest = 0
  #integral = 0
  #negative = 0
  #exponent = 0
  #unsafe = 0
  #digits = 0
  #scale = 0
  #lowest = Number.POSITIVE_INFINITY
  #highest = Number.NEGATIVE_INFINITY
  #fewest = Number.POSITIVE_INFINITY
  #most = 0
  #first = Number.POSITIVE_INFINITY
  #last = -1
  #sketch: SketchBuilder | null = null
  #index = new Map<number, PathBuilder[]>()
  #absorbed: PathProfile | null = null
  /** Children that every object so far had. */
  #constant = 0

  constructor(
    readonly context: BuilderContext,
    /** The key as UTF-8; empty for roots and items. */
    readonly key: Uint8Array,
    /** Whether the bytes are spelt the same in JSON, so that they can be compared unread. */
    readonly plain: boolean,
  ) {}

  // Values. `at` is a byte or a record, whatever the format's places are made of.

  null(at: number): void {
    this.#count(NULL, at)
  }

  boolean(at: number): void {
    this.#count(BOOLEAN, at)
  }

  emptyText(at: number): void {
    this.#empty++
    if (this.#places[EMPTY]! < 0) this.#places[EMPTY] = at
  }

  /** A JSON string. */
  string(token: Token, at: number): void {
    this.#count(STRING, at)
    if (token.length === 0) this.emptyText(at)
    else if (isBlank(token)) this.#blankText(at)
    else this.#text(token, classify(token), at)
  }

  /** A JSON number: value, digits, scale and exponent of the token are set. */
  number(token: Token, at: number): void {
    this.#count(token.scale > 0 || token.exponent ? NUMBER : INTEGER, at)
    this.#quantity(token)
    this.#sample(token)
  }

  /** A CSV field: text that is typed by how it reads. */
  field(token: Token, at: number): void {
    if (token.length === 0) {
      this.emptyText(at)
    } else if (isBlank(token)) {
      this.#blankText(at)
    } else {
      const format = classify(token)
      this.#text(token, format, at)
      const name = textFormats[format]!
      if (name === 'digits' || name === 'decimal') {
        readNumber(token)
        this.#count(token.scale > 0 || token.exponent ? NUMBER : INTEGER, at)
        this.#quantity(token)
      } else {
        this.#count(name === 'boolean' ? BOOLEAN : STRING, at)
      }
    }
  }

  object(at: number): void {
    this.#count(OBJECT, at)
  }

  array(at: number): void {
    this.#count(ARRAY, at)
  }

  arrayEnd(length: number): void {
    if (length < this.#fewest) this.#fewest = length
    if (length > this.#most) this.#most = length
  }

  /** The end of an object: notes which of the children seen in every object so far it lacks. */
  objectEnd(serial: number, keys: number, at: number): void {
    if (keys >= this.children.length || this.#constant === 0) return
    for (const child of this.children) {
      if (child.lastParent !== serial && child.#places[MISSING]! < 0) {
        child.#places[MISSING] = at
        this.#constant--
      }
    }
  }

  // Paths

  itemNode(place: () => Place): PathBuilder {
    if (this.items === null) {
      this.context.countPath(place)
      this.items = new PathBuilder(this.context, new Uint8Array(0), false)
    }
    return this.items
  }

  /** The child for a key, made if it is new. */
  child(token: Token, plain: boolean, place: () => Place): PathBuilder {
    if (this.rest !== null) return this.rest
    const candidates = this.#index.get(token.hash)
    if (candidates !== undefined)
      for (const child of candidates) if (sameBytes(child.key, token)) return child
    if (this.children.length === maxChildren) return this.#collapse()
    this.context.countPath(place)
    const child = new PathBuilder(this.context, token.bytes.slice(token.start, token.end), plain)
    if (this.#types[OBJECT]! > 1) child.#places[MISSING] = this.#places[OBJECT]!
    else this.#constant++
    if (candidates === undefined) this.#index.set(token.hash, [child])
    else candidates.push(child)
    this.children.push(child)
    return child
  }

  /** Presence of this child in an object, at a position among its keys. Whether it was new there. */
  present(serial: number, position: number): boolean {
    if (this.lastParent === serial) return false
    this.lastParent = serial
    this.seen++
    if (position < this.#first) this.#first = position
    if (position > this.#last) this.#last = position
    return true
  }

  finish(toPlace: (at: number) => Place): PathProfile {
    const profile = emptyPath()
    profile.seen = this.seen
    for (const [i, type] of jsonTypes.entries()) profile.types[type] = this.#types[i]!
    profile.empty = this.#empty
    profile.blank = this.#blank
    profile.text.count = this.#texts
    profile.text.mask = this.#mask
    if (this.#texts > 0) profile.text.length = { min: this.#shortest, max: this.#longest }
    for (const [i, format] of textFormats.entries()) {
      if (this.#formats[i]! > 0) profile.text.formats[format] = this.#formats[i]!
    }
    const numbers = this.#types[INTEGER]! + this.#types[NUMBER]!
    profile.number = {
      count: numbers,
      integral: this.#integral,
      negative: this.#negative,
      exponent: this.#exponent,
      unsafe: this.#unsafe,
      digits: this.#digits,
      scale: this.#scale,
      range: numbers > 0 ? { min: this.#lowest, max: this.#highest } : null,
    }
    if (this.#sketch) profile.sketch = this.#sketch.finish(this.context.key)
    if (this.#types[ARRAY]! > 0) profile.length = { min: this.#fewest, max: this.#most }
    if (this.#last >= 0) profile.position = { min: this.#first, max: this.#last }
    for (const child of this.children)
      profile.children.set(Buffer.from(child.key).toString(), child.finish(toPlace))
    if (this.rest) profile.rest = mergePaths(this.rest.finish(toPlace), this.#absorbed ?? emptyPath())
    if (this.items) profile.items = this.items.finish(toPlace)
    for (const [i, name] of placeNames.entries()) {
      if (this.#places[i]! >= 0) profile.places[name] = toPlace(this.#places[i]!)
    }
    return profile
  }

  /** Every position kept below this node, for a format that turns them into places in one pass. */
  positions(found: Set<number> = new Set()): Set<number> {
    for (const at of this.#places) if (at >= 0) found.add(at)
    for (const child of this.children) child.positions(found)
    this.rest?.positions(found)
    this.items?.positions(found)
    return found
  }

  typeCount(type: JsonType): number {
    return this.#types[jsonTypes.indexOf(type)]!
  }

  /** From here on the children are told apart no more. */
  #collapse(): PathBuilder {
    this.rest = new PathBuilder(this.context, new Uint8Array(0), false)
    this.#absorbed = this.children.map((child) => child.finish((at) => ({ byte: at }))).reduce(mergePaths)
    this.#absorbed.position = null
    this.#absorbed.places = {}
    this.context.paths -= countPaths(this.#absorbed, this.children)
    this.children.length = 0
    this.#index.clear()
    return this.rest
  }

  #count(type: number, at: number): void {
    this.#types[type]!++
    if (this.#places[type]! < 0) this.#places[type] = at
  }

  #blankText(at: number): void {
    this.#blank++
    if (this.#places[EMPTY]! < 0) this.#places[EMPTY] = at
  }

  #text(token: Token, format: number, at: number): void {
    this.#texts++
    this.#formats[format]!++
    if (this.#places[FORMATS + format]! < 0) this.#places[FORMATS + format] = at
    this.#mask |= token.mask
    if (token.length < this.#shortest) this.#shortest = token.length
    if (token.length > this.#longest) this.#longest = token.length
    this.#sample(token)
  }

  #quantity(token: Token): void {
    const { value } = token
    if (token.exponent) this.#exponent++
    if (token.scale === 0 && !token.exponent) this.#integral++
    else if (Number.isInteger(value)) this.#integral++
    if (value < 0) this.#negative++
    if (value > Number.MAX_SAFE_INTEGER || value < -Number.MAX_SAFE_INTEGER) this.#unsafe++
    if (token.digits > this.#digits) this.#digits = token.digits
    if (token.scale > this.#scale) this.#scale = token.scale
    if (value < this.#lowest) this.#lowest = value
    if (value > this.#highest) this.#highest = value
  }

  #sample(token: Token): void {
    if (this.#sketch === null) this.#sketch = new SketchBuilder()
    this.#sketch.add(token)
  }
}

/** How many paths a collapse frees: all that the children had, less what is left of them together. */
function countPaths(absorbed: PathProfile, children: readonly PathBuilder[]): number {
  const below = (profile: PathProfile): number =>
    [...profile.children.values(), profile.items, profile.rest].reduce(
      (sum, child) => sum + (child ? 1 + below(child) : 0),
      0,
    )
  const inside = (node: PathBuilder): number =>
    1 + [...node.children, node.items, node.rest].reduce((sum, child) => sum + (child ? inside(child) : 0), 0)
  return children.reduce((sum, child) => sum + inside(child), 0) - below(absorbed) - 1
}

function isBlank(token: Token): boolean {
  return token.mask === 8
}

function sameBytes(key: Uint8Array, token: Token): boolean {
  const { bytes, start } = token
  if (key.length !== token.end - start) return false
  for (let i = 0; i < key.length; i++) if (key[i] !== bytes[start + i]) return false
  return true
}

/** Reads the numeric facts of a text that is known to be a number. */
function readNumber(token: Token): void {
  const { bytes, end } = token
  let value = 0
  let digits = 0
  let point = -1
  token.exponent = false
  for (let i = token.start; i < end; i++) {
    const digit = bytes[i]! - 48
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      digits++
    } else if (digit === DOT) {
      point = digits
    } else if (digit !== SIGN) {
      token.exponent = true
      break
    }
  }
  token.digits = point < 0 ? digits : point
  token.scale = point < 0 ? 0 : digits - point
  // Up to 15 digits the quotient is exact (IEEE 754); anything else goes the long way.
  if (token.exponent || digits > 15) token.value = Number(token.text())
  else token.value = (bytes[token.start] === 45 ? -value : value) / 10 ** token.scale
}

/** The point and the minus, less the code of `0`. */
const DOT = -2
const SIGN = -3
