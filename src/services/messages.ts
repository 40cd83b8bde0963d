import { z } from 'zod'
import { DrifthookError } from '../errors.js'
import type { Message, Principal } from '../model.js'
import type { Row } from '../ports/tables.js'
import { commitSteps, type Step } from './commit.js'
import type { PublishContext } from './context.js'
import { announce, dataBytes, plainly, prepareMessage } from './deliveries/outbox.js'
import { findKey, idempotencyKeyField } from './idempotency.js'
import { requirePermission } from './permissions.js'
import { auditWrite, idField, instantText, notFound } from './shared.js'
import { invalid, invalidField, validate } from './validate.js'

const publishInput = z.strictObject({
  type: z.string(),
  /** Any JSON value, or the bytes of one, which are then sent exactly as they are. */
  data: z.unknown(),
  idempotencyKey: idempotencyKeyField.optional(),
})

export type MessagePublish = z.input<typeof publishInput>

/** Messages: what happened, and the deliveries each causes. */
export function messagesService(context: PublishContext) {
  const { storage } = context

  async function read(tenantId: string, id: string): Promise<Message> {
    const row = await storage.get('messages', tenantId, id)
    const body = row === null ? null : await storage.get('messageBodies', tenantId, id)
    if (row === null || body === null) throw notFound('message')
    return show(row, body.data)
  }

  return {
    /**
     * Publishes one of the host's own events to every subscription that matches.
     * Durable when this resolves, as far as the storage is. Repeated under one `idempotencyKey` within 24 h, it
     * answers the first message and publishes nothing.
     * @throws DrifthookError `INVALID_REQUEST`, `IDEMPOTENCY_CONFLICT`, `STORAGE_UNAVAILABLE`
     */
    async publish(principal: Principal, input: MessagePublish): Promise<Message> {
      requirePermission(principal, 'messages:publish')
      const { type, data, idempotencyKey } = validate(publishInput, input)
      const known = context.eventTypes.get(type)
      if (known === undefined || known.builtIn) {
        throw invalidField('type', 'unknown_event', 'is not in the option eventTypes')
      }
      const { tenantId } = principal
      const bytes = dataBytes(data)
      refuseLarge(bytes, context.limits.messageBytes)
      const faults = known.faults(bytes)
      if (faults.length > 0) throw invalid(faults)
      const happening = { ...plainly, tenantId, type, data: bytes }
      const keyed = { tenantId, scope: 'messages.publish', key: idempotencyKey, request: [type, bytes] }
      const { prepared, firstId } = await commitSteps(storage, async () => {
        const found = await findKey(context, keyed)
        if (found.resultId !== null) return { prepared: null, firstId: found.resultId, steps: [] }
        const prepared = await prepareMessage(context, happening)
        const { id } = prepared.message
        const audit = auditWrite(context, principal, 'message.published', id, { type })
        const writes: Step[] = [...prepared.writes, audit].map((write) => ({ write }))
        return { prepared, firstId: null, steps: [...found.take(id), ...writes] }
      })
      if (prepared === null) return read(tenantId, firstId)
      await announce(context, prepared)
      return show(prepared.message, bytes)
    },

    /** @throws DrifthookError `NOT_FOUND`, for another tenant's message too */
    async get(principal: Principal, id: string): Promise<Message> {
      requirePermission(principal, 'messages:read')
      return read(principal.tenantId, validate(idField, id))
    },
  }
}

export type MessagesService = ReturnType<typeof messagesService>

function refuseLarge(data: Uint8Array, limit: number): void {
  if (data.byteLength <= limit) return
  throw new DrifthookError(
    'INVALID_REQUEST',
    `\`data\` has ${data.byteLength} bytes; the limit is ${limit}.`,
    {
      errors: [{ path: 'data', code: 'too_large', message: `at most ${limit} bytes of JSON` }],
      limit: { name: 'limits.messageBytes', value: limit },
    },
  )
}

const show = (row: Row<'messages'>, data: Uint8Array): Message => ({
  id: row.id,
  type: row.type,
  result: row.result,
  contractId: row.contractId,
  monitorId: row.monitorId,
  data: JSON.parse(Buffer.from(data).toString()),
  createdAt: instantText(row.createdAt),
})
