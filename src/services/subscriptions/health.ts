/** How a subscription has been doing: what its attempts say of it, and what follows when it fails for long. */
import type { Write } from '../../ports/storage.js'
import type { Row } from '../../ports/tables.js'
import { commitSteps, type Step } from '../commit.js'
import type { Context, Patience } from '../context.js'
import { announce, type Prepared } from '../deliveries/outbox.js'
import { drifthookActor } from '../jobs/new.js'
import { auditWrite } from '../shared.js'
import { disabling, lifeMessage } from './life.js'

/** What attempts ended in, gathered over a moment. Instants in milliseconds since 1970. */
export interface Results {
  tenantId: string
  subscriptionId: string
  status: 'delivered' | 'failed'
  at: number
  /** Whether any succeeded. */
  succeeded: boolean
  /** The first failure after the last success; null if there was none. */
  failedSince: number | null
  lastAttempt: { status: number | null; error: string | null }
  /** The receiver answered 410. */
  gone: boolean
}

type Health = Row<'subscriptionHealth'>

/** Writes what was gathered, all of it at once, and does what follows from it. */
export async function recordResults(context: Context, gathered: readonly Results[]): Promise<void> {
  const found = await Promise.all(
    gathered.map(async (results) => {
      const health = await context.storage.get('subscriptionHealth', results.tenantId, results.subscriptionId)
      return health === null ? null : { results, health, after: healthAfter(health, results) }
    }),
  )
  const known = found.filter((item) => item !== null)
  await context.storage.commit(known.map(({ health, after }) => healthWrite(health, after)))
  for (const { results, health, after } of known) {
    await followUp(context, results, { ...health, ...after }).catch((error: unknown) =>
      context.logger.error('what follows from failures could not be done', { error }),
    )
  }
}

type Seen = Pick<Health, 'lastDeliveryStatus' | 'lastDeliveryAt' | 'failingSince'>

const healthAfter = (before: Health, { status, at, succeeded, failedSince }: Results): Seen => ({
  lastDeliveryStatus: status,
  lastDeliveryAt: at,
  failingSince: succeeded ? failedSince : (before.failingSince ?? failedSince),
})

const healthWrite = ({ tenantId, id }: Health, set: Partial<Health>): Write => ({
  op: 'update',
  table: 'subscriptionHealth',
  tenantId,
  id,
  set,
  optional: true,
})

async function followUp(context: Context, results: Results, health: Health): Promise<void> {
  const { delivery, clock } = context
  if (results.gone) return disable(context, results, 'receiver_gone')
  if (results.succeeded && health.failingTold !== null) await tell(context, results, 'recovered')
  const { failingSince } = health
  if (failingSince === null) return
  const now = clock.now()
  if (health.failingTold === null && (await hasFailed(context, health, delivery.failing, now))) {
    await tell(context, results, 'failing')
  }
  if (delivery.disable !== null && (await hasFailed(context, health, delivery.disable, now))) {
    await disable(context, results, 'failing')
  }
}

/**
 * Whether patience with it is over: so long, and so many attempts, without one that succeeded. The attempts
 * themselves are asked, since a success may have been noted late, or by a process that died before it could.
 */
async function hasFailed(
  { storage }: Context,
  { tenantId, id, failingSince }: Health,
  { afterMs, failures }: Patience,
  now: number,
): Promise<boolean> {
  if (failingSince === null || now - failingSince < afterMs) return false
  const latest = async (succeeded: boolean, from: number, limit: number) => {
    const of = { tenantId, index: 'subscription' as const, prefix: { subscriptionId: id }, range: { from } }
    const filter = { succeeded, manual: false }
    return (await storage.list('attempts', { ...of, filter, limit, descending: true })).items
  }
  const [success] = await latest(true, failingSince, 1)
  const from = success === undefined ? failingSince : success.startedAt + 1
  return now - from >= afterMs && (await latest(false, from, failures)).length === failures
}

/** Publishes once per run of failures, and once at its end: of several workers that see it, one does. */
async function tell(context: Context, results: Results, what: 'failing' | 'recovered'): Promise<void> {
  const { storage, clock, delivery } = context
  const { tenantId, subscriptionId: id, lastAttempt } = results
  const failing = what === 'failing'
  const { told } = await commitSteps(storage, async () => {
    const [subscription, health] = await Promise.all([
      storage.get('subscriptions', tenantId, id),
      storage.get('subscriptionHealth', tenantId, id),
    ])
    if (subscription === null || health === null) return nothing
    const { failingSince, failingTold } = health
    if ((failingTold !== null) === failing) return nothing
    const facts = { failingSince, failures: failing ? delivery.failing.failures : 0, lastAttempt }
    const message = await lifeMessage(context, subscription, `subscription.${what}`, facts)
    const set = { failingTold: failing ? clock.now() : null }
    const steps: Step[] = [
      {
        write: { op: 'update', table: 'subscriptionHealth', tenantId, id, set, expect: { failingTold } },
        refused: { moved: 'again', missing: 'again' },
      },
      ...message.writes.map((write) => ({ write })),
    ]
    return { told: message, steps }
  })
  if (told !== null) await announce(context, told)
}

async function disable(
  context: Context,
  results: Results,
  reason: 'receiver_gone' | 'failing',
): Promise<void> {
  const { storage, clock, delivery } = context
  const { tenantId, subscriptionId: id, lastAttempt } = results
  const drifthook = { tenantId, actor: drifthookActor, permissions: [] }
  const { told } = await commitSteps(storage, async () => {
    const [subscription, health] = await Promise.all([
      storage.get('subscriptions', tenantId, id),
      storage.get('subscriptionHealth', tenantId, id),
    ])
    if (subscription?.enabled !== true) return nothing
    const failures = reason === 'failing' ? (delivery.disable?.failures ?? 0) : 1
    const facts = { failingSince: health?.failingSince ?? null, failures, lastAttempt }
    const follows = await disabling(context, subscription, { ...facts, reason, actor: drifthook.actor })
    const { revision } = subscription
    const set = { enabled: false, disabledReason: reason, updatedAt: clock.now(), revision: revision + 1 }
    const steps: Step[] = [
      {
        write: { op: 'update', table: 'subscriptions', tenantId, id, set, expect: { revision } },
        refused: { moved: 'again', missing: 'again' },
      },
      ...follows.steps,
      { write: auditWrite(context, drifthook, 'webhook.disabled', id, { reason }) },
    ]
    return { told: follows.told, steps }
  })
  if (told !== null) await announce(context, told)
}

/** Somebody else was here before, or it is gone. */
const nothing: { told: Prepared | null; steps: Step[] } = { told: null, steps: [] }
