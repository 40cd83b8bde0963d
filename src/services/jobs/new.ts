import type { Job, Principal } from '../../model.js'
import { newWork, type Row } from '../../ports/tables.js'
import type { Step } from '../commit.js'
import type { Context } from '../context.js'
import { newId } from '../ids.js'

/** Of drifthook itself, in the audit trail and as the maker of jobs. */
export const drifthookActor = 'drifthook'

/** The tenant of what belongs to no tenant. Nobody can be it. */
export const systemTenant = '_system'

/** A job that is due at once. Of one kind and target, one runs at a time. */
export function newJob(
  { clock }: Pick<Context, 'clock'>,
  { tenantId, actor }: Pick<Principal, 'tenantId' | 'actor'>,
  kind: Job['kind'],
  target: string | null,
  input: Record<string, unknown>,
): Row<'jobs'> {
  const now = clock.now()
  return {
    tenantId,
    id: newId('job', now),
    ...newWork(`${kind}:${target ?? ''}`, now),
    kind,
    target,
    input,
    state: {},
    progress: {},
    status: 'pending',
    failureReason: null,
    createdBy: actor,
    createdAt: now,
    updatedAt: now,
    completedAt: null,
  }
}

/**
 * The step that makes a job of which there is one, under an id that says so, or has it begin anew if it has
 * ended; null while it is under way.
 * @param there the job as it was found
 */
export function soleJobStep(there: Row<'jobs'> | null, job: Row<'jobs'>): Step | null {
  if (there === null)
    return { write: { op: 'insert', table: 'jobs', row: job }, refused: { exists: 'again' } }
  if (there.status === 'pending') return null
  const { tenantId, id, ...made } = job
  // Its fence counts on: whoever held it once must not be taken for whoever holds it next.
  const set = { ...made, fence: there.fence }
  const expect = { status: there.status }
  return {
    write: { op: 'update', table: 'jobs', tenantId, id, set, expect },
    refused: { moved: 'again', missing: 'again' },
  }
}
