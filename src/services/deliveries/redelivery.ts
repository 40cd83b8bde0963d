import type { Update } from '../../ports/storage.js'
import type { Row } from '../../ports/tables.js'

/**
 * Makes a delivery that has ended due again: same id, same bytes, to the subscription's current URL and under
 * its current secret. The schedule begins anew; attempts count on.
 * @param manual asked for by a person, one by one: also while disabled, and not held against the receiver
 */
export const redeliveryWrite = (
  { tenantId, id, status, attemptCount }: Row<'deliveries'>,
  now: number,
  { manual }: { manual: boolean },
): Update => ({
  op: 'update',
  table: 'deliveries',
  tenantId,
  id,
  set: {
    status: 'pending',
    failureReason: null,
    completedAt: null,
    dueAt: now,
    queuedAt: now,
    attemptsBefore: attemptCount,
    manual,
  },
  expect: { status, attemptCount },
})
