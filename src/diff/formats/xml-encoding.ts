/** The text of an XML file as UTF-8, by its byte order mark or its declaration (XML 1.0 §4.3.3, appendix F). */
import { DrifthookError, type Place } from '../../errors.js'
import { placeAt } from '../place.js'
import { fromWindows1252, toUtf8 } from './csv-encoding.js'
import { utf8Size } from './utf8.js'

export interface XmlText {
  /** UTF-8 without a byte order mark; not yet known to be valid. */
  bytes: Uint8Array
  encoding: string
}

const declaration = /^<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([^"'>]{1,40})["']/

/**
 * @throws DrifthookError `FILE_MALFORMED` for an encoding that is not read, or one the bytes do not have
 */
export function decodeXml(bytes: Uint8Array): XmlText {
  const mark = toUnicode(bytes)
  if (mark) return mark
  const content = startsWith(bytes, 0xef, 0xbb, 0xbf) ? bytes.subarray(3) : bytes
  const head = Buffer.from(content.subarray(0, 256)).toString('latin1')
  const encoding = declaration.exec(head)?.[1]?.toLowerCase() ?? 'utf-8'
  if (/^(utf-?8|us-ascii|ascii)$/.test(encoding)) return { bytes: content, encoding: 'utf-8' }
  if (/^(iso-?8859-1|latin-?1|windows-1252|cp1252)$/.test(encoding)) {
    return { bytes: fromWindows1252(content), encoding: 'windows-1252' }
  }
  throw new DrifthookError('FILE_MALFORMED', 'The encoding that the XML declaration names is not read.', {
    place: { line: 1, column: 1, byte: 0 },
  })
}

/** UTF-16 with a byte order mark, or without one as the first `<` shows it. */
function toUnicode(bytes: Uint8Array): XmlText | null {
  if (startsWith(bytes, 0xff, 0xfe) || startsWith(bytes, 0xfe, 0xff)) return toUtf8(bytes)
  for (const bom of [
    [0xff, 0xfe],
    [0xfe, 0xff],
  ]) {
    const [lead, tail] = bom[0] === 0xff ? [60, 0] : [0, 60]
    if (startsWith(bytes, lead!, tail!)) return toUtf8(Uint8Array.from([...bom, ...bytes]))
  }
  return null
}

function startsWith(bytes: Uint8Array, ...start: number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte)
}

const chunkBytes = 64 * 1024

/**
 * The text in pieces, so that it is never there as a whole.
 * @throws DrifthookError `FILE_MALFORMED` with the place of the first byte that is not UTF-8
 */
export function* textOf(bytes: Uint8Array): Generator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    const end = Math.min(start + chunkBytes, bytes.length)
    let text: string
    try {
      text = decoder.decode(bytes.subarray(start, end), { stream: end < bytes.length })
    } catch (cause) {
      throw new DrifthookError('FILE_MALFORMED', 'The file is not valid utf-8.', {
        cause,
        place: firstInvalid(bytes, Math.max(0, start - 3)),
      })
    }
    yield text
  }
}

/** @param from up to three bytes before what could not be decoded: it may start inside a character */
function firstInvalid(bytes: Uint8Array, from: number): Place {
  let i = from
  while (i > 0 && i < from + 3 && (bytes[i]! & 0xc0) === 0x80) i++
  while (i < bytes.length) {
    const size = bytes[i]! < 0x80 ? 1 : utf8Size(bytes, i)
    if (size === 0) break
    i += size
  }
  return placeAt(bytes, i)
}
