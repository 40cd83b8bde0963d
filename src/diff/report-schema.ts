/**
 * The report as JSON Schema 2020-12, for those who store reports or read them in another language. The
 * compiler holds it against the types of `report.ts`: a member or a name that one has and the other has not
 * is an error here.
 */
import type { Place } from '../errors.js'
import {
  aspects,
  type Change,
  changeKinds,
  type DriftReport,
  type DriftSummary,
  impacts,
  type Observation,
  type Proposal,
  type Severity,
} from './report.js'
import { jsonSchemaDialect } from './schema.js'

type Schema = Readonly<Record<string, unknown>>
type OptionalOf<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T]

/**
 * An object with exactly these members. All are required but those listed, and the list must name each
 * optional one.
 */
function closed<T extends object>(
  properties: Record<keyof T, Schema>,
  optional: Record<OptionalOf<T>, true>,
): Schema {
  const required = Object.keys(properties).filter((name) => !Object.hasOwn(optional, name))
  return { type: 'object', properties, required, additionalProperties: false }
}

/** One of the names of a union: listed where it is declared, or of which none may be missing here. */
function oneOf<T extends string>(names: readonly T[] | Record<T, true>): Schema {
  return { enum: Array.isArray(names) ? [...names] : Object.keys(names) }
}

const text: Schema = { type: 'string' }
const textOrNull: Schema = { type: ['string', 'null'] }
const flag: Schema = { type: 'boolean' }
const count: Schema = { type: 'integer', minimum: 0 }
const ordinal: Schema = { type: 'integer', minimum: 1 }
const path: Schema = { type: 'string', description: 'Dots between keys, [] for each item, {*} for each key' }
const fragment: Schema = { type: 'object', description: 'A JSON Schema 2020-12' }

const place = closed<Place>(
  { line: ordinal, column: ordinal, byte: count, record: ordinal, segment: ordinal, path },
  { line: true, column: true, byte: true, record: true, segment: true, path: true },
)

type ProposalOf<Op extends Proposal['op']> = Extract<Proposal, { op: Op }>
const proposals: Record<Proposal['op'], Schema> = {
  set: closed<ProposalOf<'set'>>(
    { op: { const: 'set' }, path, schema: fragment, required: flag, whole: flag },
    { required: true, whole: true },
  ),
  remove: closed<ProposalOf<'remove'>>({ op: { const: 'remove' }, path }, {}),
  alias: closed<ProposalOf<'alias'>>(
    { op: { const: 'alias' }, from: path, to: path, schema: fragment, required: flag },
    { schema: true, required: true },
  ),
  spelling: closed<ProposalOf<'spelling'>>(
    {
      op: { const: 'spelling' },
      dialect: { type: 'object', additionalProperties: { type: ['string', 'boolean', 'null'] } },
    },
    {},
  ),
  order: closed<ProposalOf<'order'>>(
    { op: { const: 'order' }, positions: { type: 'object', additionalProperties: count } },
    {},
  ),
}

const change = closed<Change>(
  {
    kind: oneOf(changeKinds),
    path,
    toPath: path,
    aspect: oneOf(aspects),
    from: textOrNull,
    to: textOrNull,
    impact: oneOf(impacts),
    confidence: { type: 'number', minimum: 0, maximum: 1 },
    evidence: { type: 'object', description: 'Counts, shapes and names; never a value' },
    witness: { $ref: '#/$defs/place' },
    proposal: { oneOf: Object.values(proposals) },
  },
  { toPath: true, aspect: true, confidence: true, witness: true, proposal: true },
)

const observation = closed<Observation>(
  {
    kind: oneOf<Observation['kind']>({ 'absent-optional': true, integrity: true, note: true }),
    path,
    message: text,
    witness: { $ref: '#/$defs/place' },
  },
  { witness: true },
)

const report = closed<DriftReport>(
  {
    format: text,
    hasDrift: { type: 'boolean' },
    summary: closed<DriftSummary>({ additions: count, removals: count, changes: count, renames: count }, {}),
    severity: { anyOf: [oneOf<Severity>({ trivial: true, minor: true, major: true }), { type: 'null' }] },
    result: oneOf<DriftReport['result']>({ pass: true, warning: true, breaking: true }),
    score: { type: ['integer', 'null'], minimum: 0, maximum: 100 },
    changes: { type: 'array', items: { $ref: '#/$defs/change' } },
    observations: { type: 'array', items: { $ref: '#/$defs/observation' } },
    fingerprint: { type: ['string', 'null'], pattern: '^[0-9a-f]{32}$' },
  },
  {},
)

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}

/** JSON Schema 2020-12 of a `DriftReport`. */
export const reportSchema: Schema = frozen({
  $schema: jsonSchemaDialect,
  title: 'Drift report',
  ...report,
  $defs: { change, observation, place },
})
