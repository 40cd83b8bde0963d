/** One process's view of the store: everything it does there is written down, and it can be made to fail. */
import { setImmediate } from 'node:timers/promises'
import type { Outcome, Storage, Write } from '../../../src/ports/storage.js'
import type { Row, WorkTableName } from '../../../src/ports/tables.js'
import type { History } from './history.js'

export type DeathAt = 'claim' | 'before settle' | 'after settle'

export interface Faults {
  /** The process ends there, the next time it comes there with work of this table. */
  death: { at: DeathAt; table: WorkTableName } | null
  /** So many times the store refuses to write outcomes, or writes them and cannot say so. */
  refusals: number
  silent: boolean
}

export interface Watched {
  storage: Storage
  faults: Faults
  /** Resolves when the process has died. */
  died: Promise<void>
}

/** How many turns of the event loop each call waits first: what makes one interleaving differ from another. */
export type Pauses = () => number

export function watchedStorage(inner: Storage, history: History, worker: string, pauses: Pauses): Watched {
  const faults: Faults = { death: null, refusals: 0, silent: false }
  let dead = false
  let tellDied = () => {}
  const died = new Promise<void>((resolve) => {
    tellDied = resolve
  })

  /** A dead process waits for ever: it does nothing any more. */
  async function alive(): Promise<void> {
    for (let n = pauses(); n > 0; n--) await setImmediate()
    if (dead) await new Promise(() => {})
  }

  async function diesHere(at: DeathAt, table: WorkTableName): Promise<void> {
    if (faults.death?.at !== at || faults.death.table !== table) return
    dead = true
    history.add({ kind: 'died', worker })
    tellDied()
    await new Promise(() => {})
  }

  const storage: Storage = {
    capabilities: inner.capabilities,
    open: () => inner.open(),
    close: () => inner.close(),
    get: async (...query) => {
      await alive()
      return inner.get(...query)
    },
    lookup: async (...query) => {
      await alive()
      return inner.lookup(...query)
    },
    list: async (...query) => {
      await alive()
      return inner.list(...query)
    },
    commit: async (writes) => {
      await alive()
      const asked = history.next
      await inner.commit(writes)
      noteWrites(history, writes, { job: null, asked, by: worker })
    },
    claim: async (table, request) => {
      await alive()
      const asked = history.next
      const claimed = await inner.claim(table, request)
      const { leaseUntil } = request
      for (const row of table === 'deliveries' ? (claimed as Row<'deliveries'>[]) : []) {
        const { id: deliveryId, fence } = row
        history.add({ kind: 'claimed', worker, deliveryId, fence, row, leaseUntil, asked })
      }
      if (claimed.length > 0) await diesHere('claim', table)
      return claimed
    },
    settle: async (table, outcomes) => {
      await alive()
      const refused = faults.refusals > 0
      if (refused) {
        faults.refusals--
        history.add({ kind: 'refused', worker })
        if (!faults.silent) throw new Error('the store is away')
      }
      await diesHere('before settle', table)
      const asked = history.next
      const results = await inner.settle(table, outcomes)
      results.forEach((result, n) => {
        const outcome = outcomes[n]!
        const { id, fence } = outcome
        if (table === 'deliveries') {
          const told = outcome as Outcome<'deliveries'>
          history.add({ kind: 'settled', worker, deliveryId: id, fence, outcome: told, result })
          return
        }
        if (result !== 'applied') return
        history.add({ kind: 'stepped', job: id, ended: outcome.kind === 'end' })
        if ('writes' in outcome) noteWrites(history, outcome.writes, { job: id, asked, by: worker })
      })
      if (refused) throw new Error('the store is away before it could answer')
      await diesHere('after settle', table)
      return results
    },
    nextDue: (table) => inner.nextDue(table),
    nextIds: (counter, n) => inner.nextIds(counter, n),
    tenants: (table, after, limit) => inner.tenants(table, after, limit),
    erase: (table, tenantId, limit) => inner.erase(table, tenantId, limit),
  }
  return { storage, faults, died }
}

function noteWrites(
  history: History,
  writes: readonly Write[],
  { job, asked, by }: { job: string | null; asked: number; by: string },
): void {
  for (const write of writes) {
    if (write.table === 'deliveries' && write.op === 'insert')
      history.add({ kind: 'created', row: write.row, job })
    if (write.table === 'messages' && write.op === 'insert') {
      const { id: messageId, type, about } = write.row
      history.add({ kind: 'published', messageId, type })
      if (about !== null) history.add({ kind: 'told', type, webhookId: about })
    }
    if (write.table === 'deliveries' && write.op === 'update') {
      const { id: deliveryId, set } = write
      if (set.status === 'pending')
        history.add({ kind: 'reopened', deliveryId, manual: set.manual === true, job })
      else if (job !== null) {
        const { fence = -1 } = write.expect ?? {}
        history.add({ kind: 'ended', deliveryId, fence, reason: set.failureReason ?? '', job })
      }
    }
    if (write.table === 'subscriptions' && write.op === 'update' && write.set.enabled !== undefined) {
      const to = write.set.enabled ? 'enabled' : 'disabled'
      history.add({ kind: 'switched', webhookId: write.id, to, asked, by })
    }
    if (write.table === 'subscriptions' && write.op === 'delete')
      history.add({ kind: 'switched', webhookId: write.id, to: 'deleted', asked, by })
    if (write.table === 'jobs' && write.op === 'update' && write.set.status === 'cancelled')
      history.add({ kind: 'cancelled', job: write.id })
  }
}
