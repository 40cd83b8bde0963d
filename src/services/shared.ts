/** Small things that several services say the same way. */
import { z } from 'zod'
import { DrifthookError } from '../errors.js'
import type { Principal } from '../model.js'
import type { Write } from '../ports/storage.js'
import type { Step } from './commit.js'
import type { Context } from './context.js'
import { newId } from './ids.js'

/** RFC 3339 in UTC. */
export const instantText = (instant: number): string => new Date(instant).toISOString()
export const instantOrNull = (instant: number | null): string | null =>
  instant === null ? null : instantText(instant)

export const notFound = (noun: string): DrifthookError => new DrifthookError('NOT_FOUND', `No such ${noun}.`)

export const nameField = z.string().trim().min(1).max(200)
export const descriptionField = z.string().max(2_000).nullable()
export const idField = z.string().min(1).max(128)
export const rateLimitField = z.strictObject({
  points: z.number().int().min(1).max(10_000),
  durationMs: z.number().int().min(1).max(3_600_000),
})

type WithoutUndefined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** The fields that were given, so that an absent one changes nothing. */
export const withoutUndefined = <T extends object>(given: T): WithoutUndefined<T> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as WithoutUndefined<T>

/** The audit entry of a mutation, to be committed with it. */
export function auditWrite(
  context: Pick<Context, 'clock'>,
  principal: Pick<Principal, 'tenantId' | 'actor'>,
  action: string,
  target: string | null,
  detail: Record<string, unknown> = {},
): Write {
  const now = context.clock.now()
  return {
    op: 'insert',
    table: 'auditEntries',
    row: {
      tenantId: principal.tenantId,
      id: newId('aud', now),
      actor: principal.actor,
      action,
      target,
      detail,
      createdAt: now,
    },
  }
}

/**
 * The steps that move a record from naming one contract to naming another; null names none. Contracts count
 * who names them, so that none is deleted under its users.
 * @throws DrifthookError `INVALID_REQUEST` if there is no such contract to name
 */
export async function contractSteps(
  context: Context,
  tenantId: string,
  from: string | null,
  to: string | null,
): Promise<Step[]> {
  if (from === to) return []
  return [
    ...(to === null ? [] : [await contractUse(context, tenantId, to, 1)]),
    ...(from === null ? [] : [await contractUse(context, tenantId, from, -1)]),
  ]
}

async function contractUse(
  context: Context,
  tenantId: string,
  contractId: string,
  by: 1 | -1,
): Promise<Step> {
  const row = await context.storage.get('contracts', tenantId, contractId)
  if (row === null && by === 1) throw noSuchContract()
  const users = row?.users ?? 0
  return {
    write: {
      op: 'update',
      table: 'contracts',
      tenantId,
      id: contractId,
      set: { users: Math.max(0, users + by) },
      expect: { users },
      optional: row === null,
    },
    refused: { moved: 'again', missing: 'again' },
  }
}

const noSuchContract = () =>
  new DrifthookError('INVALID_REQUEST', '`contractId`: no such contract', {
    errors: [{ path: 'contractId', code: 'unknown_contract', message: 'no such contract' }],
  })
