import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compare, mergeProfiles, type Profile, profile, toSchema } from '../../../src/diff/index.js'
import type { PathProfile } from '../../../src/diff/profile.js'
import {
  bytesOf,
  csvOf,
  errorOf,
  jsonOf,
  linesOf,
  orders,
  profileCsv,
  profileJson,
} from './fixtures/helpers.js'

const key = fc.oneof(
  fc.constantFrom(
    'id',
    'name',
    'order date',
    'orderDate',
    'a.b',
    '',
    '__proto__',
    'constructor',
    '{*}',
    '[]',
    '$',
  ),
  fc.string({ maxLength: 6 }),
)
const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ maxLength: 8 }),
  fc.constantFrom('2024-01-31', '01234', 'a@b.co', '', ' ', 'open', 'done'),
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  ),
}))
const records = fc.array(fc.dictionary(key, value, { maxKeys: 6 }), { maxLength: 8 })

/** What two profiles must agree on: everything but where it stood. */
function essence(path: PathProfile): unknown {
  return {
    ...path,
    places: null,
    sketch: { ...path.sketch, entries: path.sketch.entries.map(({ place: _, ...entry }) => entry) },
    children: new Map(
      [...path.children].sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, essence(v)]),
    ),
    rest: path.rest && essence(path.rest),
    items: path.items && essence(path.items),
  }
}
const rootOf = ({ root }: Profile) => essence(root)

describe('a file never drifts from its own contract', () => {
  it('JSON', () => {
    fc.assert(
      fc.property(value, (data) => {
        const seen = profileJson(data)
        const schema = JSON.parse(JSON.stringify(toSchema(seen))) as Record<string, unknown>
        expect(linesOf(compare(schema, seen))).toEqual([])
        expect(linesOf(compare(schema, schema))).toEqual([])
      }),
      { numRuns: 1_000 },
    )
  })

  it('CSV', () => {
    const cell = fc
      .oneof(scalar, fc.string({ unit: 'grapheme', maxLength: 6 }))
      .map((v) => (v === null ? '' : String(v)))
    const table = fc
      .integer({ min: 1, max: 5 })
      .chain((width) =>
        fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 30 }),
      )
    const fieldOf = (text: string) => `"${text.replaceAll('"', '""')}"`
    fc.assert(
      fc.property(
        table,
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('\n', '\r\n', '\r'),
        (rows, by, end) => {
          const text = rows.map((row) => row.map(fieldOf).join(by)).join(end)
          const seen = profileCsv(text)
          expect(linesOf(compare(JSON.parse(JSON.stringify(toSchema(seen))), seen))).toEqual([])
        },
      ),
      { numRuns: 500 },
    )
  })

  it('nor does another file of the same feed', () => {
    const contract = toSchema(profileJson(orders(500, 1)))
    const table = toSchema(profileCsv(csvOf(orders(500, 1))))
    for (let seed = 2; seed < 40; seed++) {
      expect(linesOf(compare(contract, profileJson(orders(50 + seed * 10, seed))))).toEqual([])
      expect(linesOf(compare(table, profileCsv(csvOf(orders(50 + seed * 10, seed)))))).toEqual([])
    }
  })

  it('nor does a map with other ids as keys', () => {
    const prices = (from: number) =>
      Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`${from + i * 7}`, { price: i + 0.5 }]))
    expect(linesOf(compare(toSchema(profileJson(prices(1))), profileJson(prices(1_000))))).toEqual([])
    const strange = { ...prices(1_000), 5: { price: 'free' } }
    expect(linesOf(compare(toSchema(profileJson(prices(1))), profileJson(strange)))).toEqual([
      'changed {*}.price type breaking',
    ])
  })
})

describe('profiles add up', () => {
  it('in any order', () => {
    fc.assert(
      fc.property(records, records, (a, b) => {
        const [x, y] = [profileJson(a), profileJson(b)]
        expect(rootOf(mergeProfiles(x, y))).toEqual(rootOf(mergeProfiles(y, x)))
      }),
    )
  })

  it('in any grouping', () => {
    fc.assert(
      fc.property(records, records, records, (a, b, c) => {
        const [x, y, z] = [profileJson(a), profileJson(b), profileJson(c)]
        expect(rootOf(mergeProfiles(mergeProfiles(x, y), z))).toEqual(
          rootOf(mergeProfiles(x, mergeProfiles(y, z))),
        )
      }),
    )
  })

  it('to the profile of all records together', () => {
    fc.assert(
      fc.property(records, records, (a, b) => {
        const merged = mergeProfiles(profileJson(a), profileJson(b))
        const together = profileJson([...a, ...b])
        const itemsOf = (p: Profile) => (p.root.items ? essence(p.root.items) : null)
        expect(itemsOf(merged)).toEqual(itemsOf(together))
      }),
    )
  })

  it('with many values, for CSV too', () => {
    const [a, b] = [orders(300, 1), orders(200, 2)]
    const merged = mergeProfiles(profileCsv(csvOf(a)), profileCsv(csvOf(b)))
    expect(essence(merged.root.items!)).toEqual(essence(profileCsv(csvOf([...a, ...b])).root.items!))
  })

  it('only within one format', () => {
    expect(errorOf(() => mergeProfiles(profileJson([]), profileCsv('a,b\n1,2\n'))).code).toBe(
      'FORMAT_MISMATCH',
    )
  })
})

describe('JSON and CSV of the same table', () => {
  it('give the same types, nulls, formats and enumerations', () => {
    const rows = orders(200)
    const json = toSchema(profileJson(rows)) as {
      items: { properties: Record<string, Record<string, unknown>> }
    }
    const csv = toSchema(profileCsv(csvOf(rows))) as typeof json
    for (const [name, expected] of Object.entries(json.items.properties)) {
      const { type, format, pattern, enum: codes } = csv.items.properties[name]!
      expect({ type, format, pattern, codes }, name).toEqual({
        type: expected.type,
        format: expected.format,
        pattern: expected.pattern,
        codes: expected.enum,
      })
    }
  })
})

describe('schemas', () => {
  it('keep __proto__ and constructor as keys through JSON', () => {
    const text = '[{"__proto__":{"a":1},"constructor":2,"toString":"x"}]'
    const schema = JSON.parse(JSON.stringify(toSchema(profile(bytesOf(text)))))
    expect(Object.keys(schema.items.properties)).toEqual(['__proto__', 'constructor', 'toString'])
    expect(structuredClone(schema)).toEqual(schema)
    expect(linesOf(compare(schema, profile(bytesOf('[{"constructor":2,"toString":"x"}]'))))).toEqual([
      'removed [].__proto__ warning',
    ])
    expect(({} as { a?: number }).a).toBeUndefined()
  })

  it('require what was never missed, and only that', () => {
    const schema = toSchema(profile(jsonOf([{ a: 1, b: 1 }, { a: 2 }, { a: 3, b: null }])))
    expect(schema.items).toMatchObject({
      required: ['a'],
      properties: { b: { type: ['null', 'integer'], 'x-drift': { seen: 2, parents: 3 } } },
    })
  })
})
