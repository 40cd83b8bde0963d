/** UTF-8 by hand, where a decoder would cost more than the bytes. */

/** Bytes of the well-formed sequence at `i`, or 0 (Unicode 15, table 3-7: no overlongs, no surrogates). */
export function utf8Size(bytes: Uint8Array, i: number): number {
  const lead = bytes[i]!
  const second = bytes[i + 1] ?? 0
  if (lead < 0xc2 || lead > 0xf4) return 0
  if (lead < 0xe0) return isTail(second) ? 2 : 0
  if (lead < 0xf0) {
    const low = lead === 0xe0 ? 0xa0 : 0x80
    const high = lead === 0xed ? 0x9f : 0xbf
    return second >= low && second <= high && isTail(bytes[i + 2] ?? 0) ? 3 : 0
  }
  const low = lead === 0xf0 ? 0x90 : 0x80
  const high = lead === 0xf4 ? 0x8f : 0xbf
  return second >= low && second <= high && isTail(bytes[i + 2] ?? 0) && isTail(bytes[i + 3] ?? 0) ? 4 : 0
}

function isTail(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}

/** Writes one code point as UTF-8; a lone surrogate as its three bytes, so that it stays distinct. */
export function encodeUtf8(to: Uint8Array, at: number, point: number): number {
  let i = at
  if (point < 0x80) {
    to[i++] = point
  } else if (point < 0x800) {
    to[i++] = 0xc0 | (point >> 6)
    to[i++] = 0x80 | (point & 63)
  } else if (point < 0x10000) {
    to[i++] = 0xe0 | (point >> 12)
    to[i++] = 0x80 | ((point >> 6) & 63)
    to[i++] = 0x80 | (point & 63)
  } else {
    to[i++] = 0xf0 | (point >> 18)
    to[i++] = 0x80 | ((point >> 12) & 63)
    to[i++] = 0x80 | ((point >> 6) & 63)
    to[i++] = 0x80 | (point & 63)
  }
  return i
}
