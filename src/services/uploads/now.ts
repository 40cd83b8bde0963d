/** A file is compared while its sender waits. */
import { commitSteps } from '../commit.js'
import type { Context } from '../context.js'
import { announce } from '../deliveries/outbox.js'
import { findKey } from '../idempotency.js'
import { receivedEntry } from './attempts.js'
import { findingOf, isContentFault, yardstickOf } from './compare.js'
import { newEvent } from './event.js'
import { earlierOutcome, keyedUpload, outcomeAgain, type Upload } from './keyed.js'
import { dryOutcome, type FileOutcome, outcomeOf } from './outcome.js'
import { recordingOf, touchWrite } from './record.js'

/**
 * Compares a file, and writes down and tells what was found, in one commit.
 * @throws DrifthookError what is no fault of the file's content: nothing is then recorded
 */
export async function compareNow(context: Context, upload: Upload): Promise<FileOutcome> {
  const { storage, clock } = context
  const { monitor, file, idempotencyKey, origin } = upload
  const earlier = idempotencyKey === null ? null : await earlierOutcome(context, upload)
  if (earlier !== null) return earlier
  const yardstick = await yardstickOf(context, upload)
  const number = await storage.nextIds('driftEvents', 1)
  const { contract } = yardstick
  const begun = newEvent({ monitor, contract, file, number, now: clock.now() })
  const finding = await findingOf(context, file, yardstick, isContentFault)
  const { firstId, recording } = await commitSteps(storage, async () => {
    const key = await findKey(context, keyedUpload(upload))
    if (key.resultId !== null) return { firstId: key.resultId, recording: null, steps: [] }
    const recording = await recordingOf(context, begun, finding)
    const { event, details, prepared } = recording
    return {
      firstId: null,
      recording,
      steps: [
        ...key.take(event.id),
        { write: { op: 'insert', table: 'driftEvents', row: event }, refused: { exists: 'again' } },
        { write: { op: 'insert', table: 'driftReports', row: details } },
        // Of one that could not be compared the refusal is written down.
        ...('fault' in finding ? [] : [{ write: receivedEntry(context, event, origin) }]),
        ...prepared.writes.map((write) => ({ write })),
        { write: touchWrite(monitor, event.createdAt) },
      ],
    }
  })
  if (recording === null) return outcomeAgain(context, upload, firstId)
  await announce(context, recording.prepared)
  return outcomeOf(recording.event, recording.details, false)
}

/** Compares a file and leaves nothing behind but its audit entry: no event, no message, no key. */
export async function compareDry(context: Context, upload: Upload): Promise<FileOutcome> {
  const { file, monitor, origin } = upload
  const finding = await findingOf(context, file, await yardstickOf(context, upload), isContentFault)
  if (!('fault' in finding)) {
    const { tenantId, id: monitorId } = monitor
    const tried = { tenantId, id: null, monitorId, fileSize: file.size, fileSha256: file.sha256 }
    await context.storage.commit([receivedEntry(context, tried, origin)])
  }
  return dryOutcome(finding)
}
