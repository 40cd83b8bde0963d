import type { SignatureScheme, Subscription, SubscriptionSecret } from '../../model.js'
import type { Row } from '../../ports/tables.js'
import type { Context } from '../context.js'
import { instantOrNull, instantText } from '../shared.js'
import { signatureHeadersOf } from './destination.js'
import { maskHeaders } from './receiver-address.js'
import { verifySnippet } from './verify-snippet.js'

/** A subscription as its owner sees it: no secret, no header value, no credential of its URL. */
export const showSubscription = (
  row: Row<'subscriptions'>,
  health: Row<'subscriptionHealth'> | null,
): Subscription => ({
  id: row.id,
  name: row.name,
  description: row.description,
  url: row.urlShown,
  events: row.events,
  contractId: row.contractId,
  monitorId: row.monitorId,
  audience: row.audience as Subscription['audience'],
  channel: row.channel,
  enabled: row.enabled,
  disabledReason: row.disabledReason,
  signature: row.signature as SignatureScheme,
  signatureHeaders: row.signatureHeaders,
  retryDelays: row.retryDelays,
  rateLimit: row.rateLimit,
  headers: maskHeaders(row.headersSealed),
  secretPrefix: row.secretPrefix,
  createdBy: row.createdBy,
  createdAt: instantText(row.createdAt),
  updatedAt: instantText(row.updatedAt),
  lastDeliveryStatus: (health?.lastDeliveryStatus ?? null) as Subscription['lastDeliveryStatus'],
  lastDeliveryAt: instantOrNull(health?.lastDeliveryAt ?? null),
  failingSince: instantOrNull(health?.failingSince ?? null),
})

/** A secret, this once, with how to verify by it. */
export const showSecret = (
  context: Context,
  row: Row<'subscriptions'>,
  secret: string,
): SubscriptionSecret => ({
  secret,
  verification: verifySnippet(row.signature as SignatureScheme, signatureHeadersOf(context, row)),
})
