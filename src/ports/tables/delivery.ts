/** Who is told, what happened, and how telling went. */
import type { RateLimit, SignatureHeaders } from '../../model.js'
import { boolean, bytes, instant, integer, json, nullable, table, text } from '../columns.js'
import { key, work } from './shared.js'

export const deliveryTables = {
  subscriptions: table({
    columns: {
      ...key,
      name: text,
      description: nullable(text),
      /** The receiver's URL, encrypted; `urlShown` is what may be displayed. */
      urlSealed: text,
      urlShown: text,
      events: json<string[]>(),
      contractId: nullable(text),
      monitorId: nullable(text),
      audience: text,
      channel: text,
      enabled: boolean,
      disabledReason: nullable(text),
      signature: text,
      /** Null: as the host configured for the scheme. */
      signatureHeaders: json<SignatureHeaders | null>(),
      /** A schedule of its own, as the host's option has it; null: the host's. */
      retryDelays: json<readonly number[] | string | null>(),
      rateLimit: json<RateLimit | null>(),
      /** Names to encrypted values. */
      headersSealed: json<Record<string, string>>(),
      secretPrefix: text,
      secretSealed: text,
      /** Secrets that still sign while a rotation overlaps, newest first. */
      previousSecrets: json<{ sealed: string; until: number }[]>(),
      createdBy: text,
      createdAt: instant,
      updatedAt: instant,
      /** Counts changes: what a change expects to find. */
      revision: integer,
    },
    indexes: { created: ['createdAt'], enabled: ['enabled', 'createdAt'] },
  }),
  /** Same id as its subscription. Apart from it, so that every delivery does not touch the subscription's ETag. */
  subscriptionHealth: table({
    columns: {
      ...key,
      lastDeliveryStatus: nullable(text),
      lastDeliveryAt: nullable(instant),
      /** The first failed attempt since the last one that succeeded. */
      failingSince: nullable(instant),
      /** When `subscription.failing` was published for this run of failures. */
      failingTold: nullable(instant),
    },
  }),
  /** Counts changes to what is kept in memory between requests; the id names it. Read to know whether it is stale. */
  revisions: table({ columns: { ...key, revision: integer } }),

  messages: table({
    columns: {
      ...key,
      type: text,
      result: nullable(text),
      contractId: nullable(text),
      monitorId: nullable(text),
      /** The subscription it is about, which is not told. */
      about: nullable(text),
      /** W3C Trace Context `traceparent` of the publisher, for the host's tracing. */
      traceparent: nullable(text),
      createdAt: instant,
    },
    indexes: { created: ['createdAt'] },
  }),
  /** The message's `data`, serialised once: every attempt and redelivery sends these bytes. */
  messageBodies: table({ columns: { ...key, data: bytes } }),

  deliveries: table({
    columns: {
      ...key,
      ...work,
      subscriptionId: text,
      messageId: text,
      event: text,
      status: text,
      failureReason: nullable(text),
      httpStatusCode: nullable(integer),
      attemptCount: integer,
      /** How many attempts earlier rounds had: a redelivery begins the schedule anew and counts on. */
      attemptsBefore: integer,
      /** Asked for by a person: made even while the subscription is disabled, and not held against it. */
      manual: boolean,
      createdAt: instant,
      /** When it was last made pending: at its creation, or by a redelivery. */
      queuedAt: instant,
      completedAt: nullable(instant),
    },
    // A message goes to a subscription once, however often it is replayed.
    unique: { once: ['tenantId', 'messageId', 'subscriptionId'] },
    indexes: {
      created: ['createdAt'],
      subscription: ['subscriptionId', 'createdAt'],
      status: ['subscriptionId', 'status', 'createdAt'],
      message: ['messageId', 'subscriptionId'],
    },
    work: true,
  }),
  /** The body of a delivery whose channel rendered it, same id: rendered once, sent as it is ever after. */
  deliveryBodies: table({ columns: { ...key, contentType: text, body: bytes } }),
  attempts: table({
    columns: {
      ...key,
      deliveryId: text,
      subscriptionId: text,
      number: integer,
      /** Asked for by a person, as its delivery was then: not held against the receiver. */
      manual: boolean,
      startedAt: instant,
      durationMs: integer,
      succeeded: boolean,
      responseStatus: nullable(integer),
      errorClass: nullable(text),
      error: nullable(text),
    },
    indexes: { delivery: ['deliveryId', 'number'], subscription: ['subscriptionId', 'startedAt'] },
  }),
  attemptDetails: table({
    columns: {
      ...key,
      url: text,
      timings: json<Record<string, number>>(),
      requestHeaders: json<Record<string, string>>(),
      responseHeaders: json<Record<string, string>>(),
      /** At most the first 2 KiB. */
      responseBody: nullable(bytes),
    },
  }),
} as const
