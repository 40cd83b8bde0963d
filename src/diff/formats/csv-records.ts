/**
 * The records of a CSV text (RFC 4180 and what is found in the wild). csv-parse does the reading; it is fed
 * pieces that end between records, so that memory does not grow with the file. Where a record ends is found
 * by a scan over the bytes that knows quotes as csv-parse does.
 */
import { parse } from 'csv-parse/sync'
import { DrifthookError } from '../../errors.js'
import { type DiffLimits, limitExceeded } from '../limits.js'
import { placeAt } from '../place.js'

export interface CsvShape {
  delimiter: string
  quote: string
}

export interface RecordOptions {
  /** Without them a record may have any number of fields: only for a few bytes. */
  limits?: DiffLimits
  /** Bytes of a piece, or a few more. */
  size?: number
}

const pieceBytes = 256 * 1024
const LF = 10
const CR = 13

/** What the scan noticed in one piece. */
interface Piece {
  end: number
  /** A quote inside a field that was not opened by one. */
  strayQuotes: number
}

export interface RecordBatch {
  records: string[][]
  strayQuotes: number
}

/**
 * Reads records piece by piece. Blank lines are no records. `UTF-8` bytes, no byte order mark.
 * @throws DrifthookError `FILE_MALFORMED` for a quote that is never closed, `FILE_LIMIT_EXCEEDED`
 */
export function* readRecords(
  bytes: Uint8Array,
  shape: CsvShape,
  { limits, size = pieceBytes }: RecordOptions = {},
): Generator<RecordBatch> {
  for (let start = 0; start < bytes.length; ) {
    const piece = nextPiece(bytes, start, size, shape, limits)
    const view = Buffer.from(bytes.buffer, bytes.byteOffset + start, piece.end - start)
    yield { records: parsePiece(view, shape, bytes, start), strayQuotes: piece.strayQuotes }
    start = piece.end
  }
}

function parsePiece(piece: Buffer, shape: CsvShape, bytes: Uint8Array, start: number): string[][] {
  try {
    return parse(piece, {
      delimiter: shape.delimiter,
      quote: shape.quote,
      escape: shape.quote,
      // Mixed line ends in one file are common; looking for three kinds costs, so only where there is a CR.
      record_delimiter: piece.includes(CR) ? ['\r\n', '\n', '\r'] : '\n',
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    })
  } catch {
    // The parser's own message may quote the file.
    throw new DrifthookError('FILE_MALFORMED', 'The records could not be read as CSV.', {
      place: placeAt(bytes, start),
    })
  }
}

/**
 * The next piece: at least `size` bytes, up to the end of a record. Fields are counted here, before a record of
 * millions becomes as many strings.
 */
function nextPiece(
  bytes: Uint8Array,
  start: number,
  size: number,
  shape: CsvShape,
  limits: DiffLimits | undefined,
): Piece {
  const delimiter = shape.delimiter.charCodeAt(0)
  const quote = shape.quote.charCodeAt(0)
  const enough = start + size
  let strayQuotes = 0
  let fieldStart = true
  let fields = 1
  for (let i = start; i < bytes.length; i++) {
    const byte = bytes[i]!
    if (byte === quote) {
      if (!fieldStart) {
        strayQuotes++
        continue
      }
      i = closingQuote(bytes, i, quote)
      fieldStart = false
    } else if (byte === LF || byte === CR) {
      if (byte === CR && bytes[i + 1] === LF) i++
      if (i + 1 >= enough) return { end: i + 1, strayQuotes }
      fieldStart = true
      fields = 1
    } else if (byte === delimiter) {
      fields++
      if (limits !== undefined && fields > limits.columns)
        throw limitExceeded('columns', limits, placeAt(bytes, i))
      fieldStart = true
    } else {
      fieldStart = false
    }
  }
  return { end: bytes.length, strayQuotes }
}

/** The quote that closes the one at `open`; doubled ones belong to the value. */
function closingQuote(bytes: Uint8Array, open: number, quote: number): number {
  for (let i = bytes.indexOf(quote, open + 1); i >= 0; i = bytes.indexOf(quote, i + 2)) {
    if (bytes[i + 1] !== quote) return i
  }
  throw new DrifthookError('FILE_MALFORMED', 'The quoted field that starts here has no end (RFC 4180 §2).', {
    place: placeAt(bytes, open),
  })
}
