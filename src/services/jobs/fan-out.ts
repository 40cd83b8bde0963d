/** Makes the deliveries of a message that goes to very many. */
import type { Write } from '../../ports/storage.js'
import { newDelivery } from '../deliveries/outbox.js'
import { type JobKind, recordsPerStep } from './kind.js'

/** How far the clock of whoever made a subscription may have been ahead of the publisher's, in milliseconds. */
const clockMarginMs = 5_000

interface State {
  /** The last subscription that was dealt with, in the order of their ids. */
  after?: string
}

export const fanOut: JobKind = async ({ storage, clock, matcher }, job) => {
  const { tenantId } = job
  const { after = '' } = job.state as State
  const queued = Number(job.progress.queued ?? 0)
  const message = await storage.get('messages', tenantId, job.target ?? '')
  if (message === null) return { writes: [], state: {}, progress: { queued }, nextAt: null }

  // Who came later is not told of what was before; who is disabled by now is told of nothing.
  const listeners = (await matcher.listeners(message))
    .filter(({ id, createdAt }) => id > after && createdAt <= message.createdAt + clockMarginMs)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  const next = listeners.slice(0, recordsPerStep)
  const now = clock.now()
  const made = await Promise.all(
    next.map(async ({ id: subscriptionId }) => {
      const once = { tenantId, messageId: message.id, subscriptionId }
      // A replay may have been there first.
      const there = await storage.lookup('deliveries', 'once', once)
      return there === null ? [newDelivery(message, subscriptionId, now)] : []
    }),
  )
  const deliveries = made.flat()
  return {
    writes: deliveries.map((row): Write => ({ op: 'insert', table: 'deliveries', row })),
    wake: deliveries.map(({ id }) => `${id}:1`),
    state: { after: next.at(-1)?.id ?? after },
    progress: { queued: queued + deliveries.length },
    nextAt: listeners.length > next.length ? now : null,
  }
}
