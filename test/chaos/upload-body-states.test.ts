/** Where an upload may break off, and that nothing of it stays: real connections, and intakes that keep count. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DrifthookError } from '../../src/errors.js'
import { asDrifthookError, problem, success } from '../../src/http/problem.js'
import type { HttpRequest } from '../../src/http/request.js'
import { send } from '../../src/http/send.js'
import type { FileIntakes, KeptFile } from '../../src/http/upload/arrivals.js'
import { uploadReader } from '../../src/http/upload/reader.js'

function promised<T>() {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** Something that is awaited until the test lets it go on. */
function gate() {
  const reached = promised<void>()
  const opened = promised<void>()
  return {
    reached: reached.promise,
    open: () => opened.resolve(),
    pass: () => {
      reached.resolve()
      return opened.promise
    },
  }
}

interface Taken extends KeptFile {
  text: string
}

/** Intakes that keep count of what is done to them. `on` may hold them up or throw. */
function recordingIntakes(options: {
  maxBytes?: number
  maxFiles?: number
  on?: { open?: () => void; write?: (text: string) => unknown; end?: () => unknown }
}) {
  const opened: { log: string[]; bytes: number }[] = []
  const { maxBytes = 1_000, maxFiles = 3, on = {} } = options
  const intakes: FileIntakes<Taken> = {
    maxBytes,
    maxFiles,
    open({ fileName }) {
      on.open?.()
      const record = { log: [`open ${fileName}`], bytes: 0 }
      opened.push(record)
      let writing = false
      let text = ''
      return {
        async write(chunk) {
          if (writing) record.log.push('written to before the last write was done')
          writing = true
          record.bytes += chunk.byteLength
          if (record.bytes <= maxBytes) text += Buffer.from(chunk).toString('latin1')
          try {
            await on.write?.(text)
          } finally {
            writing = false
          }
          if (record.bytes > maxBytes) throw new DrifthookError('FILE_TOO_LARGE', 'Too large.')
        },
        async end() {
          record.log.push('end')
          await on.end?.()
          return { text, release: async () => void record.log.push('release') }
        },
        async abort() {
          record.log.push(writing ? 'abort while written to' : 'abort')
        },
      }
    },
  }
  return { intakes, opened }
}

/** A server that reads uploads as a router does, and answers with the texts of the files. */
async function serve(
  { intakes }: ReturnType<typeof recordingIntakes>,
  patience = { idleMs: 60_000, timeoutMs: 60_000 },
) {
  const read = uploadReader({ ...patience, maxBytes: intakes.maxBytes, maxFiles: 10 })
  const outcomes: string[] = []
  const settled = promised<string>()
  const requested = promised<IncomingMessage>()
  const server = createServer(async (request, response) => {
    requested.resolve(request)
    const answer = await read(request as HttpRequest, intakes).then(
      ({ files }) => success(200, { files: files.map(({ text }) => text) }),
      (error: unknown) => problem(asDrifthookError(error), 'test'),
    )
    const outcome = answer.status === 200 ? 'read' : (answer.body as { code: string }).code
    outcomes.push(outcome)
    settled.resolve(outcome)
    send(request, response, answer, 'test')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.closeAllConnections())
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { port, outcome: settled.promise, requested: requested.promise, outcomes }
}

/** A connection that has sent the head of an upload. */
async function open(port: number, headers: Record<string, string>) {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  const answer = received(socket).catch(() => null)
  const lines = Object.entries({ host: 'x', 'transfer-encoding': 'chunked', ...headers })
  socket.write(`POST / HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
  const chunk = (bytes: Buffer | string) => {
    const body = Buffer.from(bytes as string)
    return socket.write(
      Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')]),
    )
  }
  const end = () => socket.write('0\r\n\r\n')
  return { socket, chunk, end, answer }
}

/** However it came to that. */
const closed = (connection: Socket | IncomingMessage) =>
  new Promise<void>((resolve) => connection.once('close', () => resolve()))

/** The first answer on a connection: its status and its JSON; null if the connection closed without one. */
async function received(socket: Socket) {
  let text = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += chunk
    const [head = '', body] = text.split('\r\n\r\n')
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1])
    if (body !== undefined && Buffer.byteLength(body) >= length) {
      return { status: Number(head.split(' ')[1]), body: JSON.parse(body) as Record<string, unknown> }
    }
  }
  return null
}

const raw = { 'content-type': 'text/plain' }
const multipart = { 'content-type': 'multipart/form-data; boundary=x' }
const part = (content: string, name = 'file') =>
  `--x\r\ncontent-disposition: form-data; name="${name}"; filename="${content.slice(0, 3)}"\r\n\r\n${content}\r\n`
const begun = (content: string) => part(content).slice(0, -2)

describe('an upload', () => {
  it.each([
    ['raw', raw, 'abc', 'def', 'null'],
    ['in a form', multipart, begun('abc'), 'def\r\n--x--\r\n', 'abc'],
  ])('is handed over while it arrives, %s', async (_what, headers, first, rest, name) => {
    const arrived = gate()
    const recorded = recordingIntakes({ on: { write: (text) => text === 'abc' && arrived.pass() } })
    const { port } = await serve(recorded)
    const { chunk, end, answer } = await open(port, headers)
    chunk(first)
    // The rest is sent once the first was taken in.
    await arrived.reached
    arrived.open()
    chunk(rest)
    end()
    expect(await answer).toMatchObject({ status: 200, body: { files: ['abcdef'] } })
    expect(recorded.opened).toEqual([{ log: [`open ${name}`, 'end'], bytes: 6 }])
  })

  it.each([
    ['raw', raw, ''],
    ['in a form', multipart, begun('abc')],
    ['compressed', { ...raw, 'content-encoding': 'gzip' }, ''],
  ])('waits for its intake, and is not late for that: %s', async (what, headers, head) => {
    const size = 8 * 1024 * 1024
    const held = gate()
    const recorded = recordingIntakes({ maxBytes: size + 3, on: { write: held.pass } })
    const { port, requested } = await serve(recorded, { idleMs: 500, timeoutMs: 60_000 })
    const { chunk, end, answer } = await open(port, headers)
    // Bytes that no compression makes smaller.
    const noise = Buffer.alloc(size, Array.from({ length: 997 }, (_, n) => String((n * n) % 997)).join(';'))
    const paused = once(await requested, 'pause')
    if (head !== '') chunk(head)
    chunk(what === 'compressed' ? gzipSync(noise, { level: 0 }) : noise)
    if (headers === multipart) chunk('\r\n--x--\r\n')
    end()
    await held.reached
    await paused
    expect(recorded.opened[0]?.bytes).toBeLessThan(1024 * 1024)
    // Several times as long as a sender may be silent.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    held.open()
    expect((await answer)?.status).toBe(200)
    expect(recorded.opened[0]?.bytes).toBe(size + head.slice(-3).length)
    expect(recorded.opened[0]?.log.at(-1)).toBe('end')
  })

  it('of several files keeps their order, whichever is done first', async () => {
    const first = gate()
    let ended = 0
    const recorded = recordingIntakes({ on: { end: () => (ended++ === 0 ? first.pass() : first.open()) } })
    const { port } = await serve(recorded)
    const { chunk, end, answer } = await open(port, multipart)
    chunk(`${part('abc')}${part('defg')}--x--\r\n`)
    end()
    expect(await answer).toMatchObject({ body: { files: ['abc', 'defg'] } })
  })

  it('whose sender left before it was read is not waited for', async () => {
    const { intakes, opened } = recordingIntakes({})
    const server = createServer(async (request) => {
      request.socket.destroy()
      await closed(request)
      read(request as HttpRequest, intakes).catch(refused.resolve)
    })
    const refused = promised<unknown>()
    const read = uploadReader({ idleMs: 60_000, timeoutMs: 60_000, maxBytes: 9, maxFiles: 1 })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    await open((server.address() as AddressInfo).port, raw)
    expect(await refused.promise).toMatchObject({ code: 'UPLOAD_INVALID' })
    expect(opened).toMatchObject([{ log: ['open null', 'abort'] }])
  })
})

describe('a sender that leaves', () => {
  const written = ['open abc', 'abort']
  const gzipped = { ...raw, 'content-encoding': 'gzip' }

  it.each([
    ['before its first byte', raw, '', [['open null', 'abort']]],
    ['in a raw body', raw, 'abc', [['open null', 'abort']]],
    ['in a compressed body', gzipped, gzipSync('abc').subarray(0, -4), [['open null', 'abort']]],
    ['before the first part', multipart, '--x\r\ncontent-disp', []],
    ['in a file', multipart, begun('abc'), [written]],
    [
      'in a second file',
      multipart,
      part('abc') + begun('def'),
      [
        ['open abc', 'end', 'release', 'abort'],
        ['open def', 'abort'],
      ],
    ],
    [
      'between its files',
      multipart,
      part('abc') + part('').slice(0, 20),
      [['open abc', 'end', 'release', 'abort']],
    ],
    [
      'before the end of the request',
      multipart,
      `${part('abc')}--x--\r\n`,
      [['open abc', 'end', 'release', 'abort']],
    ],
  ])('%s leaves nothing behind', async (_what, headers, bytes, logs) => {
    const recorded = recordingIntakes({})
    const { port, outcome, requested } = await serve(recorded)
    const { socket, chunk } = await open(port, headers)
    const request = await requested
    if (bytes.length > 0) {
      const arrived = once(request, 'data')
      chunk(bytes)
      await arrived
    }
    // What has arrived is worked off first.
    await new Promise((resolve) => setImmediate(resolve))
    socket.destroy()
    expect(await outcome).toBe('UPLOAD_INVALID')
    expect(recorded.opened.map(({ log }) => log)).toEqual(logs)
  })

  it.each([
    ['raw', raw, 'abc', 'null'],
    ['in a form', multipart, begun('abc'), 'abc'],
  ])('while a write is under way is let go of after it, %s', async (_what, headers, bytes, name) => {
    const held = gate()
    const recorded = recordingIntakes({ on: { write: held.pass } })
    const { port, outcome, requested } = await serve(recorded)
    const { socket, chunk } = await open(port, headers)
    const request = await requested
    chunk(bytes)
    await held.reached
    socket.destroy()
    await closed(request)
    expect(recorded.opened[0]?.log).toEqual([`open ${name}`])
    held.open()
    expect(await outcome).toBe('UPLOAD_INVALID')
    expect(recorded.opened[0]?.log).toEqual([`open ${name}`, 'abort'])
  })

  it('while a file is being ended is let go of after that, and the file released', async () => {
    const held = gate()
    const recorded = recordingIntakes({ on: { end: held.pass } })
    const { port, outcome, requested } = await serve(recorded)
    const { socket, chunk } = await open(port, multipart)
    const request = await requested
    chunk(part('abc') + begun('def'))
    await held.reached
    socket.destroy()
    await closed(request)
    held.open()
    expect(await outcome).toBe('UPLOAD_INVALID')
    expect(recorded.opened.map(({ log }) => log)).toEqual([
      ['open abc', 'end', 'release', 'abort'],
      ['open def', 'abort'],
    ])
  })
})

describe('a refusal', () => {
  const no = () => {
    throw new DrifthookError('FILE_ARCHIVE', 'No.')
  }

  it.each([
    ['by its type, raw', raw, 'abc', { open: no }, []],
    ['by its type, in a form', multipart, begun('abc'), { open: no }, []],
    ['by its first bytes, raw', raw, 'abc', { write: no }, [['open null', 'abort']]],
    ['by its first bytes, in a form', multipart, begun('abc'), { write: no }, [['open abc', 'abort']]],
    [
      'at its end, in a form that goes on',
      multipart,
      part('abc') + begun('def'),
      { end: no },
      [
        ['open abc', 'end', 'abort'],
        ['open def', 'abort'],
      ],
    ],
  ])('%s is answered while the client is still sending', async (_what, headers, bytes, on, logs) => {
    const recorded = recordingIntakes({ on })
    const { port } = await serve(recorded)
    const { socket, chunk, end, answer } = await open(port, headers)
    chunk(bytes)
    // The body is not at its end, and nobody waits for it.
    expect(await answer).toMatchObject({ status: 400, body: { code: 'FILE_ARCHIVE' } })
    expect(recorded.opened.map(({ log }) => log)).toEqual(logs)
    // The rest is taken in; then the connection is closed in order.
    const ended = once(socket.resume(), 'end')
    for (let n = 0; n < 100; n++) chunk('x'.repeat(1_000))
    end()
    await ended
  })

  it.each([
    [
      'a form that is malformed after its file',
      `${part('abc')}--x\r\nbroken\r\n\r\n`,
      'UPLOAD_INVALID',
      ['release'],
    ],
    ['a file in another field', part('abc') + part('def', 'other'), 'FILE_FIELD_WRONG', ['release']],
    ['a file too many', part('abc') + part('def'), 'FILES_TOO_MANY', ['release']],
    [
      'a field that is too long',
      `${part('abc')}--x\r\ncontent-disposition: form-data; name="a"\r\n\r\n${'x'.repeat(70_000)}\r\n--x`,
      'UPLOAD_INVALID',
      ['release'],
    ],
  ])('of %s does not wait for the rest of it', async (_what, bytes, code, last) => {
    const recorded = recordingIntakes({ maxFiles: 1 })
    const { port } = await serve(recorded)
    const { chunk, answer } = await open(port, multipart)
    chunk(bytes)
    expect(await answer).toMatchObject({ status: 400, body: { code } })
    expect(recorded.opened.map(({ log }) => log)).toEqual([['open abc', 'end', ...last, 'abort']])
  })

  it.each([
    ['raw', raw, ''],
    ['in a form', multipart, begun('abc')],
  ])('of the size is answered where a sender never stops, %s', async (_what, headers, first) => {
    const recorded = recordingIntakes({})
    const { port } = await serve(recorded)
    const { socket, chunk, answer } = await open(port, headers)
    const gone = closed(socket)
    if (first !== '') chunk(first)
    const flood = () => {
      if (socket.destroyed) return
      if (chunk(Buffer.alloc(1024 * 1024))) setImmediate(flood)
      else socket.once('drain', flood)
    }
    flood()
    expect(await answer).toMatchObject({ body: { code: 'FILE_TOO_LARGE' } })
    expect(recorded.opened.map(({ log }) => log.slice(1))).toEqual([['abort']])
    await gone
  })
})

describe('a bomb', () => {
  it('is cut off at the limit, and not inflated further', async () => {
    const maxBytes = 30 * 1024 * 1024
    const recorded = recordingIntakes({ maxBytes })
    const { port } = await serve(recorded)
    const { chunk, answer } = await open(port, { ...raw, 'content-encoding': 'gzip' })
    // 30 MB of zeros a thousand times: 30 GB, which nobody could inflate within this test.
    const member = gzipSync(Buffer.alloc(30_000_000))
    for (let n = 0; n < 900; n++) chunk(member)
    expect(await answer).toMatchObject({ status: 400, body: { code: 'FILE_TOO_LARGE' } })
    expect(recorded.opened).toMatchObject([{ log: ['open null', 'abort'] }])
    expect(recorded.opened[0]?.bytes).toBeLessThanOrEqual(maxBytes + 256 * 1024)
  })

  it.each([
    ['members that hold nothing', { ...raw, 'content-encoding': 'gzip' }, '', gzipSync(''), 1],
    ['a preamble', multipart, '', Buffer.alloc(64), 0],
    [
      'a compressed preamble',
      { ...multipart, 'content-encoding': 'gzip' },
      '',
      gzipSync(Buffer.alloc(100_000)),
      0,
    ],
    ['an epilogue', multipart, `${part('abc')}--x--\r\n`, Buffer.alloc(64), 1],
  ])('of %s without end is refused', async (_what, headers, first, bytes, opened) => {
    const recorded = recordingIntakes({ maxFiles: 1 })
    const { port } = await serve(recorded)
    const { socket, chunk, answer } = await open(port, headers)
    const block = Buffer.concat(Array.from({ length: 200 }, () => bytes))
    if (first !== '') chunk(first)
    const feed = () => {
      if (socket.destroyed) return
      chunk(block)
      setImmediate(feed)
    }
    feed()
    expect(await answer).toMatchObject({ status: 400, body: { code: 'FILE_TOO_LARGE' } })
    expect(recorded.opened).toHaveLength(opened)
    socket.destroy()
  })
})

describe('a slow sender', () => {
  it.each([
    ['before its first byte', raw, '', [['open null', 'abort']]],
    ['in a raw body', raw, 'abc', [['open null', 'abort']]],
    ['in a file', multipart, begun('abc'), [['open abc', 'abort']]],
    ['after a file', multipart, `${part('abc')}--x`, [['open abc', 'end', 'release', 'abort']]],
    [
      'after all there is to say',
      multipart,
      `${part('abc')}--x--\r\n`,
      [['open abc', 'end', 'release', 'abort']],
    ],
    [
      'in a compressed body',
      { ...raw, 'content-encoding': 'gzip' },
      gzipSync('abc').subarray(0, 9),
      [['open null', 'abort']],
    ],
  ])('that is silent %s is refused, and its connection closed', async (_what, headers, bytes, logs) => {
    const recorded = recordingIntakes({})
    const { port } = await serve(recorded, { idleMs: 100, timeoutMs: 60_000 })
    const { socket, chunk, answer } = await open(port, headers)
    if (bytes.length > 0) chunk(bytes)
    expect(await answer).toMatchObject({
      status: 408,
      body: { code: 'UPLOAD_TIMEOUT', limit: { name: 'upload.idleMs', value: 100 } },
    })
    expect(recorded.opened.map(({ log }) => log)).toEqual(logs)
    await closed(socket.resume())
  })

  it('that never stops is refused', async () => {
    const { port } = await serve(recordingIntakes({}), { idleMs: 60_000, timeoutMs: 500 })
    const { socket, chunk, answer } = await open(port, raw)
    const timer = setInterval(() => chunk('x'), 10)
    const refused = await answer
    clearInterval(timer)
    expect(refused).toMatchObject({ status: 408, body: { limit: { name: 'upload.timeoutMs', value: 500 } } })
    await closed(socket.resume())
  })

  it('whose pauses are shorter than the limit is let be', async () => {
    const recorded = recordingIntakes({})
    const { port } = await serve(recorded, { idleMs: 2_000, timeoutMs: 60_000 })
    const { chunk, end, answer } = await open(port, raw)
    // Together longer than one pause may be.
    for (let n = 0; n < 12; n++) {
      chunk('x')
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    end()
    expect(await answer).toMatchObject({ status: 200 })
  })
})
