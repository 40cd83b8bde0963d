/**
 * A sketch of the values at one path: the `size` distinct values that come first in the order of a keyed
 * hash, each with its count (bottom-k; Cohen & Kaplan 2007). While fewer distinct values were seen it is
 * all of them, exactly. A value that stays was never evicted, so its count is exact too, and two sketches
 * merge without loss.
 */
import { createHmac } from 'node:crypto'
import type { Place } from '../errors.js'
import { earlier } from './place.js'
import type { Token } from './token.js'

export const sketchSize = 64
/** Longer values are told apart by these first bytes and their length. */
const keptBytes = 256
/** Values worth keeping readable while a file is compared: possible members of an enumeration. */
const literalBytes = 64
const literalCount = 32
/** Up to so many are found by looking through them, and most files at hand have no more. */
const lookedThrough = 8

/** One distinct value of a sketch. */
export interface SketchEntry {
  /** Its rank in the keyed order. Never leaves a profile. */
  order: number
  /** HMAC of the value, truncated: equal values of one contract have equal ones. */
  mac: string
  count: number
  /** `AA-999`: what the value looks like. */
  shape: string
  /** The value itself, only while all distinct values are few and short, and only inside a profile. */
  literal?: string
  /** Where it stood first; kept as long as the literal. */
  place?: Place
}

export interface Sketch {
  entries: SketchEntry[]
  /** Whether more distinct values were seen than the entries show. */
  partial: boolean
}

export const emptySketch: Readonly<Sketch> = Object.freeze({ entries: [], partial: false })

/** Joins two sketches. Commutative and associative. */
export function mergeSketches(a: Sketch, b: Sketch): Sketch {
  const byOrder = new Map<number, SketchEntry>()
  for (const entry of [...a.entries, ...b.entries]) {
    const known = byOrder.get(entry.order)
    byOrder.set(entry.order, known ? joinEntries(known, entry) : { ...entry })
  }
  const entries = [...byOrder.values()].sort((x, y) => x.order - y.order)
  const kept = entries.slice(0, sketchSize)
  return {
    entries: withLiterals(kept, kept.length),
    partial: a.partial || b.partial || entries.length > sketchSize,
  }
}

function joinEntries(a: SketchEntry, b: SketchEntry): SketchEntry {
  const joined = { ...a, count: a.count + b.count }
  if (a.place && b.place) joined.place = earlier(a.place, b.place)
  return joined
}

/** Literals stay only while every distinct value has one and they are few. */
function withLiterals(entries: SketchEntry[], distinct: number): SketchEntry[] {
  if (distinct <= literalCount && entries.every((entry) => entry.literal !== undefined)) return entries
  return entries.map(({ literal: _, place: __, ...rest }) => rest)
}

/** A distinct value while it is counted. */
interface Counted {
  order: number
  count: number
  /** Its first bytes. */
  bytes: Uint8Array
  /** How many bytes it has. */
  size: number
  /** Where it stood first. */
  at: number
}

function counted(token: Token, at: number): Counted {
  return { order: token.hash, count: 1, bytes: token.copy(keptBytes), size: token.end - token.start, at }
}

/** Collects a sketch value by value. */
export class SketchBuilder {
  readonly #values: Counted[]
  /** Open addressing by hash: index + 1, or 0. Null while the values are so few that they are looked through. */
  #slots: Uint8Array | null = null
  #partial = false
  /** Ranks from here on cannot enter any more. */
  #limit = 0x1_0000_0000

  /** @param at where the first value stands */
  constructor(token: Token, at: number) {
    this.#values = [counted(token, at)]
  }

  add(token: Token, at: number): void {
    if (token.hash > this.#limit) {
      this.#partial = true
      return
    }
    const known = this.#find(token.hash)
    if (known) known.count++
    else this.#insert(counted(token, at))
  }

  #find(order: number): Counted | undefined {
    const values = this.#values
    if (this.#slots === null) {
      for (let i = 0; i < values.length; i++) if (values[i]!.order === order) return values[i]
      return undefined
    }
    for (let slot = order & 255; ; slot = (slot + 1) & 255) {
      const i = this.#slots[slot]! - 1
      if (i < 0 || values[i]!.order === order) return values[i]
    }
  }

  #insert(value: Counted): void {
    const values = this.#values
    if (values.length < sketchSize) {
      values.push(value)
      if (this.#slots !== null) this.#enter(values.length - 1, this.#slots)
      else if (values.length > lookedThrough) this.#rebuild()
    } else {
      this.#partial = true
      values[values.findIndex(({ order }) => order === this.#limit)] = value
      this.#rebuild()
    }
    if (values.length === sketchSize)
      this.#limit = values.reduce((most, { order }) => Math.max(most, order), 0)
  }

  #rebuild(): void {
    const slots = this.#slots?.fill(0) ?? new Uint8Array(256)
    for (let i = 0; i < this.#values.length; i++) this.#enter(i, slots)
    this.#slots = slots
  }

  #enter(i: number, slots: Uint8Array): void {
    let slot = this.#values[i]!.order & 255
    while (slots[slot] !== 0) slot = (slot + 1) & 255
    slots[slot] = i + 1
  }

  /** Adds where the values stand that may be asked for. */
  addPositions(found: number[]): void {
    if (this.#values.length <= literalCount) for (const { at } of this.#values) found.push(at)
  }

  /** The entries are made when they are asked for: most files honour their contract, and then mostly nobody does. */
  finish(key: Uint8Array, toPlace: (at: number) => Place): Sketch {
    let entries: SketchEntry[] | undefined
    const make = () => this.#entries(key, toPlace)
    return {
      get entries() {
        entries ??= make()
        return entries
      },
      partial: this.#partial,
    }
  }

  #entries(key: Uint8Array, toPlace: (at: number) => Place): SketchEntry[] {
    const few = this.#values.length <= literalCount && this.#values.every(({ size }) => size <= literalBytes)
    const entries = this.#values.map(({ order, count, bytes, size, at }): SketchEntry => {
      const entry = lazyEntry(key, bytes, size, order, count)
      if (!few) return entry
      entry.literal = Buffer.from(bytes).toString()
      entry.place = toPlace(at)
      return entry
    })
    return entries.sort((x, y) => x.order - y.order)
  }
}

/**
 * An entry that hashes its value only when asked: an enumeration is told by the literals. Copying it, by
 * `structuredClone` too, asks.
 */
function lazyEntry(
  key: Uint8Array,
  bytes: Uint8Array,
  size: number,
  order: number,
  count: number,
): SketchEntry {
  let mac: string | undefined
  let shape: string | undefined
  return {
    order,
    get mac() {
      mac ??= createHmac('sha256', key).update(bytes).update(`:${size}`).digest('hex').slice(0, 12)
      return mac
    },
    count,
    get shape() {
      shape ??= shapeOf(Buffer.from(bytes).toString())
      return shape
    },
  }
}

const mostSeeds = 1_000
const seeds = new Map<string, number>()

/** Where in the hash space a key's order starts. Kept for the keys in use: to hash costs as much as to scan a small file. */
export function sketchSeed(key: Uint8Array): number {
  const name = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
  let seed = seeds.get(name)
  if (seed === undefined) {
    seed = createHmac('sha256', key).update('drifthook sketch order').digest().readInt32LE(0)
    if (seeds.size >= mostSeeds) seeds.clear()
    seeds.set(name, seed)
  }
  return seed
}

/** What a value looks like: `9` a digit, `A` and `a` letters, punctuation as it is, the rest cut at 16. */
export function shapeOf(text: string): string {
  const shape = text
    .slice(0, 17)
    .replace(/\d/g, '9')
    .replace(/\p{Lu}/gu, 'A')
    .replace(/\p{L}/gu, (letter) => (letter === 'A' ? 'A' : 'a'))
    .replace(/[^\x20-\x7e]/g, '?')
  return shape.length > 16 ? `${shape.slice(0, 16)}…` : shape
}
