/** Good uploads, spoilt by a seeded hand and sent over real connections: whatever comes, there is a documented answer. */
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { ErrorCode } from '../../src/errors.js'
import { type Random, random } from './random.js'
import { answerOn, connected, fieldPart, filePart, multipartBody, post, type RawAnswer } from './raw-http.js'
import {
  goodFiles,
  openDescriptors,
  type TargetFormat,
  targetFormats,
  type UploadTarget,
  uploadTarget,
} from './upload-target.js'

/** What an upload may be refused with, whatever is in it. */
const documented: readonly ErrorCode[] = [
  'ENCODING_UNSUPPORTED',
  'UPLOAD_INVALID',
  'INVALID_REQUEST',
  'FILE_MISSING',
  'FILE_FIELD_WRONG',
  'FILES_TOO_MANY',
  'FILE_EMPTY',
  'FILE_TOO_LARGE',
  'FILE_ARCHIVE',
  'FILE_EXECUTABLE',
  'FILE_SUSPICIOUS',
  'FILE_TYPE_REFUSED',
  'FORMAT_UNDECIDED',
  'FORMAT_MISMATCH',
  'XML_DOCTYPE_REFUSED',
  'FILE_MALFORMED',
  'FILE_LIMIT_EXCEEDED',
]

/** Pieces that readers of multipart bodies are known to trip over. */
const hostile = [
  '\r\n--x\r\n',
  '\r\n--x--\r\n',
  '--x',
  '--x--',
  '\r\n\r\n',
  '\r',
  '\n',
  '\0',
  '--',
  ';',
  '"',
  '\\"',
  '%00',
  '%0d%0a',
  'name=""',
  'name="__proto__"',
  'name="file"',
  'name=file[4294967294]',
  `name="a${'[b]'.repeat(20)}"`,
  "filename*=UTF-8''%ff%fe.json",
  "filename*=utf-8'",
  'filename="../../../../etc/passwd"',
  `filename="${'n'.repeat(3_000)}"`,
  'Content-Disposition: form-data; name="file"; filename="b.json"\r\n\r\n{}',
  'Content-Disposition: form-data; name="dry_run"\r\n\r\ntrue',
  'Content-Type: multipart/mixed; boundary=y\r\n',
  'Content-Type: image/png\r\n',
  'Content-Transfer-Encoding: base64\r\n',
  'x: y\r\n'.repeat(60),
  'é\u2028\ud83d\ude00',
].map((text) => Buffer.from(text))

const types = [
  'multipart/form-data; boundary=x',
  'multipart/form-data; boundary="x"',
  'multipart/form-data; boundary=x; charset=utf-16',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'Multipart/Form-Data;BOUNDARY=x',
  'application/json',
  'text/csv; charset=iso-8859-1',
  'application/xml',
  'application/x-www-form-urlencoded',
  'image/png',
  'nonsense',
]

/** One request: its bytes, and the connection it may leave behind. */
function spoilt(rnd: Random, path: (format: TargetFormat) => string): Buffer {
  const format = rnd.of(targetFormats)
  const content = Buffer.from(goodFiles[format])
  const isForm = !rnd.onceIn(5)
  const parts = [filePart(content, `a.${format}`)]
  if (rnd.onceIn(3)) parts.unshift(fieldPart('note', 'n'))
  let body: Buffer = isForm ? multipartBody(parts) : content
  const gzip = rnd.onceIn(6)
  // Spoilt before it is compressed, or after.
  const after = gzip && rnd.onceIn(2)
  const spoil = (bytes: Buffer) => {
    let changed = bytes
    for (let n = 1 + rnd.below(5); n > 0; n--) changed = edited(rnd, changed)
    return changed
  }
  if (!after) body = spoil(body)
  if (gzip) body = gzipSync(body, { level: 1 })
  if (after) body = spoil(body)
  const type = rnd.onceIn(8)
    ? rnd.of(types)
    : isForm
      ? 'multipart/form-data; boundary=x'
      : 'application/octet-stream'
  return post(path(rnd.onceIn(10) ? rnd.of(targetFormats) : format), body, {
    'content-type': type,
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
  })
}

function edited(rnd: Random, bytes: Buffer): Buffer {
  const at = rnd.below(bytes.length + 1)
  const size = rnd.below(60)
  switch (rnd.below(6)) {
    case 0: {
      const changed = Buffer.from(bytes)
      if (at < changed.length) changed[at] = rnd.below(256)
      return changed
    }
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)])
    case 2:
      return Buffer.concat([bytes.subarray(0, at), rnd.of(hostile), bytes.subarray(at)])
    case 3: {
      const to = rnd.below(bytes.length + 1)
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at, at + size), bytes.subarray(to)])
    }
    case 4:
      return rnd.onceIn(3) ? bytes.subarray(0, at) : bytes
    default: {
      // The rest of it is another upload's.
      const other = multipartBody([filePart(goodFiles[rnd.of(targetFormats)])])
      return Buffer.concat([bytes.subarray(0, at), other.subarray(rnd.below(other.length))])
    }
  }
}

export interface FuzzedUploads {
  compared: number
  refused: number
  /** How often each refusal came. */
  codes: Record<string, number>
}

/** After so many the server is another: its storage keeps an event for each. */
const perServer = 10_000
const senders = 4

/**
 * Sends spoilt uploads. The n-th is the same for the same seed, whatever became of those before.
 * @throws Error naming the seed and the number of the first that was answered wrong, or not at all
 */
export async function fuzzUploads({ runs, seed }: { runs: number; seed: number }): Promise<FuzzedUploads> {
  const outcome: FuzzedUploads = { compared: 0, refused: 0, codes: {} }
  const inherited = Object.getOwnPropertyNames(Object.prototype).length
  for (let from = 0; from < runs; from += perServer) {
    const target = await uploadTarget({ inFlightPerToken: 100 })
    try {
      await target.uploadWhenPossible()
      await target.settled()
      const descriptors = await openDescriptors()
      const range = { next: from, end: Math.min(runs, from + perServer) }
      await Promise.all(Array.from({ length: senders }, () => send(target, range, seed, outcome)))
      await target.settled()
      const answer = await target.uploadWhenPossible()
      if (answer?.status !== 200) throw new Error(`seed ${seed}: a good upload is answered ${answer?.status}`)
      const left = (await openDescriptors()) - descriptors
      if (left > 2) throw new Error(`seed ${seed}: ${left} descriptors are open that were not`)
      const told = target.app.logger.lines.find(({ level }) => level === 'error')
      if (told !== undefined) throw new Error(`seed ${seed}: ${told.message}`, { cause: told.fields?.error })
      if (Object.getOwnPropertyNames(Object.prototype).length !== inherited)
        throw new Error(`seed ${seed}: a prototype was polluted`)
    } finally {
      await target.close()
    }
  }
  return outcome
}

/** Sends one after the other, on one connection for as long as the server keeps it. */
async function send(
  { port, path }: UploadTarget,
  range: { next: number; end: number },
  seed: number,
  outcome: FuzzedUploads,
): Promise<void> {
  let socket: Socket | null = null
  while (range.next < range.end) {
    const n = range.next++
    const rnd = random(seed + n)
    const request = spoilt(rnd, path)
    socket ??= await connected(port)
    const answering = answerOn(socket)
    socket.write(request)
    try {
      const answer = await answering
      judge(answer, outcome)
      if (answer?.headers.connection === 'close' || rnd.onceIn(50)) {
        socket.destroy()
        socket = null
      }
    } catch (cause) {
      throw new Error(`upload ${n} of seed ${seed} (DRIFTHOOK_SEED=${seed + n} sends it first)`, { cause })
    }
  }
  socket?.destroy()
}

function judge(answer: RawAnswer | null, outcome: FuzzedUploads): void {
  if (answer === null) throw new Error('no answer')
  const { success, code } = JSON.parse(answer.body)
  if (answer.status === 200 && success === true) {
    outcome.compared++
    return
  }
  if (answer.status !== 400 || success !== false || !documented.includes(code))
    throw new Error(`answered ${answer.status} ${answer.body}`)
  outcome.refused++
  outcome.codes[code] = (outcome.codes[code] ?? 0) + 1
}
