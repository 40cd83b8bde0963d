/** What becomes of the files of one request, once all of them have come in. */
import { DrifthookError, isDrifthookError } from '../../errors.js'
import type { Row } from '../../ports/tables.js'
import type { Context } from '../context.js'
import { recordedName } from './file-name.js'
import type { UploadedFile } from './intake.js'
import type { Sender, Upload } from './keyed.js'
import type { LaterComparisons } from './later.js'
import { compareDry, compareNow } from './now.js'
import type { FileOutcome, NamedOutcome, UploadOutcome } from './outcome.js'

export type { UploadOutcome }

/** What the sender asks for beside the comparison. */
export interface UploadWishes {
  /** Repeated under it, a file that was compared is not compared again. */
  idempotencyKey: string | null
  /** Compare, and record nothing. */
  dryRun: boolean
  /** Answer at once, and compare afterwards. */
  later: boolean
}

export const noWishes: UploadWishes = { idempotencyKey: null, dryRun: false, later: false }

export type Receive = (
  monitor: Row<'monitors'>,
  files: readonly UploadedFile[],
  wishes: UploadWishes,
  known: Sender,
) => Promise<UploadOutcome>

/** Takes files that have come in, and lets go of them. */
export function receiver(context: Context, later: LaterComparisons): Receive {
  async function one(upload: Upload, wishes: UploadWishes): Promise<FileOutcome> {
    // A dry run leaves no event behind that could tell afterwards.
    if (wishes.later && !wishes.dryRun) return later.begin(upload)
    try {
      return await (wishes.dryRun ? compareDry : compareNow)(context, upload)
    } finally {
      await upload.file.release()
    }
  }

  return async (monitor, files, wishes, known) => {
    if (files.length === 0) throw new DrifthookError('FILE_MISSING', 'There is no file in the request.')
    const { idempotencyKey } = wishes
    const uploads = files.map((file, position) => ({ monitor, file, position, idempotencyKey, ...known }))
    const [only, ...others] = uploads
    if (only !== undefined && others.length === 0) return one(only, wishes)
    const outcomes: NamedOutcome[] = []
    try {
      for (let next = uploads.shift(); next !== undefined; next = uploads.shift()) {
        const outcome = await one(next, wishes).catch(refusal)
        outcomes.push({ ...outcome, fileName: recordedName(next.file.fileName) })
      }
    } finally {
      await Promise.all(uploads.map(({ file }) => file.release()))
    }
    return { kind: 'several', files: outcomes }
  }
}

/** A file that is refused does not keep the others; what is not the file's fault does. */
function refusal(error: unknown): FileOutcome {
  if (isDrifthookError(error) && error.status < 500) return { kind: 'failed', error, replayed: false }
  throw error
}
