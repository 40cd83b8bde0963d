import { describe, expect, it } from 'vitest'
import { compare } from '../../../src/diff/index.js'
import type { ContractSchema } from '../../../src/diff/report.js'
import { errorOf, linesOf, profileCsv, profileJson } from './fixtures/helpers.js'

const check = (schema: ContractSchema, data: unknown) => compare(schema, profileJson(data))

describe('hand-written schemas', () => {
  it.each<[string, ContractSchema, unknown, string[]]>([
    ['type', { type: 'string' }, 1, ['changed $ type breaking']],
    ['1.0 is an integer', { type: 'integer' }, 1, []],
    ['type list', { type: ['string', 'null'] }, null, []],
    ['nullable', { type: 'string', nullable: true }, null, []],
    ['null', { type: 'string' }, null, ['changed $ nullability breaking']],
    ['required', { properties: { a: {} }, required: ['a', 'b'] }, { a: 1 }, ['removed b breaking']],
    ['closed', { properties: {}, additionalProperties: false }, { a: 1 }, ['added a breaking']],
    ['map', { additionalProperties: { type: 'integer' } }, { a: 'x' }, ['changed {*} type breaking']],
    ['items', { items: { type: 'integer' } }, [1, 'x'], ['changed [] type breaking']],
    ['enum', { enum: ['a', 'b'] }, 'c', ['changed $ enum breaking']],
    ['enum of numbers', { enum: [1, 2] }, 2, []],
    ['const', { const: 'a' }, 'a', []],
    ['format', { format: 'date' }, '31/01/2024', ['changed $ format breaking']],
    ['minimum', { minimum: 5 }, 4, ['changed $ constraint breaking']],
    ['maximum', { exclusiveMaximum: 5 }, 5, ['changed $ constraint breaking']],
    ['minLength', { minLength: 2 }, 'abc', []],
    ['maxItems', { maxItems: 1 }, [1, 2], ['changed $ constraint breaking']],
    ['pattern', { pattern: '^[0-9]{3}$' }, '1234', ['changed $ constraint breaking']],
    ['pattern kept', { pattern: '^[A-Z]+$' }, 'AB', []],
    ['reference', { $ref: '#/$defs/n', $defs: { n: { type: 'integer' } } }, 'x', ['changed $ type breaking']],
  ])('%s', (_, schema, data, expected) => {
    expect(linesOf(check(schema, data))).toEqual(expected)
  })

  it.each<[ContractSchema, unknown]>([
    [{ anyOf: [{ properties: { a: { type: 'string' } } }, { required: ['b'] }] }, { a: 1 }],
    [{ pattern: '^(?=a)b' }, 'c'],
    [{ format: 'idn-hostname' }, 'x'],
    [{ prefixItems: [{ type: 'string' }] }, [1]],
    [{ contains: { type: 'string' } }, [1]],
    [{ uniqueItems: true }, [1, 1]],
    [{ $ref: '#' }, 1],
    [{ type: 'object', patternProperties: {} }, { a: 1 }],
  ])('%j is not decided, and says so', (schema, data) => {
    const report = check(schema, data)
    expect(report.hasDrift).toBe(false)
    expect(report.observations.map(({ message }) => message).join()).toContain('not decided')
  })

  it.each([
    [null],
    [[]],
    ['x'],
    [{ type: 'text' }],
    [{ properties: [] }],
    [{ required: 'a' }],
    [{ items: 3 }],
  ])('refuses %j', (schema) => {
    expect(errorOf(() => check(schema as unknown as ContractSchema, 1)).code).toBe('SCHEMA_UNSUPPORTED')
  })

  it('describe tables by their record or by the list of them', () => {
    const record = {
      type: 'object',
      properties: { id: { type: 'integer' }, name: { type: 'string' } },
      required: ['id'],
    }
    const file = profileCsv('id,name\nx1,ann\nx2,\n')
    for (const schema of [record, { type: 'array', items: record }]) {
      expect(linesOf(compare(schema, file))).toEqual(['changed id type breaking'])
    }
  })

  it('compare with each other', () => {
    const schema = (type: string, extra = {}) => ({
      type: 'object',
      properties: { a: { type }, ...extra },
      required: ['a'],
    })
    expect(linesOf(compare(schema('string'), schema('string')))).toEqual([])
    expect(linesOf(compare(schema('string'), schema('integer', { b: {} })))).toEqual([
      'changed a type breaking',
      'added b warning',
    ])
  })
})
