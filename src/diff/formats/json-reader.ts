/** The scalars of JSON: strings, numbers and words (RFC 8259 §3, §6, §7), read from bytes into one token. */
import { DrifthookError } from '../../errors.js'
import { placeAt } from '../place.js'
import { chars, classOf, mix, special, Token } from '../token.js'
import { encodeUtf8, utf8Size } from './utf8.js'

const QUOTE = 34
const BACKSLASH = 92
const MINUS = 45

/** Reads one scalar at a time. Every method takes where it starts and leaves `pos` behind it. */
export class JsonReader {
  readonly token = new Token()
  pos = 0
  /** Reused for strings with escapes. */
  #scratch = new Uint8Array(256)

  constructor(
    readonly bytes: Uint8Array,
    /** Start of the token hashes. */
    readonly seed: number,
  ) {}

  word(word: string, at: number): void {
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[at + i] !== word.charCodeAt(i))
        throw this.malformed(at, 'Expected a JSON value (RFC 8259 §3)')
    }
    this.pos = at + word.length
  }

  /** Reads the string whose quote is at `at` into the token; whether it was spelt without escapes. */
  string(at: number): boolean {
    const { bytes } = this
    const token = this.token
    let hash = this.seed
    let mask = 0
    let length = 0
    let i = at + 1
    const size = bytes.length
    for (;;) {
      if (i >= size) throw this.#unfinished(i, at)
      const byte = bytes[i]!
      const bits = classOf[byte]!
      if ((bits & special) === 0) {
        hash = Math.imul(hash ^ byte, 0x01000193)
        mask |= bits
        i++
      } else if (byte === QUOTE) {
        break
      } else if (byte === BACKSLASH) {
        this.#escaped(at)
        return false
      } else if (byte >= 0x80) {
        const units = utf8Size(bytes, i)
        if (units === 0) throw this.malformed(i, 'Not valid UTF-8 (RFC 8259 §8.1)')
        mask |= chars.nonAscii
        length -= units - 1
        for (const end = i + units; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
      } else {
        throw this.#unfinished(i, at)
      }
    }
    token.bytes = bytes
    token.start = at + 1
    token.end = i
    token.hash = mix(hash)
    token.mask = mask
    token.length = length + i - at - 1
    this.pos = i + 1
    return true
  }

  #unfinished(i: number, at: number): DrifthookError {
    return i >= this.bytes.length
      ? this.malformed(at, 'The string that starts here has no end (RFC 8259 §7)')
      : this.malformed(i, 'A control character inside a string must be escaped (RFC 8259 §7)')
  }

  /** The slow way, for strings with escapes: decodes into the scratch buffer. */
  #escaped(at: number): void {
    const { bytes } = this
    let size = 0
    let i = at + 1
    for (;;) {
      if (size + 8 > this.#scratch.length) this.#grow()
      const scratch = this.#scratch
      const byte = bytes[i]
      if (byte === undefined || byte < 0x20) throw this.#unfinished(i, at)
      if (byte === QUOTE) break
      if (byte === BACKSLASH) {
        const simple = escapes.get(bytes[i + 1] ?? 0)
        if (simple !== undefined) {
          scratch[size++] = simple
          i += 2
        } else {
          let unit = this.#hex(i)
          i += 6
          if (unit >= 0xd800 && unit < 0xdc00 && bytes[i] === BACKSLASH && bytes[i + 1] === 117) {
            const low = this.#hex(i)
            if (low >= 0xdc00 && low < 0xe000) {
              unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)
              i += 6
            }
          }
          size = encodeUtf8(scratch, size, unit)
        }
      } else {
        const length = byte < 0x80 ? 1 : utf8Size(bytes, i)
        if (length === 0) throw this.malformed(i, 'Not valid UTF-8 (RFC 8259 §8.1)')
        for (let n = 0; n < length; n++) scratch[size++] = bytes[i++]!
      }
    }
    const token = this.token
    token.bytes = this.#scratch
    token.start = 0
    token.end = size
    token.measure(this.seed)
    this.pos = i + 1
  }

  #grow(): void {
    const larger = new Uint8Array(this.#scratch.length * 2)
    larger.set(this.#scratch)
    this.#scratch = larger
  }

  /** The code unit of a `\uXXXX` at `i`. */
  #hex(i: number): number {
    let unit = 0
    if (this.bytes[i + 1] !== 117) throw this.malformed(i, 'Unknown escape in a string (RFC 8259 §7)')
    for (let n = 2; n < 6; n++) {
      const digit = hexValue(this.bytes[i + n] ?? 0)
      if (digit < 0) throw this.malformed(i, 'Expected four hexadecimal digits after \\u (RFC 8259 §7)')
      unit = unit * 16 + digit
    }
    return unit
  }

  /** Reads the number at `at` into the token, its spelling kept (RFC 8259 §6). */
  number(at: number): void {
    const { bytes } = this
    const token = this.token
    let hash = this.seed
    let value = 0
    let i = at
    const negative = bytes[i] === MINUS
    if (negative) hash = Math.imul(hash ^ bytes[i++]!, 0x01000193)
    const whole = i
    for (let digit = digitAt(bytes, i); digit >= 0; digit = digitAt(bytes, ++i)) {
      value = value * 10 + digit
      hash = Math.imul(hash ^ (digit + 48), 0x01000193)
    }
    const digits = i - whole
    if (digits === 0 || (digits > 1 && bytes[whole] === 48)) throw this.#badNumber(at)
    let scale = 0
    if (bytes[i] === 46) {
      hash = Math.imul(hash ^ 46, 0x01000193)
      const fraction = ++i
      for (let digit = digitAt(bytes, i); digit >= 0; digit = digitAt(bytes, ++i)) {
        value = value * 10 + digit
        hash = Math.imul(hash ^ (digit + 48), 0x01000193)
      }
      scale = i - fraction
      if (scale === 0) throw this.#badNumber(at)
    }
    let exponent = false
    if (bytes[i] === 101 || bytes[i] === 69) {
      exponent = true
      const mark = i
      const sign = bytes[++i]
      if (sign === 43 || sign === MINUS) i++
      const from = i
      while (digitAt(bytes, i) >= 0) i++
      if (i === from) throw this.#badNumber(at)
      for (let n = mark; n < i; n++) hash = Math.imul(hash ^ bytes[n]!, 0x01000193)
    }
    token.bytes = bytes
    token.start = at
    token.end = i
    token.hash = mix(hash)
    token.mask = chars.digit
    token.length = i - at
    token.digits = digits
    token.scale = scale
    token.exponent = exponent
    // Up to 15 digits the quotient is exact (IEEE 754); anything else goes the long way.
    if (exponent || digits + scale > 15) token.value = Number(token.text())
    else token.value = scale === 0 ? (negative ? -value : value) : (negative ? -value : value) / 10 ** scale
    this.pos = i
  }

  #badNumber(at: number): DrifthookError {
    return this.malformed(at, 'Not a number as JSON spells it (RFC 8259 §6)')
  }

  malformed(at: number, message: string): DrifthookError {
    const where = Math.min(at, this.bytes.length)
    return new DrifthookError('FILE_MALFORMED', `${message}.`, { place: placeAt(this.bytes, where) })
  }
}

const escapes: ReadonlyMap<number, number> = new Map([
  [34, 34],
  [92, 92],
  [47, 47],
  [98, 8],
  [102, 12],
  [110, 10],
  [114, 13],
  [116, 9],
])

function digitAt(bytes: Uint8Array, i: number): number {
  const digit = bytes[i]! - 48
  return digit >= 0 && digit <= 9 ? digit : -1
}

function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const letter = byte | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}
