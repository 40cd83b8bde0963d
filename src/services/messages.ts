import { z } from 'zod'
import { DrifthookError } from '../errors.js'
import type { Message, Principal } from '../model.js'
import type { Row } from '../ports/tables.js'
import { isKnownPattern, typeGrammar } from './catalogue.js'
import type { Context } from './context.js'
import { announce, dataBytes, plainly, prepareMessage } from './outbox.js'
import { requirePermission } from './permissions.js'
import { auditWrite, idField, instantText, notFound } from './shared.js'
import { invalidField, validate } from './validate.js'

const publishInput = z.strictObject({
  type: z.string().max(200).regex(typeGrammar, 'must be dot-separated words, such as contact.created'),
  /** Any JSON value, or the bytes of one, which are then sent exactly as they are. */
  data: z.unknown(),
})

export type MessagePublish = z.input<typeof publishInput>

/** Messages: what happened, and the deliveries each causes. */
export function messagesService(context: Context) {
  const { storage } = context
  return {
    /**
     * Publishes one of the host's own events to every subscription that matches.
     * Durable when this resolves, as far as the storage is.
     * @throws DrifthookError `INVALID_REQUEST`, `STORAGE_UNAVAILABLE`
     */
    async publish(principal: Principal, input: MessagePublish): Promise<Message> {
      requirePermission(principal, 'messages:publish')
      const { type, data } = validate(publishInput, input)
      if (!context.eventTypes.includes(type) || !isKnownPattern(type, context.eventTypes)) {
        throw invalidField('type', 'unknown_event', 'is not in the option eventTypes')
      }
      const { tenantId } = principal
      const bytes = dataBytes(data)
      refuseLarge(bytes, context.limits.messageBytes)
      const prepared = await prepareMessage(context, {
        tenantId,
        type,
        ...plainly,
        data: bytes,
      })
      const audit = auditWrite(context, principal, 'message.published', prepared.message.id, { type })
      await storage.commit([...prepared.writes, audit])
      await announce(context, prepared)
      return show(prepared.message, bytes)
    },

    /** @throws DrifthookError `NOT_FOUND`, for another tenant's message too */
    async get(principal: Principal, id: string): Promise<Message> {
      requirePermission(principal, 'messages:read')
      const row = await storage.get('messages', principal.tenantId, validate(idField, id))
      const body = row === null ? null : await storage.get('messageBodies', principal.tenantId, id)
      if (row === null || body === null) throw notFound('message')
      return show(row, body.data)
    },
  }
}

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
