import type { Principal } from '../model.js'
import type { Context } from './context.js'
import { requirePermission } from './permissions.js'

export interface Health {
  status: 'up' | 'down'
  durable: 'none' | 'process' | 'disk'
  /** How long the oldest due delivery has been waiting, in milliseconds: the figure to watch. 0: nothing waits. */
  oldestDueAgeMs: number | null
  /** How far the store's clock is ahead of this process's, in milliseconds. Null: it has none of its own. */
  clockSkewMs: number | null
}

/** Above this, leases and schedules of two processes may no longer agree, in milliseconds. */
const toleratedSkewMs = 2_000

/**
 * How far the store's clock is ahead of ours, in milliseconds, as exactly as it takes to ask; null if it has none.
 * @throws DrifthookError `STORAGE_UNAVAILABLE`
 */
async function clockSkew({ storage, clock }: Pick<Context, 'storage' | 'clock'>): Promise<number | null> {
  if (storage.now === undefined) return null
  const before = clock.now()
  const there = await storage.now()
  return Math.round(there - (before + clock.now()) / 2)
}

/** Warns when the clocks come to differ by more than they may. To be called again and again; never rejects. */
export function clockWatch(context: Pick<Context, 'storage' | 'clock' | 'logger'>): () => Promise<void> {
  let differs = false
  return async () => {
    // A storage that does not answer is not asked for the time; whoever works with it says so.
    const clockSkewMs = (await clockSkew(context).catch(() => null)) ?? 0
    const differed = differs
    differs = Math.abs(clockSkewMs) > toleratedSkewMs
    if (differs && !differed)
      context.logger.warn('the clocks of this process and of the storage differ', { clockSkewMs })
  }
}

/** Whether drifthook can do its work. */
export function healthService(context: Context) {
  const { storage, clock, logger } = context
  const asked = async <Answer>(ask: () => Promise<Answer>): Promise<{ answer: Answer } | null> => {
    try {
      return { answer: await ask() }
    } catch (error) {
      logger.error('the storage does not answer', { error })
      return null
    }
  }
  return {
    /** Up or down, for load balancers; says nothing else. */
    async status(): Promise<'up' | 'down'> {
      return (await asked(() => storage.nextDue('deliveries'))) === null ? 'down' : 'up'
    },

    /** More, for those who may know. */
    async detail(principal: Principal): Promise<Health> {
      requirePermission(principal, 'health:read')
      const { durable } = storage.capabilities
      const asking = () => Promise.all([storage.nextDue('deliveries'), clockSkew(context)])
      const said = await asked(asking)
      if (said === null) return { status: 'down', durable, oldestDueAgeMs: null, clockSkewMs: null }
      const [due, clockSkewMs] = said.answer
      const oldestDueAgeMs = due === null ? 0 : Math.max(0, clock.now() - due)
      return { status: 'up', durable, oldestDueAgeMs, clockSkewMs }
    },
  }
}
