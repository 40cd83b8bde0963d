/**
 * X12 as segments and elements: the delimiters from the ISA segment (ASC X12.5), then one segment after the
 * other as positions in the bytes. Nothing is copied and nothing grows with the file.
 */
import { DrifthookError, type Place } from '../../errors.js'
import { type DiffLimits, limitExceeded } from '../limits.js'
import { placeAt } from '../place.js'

/** The bytes that structure one interchange; -1 where there is none. */
export interface Delimiters {
  element: number
  component: number
  repetition: number
  terminator: number
}

export interface InterchangeHeader extends Delimiters {
  /** Where each of the 17 elements of ISA starts, the identifier included. */
  starts: number[]
  /** Just behind the terminator. */
  end: number
  /** Whether every element has the width the standard gives it, which makes 106 bytes. */
  exact: boolean
}

/** Where the elements of an ISA of fixed width start. */
const fixedStarts = [0, 4, 7, 18, 21, 32, 35, 51, 54, 70, 77, 82, 84, 90, 100, 102, 104]
/** An ISA beyond this length has lost its separators. */
const headerBytes = 1_024

/**
 * Reads the ISA segment at a position: 16 elements, counted, because about one real file in twenty has
 * another width than the standard's. Null when there is no ISA.
 */
export function readHeader(bytes: Uint8Array, at: number): InterchangeHeader | null {
  const element = bytes[at + 3]!
  if (!startsInterchange(bytes, at)) return null
  const starts = [at]
  const end = Math.min(bytes.length, at + headerBytes)
  for (let i = at; i < end && starts.length < 17; i++) if (bytes[i] === element) starts.push(i + 1)
  if (starts.length < 17) return null
  const last = starts[16]!
  const component = bytes[last]
  const terminator = bytes[last + 1]
  if (component === undefined || terminator === undefined || component === element) return null
  if (isAlphanumeric(terminator) || terminator === element || terminator === component) return null
  return {
    element,
    component: isSeparator(component) ? component : -1,
    repetition: readRepetition(bytes, starts, [element, component, terminator]),
    terminator,
    starts,
    end: last + 2,
    exact: starts.every((start, i) => start - at === fixedStarts[i]),
  }
}

/** `ISA` and a byte that can separate. */
export function startsInterchange(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 73 && bytes[at + 1] === 83 && bytes[at + 2] === 65 && isSeparator(bytes[at + 3] ?? 32)
}

/**
 * ISA11 separates repetitions from version 00402 on; before that it names the standards body, usually `U`,
 * and many who send later versions still write that.
 */
function readRepetition(bytes: Uint8Array, starts: readonly number[], taken: readonly number[]): number {
  const found = bytes[starts[11]!]!
  const version = latin(bytes, starts[12]!, starts[13]! - 1).trim()
  const alone = starts[12]! - starts[11]! === 2
  return alone && version >= '00402' && isSeparator(found) && !taken.includes(found) ? found : -1
}

/** Reads segment by segment; `starts` and `count` describe the current one. */
export class SegmentReader {
  /** Element `i` is from `starts[i]` to `starts[i + 1] - 1`; element 0 is the identifier. */
  readonly starts: Int32Array
  count = 0
  /** The identifier, see {@link packName}; -1 when it is none. */
  id = -1
  /** Which segment of the file this is, from 1. */
  segment = 0
  header: InterchangeHeader | null = null
  /** Whether the current segment has its terminator. */
  terminated = true
  #at: number

  constructor(
    readonly bytes: Uint8Array,
    readonly limits: DiffLimits,
  ) {
    this.starts = new Int32Array(Math.max(limits.columns, 17) + 2)
    this.#at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  }

  /** Moves on to the next segment that is not empty. */
  next(): boolean {
    for (;;) {
      this.#skip()
      if (this.#at >= this.bytes.length) return false
      this.#limit()
      if (startsInterchange(this.bytes, this.#at)) return this.#interchange()
      if (this.header === null) {
        throw this.error('The file does not start with an ISA segment', this.#at, 1)
      }
      this.#split(this.header)
      if (this.count > 1 || this.starts[1]! - this.starts[0]! > 1) break
    }
    this.segment++
    this.id = packName(this.bytes, this.starts[0]!, this.starts[1]! - 1, 3)
    if (isBinary(this.bytes, this.starts[0]!)) this.#binary()
    return true
  }

  /** Where the segment stands, as one number: its own and that of its byte (files stay below 1 GiB). */
  get at(): number {
    return this.segment * positionBase + this.starts[0]!
  }

  /** An element as text without the blanks around it, for the few that are looked at so. */
  text(i: number): string {
    if (i >= this.count) return ''
    return latin(this.bytes, this.starts[i]!, this.starts[i + 1]! - 1)
      .replace(/[\r\n]/g, '')
      .trim()
  }

  error(message: string, byte = this.starts[0]!, segment = this.segment): DrifthookError {
    const place: Place = { ...placeAt(this.bytes, byte), segment }
    const where = `segment ${segment}, line ${place.line}, byte ${byte}`
    return new DrifthookError('FILE_MALFORMED', `${message} (${where}).`, { place })
  }

  #limit(): void {
    if (this.segment < this.limits.records) return
    throw limitExceeded('records', this.limits, { segment: this.segment, byte: this.#at })
  }

  #interchange(): boolean {
    const header = readHeader(this.bytes, this.#at)
    if (header === null) {
      throw this.error('The ISA segment does not have 16 elements', this.#at, this.segment + 1)
    }
    this.header = header
    this.segment++
    this.starts.set(header.starts)
    this.starts[17] = header.end
    this.count = 17
    this.id = packName(this.bytes, this.#at, this.#at + 3, 3)
    this.terminated = true
    this.#at = header.end
    return true
  }

  /** Finds the elements up to the terminator. Where that is a line break, either kind ends a segment. */
  #split({ element, terminator }: Delimiters): void {
    const { bytes, starts } = this
    const other = terminator === 10 ? 13 : terminator === 13 ? 10 : terminator
    const { length } = bytes
    const most = starts.length - 2
    let count = 0
    let i = this.#at
    starts[count++] = i
    for (; i < length; i++) {
      const byte = bytes[i]!
      if (byte === element) {
        if (count === most) {
          const place = { ...placeAt(bytes, this.#at), segment: this.segment + 1 }
          throw limitExceeded('columns', this.limits, place)
        }
        starts[count++] = i + 1
      } else if (byte === terminator || byte === other) {
        break
      }
    }
    this.count = count
    starts[count] = i + 1
    this.terminated = i < length
    this.#at = i + 1
  }

  /** BIN and BDS say how long their data is, which may hold any byte (X12.5, binary data). */
  #binary(): void {
    const { bytes, starts } = this
    const data = bytes[starts[0]! + 1] === 73 ? 2 : 3
    if (this.count <= data) return
    const size = latin(bytes, starts[data - 1]!, starts[data]! - 1)
    if (!/^\d{1,10}$/.test(size)) return
    const end = starts[data]! + Number(size)
    if (bytes[end] !== this.header!.terminator) return
    this.count = data + 1
    starts[data + 1] = end + 1
    this.#at = end + 1
  }

  /** White space between segments, and the rest of a terminator that is a character of several bytes. */
  #skip(): void {
    const wide = this.header !== null && this.header.terminator >= 0xc0
    for (; this.#at < this.bytes.length; this.#at++) {
      const byte = this.bytes[this.#at]!
      const blank = byte === 32 || (byte >= 9 && byte <= 13) || byte === 26 || byte === 0
      if (!blank && !(wide && (byte & 0xc0) === 0x80)) break
    }
  }
}

const positionBase = 2 ** 30

/** The segment and the byte of a position as {@link SegmentReader.at} spells it. */
export function unpackPosition(at: number): { segment: number; byte: number } {
  return { segment: Math.floor(at / positionBase), byte: at % positionBase }
}

/**
 * A short name of letters and digits as one number: up to `most` characters, at most seven. Line breaks do
 * not count, as some files are wrapped at a fixed width. -1: not such a name.
 */
export function packName(bytes: Uint8Array, start: number, end: number, most: number): number {
  let code = 0
  let length = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    if (byte === 10 || byte === 13) continue
    if (!isAlphanumeric(byte) || ++length > most) return -1
    code = code * 128 + byte
  }
  return length > 0 ? code : -1
}

export function unpackName(code: number): string {
  let name = ''
  for (let rest = code; rest > 0; rest = Math.floor(rest / 128)) name = String.fromCharCode(rest % 128) + name
  return name
}

function isBinary(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 66) return false
  return (bytes[at + 1] === 73 && bytes[at + 2] === 78) || (bytes[at + 1] === 68 && bytes[at + 2] === 83)
}

function isAlphanumeric(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)
}

function isSeparator(byte: number): boolean {
  return !isAlphanumeric(byte) && byte !== 32 && byte !== 10 && byte !== 13
}

/** A short text, cut at 80 bytes. */
function latin(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 80)))
}
