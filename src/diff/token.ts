/** One scalar of a file as bytes, with the facts that fall out of scanning it once. */

/** Which characters a text is made of, as bits that can be OR-ed over many texts. */
export const chars = {
  digit: 1,
  upper: 2,
  lower: 4,
  space: 8,
  minus: 16,
  dot: 32,
  colon: 64,
  at: 128,
  slash: 256,
  plus: 512,
  underscore: 1_024,
  other: 2_048,
  nonAscii: 4_096,
} as const

/** In {@link classOf} only: a byte the JSON scanner must look at (quote, backslash, control, not ASCII). */
export const special = 0x8000

/** The class of each byte. */
export const classOf: Readonly<Uint16Array> = classes()

function classes(): Uint16Array {
  const table = new Uint16Array(256).fill(chars.other)
  const set = (from: string, to: string, bits: number) =>
    table.fill(bits, from.charCodeAt(0), to.charCodeAt(0) + 1)
  set('0', '9', chars.digit)
  set('A', 'Z', chars.upper)
  set('a', 'z', chars.lower)
  set(' ', ' ', chars.space)
  set('-', '-', chars.minus)
  set('.', '.', chars.dot)
  set(':', ':', chars.colon)
  set('@', '@', chars.at)
  set('/', '/', chars.slash)
  set('+', '+', chars.plus)
  set('_', '_', chars.underscore)
  for (let byte = 0; byte < 0x20; byte++) table[byte] = chars.other | special
  for (const blank of [9, 10, 13]) table[blank] = chars.space | special
  for (const byte of [34, 92]) table[byte] = chars.other | special
  table.fill(chars.nonAscii | special, 128)
  return table
}

/** A mutable record that a scanner fills and a builder reads at once; nothing keeps it. */
export class Token {
  bytes: Uint8Array = new Uint8Array(0)
  start = 0
  end = 0
  /** A keyed 32-bit hash, see {@link mix}. */
  hash = 0
  /** Bits of {@link chars}. */
  mask = 0
  /** Code points. */
  length = 0

  /** Numbers only. */
  value = 0
  digits = 0
  scale = 0
  exponent = false

  /** Fills hash, mask and length from the bytes. */
  measure(seed: number): void {
    const { bytes, end } = this
    let hash = seed
    let mask = 0
    let length = end - this.start
    for (let i = this.start; i < end; i++) {
      const byte = bytes[i]!
      hash = Math.imul(hash ^ byte, 0x01000193)
      mask |= classOf[byte]!
      if ((byte & 0xc0) === 0x80) length--
    }
    this.hash = mix(hash)
    this.mask = mask & ~special
    this.length = length
  }

  /** Fills the numeric facts; the bytes are known to spell a number. */
  readNumber(): void {
    const { bytes, end } = this
    let value = 0
    let digits = 0
    let point = -1
    this.exponent = false
    for (let i = this.start; i < end; i++) {
      const byte = bytes[i]!
      if (byte >= 48 && byte <= 57) {
        value = value * 10 + byte - 48
        digits++
      } else if (byte === 46) {
        point = digits
      } else if (byte !== 45) {
        this.exponent = true
        break
      }
    }
    this.digits = point < 0 ? digits : point
    this.scale = point < 0 ? 0 : digits - point
    // Up to 15 digits the quotient is exact (IEEE 754); anything else goes the long way.
    if (this.exponent || digits > 15) this.value = Number(this.text())
    else this.value = (bytes[this.start] === 45 ? -value : value) / 10 ** this.scale
  }

  /** Its first bytes, copied: `slice` of a Buffer is a view, which would hold on to the whole file. */
  copy(most = Number.POSITIVE_INFINITY): Uint8Array {
    const copy = new Uint8Array(Math.min(this.end - this.start, most))
    for (let i = 0; i < copy.length; i++) copy[i] = this.bytes[this.start + i]!
    return copy
  }

  text(): string {
    return Buffer.from(
      this.bytes.buffer,
      this.bytes.byteOffset + this.start,
      this.end - this.start,
    ).toString()
  }
}

/** Finishes an FNV-1a hash so that its order is as good as random (the finaliser of MurmurHash3). */
export function mix(hash: number): number {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
