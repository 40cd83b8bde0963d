/** What holds for any two documents. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Move, sequenceOf } from '../../../src/diff/delta/moves.js'
import { type DeltaOptions, delta, type JsonValue, toJsonPatch } from '../../../src/diff/index.js'
import { applyPatch, canonical, expectSame } from '../../support/json-patch.js'

const runs = { numRuns: Number(process.env.DRIFTHOOK_RUNS ?? 300) }

const names = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    '',
    '/',
    '~',
    '~1',
    'a.b',
    '[]',
    '0',
    '$',
    '_t',
    '-',
  ),
  fc.string({ maxLength: 3 }),
)
const scalars = fc.oneof(fc.constantFrom(null, true, false, 0, 1, 2, 'a', 'b', ''), fc.integer(), fc.string())

/** Few distinct values, so that there is much to align. */
const { document } = fc.letrec<{ document: JsonValue }>((tie) => ({
  document: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalars,
    fc.array(tie('document'), { maxLength: 8 }),
    fc
      .array(fc.tuple(names, tie('document')), { maxLength: 5 })
      .map((entries) => Object.fromEntries(entries)),
  ),
}))

/** Records with an id, some of them twice, some without; lists in them. */
const record = fc.record(
  {
    id: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 0, max: 15 }) },
      { weight: 1, arbitrary: scalars },
    ),
    line: fc.integer({ min: 0, max: 2 }),
    name: fc.constantFrom('x', 'y', 'z'),
    tags: fc.array(fc.constantFrom('r', 's', 't'), { maxLength: 6 }),
    lines: fc.uniqueArray(
      fc.record({ sku: fc.integer({ min: 0, max: 9 }), n: fc.integer({ min: 0, max: 3 }) }),
      {
        selector: ({ sku }) => sku,
        maxLength: 6,
      },
    ),
  },
  { requiredKeys: ['line'] },
)
const records = fc.oneof(
  fc.array(record, { maxLength: 12 }),
  fc.uniqueArray(record, { selector: ({ id }) => id, maxLength: 16 }),
)

/** What a delta says must be so, and its patch must lead from one document to the other. */
function holds(a: JsonValue, b: JsonValue, options?: DeltaOptions): void {
  const found = delta(a, b, options)
  expectSame(applyPatch(a, toJsonPatch(found)), b)
  expect(found.truncated).toBe(false)
  expect(found.changes.length === 0).toBe(canonical(a) === canonical(b))
  for (const change of found.changes) {
    if ('to' in change) expectSame(at(b, change.pointer), change.to)
    if (change.op === 'remove') expectSame(at(a, change.pointer), change.from)
  }
  expect(JSON.parse(JSON.stringify(found))).toEqual(found)
}

function at(document: JsonValue, pointer: string): JsonValue {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'))
    .reduce<JsonValue>((value, name) => (value as Record<string, JsonValue>)[name]!, document)
}

describe('a delta', () => {
  it('makes a patch that applies, for any two documents', () => {
    fc.assert(
      fc.property(document, document, (a, b) => holds(plain(a), plain(b))),
      runs,
    )
  })

  it('makes a patch that applies, for lists of records', () => {
    fc.assert(
      fc.property(records, records, (a, b) => holds(plain({ a }), plain({ a: b }))),
      runs,
    )
  })

  it('makes a patch that applies, for records matched by given keys', () => {
    const keys = { '[]': ['id', 'line'], '[].lines[]': ['sku'], '[].tags[]': ['id'] }
    fc.assert(
      fc.property(records, records, (a, b) => holds(plain(a), plain(b), { keys })),
      runs,
    )
  })

  it('makes a patch that applies, for lists put into another order', () => {
    const shuffled = fc
      .uniqueArray(document, { selector: (value) => canonical(plain(value)), maxLength: 12 })
      .chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: Math.ceil(list.length / 2) })),
      )
    fc.assert(
      fc.property(shuffled, ([a, b]) => holds(plain(a), plain(b))),
      runs,
    )
  })

  it('is empty between a document and itself, whatever the order of its keys', () => {
    const turned = (value: JsonValue): JsonValue => {
      if (Array.isArray(value)) return value.map(turned)
      if (typeof value !== 'object' || value === null) return value
      const entries = Object.entries(value).map(([key, inner]) => [key, turned(inner)] as const)
      return Object.fromEntries(entries.reverse())
    }
    fc.assert(
      fc.property(document, (a) => {
        expect(delta(plain(a), turned(plain(a))).changes).toEqual([])
      }),
      runs,
    )
  })

  it('is the same each time', () => {
    fc.assert(
      fc.property(records, records, (a, b) => {
        expect(delta(plain(a), plain(b))).toEqual(delta(structuredClone(plain(a)), structuredClone(plain(b))))
      }),
      runs,
    )
  })

  it('is never empty when it was cut short of a difference', () => {
    fc.assert(
      fc.property(document, document, fc.nat(30), fc.nat(3), (a, b, steps, changes) => {
        const found = delta(plain(a), plain(b), { limits: { steps, changes } })
        if (found.truncated) expect(() => toJsonPatch(found)).toThrow('truncated')
        else expectSame(applyPatch(plain(a), toJsonPatch(found)), plain(b))
      }),
      runs,
    )
  })
})

describe('the steps of moves', () => {
  it('put any permutation into order, one step for each item that is moved', () => {
    const order = fc.nat(25).chain((size) => {
      const list = Array.from({ length: size }, (_, i) => i)
      return fc.shuffledSubarray(list, { minLength: size })
    })
    fc.assert(
      fc.property(order, fc.nat(), (target, seed) => {
        // Those of a chosen increasing run stay; all others move.
        let last = -1
        const moves: Move[] = []
        target.forEach((from, to) => {
          if (from > last && (from + seed) % 3 > 0) last = from
          else moves.push({ from, to })
        })
        const list = target.map((_, i) => i)
        for (const { from, to } of sequenceOf(moves)) list.splice(to, 0, ...list.splice(from, 1))
        expect(list).toEqual(target)
      }),
      runs,
    )
  })
})

/** As after JSON: no -0, no undefined, ordinary prototypes. */
function plain(value: unknown): JsonValue {
  return JSON.parse(JSON.stringify(value)) as JsonValue
}
