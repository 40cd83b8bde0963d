import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDrifthookError } from '../../../../src/errors.js'
import { Inspection } from '../../../../src/services/uploads/inspection.js'

const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex')
const bigEndian = (text: string) => Buffer.from(text, 'utf16le').swap16()

interface Given {
  type?: string | null
  format?: string | null
  /** Bytes of one chunk. */
  step?: number
}

/** Null, or what it was refused for. */
function refusal(content: Uint8Array | string, { type = null, format = null, step = 65_536 }: Given = {}) {
  const bytes = Buffer.from(content as string)
  const inspection = new Inspection({ contentType: type, format })
  try {
    for (let start = 0; start < bytes.byteLength; start += step) {
      inspection.write(bytes.subarray(start, start + step))
    }
    inspection.end()
    return null
  } catch (error) {
    if (!isDrifthookError(error)) throw error
    return { code: error.code, message: error.message, place: error.place }
  }
}

const codeOf = (content: Uint8Array | string, given?: Given) => refusal(content, given)?.code ?? 'accepted'

const tar = Buffer.alloc(1_024)
tar.write('orders.csv')
tar.write('ustar\u000000', 257, 'latin1')

describe('the inspection of a file', () => {
  it.each([
    ['FILE_ARCHIVE', 'ZIP', hex('504b0304 14000000')],
    ['FILE_ARCHIVE', 'ZIP', hex('504b0506 00000000')],
    ['FILE_ARCHIVE', 'ZIP', hex('504b0708 504b0304')],
    ['FILE_ARCHIVE', 'ZIP', hex('504b3030 504b0304')],
    ['FILE_ARCHIVE', 'gzip', hex('1f8b0800')],
    ['FILE_ARCHIVE', 'bzip2', hex('425a6839 314159265359')],
    ['FILE_ARCHIVE', 'xz', hex('fd377a585a00')],
    ['FILE_ARCHIVE', 'lzma', hex('5d00008000')],
    ['FILE_ARCHIVE', 'lzip', hex('4c5a495001')],
    ['FILE_ARCHIVE', 'lzop', hex('894c5a4f000d0a1a0a')],
    ['FILE_ARCHIVE', 'lz4', hex('04224d18')],
    ['FILE_ARCHIVE', 'Zstandard', hex('28b52ffd')],
    ['FILE_ARCHIVE', 'Snappy', hex('ff060000734e61507059')],
    ['FILE_ARCHIVE', 'compress', hex('1f9d90')],
    ['FILE_ARCHIVE', '7z', hex('377abcaf271c')],
    ['FILE_ARCHIVE', 'RAR', hex('526172211a0700')],
    ['FILE_ARCHIVE', 'tar', tar],
    ['FILE_ARCHIVE', 'cpio', `070701${'0000A3f1'.repeat(13)}orders`],
    ['FILE_ARCHIVE', 'cabinet', hex('4d53434600000000')],
    ['FILE_ARCHIVE', 'LHA', hex('22002d6c68352d')],
    ['FILE_ARCHIVE', 'ar archive', '!<arch>\ndebian-binary'],
    ['FILE_ARCHIVE', 'RPM', hex('edabeedb')],
    ['FILE_EXECUTABLE', 'Linux', hex('7f454c46020101')],
    ['FILE_EXECUTABLE', 'Windows program', hex('4d5a90000300')],
    ['FILE_EXECUTABLE', 'macOS', hex('cffaedfe')],
    ['FILE_EXECUTABLE', 'macOS', hex('cafebabe00000002')],
    ['FILE_EXECUTABLE', 'Java', hex('cafebabe00000041')],
    ['FILE_EXECUTABLE', 'WebAssembly', hex('0061736d01000000')],
    ['FILE_EXECUTABLE', 'Android', hex('6465780a30333500')],
    ['FILE_EXECUTABLE', 'Lua', hex('1b4c7561')],
    ['FILE_EXECUTABLE', 'shortcut', hex('4c0000000114020000')],
    ['FILE_EXECUTABLE', 'script', '#!/bin/sh\nrm -rf .'],
    ['FILE_EXECUTABLE', 'script', '#! /usr/bin/env python3\n'],
    ['FILE_EXECUTABLE', 'PHP', '<?php system($_GET[0]);'],
    ['FILE_SUSPICIOUS', '.xls', hex('d0cf11e0a1b11ae1')],
    ['FILE_SUSPICIOUS', 'PDF', '%PDF-1.7\n'],
    ['FILE_SUSPICIOUS', 'RTF', '{\\rtf1'],
    ['FILE_SUSPICIOUS', 'PNG', hex('89504e470d0a1a0a')],
    ['FILE_SUSPICIOUS', 'JPEG', hex('ffd8ffe0')],
    ['FILE_SUSPICIOUS', 'GIF', 'GIF89a'],
    ['FILE_SUSPICIOUS', 'BMP', hex('424d36000c0000000000')],
    ['FILE_SUSPICIOUS', 'WebP', 'RIFF\u0001\u0002\u0003\u0004WEBPVP8'],
    ['FILE_SUSPICIOUS', 'audio', hex('49443303000000')],
    ['FILE_SUSPICIOUS', 'video', hex('0000001866747970')],
    ['FILE_SUSPICIOUS', 'SQLite', 'SQLite format 3\u0000'],
    ['FILE_SUSPICIOUS', 'Parquet', hex('5041523115001502')],
    ['FILE_SUSPICIOUS', 'Avro', hex('4f626a01')],
    ['FILE_SUSPICIOUS', 'UTF-32', hex('fffe00007b000000')],
    ['FILE_SUSPICIOUS', 'UTF-32', hex('0000feff0000007b')],
  ])('refuses with %s what is %s', (code, name, content) => {
    const found = refusal(content)
    expect(found).toMatchObject({ code })
    expect(found?.message).toContain(name)
    expect(refusal(content, { step: 1 })).toEqual(found)
    // As the start of something large, before the rest has come.
    const inspection = new Inspection({ contentType: 'application/json', format: 'json' })
    expect(() => {
      for (const byte of Buffer.from(content as string)) inspection.write(Uint8Array.of(byte))
    }).toThrow(name)
  })

  it.each([
    'MZ,name\n1,a\n',
    `MZ${'x'.repeat(2_000)}`,
    'PK is how this text starts',
    'BZh,1\n',
    'BM,price\n1,2\n',
    'BMW;Audi\n1;2\n',
    'GIF,8\n',
    'ID3\tname\n1\ta\n',
    'PAR1,PAR2\na,b\n',
    'RIFF,WAVE\n',
    'Obj,1\n',
    'Rar!,1\n',
    'dex\n035\n',
    'OggS,1\n',
    '070701,12\n070702,13\n',
    '7z,1\n',
    '#!fields=a,b\n1,2\n',
    '# a comment\nkey=value\n',
    '%,PDF\n',
    '{"a":1}',
    '<?xml version="1.0"?><a/>',
    '<?phpx y?><a/>',
    'ELF,1\n',
    '8BPS=1\n',
    `${'x'.repeat(257)}ustar,`,
    'a\n',
    'ab-lh5,c',
  ])('takes text that starts like one: %j', (content) => {
    expect(refusal(content)).toBeNull()
    expect(refusal(content, { step: 1 })).toBeNull()
  })

  it('refuses a file without bytes, whatever else it is', () => {
    expect(codeOf('')).toBe('FILE_EMPTY')
    expect(codeOf('', { type: 'image/png' })).toBe('FILE_TYPE_REFUSED')
  })
})

describe('the declared type', () => {
  it.each([
    'image/png',
    'image/svg+xml',
    'audio/mpeg',
    'video/mp4',
    'font/woff2',
    'application/pdf',
    'application/zip',
    'application/x-zip-compressed',
    'application/gzip',
    'application/x-7z-compressed',
    'application/vnd.rar',
    'application/java-archive',
    'application/x-msdownload',
    'application/x-executable',
    'application/x-sh',
    'application/wasm',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'Application/ZIP; charset=binary',
  ])('%s is refused, whatever the content is', (type) =>
    expect(codeOf('{"a":1}', { type })).toBe('FILE_TYPE_REFUSED'),
  )

  it.each([
    null,
    '',
    'nonsense',
    'application/octet-stream',
    'text/plain',
    'text/plain; charset=utf-8',
    'text/html',
    'application/vnd.ms-excel',
    'application/x-unheard-of',
    'application/edifact',
    'binary',
    'image/<script>',
  ])('%s says nothing: any contract takes it', (type) => {
    for (const format of [null, 'json', 'csv', 'xml', 'x12', 'key-value', 'fixed-width']) {
      expect(codeOf('{"a":1}', { type, format })).toBe('accepted')
    }
  })

  it.each([
    ['application/json', ['json']],
    ['application/json; charset=utf-8', ['json']],
    ['text/json', ['json']],
    ['application/vnd.api+json', ['json']],
    ['application/x-ndjson', ['json']],
    ['application/xml', ['xml']],
    ['TEXT/XML', ['xml']],
    ['application/soap+xml', ['xml']],
    ['text/csv', ['csv']],
    ['text/x-comma-separated-values', ['csv']],
    ['text/tab-separated-values', ['csv', 'key-value']],
    ['application/EDI-X12', ['x12']],
    ['text/x-java-properties', ['key-value']],
  ])('%s is that of %j alone', (type, own) => {
    const formats = ['json', 'csv', 'xml', 'x12', 'key-value']
    const taken = formats.filter((format) => codeOf('a', { type, format }) === 'accepted')
    expect(taken.sort()).toEqual([...own].sort())
    for (const format of formats.filter((each) => !own.includes(each))) {
      const found = refusal('a', { type, format })
      expect(found).toMatchObject({ code: 'FILE_TYPE_REFUSED' })
      expect(found?.message).toContain(`the contract is for ${format}`)
    }
    // A contract without a format, or of a format of the host's own.
    expect(codeOf('a', { type })).toBe('accepted')
    expect(codeOf('a', { type, format: 'fixed-width' })).toBe('accepted')
  })
})

describe('text', () => {
  it('has no NUL, wherever it stands', () => {
    for (const at of [0, 1, 511, 512, 513, 65_535, 65_536, 200_000]) {
      const bytes = Buffer.alloc(200_001, 'a')
      bytes[at] = 0
      for (const step of [512, 1_000, 65_536]) {
        expect(refusal(bytes, { step })).toMatchObject({ code: 'FILE_SUSPICIOUS', place: { byte: at } })
      }
    }
    expect(refusal(Buffer.alloc(200_001, 'a'))).toBeNull()
  })

  it('may be in UTF-16 with a byte order mark, in whole code units', () => {
    const text = '\ufeff{"größe": "日本"}'
    for (const bytes of [Buffer.from(text, 'utf16le'), bigEndian(text)]) {
      for (const step of [1, 3, 65_536]) expect(refusal(bytes, { step })).toBeNull()
      expect(refusal(bytes.subarray(0, -1))).toMatchObject({
        code: 'FILE_SUSPICIOUS',
        place: { byte: bytes.byteLength - 2 },
      })
    }
    const long = Buffer.from(`\ufeff${'a,b\n'.repeat(1_000)}\u0000`, 'utf16le')
    for (const step of [1, 3, 511, 65_536]) {
      expect(refusal(long, { step })).toMatchObject({ code: 'FILE_SUSPICIOUS', place: { byte: 8_002 } })
    }
  })

  it('may be XML in UTF-16 without one, as the comparison reads it, and nothing else', () => {
    expect(refusal(Buffer.from('<a>1</a>', 'utf16le'))).toBeNull()
    expect(refusal(bigEndian('<a>1</a>'))).toBeNull()
    expect(refusal(Buffer.from('{"a":1}', 'utf16le'))).toMatchObject({ place: { byte: 1 } })
  })

  it('may be in UTF-8 or any code page', () => {
    expect(refusal('\ufeffä;€;日本\n')).toBeNull()
    expect(refusal(Buffer.from(Array.from({ length: 128 }, (_, n) => n + 128)))).toBeNull()
  })

  it('has hardly any control characters', () => {
    const row = 'one,two,three,four\n'
    const odd = (count: number) => `${row}\u0001${`a\u0002`.repeat(count - 1)}\n${row}`
    expect(refusal(odd(16))).toBeNull()
    expect(refusal(odd(17))).toMatchObject({ code: 'FILE_SUSPICIOUS', place: { byte: row.length } })
    // One in a hundred characters is too few to say anything.
    expect(refusal(`${'a'.repeat(99)}\u001b`.repeat(1_000))).toBeNull()
    expect(codeOf(`${'a'.repeat(98)}\u001b`.repeat(1_000))).toBe('FILE_SUSPICIOUS')
    const wide = Buffer.from(`\ufeff${row}${'\u0001'.repeat(17)}`, 'utf16le')
    expect(refusal(wide)).toMatchObject({ place: { byte: 2 + 2 * row.length } })
  })

  it('may have white space and separators of any kind', () => {
    expect(refusal('a\tb\u000bc\u000cd\r\n'.repeat(100))).toBeNull()
    expect(refusal('UNA:+.? \u001dUNB\u001cUNOB\u001f\u001e'.repeat(100))).toBeNull()
  })

  it('may end as files on DOS did', () => {
    for (const step of [1, 100, 65_536]) {
      expect(refusal(`a,b\n1,2\n${'\u001a'.repeat(1_000)}`, { step })).toBeNull()
      expect(refusal(`a,b\n${'\u001a'.repeat(1_000)}1,2\n`, { step })).toMatchObject({
        code: 'FILE_SUSPICIOUS',
        place: { byte: 4 },
      })
    }
  })

  it('may be X12 with any separators it declares, but for NUL', () => {
    const header =
      'ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260301*1200*U*00401*000000001*0*P*>'
    const interchange = `${header}\u0015${'ST*850*1\u0015'.repeat(200)}`.replaceAll('*', '\u0007')
    expect(refusal(interchange)).toBeNull()
    expect(refusal(`\ufeff\r\n${interchange}`)).toBeNull()
    expect(codeOf(interchange.replace('ISA', 'ISB'))).toBe('FILE_SUSPICIOUS')
    expect(codeOf(`${interchange}\u0000`)).toBe('FILE_SUSPICIOUS')
  })

  it('is told from random bytes, and in pieces as in one', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.string({ maxLength: 60 }).map((text) => Buffer.from(text)),
      fc.constantFrom('\u001a', '\u0001'.repeat(9), '<!--', '-->', '<?a?>', '\ufeff', 'x'.repeat(509)),
    )
    fc.assert(
      fc.property(fc.array(piece), fc.integer({ min: 1, max: 700 }), (pieces, step) => {
        const bytes = Buffer.concat(pieces.map((each) => Buffer.from(each as string)))
        expect(refusal(bytes, { step })).toEqual(refusal(bytes))
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4_096, maxLength: 5_000 }), (bytes) => {
        expect(codeOf(bytes)).not.toBe('accepted')
      }),
      { numRuns: 20 },
    )
  })
})

describe('XML with a document type', () => {
  it.each([
    ['<!DOCTYPE a><a/>', { line: 1, column: 1, byte: 0 }],
    ['<!doctype html><html/>', { line: 1, column: 1, byte: 0 }],
    ['<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY x "y">]><a/>', { line: 2, column: 1, byte: 22 }],
    ['\ufeff \r\n\t<!DOCTYPE a><a/>', { line: 2, column: 2, byte: 7 }],
    ['<!-- é <a> -- -->\r<?b ?> <!DOCTYPE a><a/>', { line: 2, column: 8, byte: 26 }],
    ['<!ENTITY x "y"><a/>', { line: 1, column: 1, byte: 0 }],
    ['<!----><!DOCTYPE a><a/>', { line: 1, column: 8, byte: 7 }],
    ['<!-- -- ---><?a ??><!DOCTYPE a><a/>', { line: 1, column: 20, byte: 19 }],
  ])('is refused with its place: %j', (content, place) => {
    for (const step of [1, 2, 65_536]) {
      expect(refusal(content, { step })).toMatchObject({ code: 'XML_DOCTYPE_REFUSED', place })
    }
  })

  it('is refused in UTF-16 too, and behind a long comment', () => {
    const text = '<?xml version="1.0"?>\n<!DOCTYPE a><a/>'
    const place = { line: 2, column: 1 }
    for (const bytes of [Buffer.from(`\ufeff${text}`, 'utf16le'), bigEndian(text)]) {
      expect(refusal(bytes)).toMatchObject({ code: 'XML_DOCTYPE_REFUSED', place })
    }
    expect(refusal(Buffer.from(`\ufeff${text}`, 'utf16le'))?.place).toEqual({ ...place, byte: 46 })
    expect(refusal(`<!--${'x'.repeat(200_000)}--><!DOCTYPE a><a/>`)).toMatchObject({
      code: 'XML_DOCTYPE_REFUSED',
      place: { line: 1, byte: 200_007 },
    })
  })

  it.each([
    '<a><!DOCTYPE a></a>',
    '<a><![CDATA[<!DOCTYPE a>]]></a>',
    '<!-- <!DOCTYPE a> --><a/>',
    '<?a <!DOCTYPE a> ?><a/>',
    '{"a":"<!DOCTYPE a>"}',
    'text\n<!DOCTYPE a>',
    '<!-- <!DOCTYPE a>',
    '<!DOC',
    '<',
  ])('is not what only speaks of one: %j', (content) => {
    expect(refusal(content)).toBeNull()
    expect(refusal(content, { step: 1 })).toBeNull()
  })
})
