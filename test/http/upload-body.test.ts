/** What bodies an upload may come in, seen from outside. */
import { request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { Express } from 'express'
import supertest from 'supertest'
import { describe, expect, it, onTestFinished } from 'vitest'
import { contractAndMonitor, orders, testApp } from '../support/app.js'

async function scene(options: Parameters<typeof testApp>[0] = {}) {
  const it = testApp(options)
  return { ...it, ...(await contractAndMonitor(it)) }
}

/** A multipart body by hand: parts of header lines and content. */
function form(parts: readonly { headers: readonly string[]; content: string | Buffer }[], boundary = 'x') {
  const pieces = parts.flatMap(({ headers, content }) => [
    Buffer.from(`--${boundary}\r\n${headers.join('\r\n')}\r\n\r\n`, 'latin1'),
    Buffer.from(content as string),
    Buffer.from('\r\n'),
  ])
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)])
}

const filePart = (content: string | Buffer = orders(), rest = '; filename="orders.json"') => ({
  headers: [`content-disposition: form-data; name="file"${rest}`, 'content-type: application/json'],
  content,
})

const asForm = { 'content-type': 'multipart/form-data; boundary=x' }
const asJson = { 'content-type': 'application/json' }

interface Answer {
  status: number
  body: Record<string, unknown>
}

/** Sends the chunks as they are, without a Content-Length unless it is given. */
async function post(
  app: Express,
  path: string,
  headers: Record<string, string>,
  chunks: readonly Buffer[],
): Promise<Answer> {
  const server = app.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const request = send({ port, path, method: 'POST', headers, agent: false }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString()
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) })
    })
    request.on('error', reject)
    const next = (n: number) => {
      const chunk = chunks[n]
      if (chunk === undefined) request.end()
      else request.write(chunk, () => setImmediate(next, n + 1))
    }
    next(0)
  })
}

describe('a body with Content-Encoding', () => {
  it.each(['gzip', 'x-gzip', 'GZIP', 'identity, gzip'])(
    'of %s is inflated, raw and in a form',
    async (encoding) => {
      const { app, path } = await scene()
      const raw = await post(app, path, { ...asJson, 'content-encoding': encoding }, [gzipSync(orders())])
      expect(raw).toMatchObject({ status: 200, body: { success: true, has_drift: false } })
      const inForm = gzipSync(form([filePart()]))
      const formed = await post(app, path, { ...asForm, 'content-encoding': encoding }, [inForm])
      expect(formed).toMatchObject({ status: 200, body: { success: true, has_drift: false } })
    },
  )

  it('of identity is taken as it is', async () => {
    const { app, path } = await scene()
    const answer = await post(app, path, { ...asJson, 'content-encoding': 'identity' }, [
      Buffer.from(orders()),
    ])
    expect(answer.status).toBe(200)
  })

  it.each(['br', 'deflate', 'zstd', 'gzip, gzip', 'gzip, br', '*'])('of %s is refused', async (encoding) => {
    const { app, path } = await scene()
    const answer = await post(app, path, { ...asJson, 'content-encoding': encoding }, [gzipSync(orders())])
    expect(answer).toMatchObject({ status: 400, body: { success: false, code: 'ENCODING_UNSUPPORTED' } })
  })

  const whole = gzipSync(orders())
  const damaged = Buffer.from(whole)
  damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 0xff
  const wrongSum = Buffer.from(whole)
  wrongSum[whole.length - 8] = (wrongSum[whole.length - 8] ?? 0) ^ 0xff

  it.each([
    ['nothing', []],
    ['what is not compressed', [Buffer.from(orders())]],
    ['damaged data', [damaged]],
    ['a wrong checksum', [wrongSum]],
    ['data that was cut off', [whole.subarray(0, -9)]],
    ['data without its checksum', [whole.subarray(0, -8)]],
    ['text behind it', [Buffer.concat([whole, Buffer.from('more')])]],
    ['text behind it, in a packet of its own', [whole, Buffer.from('more')]],
    ['zeros behind it', [Buffer.concat([whole, Buffer.alloc(9)])]],
    ['zeros behind it, in a packet of their own', [whole, Buffer.alloc(9)]],
  ])('of gzip is refused with %s', async (_what, chunks) => {
    const { app, path, acme } = await scene()
    const answer = await post(app, path, { ...asJson, 'content-encoding': 'gzip' }, chunks)
    expect(answer).toMatchObject({ status: 400, body: { success: false, code: 'UPLOAD_INVALID' } })
    expect((await acme.get('/events')).body.items).toEqual([])
  })

  it('of gzip may have several members, as gzip itself allows', async () => {
    const { app, path } = await scene()
    const members = [gzipSync(orders().slice(0, 50)), gzipSync(orders().slice(50))]
    const headers = { ...asJson, 'content-encoding': 'gzip' }
    expect((await post(app, path, headers, members)).status).toBe(200)
    expect((await post(app, path, headers, [Buffer.concat(members)])).status).toBe(200)
  })

  it('of gzip is counted inflated: the limit is the same', async () => {
    const file = orders()
    const { app, path } = await scene({ upload: { maxBytes: file.length } })
    const headers = { ...asJson, 'content-encoding': 'gzip' }
    expect((await post(app, path, headers, [gzipSync(file)])).status).toBe(200)
    const over = await post(app, path, headers, [gzipSync(`${file} `)])
    expect(over).toMatchObject({
      status: 400,
      body: { code: 'FILE_TOO_LARGE', limit: { value: file.length } },
    })
  })

  it('of gzip makes a contract as well', async () => {
    const { app } = await scene()
    const named = (name: string) =>
      form([{ headers: ['content-disposition: form-data; name="name"'], content: name }, filePart()])
    const headers = { ...asForm, 'x-api-key': 'key-acme', 'content-encoding': 'gzip' }
    const answer = await post(app, '/drift/api/v1/contracts', headers, [gzipSync(named('Zipped'))])
    expect(answer).toMatchObject({ status: 201, body: { name: 'Zipped', format: 'json' } })
    const { 'content-encoding': _, ...plain } = headers
    expect((await post(app, '/drift/api/v1/contracts', plain, [named('Plain')])).status).toBe(201)
    const two = form([filePart(), filePart()])
    const refused = await post(app, '/drift/api/v1/contracts', plain, [two])
    expect(refused).toMatchObject({ status: 400, body: { code: 'FILES_TOO_MANY' } })
  })
})

describe('a form', () => {
  it.each([
    ['a quoted boundary', 'multipart/form-data; boundary="a b:c"', 'a b:c'],
    ['a boundary before other parameters', 'multipart/form-data; boundary=x; charset=utf-8', 'x'],
    ['capitals', 'Multipart/Form-Data; Boundary=xYz', 'xYz'],
  ])('may have %s', async (_what, type, boundary) => {
    const { app, path } = await scene()
    const answer = await post(app, path, { 'content-type': type }, [form([filePart()], boundary)])
    expect(answer.status).toBe(200)
  })

  it('may have a preamble, an epilogue, and fields before and after the file', async () => {
    const { app, path } = await scene()
    const field = { headers: ['content-disposition: form-data; name="note"'], content: 'ä' }
    const body = [
      Buffer.from('This is a multi-part message.\r\n'),
      form([field, filePart(), field]),
      Buffer.from('\r\nThat was it.'),
    ]
    expect((await post(app, path, asForm, body)).status).toBe(200)
    expect((await post(app, path, asForm, [Buffer.concat(body)])).status).toBe(200)
  })

  it('may come byte by byte', async () => {
    const { app, path } = await scene()
    const bytes = [...form([filePart()])].map((byte) => Buffer.from([byte]))
    expect((await post(app, path, asForm, bytes)).status).toBe(200)
  })

  it.each([
    ['octet-stream', 'application/octet-stream'],
    ['plain text', 'text/plain; charset=utf-8'],
    ['what Windows calls CSV', 'application/vnd.ms-excel'],
    ['none', null],
  ])('may declare its file as %s', async (_what, type) => {
    const { app, path } = await scene()
    const headers = ['content-disposition: form-data; name="file"; filename="orders"']
    if (type !== null) headers.push(`content-type: ${type}`)
    expect((await post(app, path, asForm, [form([{ headers, content: orders() }])])).status).toBe(200)
  })

  it.each([
    ['ASCII', 'filename="orders.json"', 'orders.json'],
    ['no quotes', 'filename=orders.json', 'orders.json'],
    ['UTF-8', Buffer.from('filename="Aufträge-日本.json"').toString('latin1'), 'Aufträge-日本.json'],
    ['latin1', 'filename="Auftr\u00e4ge.json"', 'Aufträge.json'],
    ['RFC 8187', `filename="x"; filename*=UTF-8''Auftr%C3%A4ge.json`, 'Aufträge.json'],
    ['RFC 8187 in latin1', `filename*=ISO-8859-1''Auftr%E4ge.json`, 'Aufträge.json'],
    ['a folder of Windows', 'filename="C:\\\\data\\\\orders.json"', 'orders.json'],
    ['escapes of browsers', 'filename="a %22b%22.json"', 'a "b".json'],
  ])('may name its file in %s', async (_what, written, name) => {
    const { app, path, acme } = await scene()
    await post(app, path, asForm, [form([filePart(orders(), `; ${written}`)])])
    expect((await acme.get('/events/1')).body.file_name).toBe(name)
  })

  it.each([
    ['no file', [], 'FILE_MISSING'],
    [
      'the file as text',
      [filePart(orders(), '')].map((part) => ({ ...part, headers: part.headers.slice(0, 1) })),
      'FILE_MISSING',
    ],
    ['a field that nobody chose a file in', [filePart('', '; filename=""')], 'FILE_MISSING'],
    [
      'the file in another field',
      [{ ...filePart(), headers: ['content-disposition: form-data; name="document"; filename="a"'] }],
      'FILE_FIELD_WRONG',
    ],
    [
      'another file in another field',
      [
        filePart(),
        { ...filePart(), headers: ['content-disposition: form-data; name="document"; filename="a"'] },
      ],
      'FILE_FIELD_WRONG',
    ],
    ['two files', [filePart(), filePart()], 'FILES_TOO_MANY'],
    [
      'a part without a name',
      [filePart(), { headers: ['content-disposition: form-data'], content: '' }],
      'UPLOAD_INVALID',
    ],
    [
      'a field too long',
      [{ headers: ['content-disposition: form-data; name="a"'], content: 'x'.repeat(65 * 1024) }, filePart()],
      'UPLOAD_INVALID',
    ],
    [
      'a nested field',
      [filePart(), { headers: ['content-disposition: form-data; name="a[b]"'], content: '' }],
      'UPLOAD_INVALID',
    ],
    [
      'too many fields',
      [...Array(21).fill({ headers: ['content-disposition: form-data; name="a"'], content: '' }), filePart()],
      'UPLOAD_INVALID',
    ],
  ])('with %s is refused and makes no event', async (_what, parts, code) => {
    const { app, path, acme } = await scene()
    const answer = await post(app, path, asForm, [form(parts)])
    expect(answer).toMatchObject({ status: 400, body: { success: false, code } })
    expect((await acme.get('/events')).body.items).toEqual([])
  })

  it.each([
    ['without a boundary', { 'content-type': 'multipart/form-data' }, form([filePart()])],
    ['without an end', asForm, form([filePart()]).subarray(0, -6)],
    ['cut off in its file', asForm, form([filePart()]).subarray(0, 150)],
    ['with nothing in it', asForm, Buffer.alloc(0)],
    ['of another boundary', asForm, form([filePart()], 'y')],
  ])('%s is refused', async (_what, headers, body) => {
    const { app, path } = await scene()
    const answer = await post(app, path, headers, [body])
    expect(answer).toMatchObject({ status: 400, body: { success: false, code: 'UPLOAD_INVALID' } })
  })
})

describe('a raw body', () => {
  it.each([
    ['no header', undefined, null],
    ['a header without a name', 'attachment', null],
    ['a quoted name', 'attachment; filename="a \\"b\\".json"', 'a "b".json'],
    ['a token', 'attachment; FileName=orders.json; size=3', 'orders.json'],
    ['UTF-8', Buffer.from('inline; filename="Aufträge.json"').toString('latin1'), 'Aufträge.json'],
    ['latin1', 'inline; filename="Auftr\u00e4ge.json"', 'Aufträge.json'],
    [
      'both, of which the extended one wins',
      `attachment; filename*=utf-8'de'Auftr%C3%A4ge.json; filename="x"`,
      'Aufträge.json',
    ],
    ['an extended name that is broken', `attachment; filename*=UTF-8''%E4; filename="x.json"`, 'x.json'],
    ['an extended name in another charset', `attachment; filename*=KOI8-R''%E4; filename="x.json"`, 'x.json'],
  ])('is named by Content-Disposition: %s', async (_what, disposition, name) => {
    const { app, path, acme } = await scene()
    const headers = {
      ...asJson,
      ...(disposition === undefined ? {} : { 'content-disposition': disposition }),
    }
    const answer = await post(app, path, headers, [Buffer.from(orders())])
    expect(answer.status).toBe(200)
    expect((await acme.get('/events/1')).body.file_name).toBe(name)
  })

  it('needs a content type that is not that of a form', async () => {
    const { app, path } = await scene()
    for (const headers of [{}, { 'content-type': 'application/x-www-form-urlencoded' }]) {
      const answer = await post(app, path, headers, [Buffer.from(orders())])
      expect(answer).toMatchObject({ status: 400, body: { code: 'FILE_MISSING' } })
    }
  })
})

describe('Content-Length', () => {
  it('that cannot fit is refused before the body, compressed or not', async () => {
    const { app, path } = await scene({ upload: { maxBytes: 1_000 } })
    const tooMuch = { 'content-length': String(1_000 + 256 * 1024 + 1) }
    for (const headers of [asJson, asForm, { ...asJson, 'content-encoding': 'gzip' }]) {
      // Not a byte of the body is ever sent.
      const answer = await refusedUnsent(app, path, { ...headers, ...tooMuch })
      expect(answer).toMatchObject({ status: 400, body: { success: false, code: 'FILE_TOO_LARGE' } })
    }
    const justOver = await refusedUnsent(app, path, { ...asJson, 'content-length': '1001' })
    expect(justOver).toMatchObject({ status: 400, body: { code: 'FILE_TOO_LARGE' } })
    const fits = Buffer.from(orders())
    expect(fits.length).toBeLessThan(1_000)
    expect((await supertest(app).post(path).set(asJson).send(fits.toString())).status).toBe(200)
  })
})

async function refusedUnsent(app: Express, path: string, headers: Record<string, string>): Promise<Answer> {
  const server = app.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const request = send({ port, path, method: 'POST', headers, agent: false }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString()
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) })
      request.destroy()
    })
    request.on('error', reject)
    request.flushHeaders()
  })
}
