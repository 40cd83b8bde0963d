/** A `ping` to one subscription, at once: whether its receiver can be reached and reads our signature. */
import type { Principal } from '../../model.js'
import type { Row } from '../../ports/tables.js'
import type { Context } from '../context.js'
import { type Attempted, attemptWrites, makeAttempt } from '../deliveries/attempt.js'
import { dataBytes, newDelivery, plainly } from '../deliveries/outbox.js'
import { newId } from '../ids.js'
import { auditWrite } from '../shared.js'

/** Logs the attempt as any other, but leaves no work behind and no mark on the subscription's health. */
export async function ping(
  context: Context,
  subscription: Row<'subscriptions'>,
  principal: Principal,
): Promise<Attempted> {
  const { storage, clock } = context
  const { tenantId, id } = subscription
  const now = clock.now()
  const message = {
    ...plainly,
    tenantId,
    id: newId('msg', now),
    type: 'ping',
    traceparent: null,
    createdAt: now,
  }
  const delivery = { ...newDelivery(message, id, now), manual: true }
  const data = dataBytes({ webhook_id: id, message: 'Webhook endpoint verified' })

  const attempted = await makeAttempt(context, { subscription, message, data, delivery })
  const { meaning, status } = attempted
  const ended = {
    ...{ dueAt: null, attemptCount: 1, httpStatusCode: status, completedAt: clock.now() },
    ...(meaning === 'delivered'
      ? { status: 'delivered' }
      : { status: 'failed', failureReason: 'test_failed' }),
  }
  await storage.commit([
    { op: 'insert', table: 'messages', row: message },
    { op: 'insert', table: 'messageBodies', row: { tenantId, id: message.id, data } },
    { op: 'insert', table: 'deliveries', row: { ...delivery, ...ended } },
    ...attemptWrites(attempted),
    auditWrite(context, principal, 'webhook.tested', id, { status }),
  ])
  return attempted
}
