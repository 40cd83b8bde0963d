/** The `data` of the messages an upload publishes. Field names are the wire's. */
import type { DriftReport } from '../diff/report.js'
import type { Row } from '../ports/tables.js'
import { instantText } from './shared.js'

/** A message carries so many changes; the rest is one request away. */
const maxChanges = 50

const eventFacts = (event: Row<'driftEvents'>, url: string | null) => ({
  event_id: Number(event.id),
  event_url: url,
  monitor_id: event.monitorId,
  contract_id: event.contractId,
  contract_name: event.sourceName,
  contract_version: event.contractVersion,
  file_name: event.fileName,
  format: event.format,
  checked_at: instantText(event.createdAt),
})

/** `drift.detected`, `check.repeated` and `check.passed`. */
export const comparisonData = (event: Row<'driftEvents'>, report: DriftReport, url: string | null) => ({
  ...eventFacts(event, url),
  has_drift: report.hasDrift,
  severity: report.severity,
  result: report.result,
  score: report.score,
  fingerprint: report.fingerprint,
  drift_summary: report.summary,
  changes: report.changes.slice(0, maxChanges).map((change) => ({
    kind: change.kind,
    path: change.path,
    ...(change.toPath === undefined ? {} : { to_path: change.toPath }),
    ...(change.aspect === undefined ? {} : { aspect: change.aspect }),
    from: change.from,
    to: change.to,
    impact: change.impact,
  })),
  changes_total: report.changes.length,
})

/** `check.failed`. */
export const failureData = (
  event: Row<'driftEvents'>,
  error: Record<string, unknown>,
  url: string | null,
) => ({
  ...eventFacts(event, url),
  result: 'error',
  error,
})
