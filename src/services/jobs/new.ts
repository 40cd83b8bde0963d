import type { Job, Principal } from '../../model.js'
import { newWork, type Row } from '../../ports/tables.js'
import type { Context } from '../context.js'
import { newId } from '../ids.js'

/** Of drifthook itself, in the audit trail and as the maker of jobs. */
export const drifthookActor = 'drifthook'

/** A job that is due at once. Of one kind and target, one runs at a time. */
export function newJob(
  { clock }: Context,
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
