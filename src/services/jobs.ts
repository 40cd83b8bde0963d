import { z } from 'zod'
import { DrifthookError } from '../errors.js'
import type { Job, List, Principal } from '../model.js'
import type { Row } from '../ports/tables.js'
import { commitSteps, type Step } from './commit.js'
import type { Context } from './context.js'
import { listPage, pageOptions } from './paging.js'
import { requirePermission } from './permissions.js'
import { auditWrite, idField, instantOrNull, instantText, notFound } from './shared.js'
import { validate } from './validate.js'

const jobList = z.strictObject({
  ...pageOptions,
  kind: z.enum(['replay', 'reencrypt', 'end_deliveries', 'fan_out', 'upload_lease']).optional(),
  status: z.enum(['pending', 'done', 'failed', 'cancelled']).optional(),
  target: idField.optional(),
})

export type JobList = z.input<typeof jobList>

/** Durable work that is no delivery: how far it is, and how to stop it. */
export function jobsService(context: Context) {
  const { storage, clock } = context

  async function row(tenantId: string, id: string): Promise<Row<'jobs'>> {
    const found = await storage.get('jobs', tenantId, validate(idField, id))
    if (found === null) throw notFound('job')
    return found
  }

  return {
    /** @throws DrifthookError `NOT_FOUND`, for another tenant's job too */
    async get(principal: Principal, id: string): Promise<Job> {
      requirePermission(principal, 'jobs:read')
      return showJob(await row(principal.tenantId, id))
    },

    /** Newest first. */
    async list(principal: Principal, options: JobList = {}): Promise<List<Job>> {
      requirePermission(principal, 'jobs:read')
      const { limit, cursor, target, ...filter } = validate(jobList, options)
      const of = { tenantId: principal.tenantId, filter }
      const query =
        target === undefined
          ? { ...of, index: 'created' as const }
          : { ...of, index: 'target' as const, prefix: { target } }
      return listPage(storage, 'jobs', query, { limit, cursor }, showJob)
    },

    /**
     * Stops a job. What it did so far stays; a step under way right now writes nothing.
     * @throws DrifthookError `NOT_FOUND`, `CONFLICT` if it has ended, or watches over an upload
     */
    async cancel(principal: Principal, id: string): Promise<Job> {
      requirePermission(principal, 'jobs:write')
      const { tenantId } = principal
      const { made } = await commitSteps(storage, async () => {
        const before = await row(tenantId, id)
        if (before.status !== 'pending') throw ended(before.status)
        if (before.kind === 'upload_lease') throw watching()
        const now = clock.now()
        const set = { status: 'cancelled', dueAt: null, leaseUntil: null, updatedAt: now, completedAt: now }
        const steps: Step[] = [
          {
            write: { op: 'update', table: 'jobs', tenantId, id, set, expect: { status: 'pending' } },
            refused: { moved: 'again' },
          },
          { write: auditWrite(context, principal, 'job.cancelled', id, { kind: before.kind }) },
        ]
        return { made: { ...before, ...set }, steps }
      })
      return showJob(made)
    },
  }
}

const ended = (status: string) =>
  new DrifthookError('CONFLICT', `The job has ended already: it is ${status}.`)

/** Without it the event of an upload whose process died would be processing for ever. */
const watching = () => new DrifthookError('CONFLICT', 'The job ends by itself when its upload was compared.')

export const showJob = (row: Row<'jobs'>): Job => ({
  id: row.id,
  kind: row.kind as Job['kind'],
  target: row.target,
  status: row.status as Job['status'],
  progress: row.progress,
  failureReason: row.failureReason,
  createdBy: row.createdBy,
  createdAt: instantText(row.createdAt),
  updatedAt: instantText(row.updatedAt),
  completedAt: instantOrNull(row.completedAt),
})
