/** From the bytes of two files to two documents that compare. */
import { isUtf8 } from 'node:buffer'
import { DrifthookError } from '../../errors.js'
import { columnNames } from '../formats/csv-columns.js'
import { toUtf8 } from '../formats/csv-encoding.js'
import { readRecords } from '../formats/csv-records.js'
import { sniffCsv } from '../formats/csv-sniffer.js'
import { detectFormat } from '../formats/detect.js'
import { type JsonSink, scanJson } from '../formats/json-scanner.js'
import { type DiffLimits, defaultLimits, limitExceeded } from '../limits.js'
import { assertDepth, assertJson } from './json.js'
import type { Delta, JsonValue } from './model.js'
import { alikeLists, readXml } from './xml.js'

export type DeltaFormat = Delta['format']

export interface Documents {
  format: DeltaFormat
  a: JsonValue
  b: JsonValue
}

export interface ReadOptions {
  /** Of bytes, when the caller knows it; else it is told from the content. */
  format?: DeltaFormat
  limits?: Partial<DiffLimits>
}

/**
 * The two documents that {@link delta} compares and {@link toJsonPatch} makes patches for. Bytes are read,
 * values are taken as they are. JSON lines are the list of their documents, CSV the list of its rows. Of XML
 * an element is an object of its attributes (`@name`), its children by name and `#text`, or its text if it has
 * nothing else; what repeats in one of the two is a list in both.
 */
export function readDocuments(
  a: Uint8Array | JsonValue,
  b: Uint8Array | JsonValue,
  options: ReadOptions = {},
): Documents {
  const limits = { ...defaultLimits, ...options.limits }
  const [left, right] = [a, b].map((side) =>
    isBytes(side) ? (options.format ?? formatOf(side)) : 'json',
  ) as [DeltaFormat, DeltaFormat]
  if (left !== right) {
    throw new DrifthookError(
      'FORMAT_MISMATCH',
      `The first file is ${left}, the second ${right}: name the format.`,
    )
  }
  const [first, second] = [a, b].map((side) => readDocument(side, left, limits)) as [JsonValue, JsonValue]
  if (left !== 'xml') return { format: left, a: first, b: second }
  const [alikeA, alikeB] = alikeLists([first, second]) as [JsonValue, JsonValue]
  return { format: left, a: alikeA, b: alikeB }
}

function readDocument(side: unknown, format: DeltaFormat, limits: DiffLimits): JsonValue {
  if (!isBytes(side)) {
    assertJson(side, limits)
    return side
  }
  if (side.length > limits.bytes) throw limitExceeded('bytes', limits)
  const document = readers[format](side, limits)
  assertDepth(document, limits)
  return document
}

/** Not by its class: a Buffer of another realm is bytes too. */
function isBytes(side: unknown): side is Uint8Array {
  return ArrayBuffer.isView(side) && Object.prototype.toString.call(side) === '[object Uint8Array]'
}

const readers: Record<DeltaFormat, (bytes: Uint8Array, limits: DiffLimits) => JsonValue> = {
  json: readJson,
  csv: readCsv,
  xml: readXml,
}

function formatOf(bytes: Uint8Array): DeltaFormat {
  const start = new TextDecoder().decode(toUtf8(bytes.subarray(0, 1_024)).bytes).trimStart()
  if (start.startsWith('<')) return 'xml'
  const { format } = detectFormat(bytes)
  if (Object.hasOwn(readers, format)) return format as DeltaFormat
  throw new DrifthookError('FORMAT_UNDECIDED', `Values are compared in JSON, CSV and XML, not in ${format}.`)
}

/**
 * `JSON.parse`, as fast as it gets: so of two equal keys the last counts, and numbers are doubles; two that
 * round to one double are equal here, which a drift report would tell apart.
 */
function readJson(bytes: Uint8Array, limits: DiffLimits): JsonValue {
  try {
    return JSON.parse(decode(bytes)) as JsonValue
  } catch {
    const starts: number[] = []
    // It says what is wrong and where, unless the file is JSON lines.
    scanJson(bytes, new DocumentStarts(starts), { limits, seed: 0, lines: true })
    if (starts.length > limits.records) throw limitExceeded('records', limits)
    return starts.map((start, i) => JSON.parse(decode(bytes.subarray(start, starts[i + 1]))) as JsonValue)
  }
}

/** A third of the time of a `TextDecoder` that is told to be as strict. */
function decode(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new TypeError('not UTF-8')
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8', marked ? 3 : 0)
}

/** Listens for nothing else. */
class DocumentStarts implements JsonSink {
  constructor(readonly starts: number[]) {}
  document(at: number): void {
    this.starts.push(at)
  }
  expectKey(): number {
    return -1
  }
  key(): void {}
  string(): void {}
  number(): void {}
  boolean(): void {}
  null(): void {}
  openObject(): void {}
  closeObject(): void {}
  openArray(): void {}
  closeArray(): void {}
}

/** Rows as objects of texts. A short row lacks its last columns, a long one has `column7` and so on. */
function readCsv(bytes: Uint8Array, limits: DiffLimits): JsonValue {
  const file = toUtf8(bytes)
  const dialect = sniffCsv(file.bytes)
  const rows: JsonValue[] = []
  let names: string[] | null = null
  let before = dialect.preamble
  for (const { records } of readRecords(file.bytes, dialect, { limits })) {
    for (const record of records) {
      if (before-- > 0) continue
      if (names === null) {
        names = columnNames(dialect.header ? record : record.map(() => ''))
        if (dialect.header) continue
      }
      while (names.length < record.length) names.push(`column${names.length + 1}`)
      if (rows.length >= limits.records) throw limitExceeded('records', limits, { record: rows.length + 1 })
      rows.push(Object.fromEntries(record.map((value, i) => [names![i]!, value])))
    }
  }
  return rows
}
