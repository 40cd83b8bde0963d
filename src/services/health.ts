import type { Principal } from '../model.js'
import type { Context } from './context.js'
import { requirePermission } from './permissions.js'

export interface Health {
  status: 'up' | 'down'
  durable: 'none' | 'process' | 'disk'
  /** How long the oldest due delivery has been waiting, in milliseconds: the figure to watch. 0: nothing waits. */
  oldestDueAgeMs: number | null
}

/** Whether drifthook can do its work. */
export function healthService(context: Context) {
  const { storage, clock, logger } = context
  return {
    /** Up or down, for load balancers; says nothing else. */
    async status(): Promise<'up' | 'down'> {
      try {
        await storage.nextDue('deliveries')
        return 'up'
      } catch (error) {
        logger.error('the storage does not answer', { error })
        return 'down'
      }
    },

    /** More, for those who may know. */
    async detail(principal: Principal): Promise<Health> {
      requirePermission(principal, 'health:read')
      const { durable } = storage.capabilities
      if ((await this.status()) === 'down') return { status: 'down', durable, oldestDueAgeMs: null }
      const due = await storage.nextDue('deliveries')
      return { status: 'up', durable, oldestDueAgeMs: due === null ? 0 : Math.max(0, clock.now() - due) }
    },
  }
}
