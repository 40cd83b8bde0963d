import { z } from 'zod'
import type { DriftEvent, DriftEventSummary, EventStatus, List, Principal } from '../model.js'
import type { ListQuery } from '../ports/storage.js'
import type { Row } from '../ports/tables.js'
import type { Context } from './context.js'
import { eventKey } from './ids.js'
import { listPage, pageOptions } from './paging.js'
import { requirePermission } from './permissions.js'
import { idField, instantOrNull, instantText, notFound } from './shared.js'
import { validate } from './validate.js'

const instantField = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

const listInput = z.strictObject({
  ...pageOptions,
  contractId: idField.optional(),
  monitorId: idField.optional(),
  status: z.enum(['processing', 'pending', 'resolved', 'ignored', 'rejected']).optional(),
  severity: z.enum(['trivial', 'minor', 'major']).optional(),
  result: z.enum(['pass', 'warning', 'breaking', 'error']).optional(),
  from: instantField.optional(),
  to: instantField.optional(),
})

export type EventList = z.input<typeof listInput>

/** Drift events: every comparison there was, or will be. */
export function eventsService(context: Context) {
  const { storage } = context
  return {
    /** @param id the event's number @throws DrifthookError `NOT_FOUND`, for another tenant's event too */
    async get(principal: Principal, id: number): Promise<DriftEvent> {
      requirePermission(principal, 'events:read')
      const key = eventKey(validate(z.number().int().positive().max(Number.MAX_SAFE_INTEGER), id))
      const row = await storage.get('driftEvents', principal.tenantId, key)
      if (row === null) throw notFound('event')
      const details = await storage.get('driftReports', principal.tenantId, key)
      return {
        ...show(row),
        changes: details?.report?.changes ?? [],
        observations: details?.report?.observations ?? [],
        error: details?.error ?? null,
      }
    },

    /** Newest first. `from` and `to` bound the creation instant, both inclusive. */
    async list(principal: Principal, options: EventList = {}): Promise<List<DriftEventSummary>> {
      requirePermission(principal, 'events:read')
      const { limit, cursor, from, to, ...filter } = validate(listInput, options)
      const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
      const query = { tenantId: principal.tenantId, ...narrowestIndex(filter), range, filter }
      return listPage(storage, 'driftEvents', query, { limit, cursor }, show)
    },
  }
}

/** The index that reads the fewest entries for a filter; the rest of the filter is checked on each. */
function narrowestIndex(filter: {
  monitorId?: string | undefined
  contractId?: string | undefined
  status?: string | undefined
}): Pick<ListQuery<'driftEvents'>, 'index' | 'prefix'> {
  const { monitorId, contractId, status } = filter
  if (monitorId !== undefined) return { index: 'monitor', prefix: { monitorId } }
  if (contractId !== undefined) return { index: 'contract', prefix: { contractId } }
  if (status !== undefined) return { index: 'status', prefix: { status } }
  return { index: 'created' }
}

const show = (row: Row<'driftEvents'>): DriftEventSummary => ({
  id: Number(row.id),
  monitorId: row.monitorId,
  contractId: row.contractId,
  contractVersion: row.contractVersion,
  sourceName: row.sourceName,
  fileName: row.fileName,
  fileSize: row.fileSize,
  fileSha256: row.fileSha256,
  format: row.format,
  status: row.status as EventStatus,
  severity: row.severity as DriftEventSummary['severity'],
  result: row.status === 'processing' ? null : (row.result as DriftEventSummary['result']),
  score: row.score,
  driftSummary: {
    additions: row.additions,
    removals: row.removals,
    changes: row.changes,
    renames: row.renames,
  },
  fingerprint: row.fingerprint,
  notes: row.notes,
  resolvedVia: row.resolvedVia,
  resolvedBy: row.resolvedBy,
  createdAt: instantText(row.createdAt),
  resolvedAt: instantOrNull(row.resolvedAt),
})
