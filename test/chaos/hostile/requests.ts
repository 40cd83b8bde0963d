/** Requests that mean harm before anybody looks at the file in them. */
import { deflateSync, gzipSync } from 'node:zlib'
import { fieldPart, filePart, multipartBody, post, postParts, type RawPart } from '../../support/raw-http.js'
import { goodFiles } from '../../support/upload-target.js'
import type { Attack, Expected, Places } from './attack.js'

const good = goodFiles.json
const mebibyte = 1024 * 1024
const invalid = { code: 'UPLOAD_INVALID' } as const
const tooLarge = { code: 'FILE_TOO_LARGE', limit: 'upload.maxBytes' } as const

const request = (name: string, make: Attack['request'], expected: Expected): Attack => ({
  name,
  request: make,
  expected,
})

/** A request line and headers as they are, with a body after them. */
const raw =
  (head: string, body: Uint8Array | string = '') =>
  (to: Places) =>
    Buffer.concat([
      Buffer.from(head.replace('/upload', to.upload()).replaceAll('\n', '\r\n')),
      Buffer.from(body as string),
    ])

const ofHttp: Attack[] = [
  request(
    'a length and chunks at once',
    raw(
      'POST /upload HTTP/1.1\nHost: a\nContent-Type: application/json\nContent-Length: 5\nTransfer-Encoding: chunked\n\n0\n\n',
    ),
    'not HTTP',
  ),
  request(
    'two lengths',
    raw(
      'POST /upload HTTP/1.1\nHost: a\nContent-Type: application/json\nContent-Length: 2\nContent-Length: 3\n\n{}',
    ),
    'not HTTP',
  ),
  request(
    'a length that is negative',
    raw('POST /upload HTTP/1.1\nHost: a\nContent-Type: application/json\nContent-Length: -1\n\n{}'),
    'not HTTP',
  ),
  request(
    'a length beyond any number',
    raw(
      'POST /upload HTTP/1.1\nHost: a\nContent-Type: application/json\nContent-Length: 99999999999999999999\n\n{}',
    ),
    'not HTTP',
  ),
  request(
    'chunks that are not the last encoding',
    raw(
      'POST /upload HTTP/1.1\nHost: a\nContent-Type: application/json\nTransfer-Encoding: chunked, identity\n\n2\n{}\n0\n\n',
    ),
    'not HTTP',
  ),
  request(
    'a chunk beyond any number',
    raw(
      'POST /upload HTTP/1.1\nHost: a\nContent-Type: application/json\nTransfer-Encoding: chunked\n\nfffffffffffffffff\n{}\n0\n\n',
    ),
    'not HTTP',
  ),
  request(
    'a space before the colon of a header',
    raw('POST /upload HTTP/1.1\nHost: a\nTransfer-Encoding : chunked\n\n0\n\n'),
    'not HTTP',
  ),
  request('no host', raw('POST /upload HTTP/1.1\nContent-Length: 0\n\n'), 'not HTTP'),
  request(
    'twenty thousand headers',
    raw(
      `POST /upload HTTP/1.1\nHost: a\n${Array.from({ length: 20_000 }, (_, n) => `x${n}: 1\n`).join('')}\n`,
    ),
    'not HTTP',
  ),
  request(
    'a header of a megabyte',
    raw(`POST /upload HTTP/1.1\nHost: a\nx: ${'y'.repeat(mebibyte)}\n\n`),
    'not HTTP',
  ),
  request(
    'a length far above the limit, and nothing after it',
    raw('POST /upload HTTP/1.1\nHost: a\nContent-Type: application/json\nContent-Length: 99999999999\n\n'),
    tooLarge,
  ),
]

const withToken = (token: string, expected: Expected = { code: 'TOKEN_UNKNOWN' }): Attack =>
  request(
    `a token like ${token.slice(0, 30)}`,
    (to) => postParts(to.upload().replace(/[^/]+$/, token), [filePart(good)]),
    expected,
  )

const ofTokens: Attack[] = [
  withToken('%2e%2e%2f%2e%2e%2fetc%2fpasswd'),
  withToken('%00'),
  withToken('__proto__'),
  withToken('constructor'),
  withToken('%F0%9F%92%A9'),
  withToken("'%20OR%20'1'='1"),
  withToken('%'.repeat(10), { code: 'NOT_FOUND' }),
  withToken('%E0%A4%A', { code: 'NOT_FOUND' }),
  withToken('%C0%AF', { code: 'NOT_FOUND' }),
]

/** The same of a management route, whose answer is not an upload's. */
const ofIds: Attack[] = ['%', '%E0%A4%A', '%FF'].map((id) =>
  request(
    `an id like ${id}`,
    (to) => post(`${to.api}/webhooks/${id}/test`, '{}', { 'content-type': 'application/json', ...to.apiKey }),
    { code: 'NOT_FOUND' },
  ),
)

const boundaryOf = (contentType: string, parts: readonly RawPart[], boundary: string) => (to: Places) =>
  post(to.upload(), multipartBody(parts, boundary), { 'content-type': contentType })

const goodParts = [filePart(good)]
const seventy = 'b'.repeat(70)
const ofBoundaries: Attack[] = [
  request('no boundary', boundaryOf('multipart/form-data', goodParts, 'x'), invalid),
  request('an empty boundary', boundaryOf('multipart/form-data; boundary=', goodParts, ''), {
    code: 'FILE_MISSING',
  }),
  request(
    'a boundary in quotes',
    boundaryOf('multipart/form-data; boundary="a b"', goodParts, 'a b'),
    'compared',
  ),
  request(
    'a boundary of seventy characters',
    boundaryOf(`multipart/form-data; boundary=${seventy}`, goodParts, seventy),
    'compared',
  ),
  request(
    'a boundary of four thousand characters',
    boundaryOf(`multipart/form-data; boundary=${'b'.repeat(4_000)}`, goodParts, 'b'.repeat(4_000)),
    'compared',
  ),
  request(
    'another boundary than the one announced',
    boundaryOf('multipart/form-data; boundary=y', goodParts, 'x'),
    invalid,
  ),
  request(
    'the boundary inside the file, where no line starts',
    boundaryOf('multipart/form-data; boundary=x', [filePart('{"orders":"--x --x-- \\r\\n--x"}')], 'x'),
    'compared',
  ),
  request(
    'the boundary inside the file, where a line starts',
    boundaryOf('multipart/form-data; boundary=x', [filePart('{"orders":"\r\n--x--\r\n"}')], 'x'),
    { code: 'FILE_MALFORMED' },
  ),
  request(
    'twenty thousand characters that are almost the boundary',
    boundaryOf(
      `multipart/form-data; boundary=${seventy}`,
      [filePart(`["${`\r\n--${seventy.slice(1)}`.repeat(300)}"]`)],
      seventy,
    ),
    { code: 'FILE_MALFORMED' },
  ),
  request(
    'text before the first boundary',
    (to) =>
      post(to.upload(), `preamble\r\n${multipartBody(goodParts)}`, {
        'content-type': 'multipart/form-data; boundary=x',
      }),
    'compared',
  ),
  request(
    'text after the last boundary',
    (to) =>
      post(to.upload(), `${multipartBody(goodParts)}epilogue${'e'.repeat(10_000)}`, {
        'content-type': 'multipart/form-data; boundary=x',
      }),
    'compared',
  ),
  request('nothing but the last boundary', boundaryOf('multipart/form-data; boundary=x', [], 'x'), {
    code: 'FILE_MISSING',
  }),
  request('another kind of multipart', boundaryOf('multipart/mixed; boundary=x', goodParts, 'x'), {
    code: 'FILE_MALFORMED',
  }),
]

const parts = (name: string, list: readonly RawPart[], expected: Expected): Attack =>
  request(name, (to) => postParts(to.upload(), list), expected)

const many = (count: number, make: (n: number) => RawPart) => Array.from({ length: count }, (_, n) => make(n))
const ofParts: Attack[] = [
  parts('no file', [fieldPart('a')], { code: 'FILE_MISSING' }),
  parts(
    'the file in another field',
    [{ ...goodParts[0]!, headers: ['Content-Disposition: form-data; name="document"; filename="a"'] }],
    { code: 'FILE_FIELD_WRONG' },
  ),
  parts('two files', [filePart(good), filePart(good)], { code: 'FILES_TOO_MANY' }),
  parts('five thousand fields', [...many(5_000, (n) => fieldPart(`f${n}`)), filePart(good)], invalid),
  parts('a field of a megabyte', [fieldPart('f', 'x'.repeat(mebibyte)), filePart(good)], invalid),
  parts(
    'five thousand headers in one part',
    [{ headers: Array.from({ length: 5_000 }, (_, n) => `x-${n}: 1`), body: '' }, filePart(good)],
    invalid,
  ),
  parts(
    'a part header of a megabyte',
    [{ headers: [`x: ${'y'.repeat(mebibyte)}`], body: '' }, filePart(good)],
    invalid,
  ),
  parts('a part without headers', [{ headers: [], body: good }], invalid),
  parts(
    'fields that objects inherit',
    [
      fieldPart('__proto__', '{"polluted":1}'),
      fieldPart('constructor'),
      fieldPart('toString'),
      fieldPart('hasOwnProperty'),
      filePart(good),
    ],
    'compared',
  ),
  parts(
    'fields that name what objects inherit',
    [fieldPart('__proto__[polluted]'), fieldPart('constructor[prototype][polluted]'), filePart(good)],
    invalid,
  ),
  parts(
    'a declared type that is no data',
    [
      {
        ...filePart(good),
        headers: ['Content-Disposition: form-data; name="file"; filename="a.png"', 'Content-Type: image/png'],
      },
    ],
    { code: 'FILE_TYPE_REFUSED' },
  ),
]

const rawBody = (
  name: string,
  headers: Record<string, string>,
  body: Uint8Array | string,
  expected: Expected,
): Attack => request(name, (to) => post(to.upload(), body, headers), expected)

const json = { 'content-type': 'application/json' }
const gzip = { ...json, 'content-encoding': 'gzip' }
const packed = gzipSync(good)
const bomb = gzipSync(Buffer.alloc(64 * mebibyte, ' '))
const formBomb = gzipSync(multipartBody([filePart(Buffer.alloc(64 * mebibyte, ' '))]))
const damaged = Buffer.from(packed)
damaged[damaged.length - 6] = (damaged[damaged.length - 6] ?? 0) ^ 0xff

const ofRawBodies: Attack[] = [
  rawBody('no type', {}, good, { code: 'FILE_MISSING' }),
  rawBody('no body', json, '', { code: 'FILE_EMPTY' }),
  rawBody('a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'file=1', {
    code: 'FILE_MISSING',
  }),
  rawBody('a type that is no data', { 'content-type': 'image/png' }, good, { code: 'FILE_TYPE_REFUSED' }),
  rawBody('a body one byte above the limit', json, `"${' '.repeat(2 * mebibyte - 1)}"`, tooLarge),
  rawBody('64 MiB in 64 KiB of gzip', gzip, bomb, tooLarge),
  rawBody('gzip in gzip', gzip, gzipSync(packed), { code: 'FILE_ARCHIVE' }),
  rawBody('gzip that breaks off', gzip, packed.subarray(0, packed.length - 12), invalid),
  rawBody('gzip with a wrong checksum', gzip, damaged, invalid),
  rawBody('gzip that is none', gzip, good, invalid),
  rawBody('gzip of nothing', gzip, gzipSync(''), { code: 'FILE_EMPTY' }),
  rawBody('deflate', { ...json, 'content-encoding': 'deflate' }, deflateSync(good), {
    code: 'ENCODING_UNSUPPORTED',
  }),
  rawBody('an encoding nobody knows', { ...json, 'content-encoding': 'br, gzip' }, packed, {
    code: 'ENCODING_UNSUPPORTED',
  }),
  request(
    'a multipart body of 64 MiB in gzip',
    (to) =>
      post(to.upload(), formBomb, {
        'content-type': 'multipart/form-data; boundary=x',
        'content-encoding': 'gzip',
      }),
    tooLarge,
  ),
]

export const hostileRequests: readonly Attack[] = [
  ...ofHttp,
  ...ofTokens,
  ...ofIds,
  ...ofBoundaries,
  ...ofParts,
  ...ofRawBodies,
]
