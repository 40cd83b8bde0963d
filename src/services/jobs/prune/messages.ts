/** Messages that have outlived their time, with everything that came of them. */
import type { Cursor, Storage, Write } from '../../../ports/storage.js'
import type { Row } from '../../../ports/tables.js'
import type { Context } from '../../context.js'
import { recordsPerStep } from '../kind.js'
import { asItEnded, attemptDeletes, recordsPerCommit } from './attempts.js'
import type { OldRecords, PrunedPage } from './page.js'

/** Where a list goes on behind a message. */
const placeOf = ({ createdAt, id }: Row<'messages'>): Cursor => [createdAt, id]

/**
 * A page of messages. One whose deliveries have not all ended is passed over. One with more records than go in
 * one commit goes piece by piece, itself last, and the next page begins with what is left of it.
 */
export async function messagesPage({ storage }: Context, old: OldRecords): Promise<PrunedPage> {
  const { tenantId, to, after } = old
  const range = { to }
  const limit = recordsPerStep
  const page = await storage.list('messages', { tenantId, index: 'created', range, after, limit })
  const found = await Promise.all(page.items.map((message) => endedDeliveries(storage, message)))
  const writes: Write[] = []
  let next: Cursor = after ?? [Number.MIN_SAFE_INTEGER, '']
  for (const [at, message] of page.items.entries()) {
    if (writes.length >= recordsPerCommit) return { writes, next }
    const deliveries = found[at] ?? null
    if (deliveries !== null) {
      const pieces = await deletesOf(storage, message, deliveries)
      writes.push(...pieces.writes)
      if (!pieces.all) return { writes, next }
    }
    next = placeOf(message)
  }
  return { writes, next: page.next }
}

interface Deliveries {
  items: Row<'deliveries'>[]
  /** Whether these are all there are. */
  all: boolean
}

/** The first deliveries of a message, or null if one has not ended, or has still to be made. */
async function endedDeliveries(
  storage: Storage,
  { tenantId, id }: Row<'messages'>,
): Promise<Deliveries | null> {
  const of = { tenantId, index: 'message' as const, prefix: { messageId: id } }
  const [deliveries, fanningOut] = await Promise.all([
    storage.list('deliveries', { ...of, limit: recordsPerStep }),
    storage.list('jobs', {
      ...{ tenantId, index: 'target', prefix: { target: id }, filter: { status: 'pending' }, limit: 1 },
    }),
  ])
  const isPending = ({ status }: Row<'deliveries'>) => status === 'pending'
  if (fanningOut.items.length > 0 || deliveries.items.some(isPending)) return null
  for (let after = deliveries.next; after !== null; ) {
    const pending = await storage.list('deliveries', {
      ...of,
      filter: { status: 'pending' },
      after,
      limit: 1,
    })
    if (pending.items.length > 0) return null
    after = pending.next
  }
  return { items: deliveries.items, all: deliveries.next === null }
}

/** What of a message goes now: deliveries with their attempts and, if that is all there is, the message. */
async function deletesOf(
  storage: Storage,
  { tenantId, id }: Row<'messages'>,
  deliveries: Deliveries,
): Promise<{ writes: Write[]; all: boolean }> {
  const writes: Write[] = []
  for (const delivery of deliveries.items) {
    if (writes.length >= recordsPerCommit) return { writes, all: false }
    const attempts = await attemptDeletes(storage, delivery, null)
    const of = { tenantId, id: delivery.id, expect: asItEnded(delivery) }
    writes.push(...attempts.writes)
    if (!attempts.all) {
      writes.push({ op: 'update', table: 'deliveries', set: {}, ...of })
      return { writes, all: false }
    }
    writes.push({ op: 'delete', table: 'deliveries', ...of })
    writes.push({ op: 'delete', table: 'deliveryBodies', tenantId, id: delivery.id, optional: true })
  }
  if (!deliveries.all) return { writes, all: false }
  writes.push({ op: 'delete', table: 'messages', tenantId, id, optional: true })
  writes.push({ op: 'delete', table: 'messageBodies', tenantId, id, optional: true })
  return { writes, all: true }
}
