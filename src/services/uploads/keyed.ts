/** A file sent again under its sender's key is answered as it was the first time. */
import { DrifthookError } from '../../errors.js'
import type { Row } from '../../ports/tables.js'
import type { Context } from '../context.js'
import { findKey, type KeyedRequest } from '../idempotency.js'
import type { UploadOrigin } from './attempts.js'
import { recordedName } from './file-name.js'
import type { UploadedFile } from './intake.js'
import { type FileOutcome, outcomeOf } from './outcome.js'

/** Where files come from. */
export interface Sender {
  origin: UploadOrigin
  /** The monitor's contract as it was read when the upload was admitted; null: it is still to be read. */
  contract: Row<'contracts'> | null
}

/** One file that has come in for a monitor. */
export interface Upload extends Sender {
  monitor: Row<'monitors'>
  file: UploadedFile
  /** Its place among the files of its request, from 0: each has a key of its own, made of the request's. */
  position: number
  idempotencyKey: string | null
}

export const keyedUpload = ({ monitor, file, position, idempotencyKey }: Upload): KeyedRequest => ({
  tenantId: monitor.tenantId,
  scope: `upload:${monitor.id}:${position}`,
  key: idempotencyKey ?? undefined,
  request: [file.sha256, recordedName(file.fileName) ?? ''],
})

/**
 * What came of the file that was sent first under this key; null if it is the first, or has none.
 * @throws DrifthookError `IDEMPOTENCY_CONFLICT` if that was another file
 */
export async function earlierOutcome(context: Context, upload: Upload): Promise<FileOutcome | null> {
  const { resultId } = await findKey(context, keyedUpload(upload))
  return resultId === null ? null : outcomeAgain(context, upload, resultId)
}

/** @param id of the event that the key was taken for */
export async function outcomeAgain(
  { storage }: Context,
  { monitor: { tenantId } }: Upload,
  id: string,
): Promise<FileOutcome> {
  const event = await storage.get('driftEvents', tenantId, id)
  // The report after the event: of one that is processing there is none, and one that is not has its own.
  const details = event === null ? null : await storage.get('driftReports', tenantId, id)
  if (event !== null) return outcomeOf(event, details, true)
  throw new DrifthookError(
    'IDEMPOTENCY_CONFLICT',
    'What was answered under this idempotency key is not kept any more. Send another key.',
    { errors: [{ path: 'idempotencyKey', code: 'taken', message: 'was used for an upload that is gone' }] },
  )
}
