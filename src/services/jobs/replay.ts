/** Sends again what a subscription did not get, or all of it, message by message. */
import type { Cursor, Page, Write } from '../../ports/storage.js'
import type { Row } from '../../ports/tables.js'
import type { Context } from '../context.js'
import { newDelivery } from '../deliveries/outbox.js'
import { redeliveryWrite } from '../deliveries/redelivery.js'
import { type JobKind, recordsPerStep } from './kind.js'

/** What of a window is sent: what failed, what was delivered, what was never sent because it was disabled. */
export type ReplayStatus = 'failed' | 'delivered' | 'missed'

/** Instants in milliseconds since 1970, both inclusive. */
export interface ReplayInput {
  from: number
  to: number
  status: ReplayStatus[]
}

interface Progress {
  /** Messages of the window looked at. */
  scanned: number
  /** Deliveries made due. */
  queued: number
}

export const replay: JobKind = async (context, job) => {
  const { storage, clock } = context
  const { tenantId } = job
  const { from, to, status } = job.input as unknown as ReplayInput
  const { after = null } = job.state as { after?: Cursor | null }
  const before: Progress = { scanned: 0, queued: 0, ...job.progress }
  const subscription = await storage.get('subscriptions', tenantId, job.target ?? '')
  // Disabled or gone meanwhile: there is nobody to send to.
  if (subscription?.enabled !== true) return { writes: [], state: {}, progress: { ...before }, nextAt: null }

  // What is older may go at any moment, and gets no new delivery: it is over.
  const { messagesMs } = context.retention
  const oldest = messagesMs === null ? from : clock.now() - messagesMs
  const page: Page<'messages'> = await storage.list('messages', {
    tenantId,
    index: 'created',
    range: { from: Math.max(from, oldest), to },
    after,
    limit: recordsPerStep,
  })
  const sent = await Promise.all(
    page.items.map((message) => resend(context, subscription.id, message, status)),
  )
  const queued = sent.filter((item) => item !== null)
  const now = clock.now()
  return {
    writes: queued.map(({ write }) => write),
    wake: queued.map(({ id }) => `${id}:${now}`),
    state: { after: page.next },
    progress: { scanned: before.scanned + page.items.length, queued: before.queued + queued.length },
    nextAt: page.next === null ? null : now,
  }
}

/** What sends one message again, or null if it is not asked for. */
async function resend(
  { storage, clock, matcher }: Context,
  subscriptionId: string,
  message: Row<'messages'>,
  status: readonly ReplayStatus[],
): Promise<{ id: string; write: Write } | null> {
  // Who would be told today: a Slack subscription that a monitor's own replaces has missed nothing.
  const listeners = await matcher.listeners(message)
  if (!listeners.some(({ id }) => id === subscriptionId)) return null
  const { tenantId, id: messageId } = message
  const delivery = await storage.lookup('deliveries', 'once', { tenantId, messageId, subscriptionId })
  if (delivery === null) {
    if (!status.includes('missed')) return null
    const row = newDelivery(message, subscriptionId, clock.now())
    return { id: row.id, write: { op: 'insert', table: 'deliveries', row } }
  }
  if (delivery.status === 'pending' || !status.includes(delivery.status as ReplayStatus)) return null
  return { id: delivery.id, write: redeliveryWrite(delivery, clock.now(), { manual: false }) }
}
