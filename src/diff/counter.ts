/**
 * Counts the values of one path while a format reads its file. This is the hot path: mutable, plain counters,
 * no objects made per value. `at` is a byte or a record, whatever the format's places are made of.
 */
import type { Place } from '../errors.js'
import { emptyPath, jsonTypes, type PathProfile } from './profile.js'
import { SketchBuilder } from './sketch.js'
import { classify, textFormats } from './text-format.js'
import { chars, type Token } from './token.js'
import type { ValueCheck } from './value-check.js'

const [NULL, BOOLEAN, INTEGER, NUMBER, STRING, OBJECT, ARRAY] = [0, 1, 2, 3, 4, 5, 6] as const
/** Where the places of the formats are kept, after those of the types. */
const FORMATS = jsonTypes.length
const EMPTY = FORMATS + textFormats.length
const MISSING = EMPTY + 1
const REPEATED = MISSING + 1
const placeNames: readonly string[] = [...jsonTypes, ...textFormats, 'empty', 'missing', 'repeated']

/** To copy: for so few numbers a typed array costs more to make than a small file to read. */
const noTypes: readonly number[] = jsonTypes.map(() => 0)
const noFormats: readonly number[] = textFormats.map(() => 0)
const noPlaces: readonly number[] = placeNames.map(() => -1)

export class ValueCounter {
  #types = noTypes.slice()
  #formats = noFormats.slice()
  #places = noPlaces.slice()
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
  #times = 0
  #sketch: SketchBuilder | null = null
  /** What a contract asks of each value; null: nothing. */
  protected check: ValueCheck | null = null

  null(at: number): void {
    this.#count(NULL, at)
    this.check?.null(at)
  }

  boolean(at: number, value?: boolean): void {
    this.#count(BOOLEAN, at)
    this.check?.boolean(value, at)
  }

  /** A JSON string. */
  string(token: Token, at: number): void {
    this.#count(STRING, at)
    this.check?.string(token, at)
    if (token.length === 0) this.#emptyText(at)
    else if (token.mask === chars.space) this.#blankText(at)
    else this.#text(token, classify(token), at)
  }

  /** A JSON number: value, digits, scale and exponent of the token are set. */
  number(token: Token, at: number): void {
    this.#quantity(token, at)
    this.#sample(token, at)
    this.check?.number(token, at)
  }

  /** A CSV field: text that is typed by how it reads. */
  field(token: Token, at: number): void {
    if (token.length === 0) {
      this.emptyText(at)
      return
    }
    this.check?.field(token, at)
    if (token.mask === chars.space) {
      this.#blankText(at)
    } else {
      const format = classify(token)
      this.#text(token, format, at)
      const name = textFormats[format]!
      if (name === 'digits' || name === 'decimal') {
        token.readNumber()
        this.#quantity(token, at)
      } else {
        this.#count(name === 'boolean' ? BOOLEAN : STRING, at)
      }
    }
  }

  /** A field without content. */
  emptyText(at: number): void {
    this.#emptyText(at)
    this.check?.emptyField(at)
  }

  #emptyText(at: number): void {
    this.#empty++
    this.#place(EMPTY, at)
  }

  object(at: number): void {
    this.#count(OBJECT, at)
  }

  array(at: number): void {
    this.#count(ARRAY, at)
  }

  /** The length of an array, or how often one parent has an element that may repeat. */
  arrayEnd(length: number): void {
    if (length < this.#fewest) this.#fewest = length
    if (length > this.#most) this.#most = length
  }

  /** A parent lacks this path. Whether that is news. */
  missing(at: number): boolean {
    if (this.#places[MISSING]! >= 0) return false
    this.#places[MISSING] = at
    return true
  }

  /** One parent has the path so many times, though it is no list. */
  occurred(times: number): void {
    if (times > this.#times) this.#times = times
  }

  /** The path stands once more in a parent that has it already. */
  repeated(at: number): void {
    this.#place(REPEATED, at)
  }

  protected get objects(): number {
    return this.#types[OBJECT]!
  }

  protected get firstObject(): number {
    return this.#places[OBJECT]!
  }

  /** Adds every position kept here, for a format that turns them into places in one pass. */
  protected addPositions(found: number[]): void {
    for (const at of this.#places) if (at >= 0) found.push(at)
    this.#sketch?.addPositions(found)
    if (this.check !== null) found.push(...this.check.positions())
  }

  /** The counts as plain data. */
  protected counts(key: Uint8Array, toPlace: (at: number) => Place): PathProfile {
    const profile = emptyPath()
    for (let i = 0; i < jsonTypes.length; i++) profile.types[jsonTypes[i]!] = this.#types[i]!
    profile.empty = this.#empty
    profile.blank = this.#blank
    profile.text.count = this.#texts
    profile.text.mask = this.#mask
    if (this.#texts > 0) profile.text.length = { min: this.#shortest, max: this.#longest }
    for (let i = 0; this.#texts > 0 && i < textFormats.length; i++) {
      if (this.#formats[i]! > 0) profile.text.formats[textFormats[i]!] = this.#formats[i]!
    }
    const numbers = this.#types[INTEGER]! + this.#types[NUMBER]!
    if (numbers > 0) {
      profile.number = {
        count: numbers,
        integral: this.#integral,
        negative: this.#negative,
        exponent: this.#exponent,
        unsafe: this.#unsafe,
        digits: this.#digits,
        scale: this.#scale,
        range: { min: this.#lowest, max: this.#highest },
      }
    }
    if (this.#sketch) profile.sketch = this.#sketch.finish(key, toPlace)
    profile.times = this.#times
    if (this.#fewest <= this.#most) profile.length = { min: this.#fewest, max: this.#most }
    if (this.check) profile.checked = this.check.finish(toPlace)
    for (let i = 0; i < placeNames.length; i++) {
      if (this.#places[i]! >= 0) profile.places[placeNames[i]!] = toPlace(this.#places[i]!)
    }
    return profile
  }

  #count(type: number, at: number): void {
    this.#types[type]!++
    if (this.#places[type]! < 0) this.#places[type] = at
  }

  #place(what: number, at: number): void {
    if (this.#places[what]! < 0) this.#places[what] = at
  }

  #blankText(at: number): void {
    this.#blank++
    this.#place(EMPTY, at)
  }

  #text(token: Token, format: number, at: number): void {
    this.#texts++
    this.#formats[format]!++
    this.#place(FORMATS + format, at)
    this.#mask |= token.mask
    if (token.length < this.#shortest) this.#shortest = token.length
    if (token.length > this.#longest) this.#longest = token.length
    this.#sample(token, at)
  }

  #quantity(token: Token, at: number): void {
    const { value, scale, exponent } = token
    const whole = scale === 0 && !exponent
    this.#count(whole ? INTEGER : NUMBER, at)
    if (exponent) this.#exponent++
    if (whole || Number.isInteger(value)) this.#integral++
    if (value < 0) this.#negative++
    if (value > Number.MAX_SAFE_INTEGER || value < -Number.MAX_SAFE_INTEGER) this.#unsafe++
    if (token.digits > this.#digits) this.#digits = token.digits
    if (scale > this.#scale) this.#scale = scale
    if (value < this.#lowest) this.#lowest = value
    if (value > this.#highest) this.#highest = value
  }

  #sample(token: Token, at: number): void {
    if (this.#sketch === null) this.#sketch = new SketchBuilder(token, at)
    else this.#sketch.add(token, at)
  }
}
