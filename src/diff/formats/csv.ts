/** CSV in its many spellings. Paths are bare column names: `name#2` for a repeated one, `column1` without header. */
import type { Place } from '../../errors.js'
import { DrifthookError } from '../../errors.js'
import { BuilderContext, PathBuilder } from '../builder.js'
import { type DiffLimits, limitExceeded } from '../limits.js'
import { childPath, root } from '../paths.js'
import { emptyPath, type Finding, type Profile } from '../profile.js'
import { columnNames } from './csv-columns.js'
import { toUtf8 } from './csv-encoding.js'
import { readRecords } from './csv-records.js'
import { type CsvDialect, sniffCsv } from './csv-sniffer.js'
import type { Detection, Format, ProfileOptions } from './registry.js'
import { TextToken } from './text-token.js'

export const csv: Format = { name: 'csv', detect, profile }

const delimiterNames: Readonly<Record<string, string>> = {
  ',': 'comma',
  ';': 'semicolon',
  '\t': 'tab',
  '|': 'pipe',
}

/** CSV shows itself by regularity: records of one width, more than one column. */
function detect(head: Uint8Array): Detection | null {
  const { bytes, byteOrderMark } = decoded(head)
  const start = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart()
  if (hasControls(bytes) || /^(<|ISA[^A-Za-z0-9]|\{\s*"|\[\s*[[{"])/.test(start)) return null
  const dialect = sniffCsv(bytes)
  const evidence = `${dialect.width} columns by ${delimiterNames[dialect.delimiter]}, ${percent(dialect.regularity)} regular`
  if (dialect.width > 1 && dialect.sampled > 1) {
    return { confidence: dialect.regularity >= 0.9 ? 0.85 : dialect.regularity * 0.8, evidence }
  }
  if (dialect.width > 1)
    return { confidence: dialect.header ? 0.55 : 0.4, evidence: `${evidence}, one record` }
  return { confidence: byteOrderMark ? 0.4 : 0.3, evidence: 'one column at most' }
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

/** The head of a file may be cut inside a character. */
function decoded(head: Uint8Array): { bytes: Uint8Array; byteOrderMark: boolean } {
  const utf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)
  try {
    return toUtf8(utf16 ? head.subarray(0, head.length & ~1) : head)
  } catch {
    return { bytes: head, byteOrderMark: false }
  }
}

function hasControls(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27))
}

function profile(bytes: Uint8Array, options: ProfileOptions): Profile {
  const file = toUtf8(bytes)
  const dialect = sniffCsv(file.bytes)
  const table = new TableProfiler(dialect, options)
  if (dialect.preamble > 0) table.note('preamble', dialect.preamble)
  let before = dialect.preamble
  for (const { records, strayQuotes } of readRecords(file.bytes, dialect, options)) {
    if (strayQuotes > 0) table.note('stray-quote', strayQuotes)
    for (const record of records) if (before-- <= 0) table.record(record)
  }
  return {
    format: 'csv',
    dialect: {
      header: dialect.header,
      delimiter: dialect.width > 1 ? delimiterNames[dialect.delimiter]! : 'none',
      encoding: file.encoding,
    },
    ...table.finish(),
  }
}

/** Takes records one by one. Record 1 is the first below the header. */
class TableProfiler {
  readonly #limits: DiffLimits
  readonly #context: BuilderContext
  readonly #record: PathBuilder
  readonly #token = new TextToken()
  #columns: PathBuilder[] | null = null
  #rows = 0
  #findings = new Map<string, Finding>()

  constructor(
    readonly dialect: CsvDialect,
    options: ProfileOptions,
  ) {
    this.#limits = options.limits
    this.#context = new BuilderContext(options.key, options.limits, undefined, options.expected)
    this.#record = new PathBuilder(this.#context)
  }

  record(fields: string[]): void {
    if (this.#columns === null) {
      const names = this.dialect.header ? fields : fields.map((_, i) => `column${i + 1}`)
      this.#columns = this.#makeColumns(names)
      if (this.dialect.header) return
    }
    const columns = this.#columns
    const row = ++this.#rows
    if (row > this.#limits.records) throw limitExceeded('records', this.#limits, { record: row })
    // Without a header a longer record shows columns that were not known before.
    if (fields.length > columns.length && !this.dialect.header) this.#widen(columns, fields.length)
    this.#record.seen++
    this.#record.object(row)
    if (fields.length < columns.length) this.note('short-record', 1, row)
    if (fields.length > columns.length) this.note('long-record', 1, row)
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]!
      const value = fields[i]
      column.seen++
      if (value === undefined || value === '') {
        column.emptyText(row)
      } else {
        this.#token.write(value, this.#context.seed)
        column.field(this.#token, row)
      }
    }
  }

  /** Something wrong with the file that does not stop it from being read. */
  note(code: Finding['code'], count: number, record = this.#rows + 1, path: string = root): void {
    const known = this.#findings.get(code + path)
    if (known) known.count += count
    else this.#findings.set(code + path, { code, path, count, first: { record } })
  }

  finish(): { root: Profile['root']; findings: Finding[] } {
    if (this.#columns === null) throw new DrifthookError('FILE_EMPTY', 'The file holds no records.')
    const toPlace = (record: number): Place => ({ record })
    const table = emptyPath()
    table.seen = 1
    table.types.array = 1
    table.length = { min: this.#rows, max: this.#rows }
    table.items = this.#record.finish(toPlace)
    return { root: table, findings: [...this.#findings.values()] }
  }

  #makeColumns(names: readonly string[]): PathBuilder[] {
    if (names.length > this.#limits.columns) throw limitExceeded('columns', this.#limits, { record: 1 })
    return columnNames(names).map((unique, i) => {
      const name = names[i]!.trim() === '' ? `column${i + 1}` : names[i]!
      if (unique !== name) this.note('duplicate-column', 1, 0, childPath(root, name))
      return this.#column(unique, i)
    })
  }

  #widen(columns: PathBuilder[], width: number): void {
    if (width > this.#limits.columns) throw limitExceeded('columns', this.#limits, { record: this.#rows })
    for (let i = columns.length; i < width; i++) columns.push(this.#column(`column${i + 1}`, i))
  }

  #column(name: string, position: number): PathBuilder {
    if (name.length > this.#limits.keyLength) throw limitExceeded('keyLength', this.#limits, { record: 1 })
    this.#token.write(name, this.#context.seed)
    const column = this.#record.child(this.#token, false, () => ({ record: 1 }))
    column.present(1, position)
    column.seen = 0
    return column
  }
}
