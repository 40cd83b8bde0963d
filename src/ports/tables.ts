/**
 * The tables drifthook keeps, declared once. Adapters derive their statements, keys and scripts from this
 * file; nothing else knows what is stored.
 *
 * Every table has `tenantId` and `id`, together its primary key. Big values live in side tables of their
 * own (the second half of each pair below), which `list` is never asked to read.
 */
import type { ContractSchema, DriftReport, Policy } from '../diff/report.js'
import {
  boolean,
  bytes,
  type Column,
  instant,
  integer,
  json,
  nullable,
  type Table,
  table,
  text,
} from './columns.js'

const key = { tenantId: text, id: text }

/**
 * What makes a row work: something to be done by exactly one worker at a time.
 * `dueAt` is when it may next be claimed (null: finished). Claiming moves it to the end of the lease, so
 * that one index finds new work, retries and the work of dead workers alike.
 */
const work = {
  lane: text,
  dueAt: nullable(instant),
  leaseUntil: nullable(instant),
  fence: integer,
  claims: integer,
}

export const tables = {
  contracts: table({
    columns: {
      ...key,
      name: text,
      description: nullable(text),
      vendor: nullable(text),
      tags: json<string[]>(),
      format: nullable(text),
      version: integer,
      policy: json<Policy>(),
      /** The key of the contract's value sketches, encrypted. */
      sketchKeySealed: text,
      /** How many monitors and subscriptions name this contract. It may be deleted only at 0. */
      users: integer,
      createdAt: instant,
      updatedAt: instant,
    },
    unique: { name: ['tenantId', 'name'] },
    indexes: { created: ['createdAt'] },
  }),
  /** One row per version; its id is `<contract id>:<version>`. */
  contractVersions: table({
    columns: {
      ...key,
      contractId: text,
      version: integer,
      changeType: text,
      summary: nullable(text),
      actor: text,
      createdAt: instant,
    },
    indexes: { contract: ['contractId', 'version'] },
  }),
  contractSchemas: table({ columns: { ...key, schema: json<ContractSchema>() } }),

  monitors: table({
    columns: {
      ...key,
      name: text,
      description: nullable(text),
      contractId: text,
      active: boolean,
      /** SHA-256 of the upload token, hex: how an upload finds its monitor. */
      tokenHash: text,
      tokenPrefix: text,
      /** The token itself, encrypted, so that its owner can see the URL again. */
      tokenSealed: text,
      createdAt: instant,
      updatedAt: instant,
      lastUploadAt: nullable(instant),
    },
    unique: { token: ['tokenHash'] },
    indexes: { created: ['createdAt'] },
  }),

  driftEvents: table({
    columns: {
      /** `id` is the event's number, from the counter `driftEvents`, as 16 digits: text order is number order. */
      ...key,
      monitorId: nullable(text),
      contractId: text,
      contractVersion: integer,
      sourceName: nullable(text),
      fileName: nullable(text),
      format: nullable(text),
      status: text,
      severity: nullable(text),
      result: text,
      score: nullable(integer),
      additions: integer,
      removals: integer,
      changes: integer,
      renames: integer,
      fingerprint: nullable(text),
      /** Monitor and fingerprint, on the one event that stands for a drift nobody has settled yet. */
      openKey: nullable(text),
      notes: nullable(text),
      resolvedVia: nullable(text),
      resolvedBy: nullable(text),
      createdAt: instant,
      resolvedAt: nullable(instant),
    },
    unique: { open: ['tenantId', 'openKey'] },
    indexes: {
      created: ['createdAt'],
      contract: ['contractId', 'createdAt'],
      monitor: ['monitorId', 'createdAt'],
      status: ['status', 'createdAt'],
    },
  }),
  driftReports: table({
    columns: { ...key, report: json<DriftReport | null>(), error: json<Record<string, unknown> | null>() },
  }),

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
      /** Names to encrypted values. */
      headersSealed: json<Record<string, string>>(),
      secretPrefix: text,
      secretSealed: text,
      createdBy: text,
      createdAt: instant,
      updatedAt: instant,
    },
    indexes: { created: ['createdAt'], enabled: ['enabled', 'createdAt'] },
  }),
  /** Same id as its subscription. Apart from it, so that every delivery does not touch the subscription's ETag. */
  subscriptionHealth: table({
    columns: { ...key, lastDeliveryStatus: nullable(text), lastDeliveryAt: nullable(instant) },
  }),

  messages: table({
    columns: {
      ...key,
      type: text,
      result: nullable(text),
      contractId: nullable(text),
      monitorId: nullable(text),
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
      createdAt: instant,
      completedAt: nullable(instant),
    },
    indexes: {
      created: ['createdAt'],
      subscription: ['subscriptionId', 'createdAt'],
      message: ['messageId', 'createdAt'],
    },
    work: true,
  }),
  attempts: table({
    columns: {
      ...key,
      deliveryId: text,
      subscriptionId: text,
      number: integer,
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

  /** How much of each limited thing a tenant has; the id names the thing. */
  quotas: table({ columns: { ...key, used: integer } }),

  auditEntries: table({
    columns: {
      ...key,
      actor: text,
      action: text,
      target: nullable(text),
      detail: json<Record<string, unknown>>(),
      createdAt: instant,
    },
    indexes: { created: ['createdAt'] },
  }),

  /** What a caller's key was used for first. The id is a hash of the key: keys are the caller's, ids are ours. */
  idempotencyKeys: table({ columns: { ...key, requestHash: text, resultId: text, createdAt: instant } }),
} as const satisfies Record<string, Table>

export type Tables = typeof tables
export type TableName = keyof Tables

type ValueOf<C> = C extends Column<infer Value> ? Value : never

/** One record of a table: every column, always. */
export type Row<T extends TableName> = {
  -readonly [C in keyof Tables[T]['columns']]: ValueOf<Tables[T]['columns'][C]>
}

export type IndexOf<T extends TableName> = keyof Tables[T]['indexes'] & string
export type UniqueOf<T extends TableName> = keyof Tables[T]['unique'] & string

/** The tables whose rows are claimed and settled. */
export type WorkTableName = { [T in TableName]: Tables[T]['work'] extends true ? T : never }[TableName]

/** The columns a new piece of work starts with: in `lane`, to be claimed from `dueAt` on. */
export const newWork = (lane: string, dueAt: number) => ({
  lane,
  dueAt,
  leaseUntil: null,
  fence: 0,
  claims: 0,
})

/** A table's declaration with its types widened, as adapters walk it. */
export const declaration = (name: TableName): Table => tables[name]
