/** What stands before the root element of an XML file: there, a DOCTYPE is refused before anything parses it. */
import { DrifthookError } from '../../errors.js'

const lf = 0x0a
const cr = 0x0d
const dash = 0x2d
const greater = 0x3e
const less = 0x3c
const question = 0x3f

/** What opens markup before the root, and what is refused of it. */
const openings = ['<!--', '<!doctype', '<!entity']

/** Reads a file's characters as they come, until its root element, or until it is seen to be no XML. */
export class XmlProlog {
  #within: 'space' | 'opening' | 'comment' | 'instruction' | 'root' = 'space'
  /** The markup that is being opened, in lower case. */
  #opening = ''
  #dashes = 0
  #previous = 0
  #line = 1
  #column = 0
  #place = { line: 1, column: 1, byte: 0 }

  get isOver(): boolean {
    return this.#within === 'root'
  }

  /**
   * @param units UTF-8 bytes or UTF-16 code units, without a byte order mark
   * @param byte where the first of them stands in the file
   * @throws DrifthookError `XML_DOCTYPE_REFUSED`
   */
  read(units: Uint8Array | Uint16Array, byte: number): void {
    const size = units.BYTES_PER_ELEMENT
    for (let i = 0; i < units.length && !this.isOver; i++) {
      const unit = units[i]!
      this.#count(unit, size)
      this.#next(unit, byte + i * size)
      this.#previous = unit
    }
  }

  #count(unit: number, size: number): void {
    const isInside = size === 1 ? (unit & 0xc0) === 0x80 : (unit & 0xfc00) === 0xdc00
    if (this.#previous === lf || (this.#previous === cr && unit !== lf)) {
      this.#line++
      this.#column = 1
    } else if (!isInside) {
      this.#column++
    }
  }

  #next(unit: number, byte: number): void {
    if (this.#within === 'space') this.#open(unit, byte)
    else if (this.#within === 'opening') this.#decide(unit)
    else if (this.#within === 'instruction') {
      if (unit === greater && this.#previous === question) this.#within = 'space'
    } else {
      if (unit === greater && this.#dashes >= 2) this.#within = 'space'
      this.#dashes = unit === dash ? this.#dashes + 1 : 0
    }
  }

  #open(unit: number, byte: number): void {
    if (unit === less) {
      this.#within = 'opening'
      this.#opening = '<'
      this.#place = { line: this.#line, column: this.#column, byte }
    } else if (unit !== 0x20 && (unit < 0x09 || unit > cr)) {
      this.#within = 'root'
    }
  }

  #decide(unit: number): void {
    if (unit === question && this.#opening === '<') {
      this.#within = 'instruction'
      return
    }
    this.#opening += String.fromCharCode(unit).toLowerCase()
    if (this.#opening === '<!--') {
      this.#within = 'comment'
      this.#dashes = 0
    } else if (openings.includes(this.#opening)) {
      throw new DrifthookError(
        'XML_DOCTYPE_REFUSED',
        'The file has a document type declaration, which can define entities. Send it without.',
        { place: this.#place },
      )
    } else if (!openings.some((opening) => opening.startsWith(this.#opening))) {
      this.#within = 'root'
    }
  }
}
