/** Connections that end at every stage of an upload: nothing stays behind, and an event is there whole or not at all. */
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acme } from '../support/app.js'
import { type Gate, gate, gatedFormat, gatedMonitor } from '../support/gate.js'
import {
  answerOn,
  connected,
  exchange,
  filePart,
  multipartBody,
  post,
  postParts,
} from '../support/raw-http.js'
import {
  goodFiles,
  openDescriptors,
  openFilesIn,
  type UploadTarget,
  until,
  uploadTarget,
} from '../support/upload-target.js'

const inFlightPerToken = 4
const order = goodFiles.json.slice('{"orders":['.length, goodFiles.json.indexOf('}') + 1)
/** Twice as much as is kept in memory. */
const large = `{"orders":[${Array.from({ length: 7_000 }, () => order).join()}]}`

/** Sends bytes and ends the connection, politely or not, once they are on their way. */
async function cut(port: number, bytes: Buffer, how: 'closed' | 'reset'): Promise<void> {
  const socket = await connected(port)
  if (bytes.byteLength > 0) await new Promise((resolve) => socket.write(bytes, resolve))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  if (how === 'reset') socket.resetAndDestroy()
  else socket.destroy()
  await closed
}

/** As many uploads as the token is let are taken at once, and not one more: no place is missing, none is too many. */
async function expectEveryPlace(target: UploadTarget): Promise<void> {
  const request = postParts(target.path(), [filePart(large)])
  const begun = await Promise.all(
    Array.from({ length: inFlightPerToken }, async () => {
      const socket = await connected(target.port)
      const answer = answerOn(socket)
      socket.write(request.subarray(0, request.byteLength - 100))
      return { socket, answer }
    }),
  )
  await until('all of them are on the disk', async () =>
    (await openFilesIn(target.directory)).length === inFlightPerToken ? true : undefined,
  )
  const oneMore = await exchange(target.port, postParts(target.path(), [filePart(goodFiles.json)]))
  expect([oneMore?.status, JSON.parse(oneMore?.body ?? '').code]).toEqual([503, 'UPLOADS_BUSY'])
  for (const { socket } of begun) socket.write(request.subarray(request.byteLength - 100))
  for (const { socket, answer } of begun) {
    expect((await answer)?.status).toBe(200)
    socket.destroy()
  }
  await target.settled()
}

/** No event is half: each has its report, and says what came of the file. */
async function expectWholeEvents({ app: { drifthook } }: UploadTarget): Promise<void> {
  const { items } = await drifthook.events.list(acme, { limit: 100 })
  for (const { id, result, status, fileSize } of items) {
    expect([id, result, status]).toEqual([id, 'pass', 'resolved'])
    expect(fileSize === undefined || fileSize === null || fileSize > 0).toBe(true)
    expect(await drifthook.events.get(acme, id)).toMatchObject({ id, error: null })
  }
}

const plain = { 'content-type': 'multipart/form-data; boundary=x' }
const requests = {
  'a small form': (path: string) => postParts(path, [filePart(goodFiles.json)]),
  'a small form in gzip': (path: string) =>
    post(path, gzipSync(multipartBody([filePart(goodFiles.json)])), { ...plain, 'content-encoding': 'gzip' }),
  'a large form': (path: string) => postParts(path, [filePart(large)]),
  'a large form in gzip': (path: string) =>
    post(path, gzipSync(multipartBody([filePart(large)]), { level: 0 }), {
      ...plain,
      'content-encoding': 'gzip',
    }),
  'a large raw body': (path: string) => post(path, large, { 'content-type': 'application/json' }),
}

/** Where it is cut: all over the headers, around their end and that of the part's, all over the file, near its end. */
function cutsOf(request: Buffer): number[] {
  const body = request.indexOf('\r\n\r\n') + 4
  const file = Math.max(body, request.indexOf('\r\n\r\n', body) + 4)
  const { byteLength: end } = request
  const spread = (from: number, to: number, count: number) =>
    Array.from({ length: count }, (_, n) => from + Math.floor(((to - from) * n) / count))
  const all = [
    ...spread(0, body, 6),
    body - 1,
    body,
    ...spread(body, file, 5),
    file,
    ...spread(file, end, 12),
  ]
  return [...new Set([...all, end - 8, end - 6, end - 3, end - 1])].filter((at) => at >= 0 && at < end)
}

describe.runIf(process.platform === 'linux')('an upload that is cut off', () => {
  let target: UploadTarget
  beforeEach(async () => {
    target = await uploadTarget({ inFlightPerToken })
  })
  afterEach(() => target.close())

  it.each(Object.entries(requests))('at any byte of %s leaves nothing', async (_name, make) => {
    const request = make(target.path())
    expect((await exchange(target.port, request))?.status).toBe(200)
    await target.settled()
    const before = { events: await target.events(), descriptors: await openDescriptors() }
    for (const [n, at] of cutsOf(request).entries()) {
      await cut(target.port, request.subarray(0, at), n % 3 === 2 ? 'reset' : 'closed')
      await target.settled()
    }
    expect(await target.events()).toBe(before.events)
    expect(await openDescriptors()).toBeLessThanOrEqual(before.descriptors)
    await expectEveryPlace(target)
    await expectWholeEvents(target)
  })

  it.each(Object.entries(requests))(
    'after the last byte of %s is compared whole, or not at all',
    async (_name, make) => {
      const request = make(target.path())
      const times = 12
      for (let n = 0; n < times; n++) await cut(target.port, request, n % 3 === 2 ? 'reset' : 'closed')
      await target.settled()
      await expectEveryPlace(target)
      expect(await target.events()).toBeLessThanOrEqual(times + inFlightPerToken)
      await expectWholeEvents(target)
      expect(target.app.logger.lines.filter(({ level }) => level === 'error')).toEqual([])
    },
  )
})

describe.runIf(process.platform === 'linux')('an upload whose sender goes', () => {
  let target: UploadTarget
  let door: Gate
  let path: string
  beforeEach(async () => {
    target = await uploadTarget({ inFlightPerToken }, { formats: [gatedFormat], analysis: { threads: 1 } })
    path = await gatedMonitor(target.app)
    door = await gate()
  })
  afterEach(async () => {
    await door.open()
    await target.close()
    await door.close()
  })

  /** In memory, and on disk. */
  it.each([0, 400_000])('while a thread compares it (%i bytes) is recorded whole', async (bytes) => {
    const socket = await connected(target.port)
    socket.write(postParts(path, [filePart(door.file('one', bytes))]))
    await door.hasBegun(1)
    socket.resetAndDestroy()
    await door.open()
    await until('it is recorded', async () => ((await target.events()) === 1 ? true : undefined))
    await target.settled()
    await expectEveryPlace(target)
    await expectWholeEvents(target)
  })

  it.each([0, 400_000])(
    'while it waits for a thread (%i bytes) keeps its place no longer than it waits',
    async (bytes) => {
      const first = exchange(target.port, postParts(path, [filePart(door.file('first'))]))
      await door.hasBegun(1)
      for (let n = 0; n < inFlightPerToken - 1; n++) {
        await cut(target.port, postParts(path, [filePart(door.file(`gone ${n}`, bytes))]), 'closed')
      }
      await door.open()
      expect((await first)?.status).toBe(200)
      await target.settled()
      await expectEveryPlace(target)
      await expectWholeEvents(target)
    },
  )

  it.each([0, 400_000])(
    'right after it asked for an answer at once (%i bytes) is recorded whole',
    async (bytes) => {
      const body = multipartBody([filePart(door.file('later', bytes))])
      const request = post(path, body, { ...plain, prefer: 'respond-async' })
      const told = await exchange(target.port, request)
      expect([told?.status, JSON.parse(told?.body ?? '').event_id]).toEqual([202, expect.any(Number)])
      await cut(target.port, request, 'reset')
      await door.open()
      await until('none is under way', async () => {
        const { items } = await target.app.drifthook.events.list(acme, { limit: 100 })
        return items.every(({ status }) => status !== 'processing') ? true : undefined
      })
      await target.settled()
      await expectEveryPlace(target)
      await expectWholeEvents(target)
    },
  )
})
