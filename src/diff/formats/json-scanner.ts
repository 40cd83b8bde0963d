/**
 * A scanner for JSON texts (RFC 8259) over their UTF-8 bytes. It keeps what `JSON.parse` loses: repeated
 * keys, how a number is spelt, where everything stands. No recursion, one pass, and nothing is decoded but
 * strings with escapes.
 */
import { DrifthookError } from '../../errors.js'
import { type DiffLimits, limitExceeded } from '../limits.js'
import { placeAt } from '../place.js'
import type { Token } from '../token.js'
import { JsonReader } from './json-reader.js'

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
  readonly #reader: JsonReader

  constructor(
    readonly bytes: Uint8Array,
    readonly sink: JsonSink,
    readonly options: JsonScanOptions,
  ) {
    this.#reader = new JsonReader(bytes, options.seed)
    // A byte order mark may be ignored (RFC 8259 §8.1).
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#reader.pos = 3
  }

  scan(): void {
    const { bytes, sink } = this
    const { limits } = this.options
    /** Whether each open container is an object. */
    const open: boolean[] = []
    let state: State = State.Value
    this.#reader.pos = skipBlank(bytes, this.#reader.pos)
    if (this.#reader.pos === bytes.length)
      throw new DrifthookError('FILE_EMPTY', 'The file holds no JSON value.')
    const lines = this.options.lines && isContainer(bytes[this.#reader.pos]!)
    let documents = 1
    sink.document(this.#reader.pos)
    for (;;) {
      const at = skipBlank(bytes, this.#reader.pos)
      const byte = bytes[at]
      if (state === State.Next) {
        if (open.length === 0) {
          if (byte === undefined) return
          if (!lines || !isContainer(byte) || !hasLineBreak(bytes, this.#reader.pos, at)) {
            throw this.#reader.malformed(at, 'Expected the end of the file after the value (RFC 8259 §2)')
          }
          if (++documents > limits.records) throw limitExceeded('records', limits, placeAt(bytes, at))
          sink.document(at)
          state = State.Value
          this.#reader.pos = at
          continue
        }
        const inObject = open[open.length - 1]!
        this.#reader.pos = at + 1
        if (byte === COMMA) {
          state = inObject ? State.Key : State.Value
        } else if (inObject && byte === CLOSE_OBJECT) {
          open.pop()
          sink.closeObject()
        } else if (!inObject && byte === CLOSE_ARRAY) {
          open.pop()
          sink.closeArray()
        } else {
          throw this.#reader.malformed(
            at,
            `Expected a comma or the end of the ${inObject ? 'object (§4)' : 'array (§5)'}`,
          )
        }
        continue
      }
      if (state === State.Key || state === State.KeyOrEnd) {
        if (byte === CLOSE_OBJECT && state === State.KeyOrEnd) {
          this.#reader.pos = at + 1
          open.pop()
          sink.closeObject()
          state = State.Next
          continue
        }
        if (byte !== QUOTE) throw this.#reader.malformed(at, 'Expected a key in double quotes (RFC 8259 §4)')
        this.#key(at)
        const colon = skipBlank(bytes, this.#reader.pos)
        if (bytes[colon] !== COLON)
          throw this.#reader.malformed(colon, 'Expected a colon after the key (RFC 8259 §4)')
        this.#reader.pos = colon + 1
        state = State.Value
        continue
      }
      if (byte === CLOSE_ARRAY && state === State.ValueOrEnd) {
        this.#reader.pos = at + 1
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
        this.#reader.pos = at + 1
        state = isObject ? State.KeyOrEnd : State.ValueOrEnd
        continue
      }
      this.#scalar(byte, at)
      state = State.Next
    }
  }

  #scalar(byte: number | undefined, at: number): void {
    if (byte === QUOTE) {
      this.#reader.string(at)
      this.sink.string(this.#reader.token, at)
    } else if (byte === MINUS || (byte !== undefined && byte >= 48 && byte <= 57)) {
      this.#reader.number(at)
      this.sink.number(this.#reader.token, at)
    } else if (byte === 116) {
      this.#reader.word('true', at)
      this.sink.boolean(true, at)
    } else if (byte === 102) {
      this.#reader.word('false', at)
      this.sink.boolean(false, at)
    } else if (byte === 110) {
      this.#reader.word('null', at)
      this.sink.null(at)
    } else {
      throw this.#reader.malformed(at, 'Expected a JSON value (RFC 8259 §3)')
    }
  }

  #key(at: number): void {
    const { bytes, sink } = this
    const { limits } = this.options
    const guessed = sink.expectKey(bytes, at + 1)
    if (guessed >= 0) {
      this.#reader.pos = at + guessed + 2
      return
    }
    const plain = this.#reader.string(at)
    const token = this.#reader.token
    if (token.end - token.start > limits.keyLength)
      throw limitExceeded('keyLength', limits, placeAt(bytes, at))
    sink.key(token, plain, at)
  }
}

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
