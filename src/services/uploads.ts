import { z } from 'zod'
import type { DriftReport } from '../diff/report.js'
import { DrifthookError, type ErrorCode, isDrifthookError } from '../errors.js'
import type { Principal, UploadResult } from '../model.js'
import type { Write } from '../ports/storage.js'
import type { Row } from '../ports/tables.js'
import { commitSteps } from './commit.js'
import type { Context } from './context.js'
import { measureOf } from './contracts.js'
import { announce, dataBytes, type Happening, prepareMessage } from './deliveries/outbox.js'
import { eventKey } from './ids.js'
import { monitorByToken } from './monitors.js'
import { requirePermission } from './permissions.js'
import { type RateState, rateLimiter } from './rate-limit.js'
import { idField, notFound } from './shared.js'
import { inspectUpload, recordedName } from './uploads/inspection.js'
import { comparisonData, failureData } from './uploads/message.js'
import { invalidField, validate } from './validate.js'

/** A file as it arrived. */
export interface UploadedFile {
  bytes: Uint8Array
  fileName: string | null
  /** As the sender declared it; null if not at all. */
  contentType: string | null
}

/** A monitor that accepts this upload. */
export interface Admission {
  rate: RateState
  /**
   * Compares the file with the monitor's contract and records what was found.
   * @throws DrifthookError of a refused file (no event is made), or of one that could not be compared
   *   (then `eventId` names the event)
   */
  receive(file: UploadedFile): Promise<UploadResult>
}

const checkInput = z.strictObject({
  monitorId: idField,
  file: z.custom<Uint8Array | AsyncIterable<Uint8Array>>(
    (value) => value instanceof Uint8Array || isIterable(value),
    {
      message: 'must be bytes or a stream of bytes',
    },
  ),
  fileName: z.string().max(1_000).nullable().default(null),
})

export type UploadCheck = z.input<typeof checkInput>

/** The faults of a file's content that are recorded as an event of their own. */
const contentFaults: readonly ErrorCode[] = [
  'FORMAT_UNDECIDED',
  'FORMAT_MISMATCH',
  'FILE_MALFORMED',
  'FILE_LIMIT_EXCEEDED',
  'SCHEMA_UNSUPPORTED',
]

/** Uploads: a file comes in, is compared with its monitor's contract, recorded, and told. */
export function uploadsService(context: Context) {
  const { storage, clock, analyzer } = context
  const limiter = rateLimiter(context.sharedLimiter, context.upload.rateLimit)

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

  async function receive(monitor: Row<'monitors'>, file: UploadedFile): Promise<UploadResult> {
    inspectUpload(file.bytes, file.contentType)
    const contract = await storage.get('contracts', monitor.tenantId, monitor.contractId)
    if (contract === null) throw notFound('contract')
    const measure = measureOf(context, contract)
    const number = await storage.nextIds('driftEvents', 1)
    const fileName = recordedName(file.fileName)
    const base = { ...blankEvent(monitor, contract, number, clock.now()), fileName }
    const outcome = await attempt(() => analyzer.check({ bytes: file.bytes }, measure))
    if ('fault' in outcome) throw await recordFault(monitor, base, outcome.fault)
    const { report, format } = outcome.value
    const event = { ...base, ...eventColumns(report, clock.now()), format }
    const details = { tenantId: monitor.tenantId, id: base.id, report, error: null }
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
    const details = { tenantId: monitor.tenantId, id: base.id, report: null, error }
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

  return {
    /**
     * Decides by the token alone whether a file may come in; asked before the body is read.
     * @throws DrifthookError `TOKEN_UNKNOWN`, `MONITOR_INACTIVE`, `RATE_LIMITED`, in this order
     */
    async admit(token: string): Promise<Admission> {
      const monitor = await monitorByToken(context, token)
      if (monitor === null) {
        throw new DrifthookError('TOKEN_UNKNOWN', 'No monitor has this token. Check the token in the URL.')
      }
      refuseInactive(monitor)
      const rate = await limiter.take(`upload:${monitor.id}`)
      return { rate, receive: (file) => receive(monitor, file) }
    },

    /**
     * The same for files the host has at hand itself: a pull job, a mailbox. Not rate limited.
     * @param input.file bytes, or a stream of them
     * @throws DrifthookError as the upload endpoint answers
     */
    async check(principal: Principal, input: UploadCheck): Promise<UploadResult> {
      requirePermission(principal, 'uploads:check')
      const given = validate(checkInput, input)
      const monitor = await storage.get('monitors', principal.tenantId, given.monitorId)
      if (monitor === null) throw invalidField('monitorId', 'unknown_monitor', 'no such monitor')
      refuseInactive(monitor)
      const bytes = await collect(given.file, context.upload.maxBytes)
      return receive(monitor, { bytes, fileName: given.fileName, contentType: null })
    },
  }
}

/** The refusal of a file above `maxBytes`, wherever it is noticed. */
export const fileTooLarge = (maxBytes: number): DrifthookError =>
  new DrifthookError(
    'FILE_TOO_LARGE',
    `The file has more than ${maxBytes} bytes. Split it, or ask for a higher limit.`,
    {
      limit: { name: 'upload.maxBytes', value: maxBytes },
    },
  )

function refuseInactive(monitor: Row<'monitors'>): void {
  if (monitor.active) return
  throw new DrifthookError('MONITOR_INACTIVE', 'The monitor is inactive. Its owner can activate it.')
}

async function attempt<T>(work: () => Promise<T>): Promise<{ value: T } | { fault: DrifthookError }> {
  try {
    return { value: await work() }
  } catch (error) {
    if (isDrifthookError(error) && contentFaults.includes(error.code)) return { fault: error }
    throw error
  }
}

async function collect(file: Uint8Array | AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of file instanceof Uint8Array ? [file] : file) {
    size += chunk.byteLength
    if (size > maxBytes) throw fileTooLarge(maxBytes)
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

const isIterable = (value: unknown) =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

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
