/** A contract that is read once says the same of every file as one that is read for each. */
import { describe, expect, it } from 'vitest'
import { compareWith } from '../../../src/diff/compare.js'
import { compare, profile, toSchema } from '../../../src/diff/index.js'
import { PreparedContract } from '../../../src/diff/prepared.js'
import { profileFor } from '../../../src/diff/profile-file.js'
import type { ContractSchema, DriftReport, Policy } from '../../../src/diff/report.js'
import { bytesOf, csvOf, errorOf, jsonOf } from './fixtures/helpers.js'

const now = new Date('2026-03-01')
const order = { id: 1, ref: 'A-1', total: 1.5, tags: ['x'], buyer: { name: 'Ada', mail: 'a@x.example' } }
const { ref: _, ...withoutRef } = order
const files: Record<string, Uint8Array[]> = {
  json: [
    jsonOf(order),
    jsonOf(withoutRef),
    jsonOf({ ...order, id: 'one', extra: null }),
    jsonOf({ ...withoutRef, reference: 'A-1' }),
    jsonOf({ ...order, buyer: null, tags: 'x' }),
    jsonOf(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`k_${n}`, n]))),
    bytesOf(`${JSON.stringify(order)}\n${JSON.stringify(withoutRef)}\n`),
  ],
  csv: [
    bytesOf(
      csvOf([
        { a: 1, b: 'x', c: '' },
        { a: 2, b: 'y', c: '2026-01-01' },
      ]),
    ),
    bytesOf(
      csvOf([
        { b: 'x', a: 1 },
        { b: 'y', a: 'two' },
      ]),
    ),
  ],
  xml: [
    bytesOf('<o n="1"><l><q>1</q></l><l><q>2</q></l><t>x</t></o>'),
    bytesOf('<o n="x"><l><q>one</q></l><u xmlns="urn:u">y</u></o>'),
  ],
  'key-value': [bytesOf('a = 1\nb = x\nc = 2\n'), bytesOf('a = y\na = 2\nd = 2\n')],
}

const people = { $defs: { name: { type: 'string', maxLength: 2 } } }
const schemas: Record<string, ContractSchema> = {
  ...Object.fromEntries(
    Object.entries(files).map(([format, [first]]) => [
      `learned from ${format}`,
      toSchema(profile(first as Uint8Array, { format })),
    ]),
  ),
  'patterns, references and names': {
    ...people,
    type: 'object',
    properties: { id: { type: 'integer', multipleOf: 2 }, ref: { $ref: '#/$defs/name' } },
    patternProperties: { '^k_': { type: 'integer', maximum: 30 }, '9$': { multipleOf: 3 } },
    propertyNames: { $ref: '#/$defs/name' },
    required: ['id', 'total'],
    minProperties: 7,
  },
  'references without patterns': {
    ...people,
    allOf: [{ properties: { ref: { $ref: '#/$defs/name' }, buyer: { anyOf: [{ type: 'object' }] } } }],
    propertyNames: { $ref: '#/$defs/name' },
    additionalProperties: false,
  },
}
const policies: Policy[] = [{}, { profile: 'strict', mode: 'score' }, { ignore: ['ref', 'buyer.**'] }]

/** Nobody changes what is frozen, short of an error. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  Object.values(value).forEach(frozen)
  return Object.freeze(value)
}

const cases = Object.entries(files).flatMap(([format, list]) =>
  list.flatMap((bytes) => policies.map((policy) => ({ format, bytes, policy }))),
)

const outcome = (make: () => DriftReport): unknown => {
  try {
    return JSON.parse(JSON.stringify(make()))
  } catch (error) {
    return errorOf(() => {
      throw error
    }).code
  }
}

describe('a contract at hand', () => {
  it.each(Object.keys(schemas))('says what one read anew says: %s', (name) => {
    const schema = frozen(structuredClone(schemas[name] as ContractSchema))
    const contract = new PreparedContract(schema)
    const once = ({ format, bytes, policy }: (typeof cases)[number]) =>
      outcome(() => compare(schema, profile(bytes, { format, contract: schema }), policy, { now }))
    const again = ({ format, bytes, policy }: (typeof cases)[number]) =>
      outcome(() => compareWith(contract, profileFor(contract, bytes, { format }), policy, { now }))
    const expected = cases.map(once)
    expect(expected.some((said) => typeof said === 'object')).toBe(true)
    for (let round = 0; round < 2; round++) expect(cases.map(again)).toEqual(expected)
    expect(schema).toEqual(schemas[name])
  })

  it('is read once, but for one that patterns of keys make grow', () => {
    const plain = new PreparedContract(schemas['learned from json'] as ContractSchema)
    expect(plain.read()).toBe(plain.read('csv'))
    expect(plain.read()).toBe(plain.read('xml'))
    const byHand = new PreparedContract({ type: 'object', properties: { a: {} } })
    expect(byHand.read('xml')).toBe(byHand.read('xml'))
    expect(byHand.read('xml')).not.toBe(byHand.read('json'))
    const growing = new PreparedContract(schemas['patterns, references and names'] as ContractSchema)
    expect(growing.read()).not.toBe(growing.read())
  })

  it('lets each file follow as many references as the first', () => {
    const contract = new PreparedContract({ ...people, propertyNames: { $ref: '#/$defs/name' } })
    const { budget } = contract.read().root.context
    const whole = { ...budget }
    const bytes = jsonOf({ toolong: 1 })
    const check = () => compareWith(contract, profileFor(contract, bytes, { format: 'json' }), {}, { now })
    const first = check()
    expect(first.changes).not.toEqual([])
    expect(budget.refs).toBeLessThan(whole.refs)
    Object.assign(budget, { refs: 0, nodes: 0 })
    expect(check()).toEqual(first)
    contract.read()
    expect(budget).toEqual(whole)
  })

  it('refuses what is no contract, each time', () => {
    const contract = new PreparedContract({ type: 'nothing' })
    for (let n = 0; n < 2; n++)
      expect(errorOf(() => profileFor(contract, jsonOf(1), { format: 'json' })).code).toBe(
        'SCHEMA_UNSUPPORTED',
      )
  })
})
