/** A token for formats that are read as strings. */
import { classOf, mix, special, Token } from '../token.js'

export class TextToken extends Token {
  #scratch = new Uint8Array(1_024)
  readonly #encoder = new TextEncoder()

  /** Takes a text over as UTF-8. ASCII, the usual case, is copied and measured in one go. */
  write(text: string, seed: number): void {
    const { length } = text
    if (this.#scratch.length < length * 3) this.#scratch = new Uint8Array(length * 6)
    const scratch = this.#scratch
    let hash = seed
    let mask = 0
    let i = 0
    for (; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code >= 0x80) break
      scratch[i] = code
      hash = Math.imul(hash ^ code, 0x01000193)
      mask |= classOf[code]!
    }
    this.bytes = scratch
    this.start = 0
    if (i === length) {
      this.end = this.length = length
      this.hash = mix(hash)
      this.mask = mask & ~special
    } else {
      this.end = this.#encoder.encodeInto(text, scratch).written
      this.measure(seed)
    }
  }
}
