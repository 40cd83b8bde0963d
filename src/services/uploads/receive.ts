/** What becomes of a file that has come in: it is compared, recorded and told. */
import type { DriftReport } from '../../diff/report.js'
import { DrifthookError, type ErrorCode, isDrifthookError } from '../../errors.js'
import type { UploadResult } from '../../model.js'
import type { Write } from '../../ports/storage.js'
import type { Row } from '../../ports/tables.js'
import { commitSteps } from '../commit.js'
import type { Context } from '../context.js'
import { measureOf } from '../contracts.js'
import { announce, dataBytes, type Happening, prepareMessage } from '../deliveries/outbox.js'
import { eventKey } from '../ids.js'
import { notFound } from '../shared.js'
import { recordedName } from './file-name.js'
import type { UploadedFile } from './intake.js'
import { comparisonData, failureData } from './message.js'

/** What the sender asks for beside the comparison. */
export interface UploadWishes {
  /** Repeated under it, a file that was compared is not compared again. */
  idempotencyKey: string | null
  /** Compare, and record nothing. */
  dryRun: boolean
  /** Answer at once, and compare afterwards. */
  later: boolean
  /** The signature that came with the file, as it stood in its header. */
  signature: string | null
}

export const noWishes: UploadWishes = { idempotencyKey: null, dryRun: false, later: false, signature: null }

export type UploadOutcome =
  | { kind: 'compared'; result: UploadResult }
  /** It is compared afterwards; the event tells what came of it. */
  | { kind: 'processing'; eventId: number }
  /** One for each file, in the order in which they came. */
  | { kind: 'several'; results: readonly (UploadResult | DrifthookError)[] }

/** The faults of a file's content that are recorded as an event of their own. */
const contentFaults: readonly ErrorCode[] = [
  'FORMAT_UNDECIDED',
  'FORMAT_MISMATCH',
  'FILE_MALFORMED',
  'FILE_LIMIT_EXCEEDED',
  'SCHEMA_UNSUPPORTED',
]

export type Receive = (
  monitor: Row<'monitors'>,
  files: readonly UploadedFile[],
  wishes: UploadWishes,
) => Promise<UploadOutcome>

/** Takes files that have come in, and lets go of them. */
export function receiver(context: Context): Receive {
  const { storage, clock, analyzer } = context

  /**
   * Writes the event, its report, its message and the deliveries in one commit. The message's type depends
   * on whether the same drift stands open already, and another upload may be settling that right now:
   * whoever comes second builds anew.
   */
  async function record(
    monitor: Row<'monitors'>,
    event: Row<'driftEvents'>,
    details: Row<'driftReports'>,
    toMessage: (repeated: boolean) => Happening,
  ) {
    const openKey = event.fingerprint === null ? null : `${monitor.id}:${event.fingerprint}`
    const { tenantId } = monitor
    const recorded = await commitSteps(storage, async () => {
      const open =
        openKey === null ? null : await storage.lookup('driftEvents', 'open', { tenantId, openKey })
      const prepared = await prepareMessage(context, toMessage(open !== null))
      const row = open === null ? { ...event, openKey } : event
      const touch: Write = {
        op: 'update',
        table: 'monitors',
        tenantId,
        id: monitor.id,
        set: { lastUploadAt: event.createdAt },
        optional: true,
      }
      return {
        repeated: open !== null,
        prepared,
        steps: [
          { write: { op: 'insert', table: 'driftEvents', row }, refused: { exists: 'again' } },
          { write: { op: 'insert', table: 'driftReports', row: details } },
          ...prepared.writes.map((write) => ({ write })),
          { write: touch },
        ],
      }
    })
    await announce(context, recorded.prepared)
    return recorded
  }

  async function compare(monitor: Row<'monitors'>, file: UploadedFile): Promise<UploadResult> {
    const contract = await storage.get('contracts', monitor.tenantId, monitor.contractId)
    if (contract === null) throw notFound('contract')
    const measure = measureOf(context, contract)
    const number = await storage.nextIds('driftEvents', 1)
    const fileName = recordedName(file.fileName)
    const base = {
      ...blankEvent(monitor, contract, number, clock.now()),
      fileName,
      fileSize: file.size,
      fileSha256: file.sha256,
    }
    const outcome = await attempt(() =>
      analyzer.check({ content: file.content, tenantId: monitor.tenantId }, measure),
    )
    if ('fault' in outcome) throw await recordFault(monitor, base, outcome.fault)
    const { report, format } = outcome.value
    const event = { ...base, ...eventColumns(report, clock.now()), format }
    const details = { tenantId: monitor.tenantId, id: base.id, report, error: null, told: null }
    const recorded = await record(monitor, event, details, (repeated) => ({
      tenantId: monitor.tenantId,
      type: report.hasDrift ? (repeated ? 'check.repeated' : 'drift.detected') : 'check.passed',
      result: report.result,
      contractId: event.contractId,
      monitorId: monitor.id,
      about: null,
      data: dataBytes(comparisonData(event, report, eventUrl(context, number))),
    }))
    const told = recorded.prepared.receivers > 0
    return {
      success: true,
      eventId: number,
      hasDrift: report.hasDrift,
      driftSummary: report.summary,
      alertQueued: report.hasDrift && told,
      partnerNotified: report.hasDrift && recorded.prepared.partner,
      alertSuppressed: report.hasDrift && recorded.repeated && !told,
      severity: report.severity,
      result: report.result,
    }
  }

  async function recordFault(monitor: Row<'monitors'>, base: Row<'driftEvents'>, fault: DrifthookError) {
    const error = {
      code: fault.code,
      detail: fault.message,
      place: fault.place ?? null,
      limit: fault.limit ?? null,
    }
    const details = { tenantId: monitor.tenantId, id: base.id, report: null, error, told: null }
    await record(monitor, base, details, () => ({
      tenantId: monitor.tenantId,
      type: 'check.failed',
      result: 'error',
      contractId: base.contractId,
      monitorId: monitor.id,
      about: null,
      data: dataBytes(failureData(base, error, eventUrl(context, Number(base.id)))),
    }))
    return new DrifthookError(fault.code, fault.message, {
      errors: fault.errors,
      eventId: Number(base.id),
      cause: fault,
      ...(fault.place === undefined ? {} : { place: fault.place }),
      ...(fault.limit === undefined ? {} : { limit: fault.limit }),
    })
  }

  return async (monitor, files) => {
    const [file] = files
    if (file === undefined) throw new DrifthookError('FILE_MISSING', 'There is no file in the request.')
    try {
      return { kind: 'compared', result: await compare(monitor, file) }
    } finally {
      await Promise.all(files.map((each) => each.release()))
    }
  }
}

async function attempt<T>(work: () => Promise<T>): Promise<{ value: T } | { fault: DrifthookError }> {
  try {
    return { value: await work() }
  } catch (error) {
    if (isDrifthookError(error) && contentFaults.includes(error.code)) return { fault: error }
    throw error
  }
}

const eventUrl = (context: Context, number: number): string | null =>
  context.urls.api === null ? null : `${context.urls.api}/events/${number}`

/** An event as it stands before anything is known of the file: one that could not be compared. */
const blankEvent = (
  monitor: Row<'monitors'>,
  contract: Row<'contracts'>,
  number: number,
  now: number,
): Row<'driftEvents'> => ({
  tenantId: monitor.tenantId,
  id: eventKey(number),
  monitorId: monitor.id,
  contractId: contract.id,
  contractVersion: contract.version,
  sourceName: contract.name,
  fileName: null,
  fileSize: null,
  fileSha256: null,
  format: null,
  status: 'pending',
  severity: null,
  result: 'error',
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

/** What a report says of its event. Without drift there is nothing to decide: it is resolved at once. */
const eventColumns = (report: DriftReport, now: number) => ({
  severity: report.severity,
  result: report.result,
  score: report.score,
  ...report.summary,
  fingerprint: report.fingerprint,
  ...(report.hasDrift ? {} : { status: 'resolved', resolvedVia: 'auto', resolvedAt: now }),
})
