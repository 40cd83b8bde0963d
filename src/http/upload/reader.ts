/** The files of a request: the parts of a form, or the body itself. */
import { DrifthookError } from '../../errors.js'
import { fileTooLarge } from '../../services/uploads/intake.js'
import { isConsumed } from '../body.js'
import type { HttpRequest } from '../request.js'
import { Arrivals, type FileIntakes, type KeptFile } from './arrivals.js'
import { encodingOf } from './encoding.js'
import { dispositionName } from './file-name.js'
import { IncomingBody, type IncomingBodyOptions, type Patience } from './incoming-body.js'
import { type FormLimits, formReader, noFile } from './multipart.js'

/** What came: at least one file, and the text fields of a form. */
export interface ReceivedFiles<File> {
  files: [File, ...File[]]
  fields: Record<string, unknown>
}

export type UploadReader = <File extends KeptFile>(
  request: HttpRequest,
  intakes: FileIntakes<File>,
) => Promise<ReceivedFiles<File>>

/** Bytes a body may have beyond its files: part headers, boundaries, text fields, or what gzip adds. */
const envelopeBytes = 256 * 1024

/** Whether the body is a form. */
export const isForm = (request: HttpRequest): boolean =>
  /^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '')

/** Makes what reads uploads; once for a router. */
export function uploadReader(settings: FormLimits & Patience): UploadReader {
  const readForm = formReader(settings)

  /**
   * Takes the files of a request in while they arrive. On any refusal every intake that was opened is aborted.
   * @throws DrifthookError `FILE_TOO_LARGE`, `FILE_MISSING`, `FILE_FIELD_WRONG`, `FILES_TOO_MANY`,
   *   `ENCODING_UNSUPPORTED`, `UPLOAD_INVALID`, `UPLOAD_TIMEOUT`, `RAW_BODY_UNAVAILABLE`, and what an intake throws
   */
  return async (request, intakes) => {
    const options = bodyOptions(request, intakes, settings)
    const arrivals = new Arrivals(intakes)
    try {
      const fields = isForm(request)
        ? await readForm(request, options, arrivals)
        : await readRaw(request, options, arrivals)
      const [first, ...others] = await arrivals.files()
      if (first === undefined) throw noFile()
      return { files: [first, ...others], fields }
    } catch (error) {
      await arrivals.letGo()
      throw error
    }
  }
}

async function readRaw(request: HttpRequest, options: IncomingBodyOptions, arrivals: Arrivals<KeptFile>) {
  const contentType = request.headers['content-type'] ?? ''
  if (contentType === '' || /^application\/x-www-form-urlencoded\b/i.test(contentType)) throw noFile()
  const fileName = dispositionName(request.headers['content-disposition'])
  await arrivals.take({ fileName, contentType }, new IncomingBody(request, options))
  return {}
}

/** What can be judged by the headers alone. */
function bodyOptions(
  request: HttpRequest,
  { maxBytes, maxFiles }: FileIntakes<KeptFile>,
  patience: Patience,
): IncomingBodyOptions {
  if (isConsumed(request)) throw consumed()
  const encoding = encodingOf(request.headers['content-encoding'])
  const form = isForm(request)
  const most = (form ? maxBytes * maxFiles : maxBytes) + envelopeBytes
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > (form || encoding === 'gzip' ? most : maxBytes)) throw fileTooLarge(maxBytes)
  return { encoding, maxBytes: most, tooLarge: () => fileTooLarge(maxBytes), patience }
}

const consumed = () =>
  new DrifthookError(
    'RAW_BODY_UNAVAILABLE',
    'A body parser of the host read this request first. Mount drifthook before it, or keep it off this path.',
  )
