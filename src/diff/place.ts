/** Places in a file: byte offsets as lines and columns, and which of two comes first. */
import type { Place } from '../errors.js'

/** The place of one byte. Lines and columns (in code points) count from 1. */
export function placeAt(bytes: Uint8Array, byte: number): Place {
  return placesAt(bytes, [byte])(byte)
}

/** The places of many bytes, found in one pass over the file. A line ends with LF, CR LF or CR. */
export function placesAt(bytes: Uint8Array, offsets: readonly number[]): (byte: number) => Place {
  // Sorted as numbers; nothing is made of the many places that nobody asks for.
  const sorted = Float64Array.from(offsets).sort()
  const lines = new Float64Array(sorted.length)
  const columns = new Float64Array(sorted.length)
  let line = 1
  let column = 1
  let i = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  for (let n = 0; n < sorted.length; n++) {
    const end = Math.min(sorted[n]!, bytes.length)
    for (; i < end; i++) {
      const byte = bytes[i]!
      if (byte === 10 || (byte === 13 && bytes[i + 1] !== 10)) {
        line++
        column = 1
      } else if ((byte & 0xc0) !== 0x80) {
        column++
      }
    }
    lines[n] = line
    columns[n] = column
  }
  return (byte) => {
    let [from, to] = [0, sorted.length - 1]
    while (from < to) {
      const middle = (from + to) >> 1
      if (sorted[middle]! < byte) from = middle + 1
      else to = middle
    }
    return { line: lines[from]!, column: columns[from]!, byte }
  }
}

/** The earlier of two places of one file, or the one with the earlier record. */
export function earlier(a: Place, b: Place): Place {
  return orderOf(a) <= orderOf(b) ? a : b
}

/** What places of one file are sorted by: bytes, records, or lines and columns by {@link packPlace}. */
export function orderOf({ byte, record, line = 0, column = 0 }: Place): number {
  return byte ?? record ?? packPlace(line, column)
}

const columns = 2 ** 26

/** A line and a column as one number in their order, for parsers that count both but not bytes. */
export function packPlace(line: number, column: number): number {
  return line * columns + Math.min(column, columns - 1)
}

export function unpackPlace(packed: number): Place {
  return { line: Math.floor(packed / columns), column: packed % columns }
}

/** The earlier of two places that may not be known. */
export function earlierOf(a: Place | undefined, b: Place | undefined): Place | undefined {
  return a && b ? earlier(a, b) : (a ?? b)
}
