import type { Attempt, AttemptSummary } from '../../model.js'
import type { Row } from '../../ports/tables.js'
import { instantText } from '../shared.js'

export const showAttemptSummary = (row: Row<'attempts'>): AttemptSummary => ({
  id: row.id,
  deliveryId: row.deliveryId,
  number: row.number,
  startedAt: instantText(row.startedAt),
  durationMs: row.durationMs,
  responseStatus: row.responseStatus,
  errorClass: row.errorClass as AttemptSummary['errorClass'],
  error: row.error,
})

export const showAttempt = (row: Row<'attempts'>, details: Row<'attemptDetails'> | null): Attempt => ({
  ...showAttemptSummary(row),
  url: details?.url ?? '',
  timings: details?.timings ?? {},
  requestHeaders: details?.requestHeaders ?? {},
  responseHeaders: details?.responseHeaders ?? {},
  responseBody: details?.responseBody ? new TextDecoder().decode(details.responseBody) : null,
})
