/** What keeps the rest going. */
import { instant, integer, json, nullable, table, text } from '../columns.js'
import { key, work } from './shared.js'

export const operationTables = {
  /** Durable work that is no delivery. Each claim brings it one bounded step further. */
  jobs: table({
    columns: {
      ...key,
      ...work,
      kind: text,
      /** What it is about: the id of a subscription or a message, or null. */
      target: nullable(text),
      input: json<Record<string, unknown>>(),
      /** Where the next step goes on; the kind's own. */
      state: json<Record<string, unknown>>(),
      progress: json<Record<string, unknown>>(),
      status: text,
      failureReason: nullable(text),
      createdBy: text,
      createdAt: instant,
      updatedAt: instant,
      completedAt: nullable(instant),
    },
    indexes: { created: ['createdAt'], target: ['target', 'createdAt'] },
    work: true,
  }),

  /** How much of each limited thing a tenant has; the id names the thing. */
  quotas: table({ columns: { ...key, used: integer } }),

  /** What a caller's key was used for first. The id is a hash of the key: keys are the caller's, ids are ours. */
  idempotencyKeys: table({
    columns: { ...key, requestHash: text, resultId: text, createdAt: instant },
    indexes: { created: ['createdAt'] },
  }),

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
} as const
