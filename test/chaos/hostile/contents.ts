/** Files that mean harm to whoever reads them: in each format, and in none. */
import { filePart, postParts } from '../../support/raw-http.js'
import { goodFiles, type TargetFormat } from '../../support/upload-target.js'
import type { Attack, Expected } from './attack.js'

const file = (
  format: TargetFormat,
  name: string,
  content: Uint8Array | string,
  expected: Expected,
): Attack => ({ name, request: (to) => postParts(to.upload(format), [filePart(content)]), expected })

const limit = (name: string): Expected => ({ code: 'FILE_LIMIT_EXCEEDED', limit: name })
const malformed = { code: 'FILE_MALFORMED', place: { line: 1 } } as const
const malformedAtByte = (byte: number): Expected => ({ code: 'FILE_MALFORMED', place: { byte } })
const doctype = { code: 'XML_DOCTYPE_REFUSED' } as const
const nul = (byte: number): Expected => ({ code: 'FILE_SUSPICIOUS', place: { byte } })

const good = Buffer.from(goodFiles.json)
const withByte = (at: number, ...bytes: number[]) =>
  Buffer.concat([good.subarray(0, at), Buffer.from(bytes), good.subarray(at)])
const last = good.byteLength

const ofJson: Attack[] = [
  file('json', 'no byte', '', { code: 'FILE_EMPTY' }),
  file('json', 'nothing but white space', ' \n\t\r\n', { code: 'FILE_EMPTY' }),
  file('json', 'one byte', '{', malformed),
  file('json', 'six hundred lists in each other', '['.repeat(600) + ']'.repeat(600), limit('depth')),
  file('json', 'a hundred thousand lists that never end', '['.repeat(100_000), limit('depth')),
  file(
    'json',
    'a hundred thousand objects in each other',
    `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
    limit('depth'),
  ),
  file('json', 'a number of a million digits', `{"orders":[{"id":${'9'.repeat(1_000_000)}}]}`, 'compared'),
  file(
    'json',
    'a number that is infinite',
    '{"orders":[{"id":1e999999999,"price":-1e-999999999}]}',
    'compared',
  ),
  file('json', 'a key of two thousand bytes', `{"${'k'.repeat(2_000)}":1}`, limit('keyLength')),
  file(
    'json',
    'a hundred thousand keys',
    `{${Array.from({ length: 100_000 }, (_, n) => `"k${n}":1`).join()}}`,
    'compared',
  ),
  file(
    'json',
    'twelve thousand paths that are no map',
    `{${Array.from({ length: 200 }, (_, n) => `"a${n}":{${Array.from({ length: 60 }, (_, m) => `"b${n}_${m}":1`).join()}}`).join()}}`,
    limit('paths'),
  ),
  file(
    'json',
    'keys that objects inherit',
    '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"orders":[{"__proto__":null,"toString":1,"hasOwnProperty":2,"valueOf":{"__proto__":3}}]}',
    'compared',
  ),
  file('json', 'half a surrogate pair, escaped', '{"orders":[{"sku":"\\ud800"}],"\\udfff":1}', 'compared'),
  file('json', 'a NUL, escaped', '{"orders":[{"sku":"\\u0000"}],"\\u0000":1}', 'compared'),
  file('json', 'a line break inside a string', '{"orders":"a\nb"}', malformed),
  file('json', 'something after the end', `${goodFiles.json}]`, malformed),
  file(
    'json',
    'a slash in an overlong encoding',
    Buffer.from([0x5b, 0x22, 0xc0, 0xaf, 0x22, 0x5d]),
    malformedAtByte(2),
  ),
  file(
    'json',
    'a surrogate in UTF-8',
    Buffer.from([0x5b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x5d]),
    malformedAtByte(2),
  ),
  file('json', 'a character cut in the middle', Buffer.from([0x5b, 0x22, 0xe2, 0x82]), malformedAtByte(2)),
  file('json', 'a NUL as the first byte', withByte(0, 0), nul(0)),
  file('json', 'a NUL in the middle', withByte(40, 0), nul(40)),
  file('json', 'a NUL as the last byte', withByte(last, 0), nul(last)),
  file('json', 'control characters all over', withByte(40, ...Array.from({ length: 200 }, () => 7)), {
    code: 'FILE_SUSPICIOUS',
    place: { byte: 40 },
  }),
  file('json', 'UTF-16 with a byte order mark', Buffer.from(`\ufeff${goodFiles.json}`, 'utf16le'), malformed),
  file('json', 'a byte order mark of UTF-16 and UTF-8 behind it', withByte(0, 0xff, 0xfe), {
    code: 'FILE_SUSPICIOUS',
  }),
  file('json', 'a byte order mark twice', `\ufeff\ufeff${goodFiles.json}`, malformed),
  file('json', 'UTF-16 without a byte order mark', Buffer.from(goodFiles.json, 'utf16le'), nul(1)),
]

const xmlElement = (text: string) => `<orders><order id="1"><sku>${text}</sku></order></orders>`
const laughs = Array.from({ length: 10 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')

const ofXml: Attack[] = [
  file(
    'xml',
    'entities that contain each other',
    `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "lol">${laughs}]><orders>&l10;</orders>`,
    doctype,
  ),
  file(
    'xml',
    "an entity that is a file of the server's",
    '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><orders>&e;</orders>',
    doctype,
  ),
  file(
    'xml',
    'an external document type',
    '<!DOCTYPE orders SYSTEM "http://127.0.0.1:9/a.dtd"><orders/>',
    doctype,
  ),
  file(
    'xml',
    'a parameter entity after a comment',
    '<?xml version="1.0"?>\n<!-- <orders/> -->\n<!DOCTYPE a [<!ENTITY % b "c"> %b;]><orders/>',
    doctype,
  ),
  file(
    'xml',
    'a document type in UTF-16',
    Buffer.from(
      '\ufeff<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY b "c">]><orders>&b;</orders>',
      'utf16le',
    ),
    doctype,
  ),
  file('xml', 'UTF-7', '<?xml version="1.0" encoding="UTF-7"?><orders>+ADw-a+AD4-</orders>', malformed),
  file('xml', 'UTF-16 that is UTF-8', '<?xml version="1.0" encoding="UTF-16"?><orders/>', malformed),
  file('xml', 'an entity nobody declared', xmlElement('&b;'), malformed),
  file('xml', 'a reference to no character', xmlElement('&#0;'), malformed),
  file('xml', 'elements that never end', `<orders>${'<a>'.repeat(100_000)}`, limit('depth')),
  file('xml', 'six hundred elements in each other', '<a>'.repeat(600) + '</a>'.repeat(600), limit('depth')),
  file('xml', 'a section of text that never ends', `<orders><![CDATA[${'a'.repeat(100_000)}`, malformed),
  file('xml', 'a comment that never ends', `<orders><!-- ${'-'.repeat(100_000)}`, malformed),
  file('xml', 'two documents in one', '<orders/><orders/>', malformed),
  file('xml', 'an attribute twice', '<orders a="1" a="2"/>', malformed),
  file('xml', 'a name of two thousand bytes', `<orders><${'n'.repeat(2_000)}/></orders>`, limit('keyLength')),
  file(
    'xml',
    'a hundred thousand attributes',
    `<orders ${Array.from({ length: 100_000 }, (_, n) => `a${n}=""`).join(' ')}/>`,
    'compared',
  ),
  file('xml', 'a namespace that is not declared', '<orders><a:b/></orders>', malformed),
]

const ofCsv: Attack[] = [
  file(
    'csv',
    'a hundred thousand columns',
    `${Array.from({ length: 100_000 }, (_, n) => `c${n}`).join()}\n${'1,'.repeat(99_999)}1\n`,
    limit('columns'),
  ),
  file('csv', 'a million empty columns', `id,sku,price\n${','.repeat(1_000_000)}\n1,a,2\n`, limit('columns')),
  file('csv', 'a quote that never ends', `id,sku,price\n1,"a${',b\n'.repeat(100_000)}`, {
    code: 'FILE_MALFORMED',
    place: { line: 2 },
  }),
  file('csv', 'UTF-16 with a byte order mark', Buffer.from(`\ufeff${goodFiles.csv}`, 'utf16le'), 'compared'),
  file('csv', 'UTF-16 cut in a character', Buffer.from(`\ufeff${goodFiles.csv}`, 'utf16le').subarray(0, -1), {
    code: 'FILE_SUSPICIOUS',
  }),
  file('csv', 'formulas', "id,sku,price\n=1+1,@SUM(A1),+1\n=cmd|' /C calc'!A0,-1,\t2\n3,a,3\n", 'compared'),
  file(
    'csv',
    'columns that objects inherit',
    '__proto__,constructor,toString\n1,2,3\n4,5,6\n7,8,9\n',
    'compared',
  ),
  file('csv', 'nothing but quotes', `id,sku,price\n${'"'.repeat(500_000)},a,b\n`, 'compared'),
]

const isa = goodFiles.x12.slice(0, goodFiles.x12.indexOf('GS*'))
const ofX12: Attack[] = [
  file('x12', 'an envelope that breaks off', goodFiles.x12.slice(0, 200), { code: 'FILE_MALFORMED' }),
  file('x12', 'a header that breaks off', goodFiles.x12.slice(0, 60), { code: 'FILE_MALFORMED' }),
  file(
    'x12',
    'six hundred levels in each other',
    `${isa}GS*SH*S*R*20260301*1200*1*X*005010~\nST*856*0001~\n${Array.from({ length: 600 }, (_, n) => `HL*${n + 1}*${n === 0 ? '' : n}*S~\n`).join('')}SE*602*0001~\nGE*1*1~\nIEA*1*000000001~\n`,
    limit('depth'),
  ),
  file(
    'x12',
    'a segment of five thousand elements',
    goodFiles.x12.replace('AB~', `AB${'*a'.repeat(5_000)}~`),
    limit('columns'),
  ),
]

const ofKeyValue: Attack[] = [
  file(
    'key-value',
    'keys that objects inherit',
    '[__proto__]\n__proto__ = 1\n[constructor]\nprototype = 2\n',
    'compared',
  ),
  file(
    'key-value',
    'a key of two thousand bytes',
    `[server]\n${'k'.repeat(2_000)} = 1\nport = 2\n`,
    limit('keyLength'),
  ),
  file(
    'key-value',
    'fifty thousand sections',
    Array.from({ length: 50_000 }, (_, n) => `[s${n}]\na = 1\n`).join(''),
    'compared',
  ),
]

/** The first bytes of what is no data, and something after them. */
const binary = (hex: string) => Buffer.concat([Buffer.from(hex, 'hex'), Buffer.from(goodFiles.json)])
const archive = { code: 'FILE_ARCHIVE' } as const
const program = { code: 'FILE_EXECUTABLE' } as const
const suspicious = { code: 'FILE_SUSPICIOUS' } as const

const ofNone: Attack[] = [
  file('json', 'a ZIP archive', binary('504b0304'), archive),
  file('json', 'an empty ZIP archive', binary('504b0506'), archive),
  file('json', 'a gzip archive', binary('1f8b08'), archive),
  file('json', 'a bzip2 archive', binary('425a6839314159265359'), archive),
  file('json', 'an xz archive', binary('fd377a585a00'), archive),
  file('json', 'a Zstandard archive', binary('28b52ffd'), archive),
  file('json', 'a 7z archive', binary('377abcaf271c'), archive),
  file('json', 'a RAR archive', binary('526172211a07'), archive),
  file('json', 'a program for Linux', binary('7f454c46'), program),
  file('json', 'a program for Windows', binary('4d5a9000'), program),
  file('json', 'a script', '#!/bin/sh\nrm -rf /\n', program),
  file('json', 'an image (PNG)', binary('89504e470d0a1a0a'), suspicious),
  file('json', 'an image (JPEG)', binary('ffd8ffe0'), suspicious),
  file('json', 'an image (GIF)', binary('47494638396101000100800000'), suspicious),
  file('json', 'a document (PDF)', binary('255044462d312e37'), suspicious),
  file('json', 'a page of HTML', '<!doctype html><html><body onload="x()">1</body></html>', doctype),
]

export const hostileContents: readonly Attack[] = [
  ...ofJson,
  ...ofXml,
  ...ofCsv,
  ...ofX12,
  ...ofKeyValue,
  ...ofNone,
]
