/**
 * What drifthook itself publishes. The schemas are what a receiver may rely on: a later version adds members
 * and takes none away, so unknown ones are allowed. `uploads/message.ts` makes the `data` of the comparisons.
 */
import { aspects, changeKinds, impacts } from '../../diff/report.js'
import type { JsonSchema } from './json-schema.js'

const text = { type: 'string' }
const textOrNull = { type: ['string', 'null'] }
const count = { type: 'integer', minimum: 0 }
const instant = { type: 'string', format: 'date-time' }

const object = (properties: Record<string, JsonSchema>, optional: readonly string[] = []) => ({
  type: 'object',
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
})
const orNull = (schema: JsonSchema) => ({ anyOf: [schema, { type: 'null' }] })

const eventFacts = {
  event_id: { type: 'integer', minimum: 1 },
  event_url: { ...textOrNull, description: 'Where the event can be read; null if the host did not say' },
  monitor_id: textOrNull,
  contract_id: text,
  contract_name: textOrNull,
  contract_version: { type: 'integer', minimum: 1 },
  file_name: textOrNull,
  format: textOrNull,
  checked_at: instant,
}

const change = object(
  {
    kind: { enum: changeKinds },
    path: { type: 'string', description: 'Dots between keys, [] for each item' },
    to_path: { type: 'string', description: 'Of what was renamed: where it is in the file' },
    aspect: { enum: aspects },
    from: textOrNull,
    to: textOrNull,
    impact: { enum: impacts },
  },
  ['to_path', 'aspect'],
)

const comparison = object({
  ...eventFacts,
  has_drift: { type: 'boolean' },
  severity: { enum: ['trivial', 'minor', 'major', null] },
  result: { enum: ['pass', 'warning', 'breaking'] },
  score: { type: ['integer', 'null'], minimum: 0, maximum: 100 },
  fingerprint: { ...textOrNull, description: 'The same for the same drift; null without' },
  drift_summary: object({ additions: count, removals: count, changes: count, renames: count }),
  changes: { type: 'array', maxItems: 50, items: change, description: 'The first of them' },
  changes_total: count,
})

const failure = object({
  ...eventFacts,
  result: { const: 'error' },
  error: object({
    code: text,
    detail: text,
    place: orNull({ type: 'object', description: 'Where in the file: line, column, record, segment, byte' }),
    limit: orNull(object({ name: text, value: { type: 'number' } })),
  }),
})

const subscription = {
  webhook_id: text,
  name: text,
  url: { type: 'string', description: 'Query values are masked' },
  failing_since: orNull({ ...instant, description: 'Since when no attempt has succeeded' }),
  failures: { ...count, description: 'Failed attempts since then' },
  last_attempt: orNull(object({ status: { type: ['integer', 'null'] }, error: textOrNull })),
}

const exampleFacts = {
  event_id: 4821,
  event_url: 'https://api.example.com/drift/api/v1/events/4821',
  monitor_id: 'mon_019cadf2-9c00-7a31-8d0e-5b1f6c2a9e47',
  contract_id: 'ct_019cadf2-9c00-7b52-9f3d-0a6c4e8b1d25',
  contract_name: 'Orders',
  contract_version: 3,
  file_name: 'orders.json',
  format: 'json',
  checked_at: '2026-03-01T12:00:00.000Z',
}

const exampleDrift = {
  ...exampleFacts,
  has_drift: true,
  severity: 'major',
  result: 'breaking',
  score: null,
  fingerprint: '8c1f0d9a7be2438650a4c7d1e3f69b02',
  drift_summary: { additions: 0, removals: 1, changes: 0, renames: 0 },
  changes: [{ kind: 'removed', path: 'orders[].email', from: 'string', to: null, impact: 'breaking' }],
  changes_total: 1,
}

const exampleSubscription = {
  webhook_id: 'wh_019cadf2-9c00-7c10-a2b4-3e7d9f5a6c81',
  name: 'hooks.example.com',
  url: 'https://hooks.example.com/orders',
  failing_since: '2026-03-01T12:00:00.000Z',
  failures: 12,
  last_attempt: { status: 503, error: null },
}

export const builtInTypes = {
  'drift.detected': {
    description: 'A file differs from its contract.',
    schema: comparison,
    example: exampleDrift,
  },
  'check.repeated': {
    description: 'A file shows a drift that is known already and not settled.',
    schema: comparison,
    example: exampleDrift,
  },
  'check.passed': {
    description: 'A file is as its contract says.',
    schema: comparison,
    example: {
      ...exampleDrift,
      has_drift: false,
      severity: null,
      result: 'pass',
      fingerprint: null,
      drift_summary: { additions: 0, removals: 0, changes: 0, renames: 0 },
      changes: [],
      changes_total: 0,
    },
  },
  'check.failed': {
    description: 'A file could not be compared with its contract.',
    schema: failure,
    example: {
      ...exampleFacts,
      format: null,
      result: 'error',
      error: {
        code: 'FILE_MALFORMED',
        detail: 'Not valid JSON.',
        place: { line: 3, column: 7 },
        limit: null,
      },
    },
  },
  'subscription.failing': {
    description: 'The receiver of another subscription keeps failing.',
    schema: object(subscription),
    example: exampleSubscription,
  },
  'subscription.recovered': {
    description: 'The receiver of another subscription that kept failing succeeds again.',
    schema: object(subscription),
    example: {
      ...exampleSubscription,
      failing_since: null,
      failures: 0,
      last_attempt: { status: 200, error: null },
    },
  },
  'subscription.disabled': {
    description:
      'Another subscription was disabled: by hand, or because its receiver is gone or kept failing.',
    schema: object({ ...subscription, reason: { enum: ['manual', 'receiver_gone', 'failing'] } }),
    example: { ...exampleSubscription, failures: 20, reason: 'failing' },
  },
  ping: {
    description: 'A test, sent on request to one subscription. Nothing to subscribe to.',
    schema: object({ webhook_id: text, message: text }),
    example: { webhook_id: exampleSubscription.webhook_id, message: 'A test of this webhook.' },
  },
} as const satisfies Record<string, { description: string; schema: JsonSchema; example: unknown }>
