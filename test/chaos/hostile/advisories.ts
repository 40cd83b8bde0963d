/**
 * Published advisories of what Node applications take uploads with, each as the request that did the harm.
 * `docs/reference/hostile-uploads.md` has a row for each.
 */
import { fieldPart, filePart, multipartBody, post, postParts, type RawPart } from '../../support/raw-http.js'
import { goodFiles } from '../../support/upload-target.js'
import type { Advisory, NotReplayable, Places } from './attack.js'

const multipart = { 'content-type': 'multipart/form-data; boundary=x' }
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const mebibyte = 1024 * 1024

/** A multipart body of somebody's own making. */
const body = (text: string) => (to: Places) => post(to.upload(), text.replaceAll('\n', '\r\n'), multipart)
const parts =
  (...list: RawPart[]) =>
  (to: Places) =>
    postParts(to.upload(), list)
const xml = (text: string) => (to: Places) => postParts(to.upload('xml'), [filePart(text, 'orders.xml')])

/** A large file, announced whole, of which half comes. */
const half = (to: Places) => {
  const whole = postParts(to.upload(), [filePart(`{"orders":"${'x'.repeat(mebibyte)}"}`)])
  return whole.subarray(0, whole.byteLength / 2)
}

const invalid = { code: 'UPLOAD_INVALID' } as const
const multer = 'multer'

const ofMulter: Advisory[] = [
  {
    number: 'CVE-2025-47935',
    component: multer,
    about: 'a request that fails leaves its parser open',
    name: 'a sender that ends in the middle of a file',
    request: half,
    after: 'end',
    times: 20,
    expected: 'not HTTP',
  },
  {
    number: 'CVE-2025-47944',
    component: multer,
    about: 'a part without a body crashes the process',
    name: 'the closing boundary right after a part header',
    request: body('--x\nContent-Disposition: form-data; name="file"; filename="a.json"\n--x--\n'),
    expected: invalid,
  },
  {
    number: 'CVE-2025-48997',
    component: multer,
    about: 'an empty field name crashes the process',
    name: 'a file in a field without a name',
    request: parts({ headers: ['Content-Disposition: form-data; name=""; filename="a.json"'], body: '{}' }),
    expected: invalid,
  },
  {
    number: 'CVE-2025-7338',
    component: multer,
    about: 'a closing boundary that is cut short crashes the process',
    name: 'a closing boundary without its last characters',
    request: body(
      '--x\nContent-Disposition: form-data; name="file"; filename=""\nContent-Type: application/octet-stream\n\n\n--',
    ),
    expected: invalid,
  },
  {
    number: 'CVE-2026-2359',
    component: multer,
    about: 'a connection dropped in an upload keeps its resources',
    name: 'a connection cut in the middle of a file',
    request: half,
    after: 'cut',
    times: 20,
    expected: 'not HTTP',
  },
  {
    number: 'CVE-2026-3304',
    component: multer,
    about: 'a malformed request is not cleaned up after',
    name: 'a whole file, and then a broken part',
    request: body(
      `--x\nContent-Disposition: form-data; name="file"; filename="a.json"\n\n${goodFiles.json}\n--x\nContent-Disposition\n`,
    ),
    times: 20,
    expected: invalid,
  },
  {
    number: 'CVE-2026-3520',
    component: multer,
    about: 'malformed parts overflow the stack',
    name: 'twenty thousand parts without a name',
    request: parts(...Array.from({ length: 20_000 }, () => ({ headers: [], body: '' }))),
    expected: invalid,
  },
  {
    number: 'CVE-2026-5038',
    component: multer,
    about: 'an aborted upload leaves its file on the disk',
    name: 'connections cut once the file is on its way to the disk',
    request: (to) => {
      const file = filePart(`{"orders":"${'x'.repeat(2 * mebibyte - 100)}"}`)
      return postParts(to.upload(), [file]).subarray(0, 2 * mebibyte - 50)
    },
    after: 'cut',
    times: 5,
    expected: 'not HTTP',
  },
  {
    number: 'CVE-2026-77037',
    component: multer,
    about: 'a truncated upload leaves its file open',
    name: 'a large file without a closing boundary',
    request: (to) => {
      const whole = multipartBody([filePart(`{"orders":"${'x'.repeat(2 * mebibyte - 100)}"}`)])
      return post(to.upload(), whole.subarray(0, -10), multipart)
    },
    times: 5,
    expected: invalid,
  },
  {
    number: 'CVE-2026-5079',
    component: multer,
    about: 'a deeply nested field name stops the process',
    name: 'a field name nested fifty thousand levels deep',
    request: parts(filePart(goodFiles.json), fieldPart(`a${'[b]'.repeat(50_000)}`)),
    expected: invalid,
  },
  {
    number: 'CVE-2026-77078',
    component: multer,
    about: 'an array index as a field name crashes the process',
    name: 'the largest array index there is, and one more item',
    request: parts(filePart(goodFiles.json), fieldPart('a[4294967294]'), fieldPart('a[]'), fieldPart('a[b]')),
    expected: invalid,
  },
  {
    number: 'CVE-2026-77063',
    component: multer,
    about: 'a file that comes in one piece is not measured',
    name: 'a file above the limit, all at once',
    request: (to) => postParts(to.upload(), [filePart(' '.repeat(2 * mebibyte + 1))]),
    expected: { code: 'FILE_TOO_LARGE', limit: 'upload.maxBytes' },
  },
  {
    number: 'CVE-2022-24434',
    component: 'busboy, dicer',
    about: 'a header that starts with a space crashes the process',
    name: 'a part header that starts with a space',
    request: body('--x\n Content-Disposition: form-data; name="file"; filename="a"\n\n\n--x--\n'),
    expected: invalid,
  },
]

const nested = `a${'[b]'.repeat(100_000)}=1`
const ofBodies: Advisory[] = [
  {
    number: 'CVE-2024-45590',
    component: 'body-parser',
    about: 'a deeply nested form stops the process',
    name: 'a form nested a hundred thousand levels deep, to a management route',
    request: (to) => post(`${to.api}/monitors`, nested, { ...form, ...to.apiKey }),
    expected: { code: 'BODY_INVALID' },
  },
  {
    number: 'CVE-2025-13466',
    component: 'body-parser',
    about: 'a form with very many fields stops the process',
    name: 'a form with a hundred thousand fields',
    request: (to) => post(to.upload(), 'a=1&'.repeat(100_000), form),
    expected: { code: 'FILE_MISSING' },
  },
  {
    number: 'CVE-2026-12590',
    component: 'body-parser',
    about: 'a limit that is no number is no limit',
    name: 'a JSON body above the limit',
    request: (to) =>
      post(`${to.api}/monitors`, `"${'x'.repeat(3 * mebibyte)}"`, {
        'content-type': 'application/json',
        ...to.apiKey,
      }),
    expected: { code: 'BODY_TOO_LARGE', limit: 'upload.maxBytes' },
  },
]

/** A good upload whose URL has a query that means nothing. */
const query = (text: string) => (to: Places) =>
  postParts(`${to.upload()}?${text}`, [filePart(goodFiles.json)])
const ofQueries: Advisory[] = [
  {
    number: 'CVE-2022-24999',
    component: 'qs',
    about: 'a query changes what an object inherits',
    name: 'a query that names __proto__',
    request: query('a[__proto__]=b&a[__proto__]&a[length]=100000000&__proto__[polluted]=1'),
    expected: 'compared',
  },
  {
    number: 'CVE-2025-15284',
    component: 'qs',
    about: 'an array in brackets is not limited',
    name: 'two thousand items of one array in the query',
    request: query('a[]=1&'.repeat(2_000)),
    expected: 'compared',
  },
  {
    number: 'CVE-2026-2391',
    component: 'qs',
    about: 'an array with commas is not limited',
    name: 'six thousand commas in the query',
    request: query(`a=${'1,'.repeat(6_000)}`),
    expected: 'compared',
  },
  {
    number: 'CVE-2026-82562',
    component: 'qs',
    about: 'an array with brackets and commas is not limited',
    name: 'six thousand commas after brackets in the query',
    request: query(`a[]=${'1,'.repeat(6_000)}`),
    expected: 'compared',
  },
  {
    number: 'CVE-2026-82417',
    component: 'qs',
    about: 'an object with a constructor of its own cannot be written',
    name: 'a query that names constructor.isBuffer',
    request: query('a[constructor][isBuffer]=1'),
    expected: 'compared',
  },
]

/** A path that no pattern fits, long enough for one that backtracks to show. */
const path = (text: string) => (to: Places) =>
  postParts(`${to.upload().replace(/[^/]+$/, '')}${text}`, [filePart(goodFiles.json)])
const ofPaths: Advisory[] = [
  {
    number: 'CVE-2024-45296',
    component: 'path-to-regexp',
    about: 'two parameters in one segment backtrack',
    name: 'a token of twelve thousand dashes',
    request: path('-'.repeat(12_000)),
    expected: { code: 'TOKEN_UNKNOWN' },
  },
  {
    number: 'CVE-2026-4867',
    component: 'path-to-regexp',
    about: 'three parameters in one segment backtrack',
    name: 'a token of twelve thousand dots',
    request: path(`a${'.'.repeat(12_000)}`),
    expected: { code: 'TOKEN_UNKNOWN' },
  },
]

const entity = (name: string, value: string) => `<!ENTITY ${name} "${value}">`
const doctype = (entities: string, text: string) =>
  `<?xml version="1.0"?><!DOCTYPE orders [${entities}]><orders><order id="1"><sku>${text}</sku></order></orders>`
const order = (text: string) => `<orders><order id="1"><sku>${text}</sku></order></orders>`
const fxp = 'fast-xml-parser'
const refused = { code: 'XML_DOCTYPE_REFUSED' } as const

const ofXml: Advisory[] = [
  {
    number: 'CVE-2026-26278',
    component: fxp,
    about: 'one large entity is expanded without a limit',
    name: 'a large entity, named ten thousand times',
    request: xml(doctype(entity('a', 'x'.repeat(50_000)), '&a;'.repeat(10_000))),
    expected: refused,
  },
  {
    number: 'CVE-2026-33349',
    component: fxp,
    about: 'a limit of 0 is no limit',
    name: 'a thousand entities',
    request: xml(
      doctype(Array.from({ length: 1_000 }, (_, n) => entity(`e${n}`, `&e${n - 1};`)).join(''), '&e999;'),
    ),
    expected: refused,
  },
  {
    number: 'CVE-2026-25896',
    component: fxp,
    about: "an entity's name is taken for a pattern",
    name: 'an entity with dots in its name',
    request: xml(doctype(entity('l.', '<script>'), '&lt;')),
    expected: refused,
  },
  {
    number: 'CVE-2023-34104',
    component: fxp,
    about: "an entity's name is a pattern that backtracks",
    name: 'an entity with a catastrophic pattern for a name',
    request: xml(doctype(entity(`${'(a+)+'.repeat(20)}$`, 'x'), 'a'.repeat(1_000))),
    expected: refused,
  },
  {
    number: 'CVE-2026-33036',
    component: fxp,
    about: 'character references are expanded without a limit',
    name: 'a hundred thousand character references',
    request: xml(order('&#65;'.repeat(100_000))),
    expected: 'compared',
  },
  {
    number: 'GHSA-37qj-frw5-hhjh',
    component: fxp,
    about: 'a reference to no character throws',
    name: 'a reference to a character that does not exist',
    request: xml(order('&#9999999;')),
    expected: { code: 'FILE_MALFORMED', place: { line: 1 } },
  },
  {
    number: 'CVE-2023-26920',
    component: fxp,
    about: 'an element changes what objects inherit',
    name: 'elements and attributes of the name __proto__',
    request: xml('<orders><__proto__ polluted="1" __proto__="2"><polluted>1</polluted></__proto__></orders>'),
    expected: 'compared',
  },
]

const ofOthers: Advisory[] = [
  {
    number: 'CVE-2026-85063',
    component: 'csv-parse',
    about: 'a column changes what a record inherits',
    name: 'a CSV header with __proto__ twice',
    request: (to) =>
      postParts(to.upload('csv'), [filePart('__proto__,__proto__,id\nAAA,BBB,1\nCCC,DDD,2\n', 'orders.csv')]),
    expected: 'compared',
  },
  {
    number: 'CVE-2019-17592',
    component: 'csv-parse',
    about: 'a number with very many digits backtracks',
    name: 'a field of two hundred thousand digits',
    request: (to) =>
      postParts(to.upload('csv'), [filePart(`id,sku,price\n${'1'.repeat(200_000)}x,a,1\n2,b,2\n`)]),
    expected: 'compared',
  },
  {
    number: 'CVE-2026-39244',
    component: 'adm-zip',
    about: 'a small archive that claims to be large is believed',
    name: 'a ZIP archive whose only file claims to have 4 GB',
    request: (to) => postParts(to.upload(), [filePart(claimingZip(), 'orders.zip')]),
    expected: { code: 'FILE_ARCHIVE' },
  },
]

/** An archive with one file of two bytes that says it has 4 GB. */
function claimingZip(): Buffer {
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt32LE(0xffffffff, 22)
  const central = Buffer.alloc(46)
  central.writeUInt32LE(0x02014b50, 0)
  central.writeUInt32LE(0xffffffff, 24)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  return Buffer.concat([local, Buffer.from('{}'), central, end])
}

export const advisories: readonly Advisory[] = [
  ...ofMulter,
  ...ofBodies,
  ...ofQueries,
  ...ofPaths,
  ...ofXml,
  ...ofOthers,
]

export const notReplayable: readonly NotReplayable[] = [
  {
    number: 'CVE-2026-4923',
    component: 'path-to-regexp',
    about: 'two wildcards in one pattern backtrack',
    why: 'it needs a route with wildcards; drifthook has none, and takes no pattern from anybody',
  },
  {
    number: 'CVE-2026-4926',
    component: 'path-to-regexp',
    about: 'optional groups in a row need exponential time',
    why: 'it needs a route with optional groups; drifthook has none, and takes no pattern from anybody',
  },
]
