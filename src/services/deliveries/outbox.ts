/** What happened, on its way to whoever wants to know: the writes of a message and its deliveries. */
import type { Write } from '../../ports/storage.js'
import { newWork, type Row } from '../../ports/tables.js'
import type { PublishContext } from '../context.js'
import { traced } from '../hooks.js'
import { newId } from '../ids.js'
import { drifthookActor, newJob } from '../jobs/new.js'
import type { Matchable } from '../subscriptions/matcher.js'
import { invalidField } from '../validate.js'

/** What happened, before it has an id. */
export interface Happening extends Matchable {
  /** JSON, as {@link dataBytes} makes it. */
  data: Uint8Array
}

/** A message ready to be committed, with the deliveries it causes. */
export interface Prepared {
  message: Row<'messages'>
  writes: Write[]
  deliveryIds: string[]
  /** The job that makes the deliveries instead, or null: see {@link fanOutAbove}. */
  jobId: string | null
  /** How many subscriptions are told. */
  receivers: number
  /** Whether one of the receivers is the partner. */
  partner: boolean
}

/** With more receivers than this, a job makes the deliveries: a commit, and whoever waits for it, stays small. */
export const fanOutAbove = 500

/** What has neither result, contract, monitor nor a subscription it is about. */
export const plainly = { result: null, contractId: null, monitorId: null, about: null }

/** The writes of one message and its deliveries, for the caller to commit with its own. */
export async function prepareMessage(context: PublishContext, happening: Happening): Promise<Prepared> {
  const { clock, matcher } = context
  const { data, ...facts } = happening
  const listeners = await matcher.listeners(happening)
  const now = clock.now()
  const id = newId('msg', now)
  const fansOut = listeners.length > fanOutAbove
  const deliveries = (fansOut ? [] : listeners).map((listener) =>
    newDelivery({ ...facts, id }, listener.id, now),
  )
  const deliveryIds = deliveries.map((delivery) => delivery.id)
  const message = {
    ...facts,
    id,
    traceparent: traced(context, { ...facts, messageId: id, deliveryIds }),
    createdAt: now,
  }
  const by = { tenantId: facts.tenantId, actor: drifthookActor }
  const job = fansOut ? newJob(context, by, 'fan_out', id, {}) : null
  return {
    message,
    writes: [
      { op: 'insert', table: 'messages', row: message },
      { op: 'insert', table: 'messageBodies', row: { tenantId: facts.tenantId, id, data } },
      ...deliveries.map((row): Write => ({ op: 'insert', table: 'deliveries', row })),
      ...(job === null ? [] : [{ op: 'insert', table: 'jobs', row: job } as const]),
    ],
    deliveryIds,
    jobId: job?.id ?? null,
    receivers: listeners.length,
    partner: listeners.some((listener) => listener.audience === 'partner'),
  }
}

/** A delivery that nobody has attempted yet, due at once. */
export const newDelivery = (
  message: Pick<Row<'messages'>, 'tenantId' | 'id' | 'type'>,
  subscriptionId: string,
  now: number,
): Row<'deliveries'> => ({
  tenantId: message.tenantId,
  id: newId('del', now),
  ...newWork(subscriptionId, now),
  subscriptionId,
  messageId: message.id,
  event: message.type,
  status: 'pending',
  failureReason: null,
  httpStatusCode: null,
  attemptCount: 0,
  attemptsBefore: 0,
  manual: false,
  createdAt: now,
  queuedAt: now,
  completedAt: null,
})

type Waking = Pick<PublishContext, 'queue' | 'logger'>

/** After the commit: lets the runner know. A failing queue costs latency only, so it is not an error. */
export async function announce(
  context: Waking,
  { deliveryIds, jobId }: Pick<Prepared, 'deliveryIds' | 'jobId'>,
): Promise<void> {
  await wake(context, [...deliveryIds.map((id) => `${id}:1`), ...(jobId === null ? [] : [jobId])])
}

/** Lets the runner know that there is work, by ids that are unique per attempt of it. */
export async function wake({ queue, logger }: Waking, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  try {
    await queue.enqueue(ids.map((id) => ({ id })))
  } catch (error) {
    logger.warn('the queue took no wake-up; the sweep will find the work', { error })
  }
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
