import type { z } from 'zod'
import type { List, Principal, Subscription, SubscriptionSecret } from '../model.js'
import type { Row } from '../ports/tables.js'
import { newSecret, secretPrefix } from '../signing/index.js'
import { isKnownPattern } from './catalogue.js'
import { commitSteps, type Step } from './commit.js'
import type { Context } from './context.js'
import { newId } from './ids.js'
import { listPage } from './paging.js'
import { requirePermission } from './permissions.js'
import { releaseQuota, takeQuota } from './quota.js'
import { maskHeaders, shownUrl } from './receiver-address.js'
import {
  auditWrite,
  contractSteps,
  idField,
  instantOrNull,
  instantText,
  notFound,
  withoutUndefined,
} from './shared.js'
import {
  createInput,
  listInput,
  type SubscriptionCreate,
  type SubscriptionList,
  type SubscriptionUpdate,
  updateInput,
} from './subscription-input.js'
import { invalid, validate } from './validate.js'
import { verifySnippet } from './verify-snippet.js'

/** Where a delivery goes and what it is signed with, in the clear. */
export interface Destination {
  url: string
  headers: Record<string, string>
  secrets: string[]
}

const place = (tenantId: string, id: string, column: string) =>
  `subscriptions/${tenantId}/${id}/${column}` as const

/** What calling a receiver takes. @throws DrifthookError `SECRET_UNREADABLE` */
export function destinationOf({ secrets }: Context, found: Row<'subscriptions'>): Destination {
  const { tenantId, id } = found
  const headers = Object.entries(found.headersSealed).map(([name, sealed]) => [
    name,
    secrets.open(sealed, place(tenantId, id, `headers.${name}`)),
  ])
  return {
    url: secrets.open(found.urlSealed, place(tenantId, id, 'url')),
    headers: Object.fromEntries(headers),
    secrets: [secrets.open(found.secretSealed, place(tenantId, id, 'secret'))],
  }
}

/** The subscriptions of a tenant: who is told, where, and signed with which secret. */
export function subscriptionsService(context: Context) {
  const { storage, clock, secrets, transport } = context

  const sealUrl = (tenantId: string, id: string, url: string) => ({
    urlSealed: secrets.seal(url, place(tenantId, id, 'url')),
    urlShown: shownUrl(url),
  })

  const sealHeaders = (tenantId: string, id: string, headers: Record<string, string>) => ({
    headersSealed: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name.toLowerCase(),
        secrets.seal(value, place(tenantId, id, `headers.${name.toLowerCase()}`)),
      ]),
    ),
  })

  /** The faults only the whole picture shows: the address, the catalogue, the records named. */
  async function check(tenantId: string, given: z.infer<typeof updateInput>): Promise<void> {
    const errors = (given.events ?? []).flatMap((event, n) =>
      isKnownPattern(event, context.eventTypes)
        ? []
        : [
            {
              path: `events[${n}]`,
              code: 'unknown_event',
              message: `no such event: ${JSON.stringify(event)}`,
            },
          ],
    )
    const refusal = given.url === undefined ? null : transport.refusal(given.url)
    if (refusal !== null) errors.push({ path: 'url', ...refusal })
    const { monitorId } = given
    if (monitorId != null && (await storage.get('monitors', tenantId, monitorId)) === null) {
      errors.push({ path: 'monitorId', code: 'unknown_monitor', message: 'no such monitor' })
    }
    if (errors.length > 0) throw invalid(errors)
  }

  async function row(tenantId: string, id: string): Promise<Row<'subscriptions'>> {
    const found = await storage.get('subscriptions', tenantId, validate(idField, id))
    if (found === null) throw notFound('webhook')
    return found
  }

  const withHealth = async (found: Row<'subscriptions'>): Promise<Subscription> =>
    show(found, await storage.get('subscriptionHealth', found.tenantId, found.id))

  return {
    /**
     * Makes a subscription. The answer alone carries the signing secret; it cannot be read again.
     * @throws DrifthookError `INVALID_REQUEST` (also for an address that is not called), `LIMIT_REACHED`
     */
    async create(
      principal: Principal,
      input: SubscriptionCreate,
    ): Promise<Subscription & SubscriptionSecret> {
      requirePermission(principal, 'subscriptions:write')
      const given = validate(createInput, input)
      const { tenantId } = principal
      await check(tenantId, given)
      const now = clock.now()
      const id = newId('wh', now)
      const secret = newSecret()
      const made: Row<'subscriptions'> = {
        tenantId,
        id,
        name: given.name ?? new URL(given.url).host,
        description: given.description,
        ...sealUrl(tenantId, id, given.url),
        events: given.events,
        contractId: given.contractId,
        monitorId: given.monitorId,
        audience: given.audience,
        channel: 'webhook',
        enabled: given.enabled,
        disabledReason: given.enabled ? null : 'manual',
        signature: 'standard',
        ...sealHeaders(tenantId, id, given.headers),
        secretPrefix: secretPrefix(secret),
        secretSealed: secrets.seal(secret, place(tenantId, id, 'secret')),
        createdBy: principal.actor,
        createdAt: now,
        updatedAt: now,
      }
      const health: Row<'subscriptionHealth'> = {
        tenantId,
        id,
        lastDeliveryStatus: null,
        lastDeliveryAt: null,
      }
      await commitSteps(storage, async () => ({
        steps: [
          await takeQuota(context, tenantId, 'subscriptions'),
          ...(await contractSteps(context, tenantId, null, given.contractId)),
          { write: { op: 'insert', table: 'subscriptions', row: made } },
          { write: { op: 'insert', table: 'subscriptionHealth', row: health } },
          { write: auditWrite(context, principal, 'webhook.created', id, { events: given.events }) },
        ] satisfies Step[],
      }))
      return { ...show(made, health), secret, verification: verifySnippet() }
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
     * under way too. `headers` replaces all of them.
     * @throws DrifthookError `INVALID_REQUEST`, `NOT_FOUND`
     */
    async update(principal: Principal, id: string, input: SubscriptionUpdate): Promise<Subscription> {
      requirePermission(principal, 'subscriptions:write')
      const given = validate(updateInput, input)
      const { tenantId } = principal
      await check(tenantId, given)
      const { url, headers, enabled, ...plain } = given
      const { made } = await commitSteps(storage, async () => {
        const before = await row(tenantId, id)
        const set = {
          ...withoutUndefined(plain),
          ...(url === undefined ? {} : sealUrl(tenantId, id, url)),
          ...(headers === undefined ? {} : sealHeaders(tenantId, id, headers)),
          ...(enabled === undefined ? {} : { enabled, disabledReason: enabled ? null : 'manual' }),
          updatedAt: clock.now(),
        }
        const made = { ...before, ...set }
        const steps: Step[] = [
          {
            write: {
              op: 'update',
              table: 'subscriptions',
              tenantId,
              id,
              set,
              expect: { contractId: before.contractId },
            },
            refused: { missing: notFound('webhook'), moved: 'again' },
          },
          { write: auditWrite(context, principal, 'webhook.updated', id, { fields: Object.keys(given) }) },
          ...(await contractSteps(context, tenantId, before.contractId, made.contractId)),
        ]
        return { made, steps }
      })
      return withHealth(made)
    },

    /** Ends the subscription; its pending deliveries end as failed. @throws DrifthookError `NOT_FOUND` */
    async delete(principal: Principal, id: string): Promise<void> {
      requirePermission(principal, 'subscriptions:write')
      const { tenantId } = principal
      await commitSteps(storage, async () => {
        const before = await row(tenantId, id)
        return {
          steps: [
            {
              write: {
                op: 'delete',
                table: 'subscriptions',
                tenantId,
                id,
                expect: { contractId: before.contractId },
              },
              refused: { missing: notFound('webhook'), moved: 'again' },
            },
            { write: { op: 'delete', table: 'subscriptionHealth', tenantId, id, optional: true } },
            ...(await contractSteps(context, tenantId, before.contractId, null)),
            await releaseQuota(context, tenantId, 'subscriptions'),
            { write: auditWrite(context, principal, 'webhook.deleted', id, { name: before.name }) },
          ] satisfies Step[],
        }
      })
    },
  }
}

const show = (row: Row<'subscriptions'>, health: Row<'subscriptionHealth'> | null): Subscription => ({
  id: row.id,
  name: row.name,
  description: row.description,
  url: row.urlShown,
  events: row.events,
  contractId: row.contractId,
  monitorId: row.monitorId,
  audience: row.audience as Subscription['audience'],
  channel: 'webhook',
  enabled: row.enabled,
  disabledReason: row.disabledReason,
  signature: 'standard',
  headers: maskHeaders(row.headersSealed),
  secretPrefix: row.secretPrefix,
  createdBy: row.createdBy,
  createdAt: instantText(row.createdAt),
  updatedAt: instantText(row.updatedAt),
  lastDeliveryStatus: (health?.lastDeliveryStatus ?? null) as Subscription['lastDeliveryStatus'],
  lastDeliveryAt: instantOrNull(health?.lastDeliveryAt ?? null),
})
