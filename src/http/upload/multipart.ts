import type { ServerResponse } from 'node:http'
import multer, { MulterError, type StorageEngine } from 'multer'
import { DrifthookError, isDrifthookError } from '../../errors.js'
import { fileTooLarge } from '../../services/uploads/intake.js'
import { isConsumed, readBytes } from '../body.js'
import type { HttpRequest } from '../request.js'

/** A file, and the text fields that came with it. */
export interface ReceivedFile {
  bytes: Uint8Array
  fileName: string | null
  /** As the sender declared it; null if not at all. */
  contentType: string | null
  fields: Record<string, unknown>
}

/** The name of the one file field (seed document S0, "Request format"). */
const fileField = 'file'

/** Bytes a multipart body may have around the file: part headers, boundaries, text fields. */
const envelopeBytes = 256 * 1024

/**
 * The uploaded file: multipart field `file`, or the raw body with its own content type.
 * @throws DrifthookError `FILE_TOO_LARGE`, `FILE_MISSING`, `UPLOAD_INVALID`, `RAW_BODY_UNAVAILABLE`
 */
export async function readFile(
  request: HttpRequest,
  response: ServerResponse,
  maxBytes: number,
): Promise<ReceivedFile> {
  const type = request.get('content-type') ?? ''
  const isMultipart = /^multipart\/form-data\b/i.test(type)
  if (isConsumed(request)) throw consumed()
  if (Number(request.get('content-length') ?? 0) > maxBytes + (isMultipart ? envelopeBytes : 0))
    throw fileTooLarge(maxBytes)
  if (isMultipart) return readMultipart(request, response, maxBytes)
  if (/^application\/x-www-form-urlencoded\b/i.test(type) || type === '') throw noFile()
  const bytes = await readBytes(request, maxBytes, () => fileTooLarge(maxBytes))
  return { bytes, fileName: null, contentType: type, fields: {} }
}

function readMultipart(
  request: HttpRequest,
  response: ServerResponse,
  maxBytes: number,
): Promise<ReceivedFile> {
  const upload = multer({
    storage: memoryEngine(maxBytes),
    defParamCharset: 'utf8',
    limits: {
      // One above ours, which names the limit; this one only stops a stream that ours let slip.
      fileSize: maxBytes + 1,
      files: 1,
      fields: 20,
      parts: 21,
      fieldNameSize: 100,
      fieldSize: 64 * 1024,
      headerPairs: 50,
      fieldNestingDepth: 0,
      fieldArrayIndexLimit: 0,
    },
  }).any()
  return new Promise((resolve, reject) => {
    // multer's types are Express's; all it uses is Node's request.
    upload(request as never, response as never, (error: unknown) => {
      if (error !== undefined && error !== null) return reject(uploadError(error, maxBytes))
      const [file] = (request as unknown as { files?: MemoryFile[] }).files ?? []
      if (file === undefined) return reject(noFile())
      const fields = { ...(request.body as Record<string, unknown> | undefined) }
      resolve({ bytes: file.bytes, fileName: file.originalname, contentType: file.mimetype, fields })
    })
  })
}

type MemoryFile = Express.Multer.File & { bytes: Uint8Array }

/** Keeps the one file in memory, never more than `maxBytes` of it. */
function memoryEngine(maxBytes: number): StorageEngine {
  return {
    _handleFile(_request, file, done) {
      if (file.fieldname !== fileField) {
        done(new DrifthookError('FILE_MISSING', `The file must be in the field "${fileField}".`))
        file.stream.resume()
        return
      }
      const chunks: Buffer[] = []
      let size = 0
      file.stream.on('data', (chunk: Buffer) => {
        size += chunk.byteLength
        if (size <= maxBytes) chunks.push(chunk)
        else chunks.length = 0
      })
      file.stream.on('error', done)
      file.stream.on('end', () => {
        if (size > maxBytes) return done(fileTooLarge(maxBytes))
        done(null, { bytes: Buffer.concat(chunks, size) } as Partial<MemoryFile>)
      })
    },
    _removeFile(_request, file, done) {
      Reflect.deleteProperty(file, 'bytes')
      done(null)
    },
  }
}

function uploadError(error: unknown, maxBytes: number): Error {
  if (isDrifthookError(error)) return error
  if (error instanceof MulterError) {
    if (error.code === 'LIMIT_FILE_SIZE') return fileTooLarge(maxBytes)
    const what = error.code === 'LIMIT_FILE_COUNT' ? 'Send one file per request.' : `${error.message}.`
    return new DrifthookError('UPLOAD_INVALID', what, { cause: error })
  }
  // busboy and multer report what is malformed or cut off as plain errors.
  return new DrifthookError('UPLOAD_INVALID', 'The multipart body is malformed or was cut off.', {
    cause: error,
  })
}

const noFile = () =>
  new DrifthookError(
    'FILE_MISSING',
    `Send the file as multipart/form-data in the field "${fileField}", or as the raw body with its Content-Type.`,
  )

const consumed = () =>
  new DrifthookError(
    'RAW_BODY_UNAVAILABLE',
    'A body parser of the host read this request first. Mount drifthook before it, or keep it off this path.',
  )
