/**
 * The envelope of X12: ISA..IEA around GS..GE around ST..SE. None of it is compared; control numbers and
 * counts are checked against what they say (ASC X12.5 §§ 3 to 5) and a mismatch is a finding, as the data
 * itself can still be read. A file without its last IEA is cut off, and refused.
 */
import type { Place } from '../../errors.js'
import { root } from '../paths.js'
import type { Finding } from '../profile.js'
import type { SegmentReader } from './x12-reader.js'
import { lineSegments } from './x12-rules.js'

interface OpenPart {
  control: string
  /** How many parts, or for a set segments, it has so far. */
  parts: number
}

interface OpenSet extends OpenPart {
  id: string
  lines: number
}

export class Envelope {
  #interchange: OpenPart | null = null
  #group: (OpenPart & { version: string }) | null = null
  #set: OpenSet | null = null
  readonly #findings = new Map<string, { code: Finding['code']; path: string; count: number; at: number }>()

  constructor(readonly reader: SegmentReader) {}

  get inSet(): boolean {
    return this.#set !== null
  }

  openInterchange(): void {
    this.#leave(0)
    if (this.#interchange !== null) this.note('missing-trailer')
    if (!this.reader.header!.exact) this.note('interchange-width')
    this.#interchange = { control: this.reader.text(13), parts: 0 }
  }

  openGroup(): void {
    if (this.#interchange === null) throw this.reader.error('GS stands outside an interchange')
    this.#leave(0)
    this.#interchange.parts++
    this.#group = { control: this.reader.text(6), parts: 0, version: this.reader.text(8) }
  }

  /** @returns which transaction set it is, and in which version */
  openSet(): { id: string; version: string } {
    if (this.#group === null) throw this.reader.error('ST stands outside a functional group')
    this.#leave(1)
    this.#group.parts++
    const id = this.reader.text(1)
    if (!/^[A-Za-z0-9]{1,6}$/.test(id)) throw this.reader.error('ST does not name a transaction set')
    this.#set = { id, control: this.reader.text(2), parts: 1, lines: 0 }
    return { id, version: versionOf(this.reader.text(3) || this.#group.version) }
  }

  /** A segment inside a transaction set. */
  segment(id: string): void {
    const set = this.#set
    if (set === null) throw this.reader.error('A segment stands outside a transaction set')
    set.parts++
    if (lineSegments[set.id] === id) set.lines++
    if (id === 'CTT' && lineSegments[set.id]) this.#count('line-count', 1, set.lines)
  }

  closeSet(): void {
    if (this.#set === null) throw this.reader.error('SE stands outside a transaction set')
    this.#count('segment-count', 1, this.#set.parts + 1)
    this.#control(2, this.#set.control)
    this.#set = null
  }

  closeGroup(): void {
    if (this.#group === null) throw this.reader.error('GE stands outside a functional group')
    this.#leave(1)
    this.#count('set-count', 1, this.#group.parts)
    this.#control(2, this.#group.control)
    this.#group = null
  }

  closeInterchange(): void {
    if (this.#interchange === null) throw this.reader.error('IEA stands outside an interchange')
    this.#leave(0)
    this.#count('group-count', 1, this.#interchange.parts)
    this.#control(2, this.#interchange.control)
    this.#interchange = null
  }

  /** The end of the file. */
  end(): void {
    const missing = this.#set ? 'SE' : this.#group ? 'GE' : this.#interchange ? 'IEA' : null
    if (missing === null) return
    throw this.reader.error(`The file is cut off: it ends before ${missing}`)
  }

  note(code: Finding['code'], path = this.#set?.id ?? root): void {
    const known = this.#findings.get(`${code} ${path}`)
    if (known) known.count++
    else this.#findings.set(`${code} ${path}`, { code, path, count: 1, at: this.reader.at })
  }

  positions(): number[] {
    return [...this.#findings.values()].map(({ at }) => at)
  }

  findings(toPlace: (at: number) => Place): Finding[] {
    return [...this.#findings.values()].map(({ at, ...finding }) => ({ ...finding, first: toPlace(at) }))
  }

  /** What is still open where a part ends or begins has lost its trailer. 0: sets and groups, 1: sets. */
  #leave(level: 0 | 1): void {
    if (this.#set !== null) this.note('missing-trailer')
    this.#set = null
    if (level === 1) return
    if (this.#group !== null) this.note('missing-trailer')
    this.#group = null
  }

  #count(code: Finding['code'], element: number, expected: number): void {
    const found = this.reader.text(element)
    if (!/^\d{1,12}$/.test(found) || Number(found) !== expected) this.note(code)
  }

  #control(element: number, expected: string): void {
    if (plain(this.reader.text(element)) !== plain(expected)) this.note('control-number')
  }
}

/** Leading zeros only fill the field. */
function plain(control: string): string {
  return control.replace(/^0+(?=.)/, '')
}

/** Versions look like `004010` or `005010X222A1`; whatever else stands there does not leave the file. */
function versionOf(text: string): string {
  return /^\d{4,6}[A-Z0-9]{0,6}$/.test(text) ? text : 'unknown'
}
