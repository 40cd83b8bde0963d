import type { Job, Principal } from '../model.js'
import type { Context } from './context.js'
import { wake } from './deliveries/outbox.js'
import { newJob } from './jobs/new.js'
import { showJob } from './jobs.js'
import { requirePermission } from './permissions.js'
import { auditWrite } from './shared.js'

/** What is stored encrypted. */
export function secretsService(context: Context) {
  return {
    /**
     * Seals everything this tenant has stored encrypted with the first key of the option `secretKey`. When the
     * job is done for every tenant, the older keys can be taken away.
     * @returns the job that does it
     */
    async reencrypt(principal: Principal): Promise<Job> {
      requirePermission(principal, 'secrets:reencrypt')
      const job = newJob(context, principal, 'reencrypt', null, {})
      const audit = auditWrite(context, principal, 'secrets.reencrypted', null, { jobId: job.id })
      await context.storage.commit([{ op: 'insert', table: 'jobs', row: job }, audit])
      await wake(context, [job.id])
      return showJob(job)
    },
  }
}
