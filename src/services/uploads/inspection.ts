import { DrifthookError } from '../../errors.js'

/** First bytes of things that are no data files. */
const signatures: readonly { name: string; bytes: readonly number[] }[] = [
  { name: 'a ZIP archive', bytes: [0x50, 0x4b, 0x03, 0x04] },
  { name: 'a ZIP archive', bytes: [0x50, 0x4b, 0x05, 0x06] },
  { name: 'a gzip archive', bytes: [0x1f, 0x8b] },
  { name: 'a bzip2 archive', bytes: [0x42, 0x5a, 0x68] },
  { name: 'an xz archive', bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a] },
  { name: 'a Zstandard archive', bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: 'a 7z archive', bytes: [0x37, 0x7a, 0xbc, 0xaf] },
  { name: 'a RAR archive', bytes: [0x52, 0x61, 0x72, 0x21] },
  { name: 'a PDF document', bytes: [0x25, 0x50, 0x44, 0x46] },
  { name: 'a PNG image', bytes: [0x89, 0x50, 0x4e, 0x47] },
  { name: 'a JPEG image', bytes: [0xff, 0xd8, 0xff] },
  { name: 'a GIF image', bytes: [0x47, 0x49, 0x46, 0x38] },
  { name: 'an ELF executable', bytes: [0x7f, 0x45, 0x4c, 0x46] },
  { name: 'a Windows executable', bytes: [0x4d, 0x5a, 0x90] },
]

/** Types a sender may declare that no data file has. Anything else is judged by its content. */
const refusedTypes =
  /^(image|audio|video|font)\/|^application\/(pdf|zip|gzip|x-tar|x-7z-compressed|x-msdownload|x-executable|vnd\.rar|java-archive|wasm)$/

/**
 * Refuses what is plainly no data before anything parses it.
 * @throws DrifthookError `FILE_EMPTY`, `FILE_SUSPICIOUS`, `FILE_TYPE_REFUSED`
 */
export function inspectUpload(bytes: Uint8Array, contentType: string | null): void {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (refusedTypes.test(type)) {
    throw new DrifthookError(
      'FILE_TYPE_REFUSED',
      `Files of type ${type} are not data. Send JSON, XML, CSV, EDI X12 or key-value.`,
    )
  }
  if (bytes.byteLength === 0) {
    throw new DrifthookError(
      'FILE_EMPTY',
      'The file has no bytes. Check that the sender finished writing it.',
    )
  }
  const found = signatures.find((signature) => signature.bytes.every((byte, n) => bytes[n] === byte))
  if (found !== undefined) {
    throw new DrifthookError(
      'FILE_SUSPICIOUS',
      `The file is ${found.name}. Send the data itself, uncompressed.`,
    )
  }
  const nul = isUtf16(bytes) ? -1 : bytes.indexOf(0)
  if (nul >= 0) {
    throw new DrifthookError('FILE_SUSPICIOUS', 'The file has a NUL byte: it is not text.', {
      place: { byte: nul },
    })
  }
}

/** Text in UTF-16 is full of NUL bytes, and starts with a byte order mark. */
const isUtf16 = (bytes: Uint8Array) =>
  (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)

/** A file's name as it may be recorded: without folders and control characters, at most 255 characters. */
export function recordedName(name: string | null | undefined): string | null {
  const base = name?.split(/[/\\]/).at(-1) ?? ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  const clean = base.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '').trim()
  return clean === '' ? null : wellFormed([...clean].slice(0, 255).join(''))
}

/** Half a surrogate pair is no character: it becomes U+FFFD, as on any way through UTF-8. */
const wellFormed = (text: string) => Buffer.from(text).toString()
