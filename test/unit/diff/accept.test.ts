/** Accepting what a report proposes, on random data: the same file passes the contract it makes. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyProposals, compare, profile, toSchema } from '../../../src/diff/index.js'
import type { ContractSchema, Policy } from '../../../src/diff/report.js'
import {
  bytesOf,
  errorOf,
  jsonOf,
  linesOf,
  profileCsv,
  profileJson,
  schemaOfJson,
} from './fixtures/helpers.js'
import { document, scalar, value } from './fixtures/schemas.js'
import { documentOf } from './fixtures/xml.js'

const runs = Number(process.env.DRIFTHOOK_RUNS ?? 250)

function acceptAll(schema: ContractSchema, bytes: Uint8Array, format: string, policy: Policy = {}) {
  const changes = compare(schema, profile(bytes, { format, contract: schema }), policy).changes
  const { schema: next, aliases } = applyProposals(schema, changes)
  const again = JSON.parse(JSON.stringify(next)) as ContractSchema
  const file = profile(bytes, { format, contract: again })
  return linesOf(compare(again, file, { ...policy, aliases: [...(policy.aliases ?? []), ...aliases] }))
}

const row = fc.record(
  {
    a: value,
    orderId: scalar,
    order_id: scalar,
    c: fc.constantFrom('2024-01-31', 'x', '007'),
    d: fc.record({ e: value }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
)
const rows = fc.array(row, { minLength: 1, maxLength: 40 })
const cell = fc.constantFrom('', ' ', '1', '1.5', 'x', '2024-01-31', '31.01.2024', '007', 'true')
const table = fc
  .tuple(
    fc.subarray(['id', 'orderDate', 'order_date', 'x'], { minLength: 1 }),
    fc.array(fc.array(cell), { minLength: 1, maxLength: 30 }),
    fc.constantFrom(',', ';'),
  )
  .map(([names, records, by]) =>
    [names, ...records.map((cells) => names.map((_, i) => cells[i] ?? ''))]
      .map((record) => record.join(by))
      .join('\n'),
  )

describe('accepting all changes makes the file pass', () => {
  it('JSON, inferred', () => {
    fc.assert(
      fc.property(rows, rows, (before, after) => {
        expect(acceptAll(schemaOfJson(before), jsonOf(after), 'json')).toEqual([])
      }),
      { numRuns: runs },
    )
  })

  it('JSON of any shape', () => {
    fc.assert(
      fc.property(value, value, (before, after) => {
        expect(acceptAll(schemaOfJson(before), jsonOf(after), 'json')).toEqual([])
      }),
      { numRuns: runs },
    )
  })

  it('CSV, inferred, read by name or by position', () => {
    fc.assert(
      fc.property(
        table,
        table,
        fc.constantFrom('by-name', 'positional', 'strict'),
        (before, after, reader) => {
          expect(acceptAll(toSchema(profileCsv(before)), bytesOf(after), 'csv', { profile: reader })).toEqual(
            [],
          )
        },
      ),
      { numRuns: runs },
    )
  })

  // Keys that share a pattern share what is accepted for one of them: the others may need another round.
  const unshared = document.filter((schema) => !JSON.stringify(schema).includes('patternProperties'))

  it('XML, inferred: what stands beside a text, repeats, is nil, or all of it under another name', () => {
    const edits: readonly ((value: unknown, i: number) => unknown)[] = [
      () => 'soon',
      (value, i) => (i % 4 ? value : null),
      (value, i) => (i % 5 ? value : ''),
      (value, i) => (i % 3 ? value : undefined),
      (value) => [value, value],
      (value) => (typeof value === 'string' ? { '@zone': 'Z', '#text': value } : value),
    ]
    const file = (name: string, chosen: typeof edits) => {
      const rows = Array.from({ length: 40 }, (_, i) => ({
        id: i,
        [name]: chosen.reduce<unknown>((value, edit) => edit(value, i), `2024-01-${10 + (i % 19)}`),
      }))
      return bytesOf(documentOf('rows', { row: rows }))
    }
    const contract = toSchema(profile(file('orderDate', []), { format: 'xml' }))
    fc.assert(
      fc.property(fc.constantFrom('orderDate', 'order_date'), fc.subarray([...edits]), (name, chosen) => {
        expect(acceptAll(contract, file(name, chosen), 'xml')).toEqual([])
      }),
      { numRuns: runs },
    )
  })

  it('hand-written', () => {
    fc.assert(
      fc.property(unshared, value, (schema, data) => {
        expect(acceptAll(schema, jsonOf(data), 'json')).toEqual([])
      }),
      { numRuns: runs },
    )
  })
})

describe('accepting some', () => {
  const before = schemaOfJson(
    Array.from({ length: 40 }, (_, i) => ({
      id: i,
      buyer: { name: `n${i}`, zip: `0${1000 + i}` },
      ok: true,
    })),
  )
  const after = Array.from({ length: 40 }, (_, i) => ({
    id: `x${i}`,
    buyer: i % 2 ? null : { name: 'n' },
    extra: 1,
  }))
  const report = compare(before, profileJson(after))

  it('leaves the others', () => {
    expect(linesOf(report)).toEqual([
      'changed [].buyer nullability breaking',
      'removed [].buyer.zip breaking',
      'added [].extra warning',
      'changed [].id type breaking',
      'removed [].ok breaking',
    ])
    for (const { path } of report.changes) {
      const { schema } = applyProposals(before, report.changes, { accepted: [path] })
      const left = compare(schema, profileJson(after)).changes
      expect(left.map((change) => change.path)).toEqual(
        report.changes.map((change) => change.path).filter((other) => other !== path),
      )
    }
  })

  it('does not touch the contract it was given', () => {
    const copy = structuredClone(before)
    applyProposals(before, report.changes)
    expect(before).toEqual(copy)
  })

  it('refuses paths that are in no change', () => {
    const error = errorOf(() => applyProposals(before, report.changes, { accepted: ['[].nothing'] }))
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', errors: [{ path: '[].nothing' }] })
  })

  it('notices that the contract has moved on', () => {
    const { schema } = applyProposals(before, report.changes, { accepted: ['[].ok', '[].extra'] })
    const error = errorOf(() => applyProposals(schema, report.changes))
    expect(error.code).toBe('CONFLICT')
    expect(error.errors.map(({ path }) => path)).toEqual(['[].extra', '[].ok'])
  })

  it('writes through references and combinations', () => {
    const schema: ContractSchema = {
      $defs: {
        buyer: {
          type: 'object',
          properties: { zip: { type: 'string', pattern: '^\\d{5}$' } },
          required: ['zip'],
        },
      },
      type: 'object',
      properties: { from: { $ref: '#/$defs/buyer' }, to: { allOf: [{ $ref: '#/$defs/buyer' }] } },
    }
    const file = profileJson({ from: { zip: 'x' }, to: {} })
    const { changes } = compare(schema, file)
    expect(changes.map(({ path }) => path)).toEqual(['from.zip', 'to.zip'])
    const next = applyProposals(schema, changes).schema
    expect(linesOf(compare(next, file))).toEqual([])
    // The definition stays as it was: others may refer to it.
    expect(next.$defs).toEqual(schema.$defs)
    expect(linesOf(compare(next, profileJson({ from: {}, to: { zip: 'x' } })))).toEqual([
      'removed from.zip breaking',
      'added to.zip warning',
    ])
  })
})
