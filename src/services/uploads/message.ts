/** The `data` of the messages an upload publishes. Field names are the wire's. */
import type { DriftReport } from '../../diff/report.js'
import type { Row } from '../../ports/tables.js'
import { instantText } from '../shared.js'

/** A message carries so many changes, and so many bytes of them; the rest is one request away. */
const maxChanges = 50
const maxChangeBytes = 64 * 1024

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
  changes: firstChanges(report),
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

function firstChanges(report: DriftReport): Record<string, unknown>[] {
  const told: Record<string, unknown>[] = []
  let bytes = 0
  for (const { kind, path, toPath, aspect, from, to, impact } of report.changes.slice(0, maxChanges)) {
    const change = { kind, path, to_path: toPath, aspect, from, to, impact }
    bytes += Buffer.byteLength(JSON.stringify(change))
    if (bytes > maxChangeBytes) break
    told.push(change)
  }
  return told
}
