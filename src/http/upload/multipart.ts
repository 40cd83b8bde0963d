/** Forms with files, read by multer while they arrive. */
import multer, { MulterError, type StorageEngine } from 'multer'
import { DrifthookError, isDrifthookError } from '../../errors.js'
import { fileTooLarge } from '../../services/uploads/intake.js'
import type { HttpRequest } from '../request.js'
import type { Arrivals, KeptFile } from './arrivals.js'
import { headerText } from './file-name.js'
import { IncomingBody, type IncomingBodyOptions } from './incoming-body.js'

/** The name of the field that every file is in (seed document S0, "Request format"). */
const fileField = 'file'

/** Text fields: few, short and flat. */
const maxFields = 20

/** What multer takes for the request. The request itself it never sees: that is drained by whoever answers it. */
class Form extends IncomingBody {
  /** Where multer puts the text fields. */
  body: Record<string, unknown> = {}

  constructor(
    request: HttpRequest,
    options: IncomingBodyOptions,
    readonly arrivals: Arrivals<KeptFile>,
  ) {
    super(request, options)
  }

  /** multer lets go of the body at its first fault, but tells of it only once the body is over: now it is. */
  override unpipe(destination?: NodeJS.WritableStream): this {
    super.unpipe(destination)
    return this.destroy()
  }
}

/** The most that any form may carry. */
export interface FormLimits {
  /** Of one file. */
  maxBytes: number
  maxFiles: number
}

/** Makes what reads forms: built once, used for every request. */
export function formReader(most: FormLimits) {
  const read = multer({
    storage: engine,
    // As in every other header: see headerText.
    defParamCharset: 'latin1',
    limits: {
      // One above ours, which name the limit; these only stop what ours let slip.
      fileSize: most.maxBytes + 1,
      files: most.maxFiles + 1,
      fields: maxFields,
      parts: maxFields + most.maxFiles + 1,
      fieldNameSize: 100,
      fieldSize: 64 * 1024,
      headerPairs: 50,
      fieldNestingDepth: 0,
      fieldArrayIndexLimit: 0,
    },
  }).any()

  /**
   * Settles as soon as the form is read or refused. The arrivals are the caller's to let go of.
   * @returns the text fields
   * @throws DrifthookError `FILE_FIELD_WRONG`, `FILES_TOO_MANY`, `UPLOAD_INVALID`, and what refuses the body or a file
   */
  return (request: HttpRequest, options: IncomingBodyOptions, arrivals: Arrivals<KeptFile>) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const form = new Form(request, options, arrivals)
      form.on('error', reject)
      // multer's types are Express's; all it uses is a readable stream with headers.
      read(form as never, undefined as never, (error: unknown) => {
        if (error === undefined || error === null) return resolve({ ...form.body })
        // Ours says more, and multer may have been first to see the same.
        const refusal = refusalOf(form.errored ?? error, arrivals.intakes.maxBytes)
        form.destroy(refusal)
        reject(refusal)
      })
    })
}

const asForm = (request: unknown): Form => request as Form

/** Hands every file over to the form's arrivals. */
const engine: StorageEngine = {
  _handleFile(request, { fieldname, originalname, mimetype, stream }, done) {
    const form = asForm(request)
    const refuse = (error: Error) => {
      form.destroy(error)
      done(error)
    }
    if (fieldname !== fileField) return refuse(wrongField())
    const { arrivals } = form
    if (arrivals.full) return refuse(tooManyFiles(arrivals.intakes.maxFiles))
    arrivals
      .take({ fileName: headerText(originalname), contentType: mimetype }, stream)
      .then(() => done(null), refuse)
  },
  _removeFile(_request, _file, done) {
    done(null)
  },
}

function refusalOf(error: unknown, maxBytes: number): DrifthookError {
  if (isDrifthookError(error)) return error
  // multer counts what it has read, and so may come to the limit before the intake does.
  if (error instanceof MulterError && error.code === 'LIMIT_FILE_SIZE') return fileTooLarge(maxBytes)
  // busboy and multer report what is malformed or cut off as plain errors.
  const what = error instanceof MulterError ? error.message : 'The multipart body is malformed or was cut off'
  return new DrifthookError('UPLOAD_INVALID', `${what}.`, { cause: error })
}

const wrongField = () =>
  new DrifthookError('FILE_FIELD_WRONG', `The file must be in the field "${fileField}".`)

const tooManyFiles = (maxFiles: number) =>
  new DrifthookError(
    'FILES_TOO_MANY',
    maxFiles === 1 ? 'Send one file per request.' : `Send at most ${maxFiles} files per request.`,
    { limit: { name: 'upload.maxFiles', value: maxFiles } },
  )

export const noFile = () =>
  new DrifthookError(
    'FILE_MISSING',
    `Send the file as multipart/form-data in the field "${fileField}", or as the raw body with its Content-Type.`,
  )
