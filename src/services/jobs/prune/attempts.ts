/** Attempts, where they are kept for a shorter time than their messages. */
import type { Cursor, Storage, Write } from '../../../ports/storage.js'
import type { Row } from '../../../ports/tables.js'
import type { Context } from '../../context.js'
import { recordsPerStep } from '../kind.js'
import type { OldRecords, PrunedPage } from './page.js'

/** So many records go in one commit, and one more delivery's worth of attempts. */
export const recordsPerCommit = 400

/** A delivery under this expectation has not been made due again since it was read. */
export const asItEnded = ({ status, attemptCount }: Row<'deliveries'>) => ({ status, attemptCount })

/**
 * Some attempts of a delivery, with their details.
 * @param to only those that began up to then
 */
export async function attemptDeletes(
  storage: Storage,
  { tenantId, id: deliveryId }: Row<'deliveries'>,
  to: number | null,
): Promise<{ writes: Write[]; all: boolean }> {
  const prefix = { deliveryId }
  const of = { tenantId, index: 'delivery' as const, prefix, limit: recordsPerStep }
  const { items, next } = await storage.list('attempts', of)
  const old = items.filter(({ startedAt }) => to === null || startedAt <= to)
  const writes = old.flatMap(({ id }): Write[] => [
    { op: 'delete', table: 'attempts', tenantId, id, optional: true },
    { op: 'delete', table: 'attemptDetails', tenantId, id, optional: true },
  ])
  // They are in the order in which they were made: behind a young one there is no old one.
  return { writes, all: next === null || old.length < items.length }
}

/**
 * Old attempts of the deliveries created in a span of time. A delivery that has not ended keeps its own, and
 * loses them with its message.
 */
export async function attemptsPage({ storage }: Context, old: OldRecords): Promise<PrunedPage> {
  const { tenantId, from, to, after } = old
  const range = from === null ? { to } : { from, to }
  const limit = recordsPerStep
  const page = await storage.list('deliveries', { tenantId, index: 'created', range, after, limit })
  const writes: Write[] = []
  let next: Cursor | null = after
  for (const delivery of page.items) {
    if (writes.length >= recordsPerCommit) return { writes, next }
    if (delivery.status !== 'pending') {
      const attempts = await attemptDeletes(storage, delivery, to)
      const { id } = delivery
      const still: Write = {
        ...{ op: 'update', table: 'deliveries', tenantId, id, set: {}, expect: asItEnded(delivery) },
      }
      if (attempts.writes.length > 0) writes.push(still, ...attempts.writes)
      if (!attempts.all) return { writes, next: next ?? beginning(old) }
    }
    next = [delivery.createdAt, delivery.id]
  }
  return { writes, next: page.next }
}

/** A place before all records: where a page begins that begins at the first. */
const beginning = ({ from }: OldRecords): Cursor => [from ?? Number.MIN_SAFE_INTEGER, '']
