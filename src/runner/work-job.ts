/** One claimed job, brought one step further. */
import type { Outcome } from '../ports/storage.js'
import type { Row } from '../ports/tables.js'
import type { Context } from '../services/context.js'
import { wake } from '../services/deliveries/outbox.js'
import { jobKinds } from '../services/jobs/kinds.js'
import { restOf } from '../services/jobs/periodic.js'
import type { Done } from './loop.js'

/** After so many claims that nobody settled, the job itself is what brings its workers down. */
const maxClaims = 10
/** A step that fails is tried again, for so long. */
const patienceMs = 72 * 60 * 60 * 1000
const retryDelayMs = 60 * 1000

type JobRow = Row<'jobs'>

/** Never rejects. */
export async function workJob(context: Context, job: JobRow): Promise<Done<'jobs'>> {
  const { clock, logger } = context
  if (job.claims > maxClaims) {
    logger.error('a job brings its workers down', { jobId: job.id, kind: job.kind })
    return { outcome: givenUp(job, clock.now()) }
  }
  try {
    return await step(context, job)
  } catch (error) {
    logger.error('a step of a job failed', { jobId: job.id, kind: job.kind, error })
    const now = clock.now()
    if (restOf(job.kind) === null && now - job.createdAt > patienceMs) return { outcome: givenUp(job, now) }
    return { outcome: { ...held(job), kind: 'defer', dueAt: now + retryDelayMs } }
  }
}

async function step(context: Context, job: JobRow): Promise<Done<'jobs'>> {
  const work = jobKinds[job.kind as keyof typeof jobKinds]
  const { writes, state, progress, nextAt, wake: due = [] } = await work(context, job)
  const now = context.clock.now()
  const set = { state, progress, updatedAt: now }
  const restMs = restOf(job.kind)
  const dueAt = nextAt ?? (restMs === null ? null : now + restMs)
  const outcome: Outcome<'jobs'> =
    dueAt === null
      ? { ...held(job), kind: 'end', set: { ...set, status: 'done', completedAt: now }, writes }
      : { ...held(job), kind: 'retry', dueAt, set, writes }
  return { outcome, applied: () => void wake(context, due) }
}

/** The end of a job that cannot be done. One that comes back begins anew at its next time. */
function givenUp(job: JobRow, now: number): Outcome<'jobs'> {
  const restMs = restOf(job.kind)
  if (restMs !== null)
    return {
      ...held(job),
      kind: 'retry',
      dueAt: now + restMs,
      set: { state: {}, updatedAt: now },
      writes: [],
    }
  const set = { status: 'failed', failureReason: 'internal', updatedAt: now, completedAt: now }
  return { ...held(job), kind: 'end', set, writes: [] }
}

const held = ({ tenantId, id, fence }: JobRow) => ({ tenantId, id, fence })
