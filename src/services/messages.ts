import { z } from 'zod'
import { DrifthookError } from '../errors.js'
import type { Message, Principal } from '../model.js'
import type { Cursor, Page, Write } from '../ports/storage.js'
import { newWork, type Row } from '../ports/tables.js'
import { isKnownPattern, matches, typeGrammar } from './catalogue.js'
import type { Context } from './context.js'
import { newId } from './ids.js'
import { requirePermission } from './permissions.js'
import { auditWrite, idField, instantText, notFound } from './shared.js'
import { invalidField, validate } from './validate.js'

const publishInput = z.strictObject({
  type: z.string().max(200).regex(typeGrammar, 'must be dot-separated words, such as contact.created'),
  /** Any JSON value, or the bytes of one, which are then sent exactly as they are. */
  data: z.unknown(),
})

export type MessagePublish = z.input<typeof publishInput>

/** What happened, before it has an id. */
export interface Happening {
  tenantId: string
  type: string
  result: string | null
  contractId: string | null
  monitorId: string | null
  /** JSON, as {@link dataBytes} makes it. */
  data: Uint8Array
}

/** A message ready to be committed, with the deliveries it causes. */
export interface Prepared {
  message: Row<'messages'>
  writes: Write[]
  deliveryIds: string[]
  /** Whether one of the receivers is the partner. */
  partner: boolean
}

async function matching({ storage }: Context, happening: Happening): Promise<Row<'subscriptions'>[]> {
  const found: Row<'subscriptions'>[] = []
  const query = {
    tenantId: happening.tenantId,
    index: 'enabled' as const,
    prefix: { enabled: true },
    limit: 500,
  }
  let after: Cursor | null = null
  do {
    const page: Page<'subscriptions'> = await storage.list('subscriptions', { ...query, after })
    found.push(...page.items.filter((subscription) => wants(subscription, happening)))
    after = page.next
  } while (after !== null)
  return found
}

/** The writes of one message and its deliveries, for the caller to commit with its own. */
export async function prepareMessage(context: Context, happening: Happening): Promise<Prepared> {
  const subscriptions = await matching(context, happening)
  const now = context.clock.now()
  const { tenantId, type, result, contractId, monitorId } = happening
  const message = { tenantId, id: newId('msg', now), type, result, contractId, monitorId, createdAt: now }
  const deliveries = subscriptions.map(
    (subscription): Row<'deliveries'> => ({
      tenantId,
      id: newId('del', now),
      ...newWork(subscription.id, now),
      subscriptionId: subscription.id,
      messageId: message.id,
      event: type,
      status: 'pending',
      failureReason: null,
      httpStatusCode: null,
      attemptCount: 0,
      createdAt: now,
      completedAt: null,
    }),
  )
  return {
    message,
    writes: [
      { op: 'insert', table: 'messages', row: message },
      { op: 'insert', table: 'messageBodies', row: { tenantId, id: message.id, data: happening.data } },
      ...deliveries.map((row): Write => ({ op: 'insert', table: 'deliveries', row })),
    ],
    deliveryIds: deliveries.map((delivery) => delivery.id),
    partner: subscriptions.some((subscription) => subscription.audience === 'partner'),
  }
}

/** After the commit: lets the runner know. A failing queue costs latency only, so it is not an error. */
export async function announce({ queue, logger }: Context, prepared: Prepared): Promise<void> {
  if (prepared.deliveryIds.length === 0) return
  try {
    await queue.enqueue(prepared.deliveryIds.map((id) => ({ id: `${id}:1` })))
  } catch (error) {
    logger.warn('the queue took no wake-up; the sweep will find the work', { error })
  }
}

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
        result: null,
        contractId: null,
        monitorId: null,
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

function wants(subscription: Row<'subscriptions'>, happening: Happening): boolean {
  const { contractId, monitorId, events } = subscription
  if (contractId !== null && contractId !== happening.contractId) return false
  if (monitorId !== null && monitorId !== happening.monitorId) return false
  return matches(events, happening)
}

/**
 * `data` as bytes, serialised once for good; bytes of JSON stay as they are.
 * @throws DrifthookError `INVALID_REQUEST` for what is no JSON
 */
export function dataBytes(data: unknown): Uint8Array {
  if (!(data instanceof Uint8Array)) return Buffer.from(serialise(data))
  if (!isJson(data)) throw invalidField('data', 'not_json', 'the bytes are not UTF-8 JSON')
  return data
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

function serialise(data: unknown): string {
  try {
    const text = JSON.stringify(data)
    if (text !== undefined) return text
  } catch {
    // A cycle or a BigInt: no JSON either way.
  }
  throw invalidField('data', 'not_json', 'is not a JSON value')
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return true
  } catch {
    return false
  }
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
