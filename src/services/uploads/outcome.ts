/** What came of an uploaded file, as its sender is told: now, or again when it is asked for again. */
import { DrifthookError, type ErrorCode, type Limit, type Place } from '../../errors.js'
import type { UploadResult } from '../../model.js'
import type { Row } from '../../ports/tables.js'
import type { Finding } from './compare.js'

/** What came of one file. `replayed`: it did so under the same idempotency key before. */
export type FileOutcome = { replayed: boolean } & (
  | { kind: 'compared'; result: UploadResult }
  /** It could not be compared. `error.eventId` names the event, unless it was a dry run. */
  | { kind: 'failed'; error: DrifthookError }
  /** It is compared afterwards; the event tells what came of it. */
  | { kind: 'processing'; eventId: number }
)

/** One of several files: it may also have been refused, as `failed` without an event. */
export type NamedOutcome = FileOutcome & { fileName: string | null }

export type UploadOutcome =
  | FileOutcome
  /** One for each file, in the order in which they came. */
  | { kind: 'several'; files: readonly NamedOutcome[] }

/** The outcome that a recorded event stands for. The first answer and each repetition are made of the same. */
export function outcomeOf(
  event: Row<'driftEvents'>,
  details: Row<'driftReports'> | null,
  replayed: boolean,
): FileOutcome {
  const eventId = Number(event.id)
  if (event.status === 'processing') return { kind: 'processing', eventId, replayed }
  if (details?.error) return { kind: 'failed', error: faultOf(details.error, eventId), replayed }
  const { alertQueued, partnerNotified, alertSuppressed } = details?.told ?? nobodyTold
  const { additions, removals, changes, renames } = event
  return {
    kind: 'compared',
    replayed,
    result: {
      success: true,
      eventId,
      hasDrift: additions + removals + changes + renames > 0,
      driftSummary: { additions, removals, changes, renames },
      alertQueued,
      partnerNotified,
      alertSuppressed,
      severity: event.severity as UploadResult['severity'],
      result: event.result as UploadResult['result'],
    },
  }
}

/** The outcome of a comparison that is not recorded. */
export function dryOutcome(finding: Finding): FileOutcome {
  if ('fault' in finding) return { kind: 'failed', error: finding.fault, replayed: false }
  const { hasDrift, summary, severity, result } = finding.report
  return {
    kind: 'compared',
    replayed: false,
    result: {
      success: true,
      eventId: null,
      dryRun: true,
      hasDrift,
      driftSummary: summary,
      ...nobodyTold,
      severity,
      result,
    },
  }
}

const nobodyTold = { alertQueued: false, partnerNotified: false, alertSuppressed: false }

/** Why a file could not be compared, as its event keeps it. */
export const recordedFault = (fault: DrifthookError) => ({
  code: fault.code,
  detail: fault.message,
  place: fault.place ?? null,
  limit: fault.limit ?? null,
})

function faultOf(recorded: Record<string, unknown>, eventId: number): DrifthookError {
  const { code, detail, place, limit } = recorded as ReturnType<typeof recordedFault>
  return new DrifthookError(code as ErrorCode, detail, {
    eventId,
    ...(place === null ? {} : { place: place as Place }),
    ...(limit === null ? {} : { limit: limit as Limit }),
  })
}
