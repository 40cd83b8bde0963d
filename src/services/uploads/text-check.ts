/** Whether a file is text, told from all of its bytes as they come. */
import { DrifthookError } from '../../errors.js'
import { XmlProlog } from './xml-prolog.js'

/**
 * A text has hardly any control characters but white space and the separators 0x1C to 0x1F. It is refused at the
 * first one that is both beyond this number and beyond one in a hundred characters so far.
 */
const mostControls = 16
const controlShare = 0.01

const isTextControl = new Set([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1c, 0x1d, 0x1e, 0x1f])
/** What ended files on CP/M and DOS: at the end it is no fault. */
const substitute = 0x1a

type Units = Uint8Array | Uint16Array
type Encoding = { bytes: 1 | 2; bigEndian: boolean; mark: number }

/**
 * What the comparison reads: UTF-16 with a byte order mark or, as XML, by its first `<`; else bytes, in UTF-8 or a
 * code page.
 */
function encodingOf(head: Uint8Array): Encoding {
  const [a, b, c] = head
  if (a === 0xff && b === 0xfe) return { bytes: 2, bigEndian: false, mark: 2 }
  if (a === 0xfe && b === 0xff) return { bytes: 2, bigEndian: true, mark: 2 }
  if (a === 0x3c && b === 0) return { bytes: 2, bigEndian: false, mark: 0 }
  if (a === 0 && b === 0x3c) return { bytes: 2, bigEndian: true, mark: 0 }
  return { bytes: 1, bigEndian: false, mark: a === 0xef && b === 0xbb && c === 0xbf ? 3 : 0 }
}

export class TextCheck {
  readonly #prolog = new XmlProlog()
  #encoding: Encoding | null = null
  /** The first byte of a code unit whose second has not come. */
  #half: number | null = null
  /** Bytes before those that are looked at. */
  #byte = 0
  #isInterchange = false
  #controls = 0
  #firstControl = 0
  /** Substitutes at the end so far. */
  #substitutes = 0

  /**
   * @param bytes the next ones; the first time as many as tell the encoding, if there are so many
   * @throws DrifthookError `FILE_SUSPICIOUS`, `XML_DOCTYPE_REFUSED`, with the place
   */
  write(bytes: Uint8Array): void {
    if (this.#encoding === null) bytes = this.#begin(bytes)
    const units = this.#unitsOf(bytes)
    if (!this.#prolog.isOver) this.#prolog.read(units, this.#byte)
    this.#look(units)
    this.#byte += units.byteLength
  }

  /** @throws DrifthookError `FILE_SUSPICIOUS` */
  end(): void {
    if (this.#half !== null) {
      throw suspicious('The file is text in UTF-16 and ends within a character: it was cut off.', this.#byte)
    }
  }

  #begin(bytes: Uint8Array): Uint8Array {
    this.#encoding = encodingOf(bytes)
    this.#byte = this.#encoding.mark
    const rest = bytes.subarray(this.#encoding.mark)
    // X12 declares its separators itself, and any control character but NUL will do.
    this.#isInterchange = /^\s*ISA/.test(Buffer.from(rest).toString('latin1'))
    return rest
  }

  #unitsOf(bytes: Uint8Array): Units {
    if (this.#encoding?.bytes !== 2) return bytes
    const whole = this.#half === null ? bytes : Buffer.concat([Uint8Array.of(this.#half), bytes])
    const units = new Uint16Array(whole.byteLength >> 1)
    const [high, low] = this.#encoding.bigEndian ? [0, 1] : [1, 0]
    for (let i = 0; i < units.length; i++) units[i] = (whole[2 * i + high]! << 8) | whole[2 * i + low]!
    this.#half = whole.byteLength % 2 === 0 ? null : whole.at(-1)!
    return units
  }

  #look(units: Units): void {
    const size = units.BYTES_PER_ELEMENT
    let end = units.length
    while (end > 0 && units[end - 1] === substitute) end--
    if (end > 0) this.#countSubstitutes(size)
    for (let i = 0; i < end; i++) {
      const unit = units[i]!
      if (unit >= 0x20 || isTextControl.has(unit)) continue
      const byte = this.#byte + i * size
      if (unit === 0) {
        throw suspicious('The file has a NUL: it is not text, or UTF-16 without its byte order mark.', byte)
      }
      this.#countControl(byte, size)
    }
    this.#substitutes += units.length - end
  }

  /** Those that turned out not to be at the end. */
  #countSubstitutes(size: number): void {
    for (; this.#substitutes > 0; this.#substitutes--) {
      this.#countControl(this.#byte - this.#substitutes * size, size)
    }
  }

  #countControl(byte: number, size: number): void {
    if (this.#isInterchange) return
    if (this.#controls++ === 0) this.#firstControl = byte
    if (this.#controls <= mostControls || this.#controls * size <= controlShare * (byte + size)) return
    throw suspicious(
      'The file has more control characters than text does. The place is that of the first.',
      this.#firstControl,
    )
  }
}

const suspicious = (detail: string, byte: number) =>
  new DrifthookError('FILE_SUSPICIOUS', detail, { place: { byte } })
