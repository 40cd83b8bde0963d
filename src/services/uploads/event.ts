/** The event of an upload: as it begins, and what a comparison makes of it. */
import type { Row } from '../../ports/tables.js'
import { eventKey } from '../ids.js'
import type { Finding } from './compare.js'
import { recordedName } from './file-name.js'
import type { UploadedFile } from './intake.js'

export interface Beginning {
  monitor: Row<'monitors'>
  contract: Row<'contracts'>
  file: UploadedFile
  number: number
  /** Milliseconds since 1970. */
  now: number
}

/** An event as it stands before its file is compared. */
export const newEvent = ({ monitor, contract, file, number, now }: Beginning): Row<'driftEvents'> => ({
  tenantId: monitor.tenantId,
  id: eventKey(number),
  monitorId: monitor.id,
  contractId: contract.id,
  contractVersion: contract.version,
  sourceName: contract.name,
  fileName: recordedName(file.fileName),
  fileSize: file.size,
  fileSha256: file.sha256,
  format: null,
  status: 'processing',
  severity: null,
  // No result: so that whoever asks for one does not find it.
  result: 'processing',
  score: null,
  additions: 0,
  removals: 0,
  changes: 0,
  renames: 0,
  fingerprint: null,
  openKey: null,
  notes: null,
  resolvedVia: null,
  resolvedBy: null,
  createdAt: now,
  resolvedAt: null,
})

/** What a finding says of its event. Without drift there is nothing to decide: it is resolved at once. */
export function foundColumns(finding: Finding, now: number): Partial<Row<'driftEvents'>> {
  if ('fault' in finding) return { status: 'pending', result: 'error' }
  const { report, format } = finding
  const { severity, result, score, summary, fingerprint } = report
  return {
    format,
    severity,
    result,
    score,
    ...summary,
    fingerprint,
    ...(report.hasDrift
      ? { status: 'pending' }
      : { status: 'resolved', resolvedVia: 'auto', resolvedAt: now }),
  }
}
