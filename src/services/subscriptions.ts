import type { z } from 'zod'
import type { List, Principal, SignatureScheme, Subscription, SubscriptionSecret } from '../model.js'
import type { Row } from '../ports/tables.js'
import { newSecret, secretPrefix } from '../signing/index.js'
import { parseUrl } from '../url.js'
import { channelOfUrl } from './channels/index.js'
import { commitSteps, type Step } from './commit.js'
import type { Context } from './context.js'
import { announce, type Prepared } from './deliveries/outbox.js'
import { newId } from './ids.js'
import { listPage } from './paging.js'
import { requirePermission } from './permissions.js'
import { releaseQuota, takeQuota } from './quota.js'
import { subscriptionPlace } from './secret-places.js'
import { auditWrite, contractSteps, idField, notFound, withoutUndefined } from './shared.js'
import { subscriptionActions } from './subscriptions/actions.js'
import { checkSubscription } from './subscriptions/check.js'
import { openUrl, sealHeaders, sealUrl } from './subscriptions/destination.js'
import {
  createInput,
  listInput,
  type SubscriptionCreate,
  type SubscriptionList,
  type SubscriptionUpdate,
  updateInput,
} from './subscriptions/input.js'
import { disabling, endingStep } from './subscriptions/life.js'
import { revisionStep } from './subscriptions/matcher.js'
import { showSecret, showSubscription } from './subscriptions/view.js'
import { validate } from './validate.js'

/** What creation was given, with what it leaves to the host filled in. */
type Given = z.infer<typeof createInput> & { channel: string; signature: SignatureScheme }

/** What a target is called unless its owner says: the URL's host, or the target itself where it has none. */
const nameOfTarget = (target: string): string => (parseUrl(target)?.host || target).slice(0, 200)

/** A subscription to which nothing has been sent yet. */
const newHealth = (tenantId: string, id: string): Row<'subscriptionHealth'> => ({
  tenantId,
  id,
  lastDeliveryStatus: null,
  lastDeliveryAt: null,
  failingSince: null,
  failingTold: null,
})

/** The subscriptions of a tenant: who is told, where, and signed with which secret. */
export function subscriptionsService(context: Context) {
  const { storage, clock, secrets } = context

  async function row(tenantId: string, id: string): Promise<Row<'subscriptions'>> {
    const found = await storage.get('subscriptions', tenantId, validate(idField, id))
    if (found === null) throw notFound('webhook')
    return found
  }

  const withHealth = async (found: Row<'subscriptions'>): Promise<Subscription> =>
    showSubscription(found, await storage.get('subscriptionHealth', found.tenantId, found.id))

  function newRow(principal: Principal, given: Given, secret: string): Row<'subscriptions'> {
    const { tenantId } = principal
    const { url, headers, ...plain } = given
    const now = clock.now()
    const id = newId('wh', now)
    return {
      ...plain,
      tenantId,
      id,
      name: given.name ?? nameOfTarget(url),
      ...sealUrl(secrets, { tenantId, id, channel: given.channel }, url),
      disabledReason: given.enabled ? null : 'manual',
      ...sealHeaders(secrets, tenantId, id, headers),
      secretPrefix: secretPrefix(secret),
      secretSealed: secrets.seal(secret, subscriptionPlace(tenantId, id, 'secret')),
      previousSecrets: [],
      createdBy: principal.actor,
      createdAt: now,
      updatedAt: now,
      revision: 1,
    }
  }

  /** What switching a subscription on or off brings with it. */
  async function switching(
    principal: Principal,
    before: Row<'subscriptions'>,
    enabled: boolean,
  ): Promise<{ steps: Step[]; told: Prepared | null }> {
    const { tenantId, id } = before
    if (before.enabled === enabled) return { steps: [await revisionStep(storage, tenantId)], told: null }
    if (!enabled) {
      const health = await storage.get('subscriptionHealth', tenantId, id)
      const facts = { failingSince: health?.failingSince ?? null, failures: 0, lastAttempt: null }
      return disabling(context, before, { ...facts, reason: 'manual', actor: principal.actor })
    }
    // Whoever switches it on has seen to it: its run of failures begins anew.
    const set = { failingSince: null, failingTold: null }
    return {
      told: null,
      steps: [
        await revisionStep(storage, tenantId),
        { write: { op: 'update', table: 'subscriptionHealth', tenantId, id, set, optional: true } },
      ],
    }
  }

  return {
    ...subscriptionActions(context, row),

    /**
     * Makes a subscription. The answer alone carries the signing secret; it cannot be read again.
     * @throws DrifthookError `INVALID_REQUEST` (also for an address that is not called), `LIMIT_REACHED`
     */
    async create(
      principal: Principal,
      input: SubscriptionCreate,
    ): Promise<Subscription & SubscriptionSecret> {
      requirePermission(principal, 'subscriptions:write')
      const parsed = validate(createInput, input)
      const { channel = channelOfUrl(parsed.url), signature = context.delivery.signature } = parsed
      const given = { ...parsed, channel, signature }
      const { tenantId } = principal
      await checkSubscription(context, tenantId, { ...given, headerNames: Object.keys(given.headers) })
      const secret = newSecret()
      const made = newRow(principal, given, secret)
      const health = newHealth(tenantId, made.id)
      await commitSteps(storage, async () => ({
        steps: [
          await takeQuota(context, tenantId, 'subscriptions'),
          ...(await contractSteps(context, tenantId, null, given.contractId)),
          await revisionStep(storage, tenantId),
          { write: { op: 'insert', table: 'subscriptions', row: made } },
          { write: { op: 'insert', table: 'subscriptionHealth', row: health } },
          { write: auditWrite(context, principal, 'webhook.created', made.id, { events: given.events }) },
        ] satisfies Step[],
      }))
      return { ...showSubscription(made, health), ...showSecret(context, made, secret) }
    },

    /** @throws DrifthookError `NOT_FOUND`, for another tenant's subscription too */
    async get(principal: Principal, id: string): Promise<Subscription> {
      requirePermission(principal, 'subscriptions:read')
      return withHealth(await row(principal.tenantId, id))
    },

    /** Newest first. */
    async list(principal: Principal, options: SubscriptionList = {}): Promise<List<Subscription>> {
      requirePermission(principal, 'subscriptions:read')
      const { limit, cursor, ...filter } = validate(listInput, options)
      const query = { tenantId: principal.tenantId, index: 'created' as const, filter }
      const page = await listPage(storage, 'subscriptions', query, { limit, cursor }, (found) => found)
      return { ...page, items: await Promise.all(page.items.map(withHealth)) }
    },

    /**
     * Changes the fields given. A new URL, header or state holds from the next attempt on, for deliveries
     * under way too; a new channel for messages not rendered yet. `headers` replaces all of them. Disabling
     * ends what is pending; enabling lets a run of failures begin anew.
     * @throws DrifthookError `INVALID_REQUEST`, `NOT_FOUND`
     */
    async update(principal: Principal, id: string, input: SubscriptionUpdate): Promise<Subscription> {
      requirePermission(principal, 'subscriptions:write')
      const given = validate(updateInput, input)
      const { tenantId } = principal
      const { url, headers, enabled, ...rest } = given
      const plain = withoutUndefined(rest)
      const { made, told } = await commitSteps(storage, async () => {
        const before = await row(tenantId, id)
        const { channel } = { ...before, ...plain }
        // Another channel judges and shows the URL that is there in its own way.
        const target = url ?? (channel === before.channel ? undefined : openUrl(secrets, before))
        await checkSubscription(context, tenantId, {
          ...{ ...before, ...plain },
          // What stays was fine when it came; that it is gone since keeps nobody from switching off.
          events: plain.events ?? [],
          monitorId: plain.monitorId ?? null,
          url: target,
          headerNames: Object.keys(headers ?? before.headersSealed),
        })
        const set = {
          ...plain,
          ...(target === undefined ? {} : sealUrl(secrets, { tenantId, id, channel }, target)),
          ...(headers === undefined ? {} : sealHeaders(secrets, tenantId, id, headers)),
          ...(enabled === undefined || enabled === before.enabled
            ? {}
            : { enabled, disabledReason: enabled ? null : 'manual' }),
          updatedAt: clock.now(),
          revision: before.revision + 1,
        }
        const made = { ...before, ...set }
        const switched = await switching(principal, before, made.enabled)
        const expect = { revision: before.revision }
        const steps: Step[] = [
          {
            write: { op: 'update', table: 'subscriptions', tenantId, id, set, expect },
            refused: { missing: notFound('webhook'), moved: 'again' },
          },
          { write: auditWrite(context, principal, 'webhook.updated', id, { fields: Object.keys(given) }) },
          ...(await contractSteps(context, tenantId, before.contractId, made.contractId)),
          ...switched.steps,
        ]
        return { made, steps, told: switched.told }
      })
      if (told !== null) await announce(context, told)
      if (url !== undefined || enabled === true) context.receiverChanged(id)
      return withHealth(made)
    },

    /** Ends the subscription; its pending deliveries end as failed. @throws DrifthookError `NOT_FOUND` */
    async delete(principal: Principal, id: string): Promise<void> {
      requirePermission(principal, 'subscriptions:write')
      const { tenantId } = principal
      await commitSteps(storage, async () => {
        const before = await row(tenantId, id)
        const expect = { revision: before.revision }
        return {
          steps: [
            {
              write: { op: 'delete', table: 'subscriptions', tenantId, id, expect },
              refused: { missing: notFound('webhook'), moved: 'again' },
            },
            { write: { op: 'delete', table: 'subscriptionHealth', tenantId, id, optional: true } },
            ...(await contractSteps(context, tenantId, before.contractId, null)),
            await revisionStep(storage, tenantId),
            await releaseQuota(context, tenantId, 'subscriptions'),
            endingStep(context, principal, id, 'webhook_deleted'),
            { write: auditWrite(context, principal, 'webhook.deleted', id, { name: before.name }) },
          ] satisfies Step[],
        }
      })
    },
  }
}
