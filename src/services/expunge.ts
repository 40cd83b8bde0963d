import { createHash } from 'node:crypto'
import type { Job } from '../model.js'
import type { Row } from '../ports/tables.js'
import { commitSteps } from './commit.js'
import type { Context } from './context.js'
import { wake } from './deliveries/outbox.js'
import { drifthookActor, newJob, soleJobStep, systemTenant } from './jobs/new.js'
import { showJob } from './jobs.js'
import { idField } from './shared.js'
import { invalidField, validate } from './validate.js'

/** Of the host, and of nobody else: no permission of a tenant reaches it. */
export function expungeService(context: Context) {
  const { storage } = context

  return {
    /**
     * Erases everything there is of a tenant, in all tables, work under way included. It is certain to happen
     * when this resolves, and has happened when {@link expungeStatus} says `done`, a minute later at the
     * earliest. While it goes on, another call answers the same job. Take away the tenant's access first: what
     * comes in after the end stays.
     * @throws DrifthookError `INVALID_REQUEST`, `STORAGE_UNAVAILABLE`
     */
    async expunge(tenantId: string): Promise<Job> {
      const id = jobId(tenantId)
      const by = { tenantId: systemTenant, actor: drifthookActor }
      const { job } = await commitSteps(storage, async () => {
        const there = await storage.get('jobs', systemTenant, id)
        const job: Row<'jobs'> = { ...newJob(context, by, 'expunge', tenantId, {}), id }
        const step = soleJobStep(there, job)
        return step === null ? { job: there ?? job, steps: [] } : { job, steps: [step] }
      })
      await wake(context, [`${id}:${job.createdAt}`])
      return showJob(job)
    },

    /**
     * How far the erasing of a tenant is; null if it was never asked for, or so long ago that its job is
     * pruned.
     */
    async expungeStatus(tenantId: string): Promise<Job | null> {
      const job = await storage.get('jobs', systemTenant, jobId(tenantId))
      return job === null ? null : showJob(job)
    },
  }
}

/** One for each tenant. Hashed: a tenant's name may be as long as an id. */
function jobId(tenantId: string): string {
  const name = validate(idField, tenantId)
  if (name === systemTenant) throw invalidField('tenantId', 'reserved', 'is the one of drifthook itself')
  return `job_expunge_${createHash('sha256').update(name).digest('hex')}`
}
