import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Change,
  compare,
  type DriftReport,
  mergeProfiles,
  type Observation,
  type Policy,
  reportSchema,
  toSchema,
} from '../../../src/diff/index.js'
import { csvOf, driftOfCsv, driftOfJson, orders, profileCsv, profileJson } from './fixtures/helpers.js'
import { fixedReport, hostileReport, longReport, noDrift } from './fixtures/reports.js'

const validate = new Ajv2020({
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
  allErrors: true,
}).compile(reportSchema)
/** As it is stored and sent. */
const faultsOf = (report: unknown) => {
  validate(JSON.parse(JSON.stringify(report)))
  return validate.errors ?? []
}

const renamed = orders(50, 2).map(({ buyer, zip, ...row }, i) => ({
  ...row,
  customer: buyer,
  ...(i % 2 ? { zip } : {}),
  amount: String(row.amount),
  note: [row.note],
}))
const policies: Policy[] = [
  {},
  { mode: 'score' },
  { profile: 'strict' },
  { profile: 'lenient' },
  { profile: 'positional' },
]

describe('the schema of reports', () => {
  it.each([
    ['no drift', noDrift],
    ['each kind of change', fixedReport],
    ['a thousand changes', longReport],
  ])('accepts %s', (_, report) => expect(faultsOf(report)).toEqual([]))

  it('accepts what comparisons say, under every policy', () => {
    const kinds = new Set<string>()
    for (const policy of policies) {
      const reports = [
        driftOfJson(orders(50), renamed, policy),
        driftOfJson(renamed, orders(50), policy),
        driftOfJson(
          orders(50),
          orders(50, 3).map(({ orderDate, ...row }) => ({ order_date: orderDate, ...row })),
          policy,
        ),
        driftOfJson({ a: { b: 1 } }, { a: [null, 1.5] }, policy),
        driftOfCsv(csvOf(orders(40)), csvOf(renamed), policy),
        driftOfCsv('a,b,c\n1,2,3\n', 'c,a,d\n1,2,x\n', policy),
        compare(
          {
            type: 'object',
            properties: { n: { type: 'integer', maximum: 3 }, s: { enum: ['A'] } },
            required: ['n', 'q'],
          },
          profileJson({ n: 7, s: 'B' }),
          policy,
        ),
        compare(
          toSchema(mergeProfiles(profileCsv('a,b\n1,2\n'), profileCsv('a\n1\n'))),
          profileCsv('a\n1\n'),
          policy,
        ),
      ]
      for (const report of reports) {
        expect(faultsOf(report)).toEqual([])
        for (const { kind, aspect } of report.changes) kinds.add(kind).add(aspect ?? kind)
      }
    }
    // Otherwise this test would say little.
    expect([...kinds]).toEqual(
      expect.arrayContaining([
        'added',
        'removed',
        'renamed',
        'type',
        'structure',
        'presence',
        'constraint',
        'enum',
      ]),
    )
  })

  it('accepts any names', () => {
    fc.assert(fc.property(hostileReport, (report) => faultsOf(report).length === 0))
  })

  it('refuses what is no report', () => {
    const first = fixedReport.changes[0]
    for (const wrong of [
      null,
      {},
      { ...noDrift, result: 'error' },
      { ...noDrift, more: 1 },
      { ...noDrift, score: 101 },
      { ...noDrift, fingerprint: 'x' },
      { ...fixedReport, changes: [{ ...first, kind: 'moved' }] },
      { ...fixedReport, changes: [{ ...first, impact: 'fatal' }] },
      { ...fixedReport, changes: [{ ...first, proposal: { op: 'remove' } }] },
      { ...fixedReport, changes: [{ ...first, witness: { line: 0 } }] },
    ]) {
      expect(faultsOf(wrong)).not.toEqual([])
    }
  })

  /** The compiler refuses a list that lacks a name of the type, or has one too many. */
  it('names the members of the types', () => {
    const report: Record<keyof DriftReport, true> = {
      format: true,
      hasDrift: true,
      summary: true,
      severity: true,
      result: true,
      score: true,
      changes: true,
      observations: true,
      fingerprint: true,
    }
    const change: Record<keyof Change, boolean> = {
      kind: true,
      path: true,
      toPath: false,
      aspect: false,
      from: true,
      to: true,
      impact: true,
      confidence: false,
      evidence: true,
      witness: false,
      proposal: false,
    }
    const observation: Record<keyof Observation, boolean> = {
      kind: true,
      path: true,
      message: true,
      witness: false,
    }
    const { $defs } = reportSchema as { $defs: Record<string, unknown> }
    for (const [schema, members] of [
      [reportSchema, report],
      [$defs.change, change],
      [$defs.observation, observation],
    ] as [{ properties: object; required: string[] }, Record<string, boolean>][]) {
      expect(Object.keys(schema.properties).sort()).toEqual(Object.keys(members).sort())
      expect([...schema.required].sort()).toEqual(
        Object.keys(members)
          .filter((name) => members[name])
          .sort(),
      )
    }
  })

  it('cannot be changed by who imports it', () => {
    expect(Object.isFrozen(reportSchema)).toBe(true)
    expect(Object.isFrozen((reportSchema as { properties: object }).properties)).toBe(true)
  })
})
