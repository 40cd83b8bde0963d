/** Tells how a CSV text is spelt: delimiter, quote, header or not. With the evidence. */
import { classify, textFormats } from '../text-format.js'
import { Token } from '../token.js'
import { readRecords } from './csv-records.js'

export interface CsvDialect {
  delimiter: string
  quote: string
  header: boolean
  /** How many records stand before the header: titles, dates of the export. */
  preamble: number
  /** Fields in most records. */
  width: number
  /** How many of the sampled records have that width, 0 to 1. */
  regularity: number
  /** How many records were looked at. */
  sampled: number
}

const delimiters = [',', ';', '\t', '|'] as const
const sampleBytes = 64 * 1024
const sampleRecords = 200

/**
 * Sniffs the first 64 KiB. The delimiter is the one that cuts the most records into the same number of
 * fields, more than one; without any it is a comma and one column.
 * @param bytes UTF-8 without a byte order mark
 */
export function sniffCsv(bytes: Uint8Array): CsvDialect {
  const head = wholeLines(bytes.subarray(0, sampleBytes), bytes.length > sampleBytes)
  const quote = '"'
  let best: {
    delimiter: string
    records: string[][]
    width: number
    regularity: number
    score: number
  } | null = null
  for (const delimiter of delimiters) {
    const records = sampleOf(head, delimiter, quote)
    const { width, regularity } = usualWidth(records)
    // Regularity decides; among equals more fields do, as the wrong delimiter tends to find fewer.
    const score = width > 1 ? regularity * (1 - 1 / (width + 1)) : 0
    if (best === null || score > best.score) best = { delimiter, records, width, regularity, score }
  }
  const { delimiter, records, width } = best!
  const preamble = preambleOf(records, width)
  const table = records.slice(preamble)
  const { regularity } = usualWidth(table)
  return { delimiter, quote, header: hasHeader(table), preamble, width, regularity, sampled: table.length }
}

function sampleOf(head: Uint8Array, delimiter: string, quote: string): string[][] {
  const records: string[][] = []
  try {
    for (const batch of readRecords(head, { delimiter, quote }, { size: 8_192 })) {
      records.push(...batch.records)
      if (records.length >= sampleRecords) break
    }
  } catch {
    // A quoted field that the sample cuts off, or that this delimiter makes up: what was read counts.
  }
  return records.slice(0, sampleRecords)
}

/** The sample without its last, perhaps incomplete, line. */
function wholeLines(head: Uint8Array, cut: boolean): Uint8Array {
  if (!cut) return head
  const end = Math.max(head.lastIndexOf(10), head.lastIndexOf(13))
  return end > 0 ? head.subarray(0, end + 1) : head
}

function usualWidth(records: readonly string[][]): { width: number; regularity: number } {
  const counts = new Map<number, number>()
  for (const { length } of records) counts.set(length, (counts.get(length) ?? 0) + 1)
  let [width, count] = [0, 0]
  for (const [length, n] of counts) if (n > count) [width, count] = [length, n]
  return { width, regularity: records.length > 0 ? count / records.length : 0 }
}

/**
 * How many of the first records are no part of the table: shorter ones that fill at most half of the columns, or
 * one of them where they are padded. Only above a header of full width, so that no record of data is taken for one.
 */
function preambleOf(records: readonly string[][], width: number): number {
  const first = records.slice(0, maxPreamble + 1).findIndex((record) => !isPreamble(record, width))
  if (first <= 0 || records.length < first + 2) return 0
  const full = records[first]!.length === width && records[first + 1]!.length === width
  return full && hasHeader(records.slice(first)) ? first : 0
}

const maxPreamble = 20

function isPreamble(record: readonly string[], width: number): boolean {
  const filled = record.filter((field) => field.trim() !== '').length
  return record.length < width ? filled <= Math.max(1, width / 2) : width > 1 && filled <= 1
}

/**
 * Whether the first record names the columns. Each column votes: a typed value (number, date, uuid…) above
 * values of the same kind speaks against a header, a word above typed values for one. Without a vote the
 * first record is a header if it could be one: no blanks, no repetition of a value below it.
 */
export function hasHeader(records: readonly string[][]): boolean {
  const [first, ...rest] = records
  if (!first) return false
  const kinds = first.map(kindOf)
  if (rest.length === 0) return kinds.every((kind) => kind === 'text')
  let votes = 0
  for (const [column, kind] of kinds.entries()) {
    const below = rest.map((record) => kindOf(record[column] ?? '')).filter((other) => other !== 'empty')
    if (below.length === 0) continue
    const [usual] = below
    const uniform = below.every((other) => other === usual) && usual !== 'text'
    if (kind === 'text' && uniform) votes++
    else if (kind !== 'text' && kind !== 'empty' && below.includes(kind) && !isYear(first[column]!)) votes--
  }
  if (votes !== 0) return votes > 0
  return first.every((name, column) => {
    const kind = kinds[column]
    if (kind === 'empty') return column === 0
    return (kind === 'text' || isYear(name)) && !rest.some((record) => record[column] === name)
  })
}

/** Years are typed values, and common column names of wide tables. */
function isYear(name: string): boolean {
  return /^(19|20)\d\d$/.test(name.trim())
}

/** Numbers of all spellings are one kind: a header is no more a decimal than it is an integer. */
function kindOf(value: string): string {
  const trimmed = value.trim()
  if (trimmed === '') return 'empty'
  const token = new Token()
  token.bytes = Buffer.from(trimmed)
  token.end = token.bytes.length
  token.measure(0)
  const format = textFormats[classify(token)]!
  return format === 'digits' || format === 'code' || format === 'decimal' ? 'number' : format
}
