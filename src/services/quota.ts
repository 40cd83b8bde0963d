import { DrifthookError } from '../errors.js'
import type { Step } from './commit.js'
import type { Context, Limits } from './context.js'

type Counted = Exclude<keyof Limits, 'messageBytes'>

/**
 * Counts one more of a thing, in the same commit that makes it.
 * @throws DrifthookError `LIMIT_REACHED`
 */
export async function takeQuota(context: Context, tenantId: string, thing: Counted): Promise<Step> {
  const row = await context.storage.get('quotas', tenantId, thing)
  const limit = context.limits[thing]
  if ((row?.used ?? 0) >= limit) {
    throw new DrifthookError(
      'LIMIT_REACHED',
      `This tenant has ${limit} ${thing} already; no more are allowed.`,
      {
        limit: { name: `limits.${thing}`, value: limit },
      },
    )
  }
  if (row === null) {
    return {
      write: { op: 'insert', table: 'quotas', row: { tenantId, id: thing, used: 1 } },
      refused: { exists: 'again' },
    }
  }
  return change(tenantId, thing, row.used, row.used + 1)
}

/** Counts one less, in the same commit that removes it. */
export async function releaseQuota(context: Context, tenantId: string, thing: Counted): Promise<Step> {
  const used = (await context.storage.get('quotas', tenantId, thing))?.used ?? 0
  return change(tenantId, thing, used, Math.max(0, used - 1))
}

const change = (tenantId: string, thing: Counted, from: number, to: number): Step => ({
  write: { op: 'update', table: 'quotas', tenantId, id: thing, set: { used: to }, expect: { used: from } },
  refused: { moved: 'again' },
})
