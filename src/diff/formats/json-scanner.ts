/**
 * A scanner for JSON texts (RFC 8259) over their UTF-8 bytes. It keeps what `JSON.parse` loses: repeated
 * keys, how a number is spelt, where everything stands. No recursion, one pass, and nothing is decoded but
 * strings with escapes.
 */
import { DrifthookError } from '../../errors.js'
import { type DiffLimits, limitExceeded } from '../limits.js'
import { chars, classOf, mix, special, Token } from '../token.js'
import { placeAt } from './place.js'

/** Receives what the scanner finds. `at` is always the byte where the value or key starts. */
export interface JsonSink {
  /** A document begins; the second and later ones only in JSON lines. */
  document(at: number): void
  /** A guess: if the key at `start` (after the quote) is the one expected next, its length; else -1. */
  expectKey(bytes: Uint8Array, start: number): number
  /** A key that was not guessed. `plain`: spelt without escapes. */
  key(token: Token, plain: boolean, at: number): void
  string(token: Token, at: number): void
  number(token: Token, at: number): void
  boolean(value: boolean, at: number): void
  null(at: number): void
  openObject(at: number): void
  closeObject(): void
  openArray(at: number): void
  closeArray(): void
}

export interface JsonScanOptions {
  limits: DiffLimits
  /** Start of the token hashes. */
  seed: number
  /** Accept further objects or arrays after the first, each on a line of its own (JSON lines). */
  lines: boolean
}

/** What the scanner expects next. The `OrEnd` states follow an opening bracket, `Next` a value. */
const State = { Value: 0, ValueOrEnd: 1, Key: 2, KeyOrEnd: 3, Next: 4 } as const
type State = (typeof State)[keyof typeof State]

const QUOTE = 34
const BACKSLASH = 92
const COMMA = 44
const COLON = 58
const MINUS = 45
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125
const OPEN_ARRAY = 91
const CLOSE_ARRAY = 93

/**
 * Scans one JSON text, or JSON lines, and tells the sink.
 * @throws DrifthookError `FILE_MALFORMED` with line, column and byte; `FILE_LIMIT_EXCEEDED`; `FILE_EMPTY`
 */
export function scanJson(bytes: Uint8Array, sink: JsonSink, options: JsonScanOptions): void {
  new JsonScanner(bytes, sink, options).scan()
}

class JsonScanner {
  readonly #token = new Token()
  #pos = 0
  /** Reused for strings with escapes. */
  #scratch = new Uint8Array(256)

  constructor(
    readonly bytes: Uint8Array,
    readonly sink: JsonSink,
    readonly options: JsonScanOptions,
  ) {
    // A byte order mark may be ignored (RFC 8259 §8.1).
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#pos = 3
  }

  scan(): void {
    const { bytes, sink } = this
    const { limits } = this.options
    /** Whether each open container is an object. */
    const open: boolean[] = []
    let state: State = State.Value
    this.#pos = skipBlank(bytes, this.#pos)
    if (this.#pos === bytes.length) throw new DrifthookError('FILE_EMPTY', 'The file holds no JSON value.')
    const lines = this.options.lines && isContainer(bytes[this.#pos]!)
    let documents = 1
    sink.document(this.#pos)
    for (;;) {
      const at = skipBlank(bytes, this.#pos)
      const byte = bytes[at]
      if (state === State.Next) {
        if (open.length === 0) {
          if (byte === undefined) return
          if (!lines || !isContainer(byte) || !hasLineBreak(bytes, this.#pos, at)) {
            throw this.#malformed(at, 'Expected the end of the file after the value (RFC 8259 §2)')
          }
          if (++documents > limits.records) throw limitExceeded('records', limits, placeAt(bytes, at))
          sink.document(at)
          state = State.Value
          this.#pos = at
          continue
        }
        const inObject = open[open.length - 1]!
        this.#pos = at + 1
        if (byte === COMMA) {
          state = inObject ? State.Key : State.Value
        } else if (inObject && byte === CLOSE_OBJECT) {
          open.pop()
          sink.closeObject()
        } else if (!inObject && byte === CLOSE_ARRAY) {
          open.pop()
          sink.closeArray()
        } else {
          throw this.#malformed(
            at,
            `Expected a comma or the end of the ${inObject ? 'object (§4)' : 'array (§5)'}`,
          )
        }
        continue
      }
      if (state === State.Key || state === State.KeyOrEnd) {
        if (byte === CLOSE_OBJECT && state === State.KeyOrEnd) {
          this.#pos = at + 1
          open.pop()
          sink.closeObject()
          state = State.Next
          continue
        }
        if (byte !== QUOTE) throw this.#malformed(at, 'Expected a key in double quotes (RFC 8259 §4)')
        this.#key(at)
        const colon = skipBlank(bytes, this.#pos)
        if (bytes[colon] !== COLON)
          throw this.#malformed(colon, 'Expected a colon after the key (RFC 8259 §4)')
        this.#pos = colon + 1
        state = State.Value
        continue
      }
      if (byte === CLOSE_ARRAY && state === State.ValueOrEnd) {
        this.#pos = at + 1
        open.pop()
        sink.closeArray()
        state = State.Next
        continue
      }
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (open.length >= limits.depth) throw limitExceeded('depth', limits, placeAt(bytes, at))
        const isObject = byte === OPEN_OBJECT
        open.push(isObject)
        if (isObject) sink.openObject(at)
        else sink.openArray(at)
        this.#pos = at + 1
        state = isObject ? State.KeyOrEnd : State.ValueOrEnd
        continue
      }
      this.#scalar(byte, at)
      state = State.Next
    }
  }

  #scalar(byte: number | undefined, at: number): void {
    if (byte === QUOTE) {
      this.#string(at)
      this.sink.string(this.#token, at)
    } else if (byte === MINUS || (byte !== undefined && byte >= 48 && byte <= 57)) {
      this.#number(at)
      this.sink.number(this.#token, at)
    } else if (byte === 116) {
      this.#word('true', at)
      this.sink.boolean(true, at)
    } else if (byte === 102) {
      this.#word('false', at)
      this.sink.boolean(false, at)
    } else if (byte === 110) {
      this.#word('null', at)
      this.sink.null(at)
    } else {
      throw this.#malformed(at, 'Expected a JSON value (RFC 8259 §3)')
    }
  }

  #word(word: string, at: number): void {
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[at + i] !== word.charCodeAt(i))
        throw this.#malformed(at, 'Expected a JSON value (RFC 8259 §3)')
    }
    this.#pos = at + word.length
  }

  #key(at: number): void {
    const { bytes, sink } = this
    const { limits } = this.options
    const guessed = sink.expectKey(bytes, at + 1)
    if (guessed >= 0) {
      this.#pos = at + guessed + 2
      return
    }
    const plain = this.#string(at)
    const token = this.#token
    if (token.end - token.start > limits.keyLength)
      throw limitExceeded('keyLength', limits, placeAt(bytes, at))
    sink.key(token, plain, at)
  }

  /** Reads the string whose quote is at `at` into the token; whether it was spelt without escapes. */
  #string(at: number): boolean {
    const { bytes } = this
    const token = this.#token
    let hash = this.options.seed
    let mask = 0
    let length = 0
    let i = at + 1
    for (;;) {
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
        const size = utf8Size(bytes, i)
        if (size === 0) throw this.#malformed(i, 'Not valid UTF-8 (RFC 8259 §8.1)')
        mask |= chars.nonAscii
        length -= size - 1
        for (const end = i + size; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
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
    this.#pos = i + 1
    return true
  }

  #unfinished(i: number, at: number): DrifthookError {
    return i >= this.bytes.length
      ? this.#malformed(at, 'The string that starts here has no end (RFC 8259 §7)')
      : this.#malformed(i, 'A control character inside a string must be escaped (RFC 8259 §7)')
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
        if (length === 0) throw this.#malformed(i, 'Not valid UTF-8 (RFC 8259 §8.1)')
        for (let n = 0; n < length; n++) scratch[size++] = bytes[i++]!
      }
    }
    const token = this.#token
    token.bytes = this.#scratch
    token.start = 0
    token.end = size
    token.measure(this.options.seed)
    this.#pos = i + 1
  }

  #grow(): void {
    const larger = new Uint8Array(this.#scratch.length * 2)
    larger.set(this.#scratch)
    this.#scratch = larger
  }

  /** The code unit of a `\uXXXX` at `i`. */
  #hex(i: number): number {
    let unit = 0
    if (this.bytes[i + 1] !== 117) throw this.#malformed(i, 'Unknown escape in a string (RFC 8259 §7)')
    for (let n = 2; n < 6; n++) {
      const digit = hexValue(this.bytes[i + n] ?? 0)
      if (digit < 0) throw this.#malformed(i, 'Expected four hexadecimal digits after \\u (RFC 8259 §7)')
      unit = unit * 16 + digit
    }
    return unit
  }

  /** Reads the number at `at` into the token, its spelling kept (RFC 8259 §6). */
  #number(at: number): void {
    const { bytes } = this
    const token = this.#token
    let hash = this.options.seed
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
    this.#pos = i
  }

  #badNumber(at: number): DrifthookError {
    return this.#malformed(at, 'Not a number as JSON spells it (RFC 8259 §6)')
  }

  #malformed(at: number, message: string): DrifthookError {
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

function isContainer(byte: number): boolean {
  return byte === OPEN_OBJECT || byte === OPEN_ARRAY
}

function skipBlank(bytes: Uint8Array, from: number): number {
  let i = from
  for (;;) {
    const byte = bytes[i]!
    if (byte === 32 || byte === 10 || byte === 13 || byte === 9) i++
    else return i
  }
}

function hasLineBreak(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === 10 || bytes[i] === 13) return true
  return false
}

function digitAt(bytes: Uint8Array, i: number): number {
  const digit = bytes[i]! - 48
  return digit >= 0 && digit <= 9 ? digit : -1
}

function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const letter = byte | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

/** Bytes of the well-formed sequence at `i`, or 0 (Unicode 15, table 3-7: no overlongs, no surrogates). */
function utf8Size(bytes: Uint8Array, i: number): number {
  const lead = bytes[i]!
  const second = bytes[i + 1] ?? 0
  if (lead < 0xc2 || lead > 0xf4) return 0
  if (lead < 0xe0) return isTail(second) ? 2 : 0
  if (lead < 0xf0) {
    const low = lead === 0xe0 ? 0xa0 : 0x80
    const high = lead === 0xed ? 0x9f : 0xbf
    return second >= low && second <= high && isTail(bytes[i + 2] ?? 0) ? 3 : 0
  }
  const low = lead === 0xf0 ? 0x90 : 0x80
  const high = lead === 0xf4 ? 0x8f : 0xbf
  return second >= low && second <= high && isTail(bytes[i + 2] ?? 0) && isTail(bytes[i + 3] ?? 0) ? 4 : 0
}

function isTail(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}

/** Writes one code point as UTF-8; a lone surrogate as its three bytes, so that it stays distinct. */
function encodeUtf8(to: Uint8Array, at: number, point: number): number {
  let i = at
  if (point < 0x80) {
    to[i++] = point
  } else if (point < 0x800) {
    to[i++] = 0xc0 | (point >> 6)
    to[i++] = 0x80 | (point & 63)
  } else if (point < 0x10000) {
    to[i++] = 0xe0 | (point >> 12)
    to[i++] = 0x80 | ((point >> 6) & 63)
    to[i++] = 0x80 | (point & 63)
  } else {
    to[i++] = 0xf0 | (point >> 18)
    to[i++] = 0x80 | ((point >> 12) & 63)
    to[i++] = 0x80 | ((point >> 6) & 63)
    to[i++] = 0x80 | (point & 63)
  }
  return i
}
