import { z } from 'zod'
import type { Attempt, AttemptSummary, Delivery, List, Principal } from '../model.js'
import type { Row } from '../ports/tables.js'
import type { Context } from './context.js'
import { listPage, pageOptions } from './paging.js'
import { requirePermission } from './permissions.js'
import { idField, instantOrNull, instantText, notFound } from './shared.js'
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
  const { storage } = context

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
      const row = await storage.get('deliveries', principal.tenantId, validate(idField, id))
      if (row === null) throw notFound('delivery')
      return { ...show(row), attempts: await attemptsOf(row) }
    },

    /** A subscription's deliveries, newest first. @throws DrifthookError `NOT_FOUND` */
    async list(principal: Principal, webhookId: string, options: DeliveryList = {}): Promise<List<Delivery>> {
      requirePermission(principal, 'deliveries:read')
      const { limit, cursor, ...filter } = validate(deliveryList, options)
      const subscriptionId = await ownSubscription(principal, webhookId)
      const query = {
        tenantId: principal.tenantId,
        index: 'subscription' as const,
        prefix: { subscriptionId },
        filter,
      }
      return listPage(storage, 'deliveries', query, { limit, cursor }, show)
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

const showAttemptSummary = (row: Row<'attempts'>): AttemptSummary => ({
  id: row.id,
  deliveryId: row.deliveryId,
  number: row.number,
  startedAt: instantText(row.startedAt),
  durationMs: row.durationMs,
  responseStatus: row.responseStatus,
  errorClass: row.errorClass as AttemptSummary['errorClass'],
  error: row.error,
})

const showAttempt = (row: Row<'attempts'>, details: Row<'attemptDetails'> | null): Attempt => ({
  ...showAttemptSummary(row),
  url: details?.url ?? '',
  timings: details?.timings ?? {},
  requestHeaders: details?.requestHeaders ?? {},
  responseHeaders: details?.responseHeaders ?? {},
  responseBody: details?.responseBody ? new TextDecoder().decode(details.responseBody) : null,
})
