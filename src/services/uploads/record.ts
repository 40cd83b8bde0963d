/** How what was found out about a file is written down and told: all of it in one commit. */
import type { Write } from '../../ports/storage.js'
import type { Told } from '../../ports/tables/contracts.js'
import type { Row } from '../../ports/tables.js'
import type { Context } from '../context.js'
import { dataBytes, type Happening, type Prepared, prepareMessage } from '../deliveries/outbox.js'
import type { Finding } from './compare.js'
import { foundColumns } from './event.js'
import { comparisonData, failureData } from './message.js'
import { recordedFault } from './outcome.js'

/** A finding, ready to be committed. */
export interface Recording {
  /** As it will stand. */
  event: Row<'driftEvents'>
  /** What of it is new. */
  set: Partial<Row<'driftEvents'>>
  details: Row<'driftReports'>
  prepared: Prepared
}

/**
 * The message's type depends on whether the same drift stands open already, and another upload may be settling
 * that right now: a commit refused because the event's `openKey` is taken is built anew.
 * @param before the event as it stands
 */
export async function recordingOf(
  context: Context,
  before: Row<'driftEvents'>,
  finding: Finding,
): Promise<Recording> {
  const { tenantId, id, monitorId } = before
  const columns = foundColumns(finding, context.clock.now())
  const fingerprint = columns.fingerprint ?? null
  const openKey = fingerprint === null ? null : `${monitorId}:${fingerprint}`
  const open =
    openKey === null ? null : await context.storage.lookup('driftEvents', 'open', { tenantId, openKey })
  const set = open === null ? { ...columns, openKey } : columns
  const event = { ...before, ...set }
  const prepared = await prepareMessage(context, happeningOf(context, event, finding, open !== null))
  const shared = { event, set, prepared }
  if ('fault' in finding) {
    const error = recordedFault(finding.fault)
    return { ...shared, details: { tenantId, id, report: null, error, told: null } }
  }
  const { report } = finding
  const told = toldOf(report.hasDrift, open !== null, prepared)
  return { ...shared, details: { tenantId, id, report, error: null, told } }
}

/** The writes of a recording whose event is there already, and is `processing`; the event's comes first. */
export const settlingWrites = ({ event, set, details, prepared }: Recording): [Write, ...Write[]] => [
  {
    op: 'update',
    table: 'driftEvents',
    tenantId: event.tenantId,
    id: event.id,
    set,
    expect: { status: 'processing' },
  },
  { op: 'insert', table: 'driftReports', row: details },
  ...prepared.writes,
]

/** A file has come in. */
export const touchWrite = ({ tenantId, id }: Row<'monitors'>, now: number): Write => ({
  op: 'update',
  table: 'monitors',
  tenantId,
  id,
  set: { lastUploadAt: now },
  optional: true,
})

function happeningOf(
  { urls }: Context,
  event: Row<'driftEvents'>,
  finding: Finding,
  repeated: boolean,
): Happening {
  const url = urls.api === null ? null : `${urls.api}/events/${Number(event.id)}`
  const { tenantId, contractId, monitorId, result } = event
  const about = { tenantId, contractId, monitorId, result, about: null }
  if ('fault' in finding) {
    const data = dataBytes(failureData(event, recordedFault(finding.fault), url))
    return { ...about, type: 'check.failed', data }
  }
  const drift = repeated ? 'check.repeated' : 'drift.detected'
  const data = dataBytes(comparisonData(event, finding.report, url))
  return { ...about, type: finding.report.hasDrift ? drift : 'check.passed', data }
}

function toldOf(hasDrift: boolean, repeated: boolean, { receivers, partner }: Prepared): Told {
  const alertQueued = hasDrift && receivers > 0
  return {
    alertQueued,
    partnerNotified: hasDrift && partner,
    alertSuppressed: hasDrift && repeated && !alertQueued,
  }
}
