import { z } from 'zod'
import { DrifthookError } from '../errors.js'
import type { Message, Principal } from '../model.js'
import type { Cursor, Page, Write } from '../ports/storage.js'
import { newWork, type Row } from '../ports/tables.js'
import { matches } from './catalogue.js'
import { commitSteps, type Step } from './commit.js'
import type { Context } from './context.js'
import { findKey, idempotencyKeyField } from './idempotency.js'
import { newId } from './ids.js'
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
      const happening = { tenantId, type, result: null, contractId: null, monitorId: null, data: bytes }
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
    // A byte order mark is no JSON in the middle of the envelope.
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
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
