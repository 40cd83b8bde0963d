/** Brings a text file to UTF-8 bytes, whatever it was written in. */
import { DrifthookError } from '../../errors.js'

export type Encoding = 'ascii' | 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'

export interface DecodedFile {
  /** UTF-8 without a byte order mark. */
  bytes: Uint8Array
  encoding: Encoding
  byteOrderMark: boolean
}

/**
 * Told by the byte order mark; without one, UTF-8 if all of the file is valid UTF-8, else windows-1252, in
 * which every byte means something.
 */
export function toUtf8(bytes: Uint8Array): DecodedFile {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return recoded(bytes, 'utf-16le', true)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return recoded(bytes, 'utf-16be', true)
  const byteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  const content = byteOrderMark ? bytes.subarray(3) : bytes
  if (isAscii(content)) return { bytes: content, encoding: 'ascii', byteOrderMark }
  if (isUtf8(content)) return { bytes: content, encoding: 'utf-8', byteOrderMark }
  return { bytes: fromWindows1252(content), encoding: 'windows-1252', byteOrderMark }
}

/** Bytes 0x80 to 0x9f of windows-1252; elsewhere it is Latin-1. By hand: Node 20's decoder confuses the two. */
const c1 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

/** Of every byte one character. */
export function fromWindows1252(bytes: Uint8Array): Uint8Array {
  const text = new TextEncoder()
  const table = Array.from({ length: 128 }, (_, i) =>
    text.encode(i < 32 ? c1[i]! : String.fromCharCode(i + 0x80)),
  )
  const recoded = new Uint8Array(
    bytes.reduce((size, byte) => size + (byte < 0x80 ? 1 : table[byte - 0x80]!.length), 0),
  )
  let size = 0
  for (const byte of bytes) {
    if (byte < 0x80) recoded[size++] = byte
    else for (const unit of table[byte - 0x80]!) recoded[size++] = unit
  }
  return recoded
}

function recoded(bytes: Uint8Array, encoding: Encoding, byteOrderMark: boolean): DecodedFile {
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
    return { bytes: new TextEncoder().encode(text), encoding, byteOrderMark }
  } catch (cause) {
    throw new DrifthookError('FILE_MALFORMED', `The file is not valid ${encoding}.`, {
      cause,
      place: { byte: 0 },
    })
  }
}

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! >= 0x80) return false
  return true
}

/** In pieces, so that no string of the whole file is made only to be thrown away. */
function isUtf8(bytes: Uint8Array): boolean {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for (let i = 0; i < bytes.length; i += 65_536)
      decoder.decode(bytes.subarray(i, i + 65_536), { stream: true })
    decoder.decode()
    return true
  } catch {
    return false
  }
}
