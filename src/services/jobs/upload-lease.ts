/** Ends the event of a file that nobody compares any more: the process that had taken it in let its lease end. */
import { DrifthookError } from '../../errors.js'
import { eventKey } from '../ids.js'
import { recordingOf, settlingWrites } from '../uploads/record.js'
import type { JobKind } from './kind.js'

export const uploadLease: JobKind = async (context, { tenantId, target }) => {
  const event = await context.storage.get('driftEvents', tenantId, eventKey(Number(target)))
  if (event?.status !== 'processing') return { writes: [], state: {}, progress: {}, nextAt: null }
  const fault = new DrifthookError(
    'INTERRUPTED',
    'The process that had taken the file in ended before it was compared. Send the file again.',
  )
  const recording = await recordingOf(context, event, { fault })
  const { deliveryIds, jobId } = recording.prepared
  return {
    writes: settlingWrites(recording),
    wake: [...deliveryIds.map((id) => `${id}:1`), ...(jobId === null ? [] : [jobId])],
    state: {},
    progress: {},
    nextAt: null,
  }
}
