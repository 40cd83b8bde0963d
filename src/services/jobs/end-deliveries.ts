/** Ends what a subscription that is disabled or gone had still to deliver. */
import type { Cursor, Page, Write } from '../../ports/storage.js'
import { type JobKind, recordsPerStep } from './kind.js'

/** An attempt under way ends by itself; then the job looks again. */
const lookAgainMs = 15_000

interface State {
  after?: Cursor | null
  /** Deliveries passed over in this round, because an attempt was under way. */
  busy?: number
}

export const endDeliveries: JobKind = async ({ storage, clock }, job) => {
  const { reason } = job.input as { reason: string }
  const { after = null, busy = 0 } = job.state as State
  const ended = Number(job.progress.ended ?? 0)
  const target = job.target ?? ''
  const subscription = await storage.get('subscriptions', job.tenantId, target)
  // What is queued after it was enabled again goes out, be it in the same millisecond.
  const until = subscription?.enabled === true ? job.createdAt - 1 : job.createdAt
  const page: Page<'deliveries'> = await storage.list('deliveries', {
    tenantId: job.tenantId,
    index: 'status',
    prefix: { subscriptionId: target, status: 'pending' },
    range: { to: until },
    // What a person asked for goes on, as long as there is somewhere to send it.
    filter: subscription === null ? {} : { manual: false },
    after,
    limit: recordsPerStep,
  })
  // Replayed since: created before, queued after.
  const ending = page.items.filter(({ queuedAt }) => queuedAt <= until)
  const idle = ending.filter(({ leaseUntil }) => leaseUntil === null)
  const now = clock.now()
  const set = { status: 'failed', failureReason: reason, dueAt: null, completedAt: now }
  const writes = idle.map(({ tenantId, id, fence }): Write => {
    const expect = { status: 'pending', leaseUntil: null, fence }
    return { op: 'update', table: 'deliveries', tenantId, id, set, expect, optional: true }
  })
  const nowBusy = busy + ending.length - idle.length
  const progress = { ended: ended + idle.length }
  if (page.next !== null) return { writes, progress, state: { after: page.next, busy: nowBusy }, nextAt: now }
  return { writes, progress, state: {}, nextAt: nowBusy > 0 ? now + lookAgainMs : null }
}
