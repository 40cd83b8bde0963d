import { z } from 'zod'
import { DrifthookError } from '../errors.js'
import type { Attempt, AttemptSummary, Delivery, List, Principal } from '../model.js'
import type { Row } from '../ports/tables.js'
import { commitSteps, type Step } from './commit.js'
import type { Context } from './context.js'
import { showAttempt, showAttemptSummary } from './deliveries/attempt-view.js'
import { wake } from './deliveries/outbox.js'
import { redeliveryWrite } from './deliveries/redelivery.js'
import { listPage, pageOptions } from './paging.js'
import { requirePermission } from './permissions.js'
import { auditWrite, idField, instantOrNull, instantText, notFound } from './shared.js'
import { validate } from './validate.js'

const deliveryList = z.strictObject({
  ...pageOptions,
  status: z.enum(['pending', 'delivered', 'failed']).optional(),
  event: z.string().max(200).optional(),
})
const attemptList = z.strictObject({ ...pageOptions, status: z.enum(['success', 'failed']).optional() })

export type DeliveryList = z.input<typeof deliveryList>
export type AttemptList = z.input<typeof attemptList>

/** Deliveries and their attempts: what was sent to whom, and what came back. */
export function deliveriesService(context: Context) {
  const { storage, clock } = context

  async function row({ tenantId }: Principal, id: string): Promise<Row<'deliveries'>> {
    const found = await storage.get('deliveries', tenantId, validate(idField, id))
    if (found === null) throw notFound('delivery')
    return found
  }

  async function ownSubscription(principal: Principal, webhookId: string): Promise<string> {
    const id = validate(idField, webhookId)
    if ((await storage.get('subscriptions', principal.tenantId, id)) === null) throw notFound('webhook')
    return id
  }

  /** Every attempt of a delivery, in order; there are never more than a schedule has. */
  async function attemptsOf(row: Row<'deliveries'>): Promise<Attempt[]> {
    const { tenantId } = row
    const page = await storage.list('attempts', {
      tenantId,
      index: 'delivery',
      prefix: { deliveryId: row.id },
      limit: 1_000,
    })
    return Promise.all(
      page.items.map(async (attempt) =>
        showAttempt(attempt, await storage.get('attemptDetails', tenantId, attempt.id)),
      ),
    )
  }

  return {
    /** One delivery with its attempts. @throws DrifthookError `NOT_FOUND`, for another tenant's too */
    async get(principal: Principal, id: string): Promise<Delivery & { attempts: Attempt[] }> {
      requirePermission(principal, 'deliveries:read')
      const found = await row(principal, id)
      return { ...show(found), attempts: await attemptsOf(found) }
    },

    /** A subscription's deliveries, newest first. @throws DrifthookError `NOT_FOUND` */
    async list(principal: Principal, webhookId: string, options: DeliveryList = {}): Promise<List<Delivery>> {
      requirePermission(principal, 'deliveries:read')
      const { limit, cursor, status, event } = validate(deliveryList, options)
      const subscriptionId = await ownSubscription(principal, webhookId)
      const of = { tenantId: principal.tenantId, filter: { event } }
      const query =
        status === undefined
          ? { ...of, index: 'subscription' as const, prefix: { subscriptionId } }
          : { ...of, index: 'status' as const, prefix: { subscriptionId, status } }
      return listPage(storage, 'deliveries', query, { limit, cursor }, show)
    },

    /**
     * Sends a delivery that has ended once more: same id, same bytes, to the current URL and under the current
     * secret, with the whole schedule of retries. Also while the subscription is disabled; not held against it.
     * @throws DrifthookError `NOT_FOUND`, `CONFLICT` while it is pending or if its webhook or message is gone
     */
    async redeliver(principal: Principal, id: string): Promise<Delivery> {
      requirePermission(principal, 'deliveries:redeliver')
      const { tenantId } = principal
      const { made } = await commitSteps(storage, async () => {
        const before = await row(principal, id)
        const [subscription, message] = await Promise.all([
          storage.get('subscriptions', tenantId, before.subscriptionId),
          storage.get('messages', tenantId, before.messageId),
        ])
        if (before.status === 'pending') throw conflict('The delivery is pending already.')
        if (subscription === null) throw conflict('The webhook of this delivery was deleted.')
        if (message === null) throw conflict('The message of this delivery is not kept any more.')
        const write = redeliveryWrite(before, clock.now(), { manual: true })
        const steps: Step[] = [
          { write, refused: { moved: 'again', missing: notFound('delivery') } },
          { write: auditWrite(context, principal, 'delivery.redelivered', before.id) },
        ]
        return { made: { ...before, ...write.set } as Row<'deliveries'>, steps }
      })
      await wake(context, [`${made.id}:${made.dueAt}`])
      return show(made)
    },

    /** A subscription's attempts, newest first. @throws DrifthookError `NOT_FOUND` */
    async attempts(
      principal: Principal,
      webhookId: string,
      options: AttemptList = {},
    ): Promise<List<AttemptSummary>> {
      requirePermission(principal, 'deliveries:read')
      const { limit, cursor, status } = validate(attemptList, options)
      const subscriptionId = await ownSubscription(principal, webhookId)
      const filter = status === undefined ? {} : { succeeded: status === 'success' }
      const query = {
        tenantId: principal.tenantId,
        index: 'subscription' as const,
        prefix: { subscriptionId },
        filter,
      }
      return listPage(storage, 'attempts', query, { limit, cursor }, showAttemptSummary)
    },
  }
}

const conflict = (why: string) => new DrifthookError('CONFLICT', why)

const show = (row: Row<'deliveries'>): Delivery => ({
  id: row.id,
  webhookId: row.subscriptionId,
  messageId: row.messageId,
  event: row.event,
  status: row.status as Delivery['status'],
  failureReason: row.failureReason,
  httpStatusCode: row.httpStatusCode,
  attemptCount: row.attemptCount,
  nextAttemptAt: instantOrNull(row.leaseUntil === null ? row.dueAt : null),
  completedAt: instantOrNull(row.completedAt),
  createdAt: instantText(row.createdAt),
})
