/** The laws of judging: what must hold for any contract, any file, any policy. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Column, compare, fromColumns, profile, toSchema } from '../../../src/diff/index.js'
import type { Change, ContractSchema, DriftReport, Policy } from '../../../src/diff/report.js'
import { csvOf, jsonOf, linesOf, orders, profileCsv, profileJson, schemaOfJson } from './fixtures/helpers.js'
import { document, value } from './fixtures/schemas.js'

const numRuns = Number(process.env.DRIFTHOOK_RUNS ?? 250)
const rows = fc.array(
  fc.dictionary(fc.constantFrom('a', 'orderId', 'order_id', 'c'), value, { maxKeys: 4 }),
  {
    minLength: 1,
    maxLength: 35,
  },
)
const identity = ({ kind, path, toPath, aspect, from, to }: Change) => [kind, path, toPath, aspect, from, to]

describe('a verdict', () => {
  it('follows from the changes', () => {
    fc.assert(
      fc.property(
        rows,
        rows,
        fc.constantFrom('strict', 'by-name', 'lenient', 'positional'),
        (a, b, reader) => {
          const { changes, ...report } = compare(schemaOfJson(a), profileJson(b), { profile: reader })
          const has = (...impacts: string[]) => changes.some(({ impact }) => impacts.includes(impact))
          const major = ({ kind, aspect }: Change) =>
            kind === 'removed' || aspect === 'type' || aspect === 'structure'
          const only = changes.every(({ kind }) => kind === 'added')
          expect(report).toMatchObject({
            hasDrift: changes.length > 0,
            severity:
              changes.length === 0 ? null : changes.some(major) ? 'major' : only ? 'trivial' : 'minor',
            result: has('breaking') ? 'breaking' : has('warning') ? 'warning' : 'pass',
            score: null,
          })
          const { additions, removals, changes: others, renames } = report.summary
          expect(additions + removals + others + renames).toBe(changes.length)
          expect((report.fingerprint === null) === (changes.length === 0)).toBe(true)
        },
      ),
      { numRuns },
    )
  })

  it('is no harder by name than by strict reading, no harder lenient than by name', () => {
    const rank = { pass: 0, warning: 1, breaking: 2 }
    fc.assert(
      fc.property(rows, rows, (a, b) => {
        const by = (reader: Policy['profile']) =>
          rank[compare(schemaOfJson(a), profileJson(b), { profile: reader! }).result]
        expect(by('lenient')).toBeLessThanOrEqual(by('by-name'))
        expect(by('by-name')).toBeLessThanOrEqual(by('strict'))
      }),
      { numRuns },
    )
  })
})

/** Schemas whose widening is plain to see. */
const { narrow } = fc.letrec<{ narrow: ContractSchema }>((tie) => ({
  narrow: fc.oneof(
    { depthSize: 'small' },
    fc.record({ type: fc.constantFrom('string', 'integer', 'number', 'boolean', 'null', 'object', 'array') }),
    fc.record(
      {
        type: fc.constant('string'),
        minLength: fc.nat(2),
        maxLength: fc.nat(3),
        pattern: fc.constant('^[a-z]*$'),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record({ enum: fc.uniqueArray(fc.constantFrom('a', 'ab', 1, 2, null, true), { minLength: 1 }) }),
    fc.record(
      { type: fc.constant('array'), items: tie('narrow'), maxItems: fc.nat(2) },
      { requiredKeys: ['type'] },
    ),
    fc.record(
      {
        type: fc.constant('object'),
        properties: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('narrow'), { minKeys: 1, maxKeys: 3 }),
        required: fc.subarray(['a', 'b']),
        additionalProperties: fc.boolean(),
      },
      { requiredKeys: ['type', 'properties'] },
    ),
  ),
}))

/** Takes one demand away, wherever `pick` lands. */
function widened(schema: ContractSchema, pick: number): ContractSchema {
  const copy = structuredClone(schema)
  const demands: (() => void)[] = []
  const visit = (node: ContractSchema) => {
    for (const keyword of ['minLength', 'maxLength', 'pattern', 'maxItems', 'enum', 'additionalProperties'])
      if (node[keyword] !== undefined) demands.push(() => delete node[keyword])
    if (typeof node.type === 'string') demands.push(() => Object.assign(node, { type: [node.type, 'null'] }))
    if (Array.isArray(node.required))
      demands.push(() => Object.assign(node, { required: (node.required as string[]).slice(1) }))
    for (const child of Object.values((node.properties ?? {}) as Record<string, ContractSchema>)) visit(child)
    if (node.items) visit(node.items as ContractSchema)
  }
  visit(copy)
  demands[pick % demands.length]?.()
  return copy
}

describe('acceptance', () => {
  it('is monotone: a wider contract never makes a file break', () => {
    fc.assert(
      fc.property(narrow, value, fc.nat(100), (schema, data, pick) => {
        const before = compare(schema, profile(jsonOf(data), { contract: schema, format: 'json' }))
        const wide = widened(schema, pick)
        const after = compare(wide, profile(jsonOf(data), { contract: wide, format: 'json' }))
        if (before.result !== 'breaking') expect(after.result).not.toBe('breaking')
      }),
      { numRuns: numRuns * 3 },
    )
  })
})

describe('the mirror', () => {
  const kinds = {
    words: (i: number) => `word ${i * 7}`,
    integers: (i: number) => i,
    numbers: (i: number) => i + 0.5,
    flags: (i: number) => i % 2 === 0,
    lists: (i: number) => [i],
    records: (i: number) => ({ of: i }),
  }
  const columns = fc.dictionary(
    fc.constantFrom('orderId', 'order_id', 'shipDate', 'Ship Date', 'x', 'y'),
    fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[])),
    { minKeys: 1, maxKeys: 4 },
  )
  const dataOf = (named: Record<string, keyof typeof kinds>) =>
    Array.from({ length: 40 }, (_, i) =>
      Object.fromEntries(Object.entries(named).map(([name, kind]) => [name, kinds[kind](i)])),
    )

  it('shows every change from the other side', () => {
    fc.assert(
      fc.property(columns, columns, (a, b) => {
        const [there, back] = [
          compare(schemaOfJson(dataOf(a)), profileJson(dataOf(b))),
          compare(schemaOfJson(dataOf(b)), profileJson(dataOf(a))),
        ]
        const paths = (report: DriftReport, kind: string) =>
          report.changes.filter((change) => change.kind === kind)
        expect(paths(there, 'added').map(({ path }) => path)).toEqual(
          paths(back, 'removed').map(({ path }) => path),
        )
        expect(paths(there, 'removed').map(({ path }) => path)).toEqual(
          paths(back, 'added').map(({ path }) => path),
        )
        const pairs = (report: DriftReport, flip: boolean) =>
          paths(report, 'renamed')
            .map(({ path, toPath }) => (flip ? `${toPath}>${path}` : `${path}>${toPath}`))
            .sort()
        expect(pairs(there, false)).toEqual(pairs(back, true))
        const retyped = (report: DriftReport) => new Set(paths(report, 'changed').map(({ path }) => path))
        for (const name of Object.keys(a).filter((key) => Object.hasOwn(b, key))) {
          const types = [a[name], b[name]].sort().join()
          const sides = [retyped(there), retyped(back)].filter((found) => found.has(`[].${name}`)).length
          // Integers are numbers: to narrow is silent.
          expect(sides).toBe(a[name] === b[name] ? 0 : types === 'integers,numbers' ? 1 : 2)
        }
      }),
      { numRuns },
    )
  })
})

describe('the score', () => {
  const type = fc.constantFrom('string', 'boolean', 'json', 'date', 'timestamp', 'number')
  const column = fc.record({ name: fc.constantFrom(...'abcdefgh'), type, required: fc.boolean() })
  const columns = fc.uniqueArray(column, {
    minLength: 1,
    maxLength: 8,
    selector: ({ name }) => name,
  }) as fc.Arbitrary<Column[]>

  it('is the documented sum', () => {
    fc.assert(
      fc.property(columns, columns, (before, after) => {
        const of = (list: Column[]) => new Map(list.map((one) => [one.name, one]))
        const [old, fresh] = [of(before), of(after)]
        let sum = 0
        for (const { name, type: was, required } of before) {
          const now = fresh.get(name)?.type
          if (now === undefined) sum += required ? 40 : 20
          // A text that reads as a date is still a text: nothing a reader of texts could trip over.
          else if (now !== was && !(was === 'string' && (now === 'date' || now === 'timestamp'))) sum += 30
        }
        for (const { name } of after) if (!old.has(name)) sum += 5
        const score = Math.min(100, sum)
        const policy: Policy = { mode: 'score', renames: { enabled: false } }
        expect(
          compare(fromColumns({ columns: before }), fromColumns({ columns: after }), policy),
        ).toMatchObject({
          score,
          result: score >= 90 ? 'breaking' : score >= 20 ? 'warning' : 'pass',
        })
      }),
      { numRuns },
    )
  })
})

describe('a policy', () => {
  const reportOf = (a: unknown, b: unknown, policy?: Policy) =>
    compare(schemaOfJson(a), profileJson(b), policy, { now: new Date('2030-01-01') })

  it('judges, and does not see', () => {
    fc.assert(
      fc.property(rows, rows, fc.constantFrom('breaking', 'warning', 'info'), (a, b, impact) => {
        const plain = reportOf(a, b)
        const report = reportOf(a, b, { overrides: [{ path: '**', impact, reason: 'r' }] })
        expect(report.changes.map(identity)).toEqual(plain.changes.map(identity))
        expect(report).toMatchObject({ severity: plain.severity, fingerprint: plain.fingerprint })
        expect(report.result).toBe(
          plain.hasDrift ? { breaking: 'breaking', warning: 'warning', info: 'pass' }[impact] : 'pass',
        )
        const expired: Policy = {
          overrides: [{ path: '**', impact, reason: 'r', expiresAt: '2029-12-31T00:00:00Z' }],
        }
        expect(reportOf(a, b, expired)).toEqual(plain)
        const second: Policy = {
          overrides: [
            { path: '**', impact, reason: 'r' },
            { path: '**', impact: 'info', reason: 's' },
          ],
        }
        expect(reportOf(a, b, second)).toEqual(report)
      }),
      { numRuns: numRuns / 2 },
    )
  })

  it('ignores whole paths and nothing else', () => {
    fc.assert(
      fc.property(rows, rows, fc.constantFrom('a', 'c'), (a, b, name) => {
        const under = ({ path }: Change) =>
          path === `[].${name}` || path.startsWith(`[].${name}.`) || path.startsWith(`[].${name}[`)
        const ignored = reportOf(a, b, { ignore: [`[].${name}`] })
        expect(ignored.changes.map(identity)).toEqual(
          reportOf(a, b)
            .changes.filter((change) => !under(change))
            .map(identity),
        )
        expect(reportOf(a, b, { ignore: ['**'] })).toMatchObject({
          hasDrift: false,
          result: 'pass',
          severity: null,
        })
      }),
      { numRuns: numRuns / 2 },
    )
  })
})

describe('a fingerprint', () => {
  it('stays the same in another order of records, and with each of them twice', () => {
    fc.assert(
      fc.property(rows, rows, fc.nat(40), (a, b, shift) => {
        const schema = schemaOfJson(a)
        const print = (data: unknown[]) => compare(schema, profileJson(data)).fingerprint
        const turned = [...b.slice(shift % b.length), ...b.slice(0, shift % b.length)]
        expect(print(turned)).toBe(print(b))
      }),
      { numRuns },
    )
    const drifted = (count: number, seed: number) =>
      orders(count, seed).map(({ zip: _, ...row }) => ({ ...row, extra: 1 }))
    const schema = schemaOfJson(orders(100))
    const prints = [drifted(60, 2), drifted(90, 3), [...drifted(60, 2), ...drifted(60, 2)]].map(
      (data) => compare(schema, profileJson(data)).fingerprint,
    )
    expect(new Set(prints).size).toBe(1)
  })

  it('is another one for other changes', () => {
    fc.assert(
      fc.property(rows, rows, rows, (a, b, c) => {
        const schema = schemaOfJson(a)
        const [x, y] = [compare(schema, profileJson(b)), compare(schema, profileJson(c))]
        const same = JSON.stringify(x.changes.map(identity)) === JSON.stringify(y.changes.map(identity))
        expect(x.fingerprint === y.fingerprint).toBe(same)
      }),
      { numRuns },
    )
  })
})

describe('a contract', () => {
  it('does not differ from itself, inferred or by hand, for any format', () => {
    fc.assert(
      fc.property(fc.oneof(narrow, document), (schema) => {
        expect(linesOf(compare(schema, structuredClone(schema)))).toEqual([])
      }),
      { numRuns },
    )
    for (const schema of [schemaOfJson(orders(50)), toSchema(profileCsv(csvOf(orders(50))))]) {
      expect(linesOf(compare(schema, schema))).toEqual([])
    }
  })
})
