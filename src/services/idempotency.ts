/**
 * Doing once what is asked several times: the caller names a request with a key, and the key is taken in the
 * commit that makes the result. Repeating the request under its key finds that result.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { DrifthookError } from '../errors.js'
import type { Step } from './commit.js'
import type { PublishContext } from './context.js'

/** What HTTP carries in one header without doubt. */
export const idempotencyKeyField = z
  .string()
  .regex(/^[!-~]{1,255}$/, 'must be 1 to 255 visible ASCII characters')

/** A request, and the key it came with, if any. */
export interface KeyedRequest {
  tenantId: string
  /** What is asked for: the same key for something else is another key. */
  scope: string
  key: string | undefined
  /** All that makes this request differ from another. */
  request: readonly (string | Uint8Array)[]
}

/** A key as it was found. */
export interface FoundKey {
  /** What the first request under this key made; null if this is the first. */
  resultId: string | null
  /** The steps that take the key for a result, to be committed with it. None without a key. */
  take(resultId: string): Step[]
}

/**
 * Looks the key of a request up, inside of `commitSteps`: of several at once one takes the key, and the others
 * read again and find its result.
 * @throws DrifthookError `IDEMPOTENCY_CONFLICT` if the key was used for another request
 */
export async function findKey(
  context: Pick<PublishContext, 'storage' | 'clock' | 'retention'>,
  keyed: KeyedRequest,
): Promise<FoundKey> {
  const { tenantId, scope, key, request } = keyed
  if (key === undefined) return { resultId: null, take: () => [] }
  const id = digest([scope, key])
  const requestHash = digest(request)
  const createdAt = context.clock.now()
  const held = await context.storage.get('idempotencyKeys', tenantId, id)
  if (held === null) {
    return taking((resultId) => ({
      write: {
        op: 'insert',
        table: 'idempotencyKeys',
        row: { tenantId, id, requestHash, resultId, createdAt },
      },
      refused: { exists: 'again' },
    }))
  }
  const { idempotencyMs } = context.retention
  if (idempotencyMs !== null && createdAt - held.createdAt >= idempotencyMs) {
    return taking((resultId) => ({
      write: {
        op: 'update',
        table: 'idempotencyKeys',
        tenantId,
        id,
        set: { requestHash, resultId, createdAt },
        expect: { resultId: held.resultId },
      },
      refused: { moved: 'again', missing: 'again' },
    }))
  }
  if (held.requestHash === requestHash) return { resultId: held.resultId, take: () => [] }
  throw new DrifthookError(
    'IDEMPOTENCY_CONFLICT',
    'This idempotency key was used for a request that differs. Send another key with this one.',
    { errors: [{ path: 'idempotencyKey', code: 'taken', message: 'was used for another request' }] },
  )
}

const taking = (step: (resultId: string) => Step): FoundKey => ({
  resultId: null,
  take: (resultId) => [step(resultId)],
})

/** SHA-256 of the parts, each with its length, so that no two lists of them read the same. */
function digest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part)
  return hash.digest('hex')
}
