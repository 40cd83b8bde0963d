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

/** Collects a sketch value by value. */
export class SketchBuilder {
  #orders: number[] = []
  #counts: number[] = []
  #bytes: Uint8Array[] = []
  #lengths: number[] = []
  #places: number[] = []
  /** Open addressing by hash: entry + 1, or 0. */
  #slots = new Uint8Array(256)
  #partial = false
  /** Ranks from here on cannot enter any more. */
  #limit = 0x1_0000_0000

  add(token: Token, at: number): void {
    const { hash } = token
    if (hash > this.#limit) {
      this.#partial = true
      return
    }
    let slot = hash & 255
    for (;;) {
      const entry = this.#slots[slot]!
      if (entry === 0) break
      if (this.#orders[entry - 1] === hash) {
        this.#counts[entry - 1]!++
        return
      }
      slot = (slot + 1) & 255
    }
    this.#insert(token, slot, at)
  }

  #insert(token: Token, slot: number, at: number): void {
    let entry = this.#orders.length
    if (entry === sketchSize) {
      this.#partial = true
      entry = this.#orders.indexOf(this.#limit)
    }
    const size = token.end - token.start
    this.#orders[entry] = token.hash
    this.#counts[entry] = 1
    this.#bytes[entry] = token.bytes.slice(token.start, token.start + Math.min(size, keptBytes))
    this.#lengths[entry] = size
    this.#places[entry] = at
    if (this.#partial) this.#rebuild()
    else this.#slots[slot] = entry + 1
    if (this.#orders.length === sketchSize) this.#limit = Math.max(...this.#orders)
  }

  #rebuild(): void {
    this.#slots.fill(0)
    for (const [entry, order] of this.#orders.entries()) {
      let slot = order & 255
      while (this.#slots[slot] !== 0) slot = (slot + 1) & 255
      this.#slots[slot] = entry + 1
    }
  }

  /** Where the values stand that may be asked for. */
  positions(): readonly number[] {
    return this.#orders.length <= literalCount ? this.#places : []
  }

  finish(key: Uint8Array, toPlace: (at: number) => Place): Sketch {
    const few = this.#orders.length <= literalCount && this.#lengths.every((size) => size <= literalBytes)
    const entries = this.#orders.map((order, i): SketchEntry => {
      const entry = lazyEntry(key, this.#bytes[i]!, this.#lengths[i]!, order, this.#counts[i]!)
      if (!few) return entry
      entry.literal = Buffer.from(this.#bytes[i]!).toString()
      entry.place = toPlace(this.#places[i]!)
      return entry
    })
    entries.sort((x, y) => x.order - y.order)
    return { entries, partial: this.#partial }
  }
}

/**
 * An entry that hashes its value only when asked: most files honour their contract, and then nobody does.
 * Copying it, by `structuredClone` too, asks.
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

/** Where in the hash space a key's order starts. */
export function sketchSeed(key: Uint8Array): number {
  return createHmac('sha256', key).update('drifthook sketch order').digest().readInt32LE(0)
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
