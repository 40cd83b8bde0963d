import { DrifthookError } from '../errors.js'
import type { Principal } from '../model.js'
import { isKept } from '../ports/columns.js'
import type { HostTransaction } from '../ports/host-transaction.js'
import type { WakeUp } from '../ports/queue.js'
import type { Context } from './context.js'
import { wake } from './deliveries/outbox.js'
import { type MessagesService, messagesService } from './messages.js'

/** What can be done inside the host's own SQL transaction. One of these for each transaction. */
export interface DrifthookTransaction {
  messages: Pick<MessagesService, 'publish'>
  /**
   * To be called after COMMIT: lets the runner know at once. Without it, it finds what was published within a
   * second. Never rejects, and does no harm after a ROLLBACK.
   */
  committed(): Promise<void>
}

/**
 * drifthook inside the host's own SQL transaction.
 * @throws DrifthookError `CAPABILITY_MISSING`, `OPTION_INVALID`
 */
export function transactionOf(context: Context, host: HostTransaction): DrifthookTransaction {
  const { storage, queue, matcher, logger } = context
  if (storage.inTransaction === undefined) {
    throw new DrifthookError(
      'CAPABILITY_MISSING',
      'This storage cannot write inside your transaction; postgresStorage can. Publish after the commit.',
    )
  }
  if (typeof host?.run !== 'function') {
    throw new DrifthookError(
      'OPTION_INVALID',
      'withTransaction: takes what fromPg, fromKnex, fromKysely, fromDrizzle or fromPrisma makes.',
    )
  }
  const { inTransaction } = storage
  const bound = queue.bind?.(host)
  const unannounced: WakeUp[] = []
  const announcing = {
    async enqueue(wakeUps: readonly WakeUp[]) {
      try {
        if (bound !== undefined) return await bound.enqueue(wakeUps)
      } catch (error) {
        logger.warn('the queue took no wake-up inside the transaction; it is told after the commit', {
          error,
        })
      }
      unannounced.push(...wakeUps)
    },
  }
  // One at a time: the transaction has one connection, and savepoints have to end in the order they began in.
  let turn: Promise<unknown> = Promise.resolve()

  return {
    messages: {
      publish(principal, input) {
        const published = turn.then(() => {
          refuseUnkept(principal)
          return inTransaction(host, (inside) => {
            const within = { ...context, storage: inside, matcher: matcher.within(inside), queue: announcing }
            return messagesService(within).publish(principal, input)
          })
        })
        turn = published.catch(() => {})
        return published
      },
    },
    async committed() {
      await turn
      await wake(
        context,
        unannounced.splice(0).map(({ id }) => id),
      )
    },
  }
}

/** What a host says of a caller goes to the database with everything else: refused now, it costs no statement. */
function refuseUnkept({ tenantId, actor }: Principal): void {
  if (isKept(tenantId) && isKept(actor)) return
  throw new DrifthookError(
    'INVALID_REQUEST',
    'The tenant or the actor holds a NUL character or half of a surrogate pair; remove it.',
  )
}
