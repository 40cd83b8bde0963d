/** Records that stand alone, a page at a time: drift events, audit entries, idempotency keys, ended jobs. */
import type { Write } from '../../../ports/storage.js'
import type { Context } from '../../context.js'
import { recordsPerStep } from '../kind.js'
import type { OldRecords, PrunedPage } from './page.js'

const asked = ({ tenantId, to, after }: OldRecords) => ({
  tenantId,
  range: { to },
  after,
  limit: recordsPerStep,
})

/**
 * Events of one status, with their reports. One that stands for a drift nobody has settled stays: a repetition
 * of it is told by it. One decided on anew meanwhile lets the whole page be looked at again.
 */
export const eventsPage =
  (status: 'resolved' | 'ignored' | 'rejected') =>
  async ({ storage }: Context, old: OldRecords): Promise<PrunedPage> => {
    const { items, next } = await storage.list('driftEvents', {
      ...{ ...asked(old), index: 'status', prefix: { status }, filter: { openKey: null } },
    })
    const writes = items.flatMap(({ tenantId, id }): Write[] => [
      { op: 'delete', table: 'driftEvents', tenantId, id, expect: { status, openKey: null } },
      { op: 'delete', table: 'driftReports', tenantId, id, optional: true },
    ])
    return { writes, next }
  }

export async function auditPage({ storage }: Context, old: OldRecords): Promise<PrunedPage> {
  const { items, next } = await storage.list('auditEntries', { ...asked(old), index: 'created' })
  const writes = items.map(
    ({ tenantId, id }): Write => ({ op: 'delete', table: 'auditEntries', tenantId, id, optional: true }),
  )
  return { writes, next }
}

/** A key taken anew meanwhile is young again. */
export async function keysPage({ storage }: Context, old: OldRecords): Promise<PrunedPage> {
  const { items, next } = await storage.list('idempotencyKeys', { ...asked(old), index: 'created' })
  const writes = items.map(({ tenantId, id, createdAt }): Write => {
    const expect = { createdAt }
    return { op: 'delete', table: 'idempotencyKeys', tenantId, id, expect, optional: true }
  })
  return { writes, next }
}

export async function jobsPage({ storage }: Context, old: OldRecords): Promise<PrunedPage> {
  const filter = { status: ['done', 'failed', 'cancelled'] }
  const { items, next } = await storage.list('jobs', { ...asked(old), index: 'created', filter })
  const writes = items.map(({ tenantId, id, status }): Write => {
    return { op: 'delete', table: 'jobs', tenantId, id, expect: { status }, optional: true }
  })
  return { writes, next }
}
