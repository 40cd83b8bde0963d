/** What happens to a subscription as such: it is disabled, fails, recovers; and who is told of that. */
import type { Row } from '../../ports/tables.js'
import type { Step } from '../commit.js'
import type { Context } from '../context.js'
import { dataBytes, type Prepared, plainly, prepareMessage } from '../deliveries/outbox.js'
import { newJob } from '../jobs/new.js'
import { instantOrNull } from '../shared.js'
import { revisionStep } from './matcher.js'

/** `manual`: somebody did; `receiver_gone`: 410; `failing`: for too long. */
export type DisabledReason = 'manual' | 'receiver_gone' | 'failing'

/** Why deliveries end unsent. */
export type EndingReason = 'webhook_disabled' | 'webhook_deleted' | 'receiver_gone'

/** Why the deliveries of a disabled subscription end. */
export const endingReason = ({
  disabledReason,
}: Pick<Row<'subscriptions'>, 'disabledReason'>): EndingReason =>
  disabledReason === 'receiver_gone' ? 'receiver_gone' : 'webhook_disabled'

/** What is said of a subscription when its state changes. */
export interface LifeFacts {
  failingSince: number | null
  /** Failed attempts in a row; at most as many as were counted. */
  failures: number
  reason?: DisabledReason
  lastAttempt: { status: number | null; error: string | null } | null
}

/** The message `subscription.failing`, `.recovered` or `.disabled`, for the tenant's other subscriptions. */
export const lifeMessage = (
  context: Context,
  { tenantId, id, name, urlShown }: Row<'subscriptions'>,
  type: 'subscription.failing' | 'subscription.recovered' | 'subscription.disabled',
  { failingSince, failures, reason, lastAttempt }: LifeFacts,
): Promise<Prepared> =>
  prepareMessage(context, {
    ...plainly,
    tenantId,
    type,
    about: id,
    data: dataBytes({
      webhook_id: id,
      name,
      url: urlShown,
      failing_since: instantOrNull(failingSince),
      failures,
      ...(reason === undefined ? {} : { reason }),
      last_attempt: lastAttempt,
    }),
  })

/**
 * The steps that go with disabling a subscription, whoever does it: what it had still to deliver ends, no
 * process matches it any more, and the others are told.
 */
export async function disabling(
  context: Context,
  subscription: Row<'subscriptions'>,
  facts: LifeFacts & { reason: DisabledReason; actor: string },
): Promise<{ steps: Step[]; told: Prepared }> {
  const { tenantId, id } = subscription
  const told = await lifeMessage(context, subscription, 'subscription.disabled', facts)
  const reason = endingReason({ disabledReason: facts.reason })
  return {
    told,
    steps: [
      await revisionStep(context.storage, tenantId),
      endingStep(context, { tenantId, actor: facts.actor }, id, reason),
      ...told.writes.map((write) => ({ write })),
    ],
  }
}

/** The step that has a subscription's pending deliveries end. */
export const endingStep = (
  context: Context,
  by: { tenantId: string; actor: string },
  subscriptionId: string,
  reason: EndingReason,
): Step => ({
  write: {
    op: 'insert',
    table: 'jobs',
    row: newJob(context, by, 'end_deliveries', subscriptionId, { reason }),
  },
})
