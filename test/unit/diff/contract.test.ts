import { describe, expect, it } from 'vitest'
import { compare, mergeProfiles, profile } from '../../../src/diff/index.js'
import type { ContractSchema } from '../../../src/diff/report.js'
import { bytesOf, csvOf, errorOf, jsonOf, linesOf, profileCsv, profileJson } from './fixtures/helpers.js'

/** What costs more than its size never ends; a busy machine takes its time. In milliseconds. */
const hangs = 180_000

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

  describe('asked of every value', () => {
    const rows = (edit: (i: number) => Record<string, unknown> = () => ({})) =>
      Array.from({ length: 500 }, (_, i) => ({
        sku: `AB-${1000 + i}`,
        step: i * 0.1,
        kind: `kind-${i % 50}`,
        ...edit(i),
      }))
    const record = {
      type: 'object',
      properties: {
        sku: { type: 'string', pattern: '^[A-Z]{2}-\\d{4}$' },
        step: { type: 'number', multipleOf: 0.1 },
        kind: { enum: Array.from({ length: 50 }, (_, i) => `kind-${i}`) },
      },
    }
    const list = { type: 'array', items: record }
    const bad = (i: number) => (i === 333 ? { sku: 'ab-1', kind: 'other', step: 0.05 } : {})
    const asked = (bytes: Uint8Array, format: string, contract: ContractSchema) =>
      compare(contract, profile(bytes, { format, contract }))

    it.each<[string, ContractSchema, (data: Record<string, unknown>[]) => Uint8Array, string, string]>([
      ['JSON', list, jsonOf, 'json', '[].'],
      [
        'JSON lines',
        list,
        (data) => bytesOf(data.map((row) => JSON.stringify(row)).join('\n')),
        'json',
        '[].',
      ],
      ['CSV by its list', list, (data) => bytesOf(csvOf(data)), 'csv', ''],
      ['CSV by its record', record, (data) => bytesOf(csvOf(data)), 'csv', ''],
    ])('%s', (_, contract, render, format, at) => {
      // 0.1 * 3 is not written 0.3: what is judged is what stands in the file.
      const tidy = (data: Record<string, unknown>[]) =>
        data.map((row) => ({ ...row, step: Number(Number(row.step).toFixed(2)) }))
      const good = asked(render(tidy(rows())), format, contract)
      expect([good.changes, good.observations]).toEqual([[], []])
      const report = asked(render(tidy(rows(bad))), format, contract)
      expect(linesOf(report)).toEqual([
        `changed ${at}kind enum breaking`,
        `changed ${at}sku constraint breaking`,
        `changed ${at}step constraint breaking`,
      ])
      for (const { witness, evidence } of report.changes) {
        expect(witness?.record ?? witness?.line).toBeGreaterThan(0)
        expect(evidence.failing).toBe(1)
      }
    })

    it('counts only for the contract that asked', () => {
      const other = { ...list, title: 'another' }
      const report = compare(other, profile(jsonOf(rows(bad)), { contract: list }))
      expect(report.changes.map(({ path }) => path)).toEqual(['[].kind'])
      expect(report.observations.map(({ path }) => path)).toEqual(['[].sku', '[].step'])
    })

    it('adds up over files', () => {
      const of = (edit?: typeof bad) => profile(jsonOf(rows(edit)), { contract: record, format: 'json' })
      const sku = { type: 'array', items: { properties: { sku: record.properties.sku } } }
      const one = (edit?: typeof bad) => profile(jsonOf(rows(edit)), { contract: sku, format: 'json' })
      expect(linesOf(compare(sku, mergeProfiles(one(), one(bad))))).toContain(
        'changed [].sku constraint breaking',
      )
      expect(of().checkedBy).not.toBe(one().checkedBy)
    })

    it('does not confuse a renamed key with the one it replaces', () => {
      const schema = {
        type: 'object',
        properties: { orderCode: { type: 'string', pattern: '^A' } },
        required: ['orderCode'],
        additionalProperties: { pattern: '^B' },
      }
      const report = asked(jsonOf({ order_code: 'B1' }), 'json', schema)
      expect(linesOf(report)).toEqual(['renamed orderCode>order_code constraint breaking'])
    })
  })

  it.each<[string, ContractSchema, unknown, string[]]>([
    [
      'anyOf with null',
      { anyOf: [{ type: 'string' }, { type: 'null' }] },
      [null],
      ['changed $ structure breaking'],
    ],
    ['anyOf null kept', { items: { anyOf: [{ type: 'string' }, { type: 'null' }] } }, [null, 'x'], []],
    [
      'an object or null',
      { anyOf: [{ type: 'null' }, { required: ['a'], type: 'object' }] },
      {},
      ['removed a breaking'],
    ],
    [
      'allOf',
      { allOf: [{ required: ['a'] }, { properties: { b: { maximum: 1 } } }] },
      { b: 2 },
      ['removed a breaking', 'changed b constraint breaking'],
    ],
    ['oneOf', { oneOf: [{ minimum: 5 }, { multipleOf: 2 }] }, 6, ['changed $ constraint breaking']],
    ['not', { not: { enum: ['x'] } }, 'x', ['changed $ constraint breaking']],
    ['a denied type', { not: { type: 'string' } }, 'x', ['changed $ type breaking']],
    ['if', { if: { minimum: 5 }, else: { multipleOf: 2 } }, 3, ['changed $ constraint breaking']],
    [
      'patternProperties',
      { patternProperties: { '^x': { type: 'integer' } }, additionalProperties: false },
      { x1: 'a', y: 1 },
      ['changed x1 type breaking', 'added y breaking'],
    ],
    ['propertyNames', { propertyNames: { maxLength: 2 } }, { abc: 1 }, ['changed $ constraint breaking']],
    ['maxProperties', { maxProperties: 1 }, { a: 1, b: 1 }, ['changed $ constraint breaking']],
    ['dependentRequired', { dependentRequired: { a: ['b'] } }, { a: 1 }, ['changed $ constraint breaking']],
    ['exact multiples', { multipleOf: 0.1 }, 0.3, []],
    ['big multiples', { multipleOf: 10 }, 1e21, []],
    ['a forbidden key', { properties: { a: false } }, { a: 1 }, ['changed a type breaking']],
    [
      'a second look at a definition',
      {
        items: { $ref: '#/$defs/t' },
        $defs: { t: { properties: { next: { $ref: '#/$defs/t' }, n: { minimum: 0 } } } },
      },
      [{ n: -1 }],
      ['changed [].n constraint breaking'],
    ],
  ])('%s', (_, schema, data, expected) => {
    expect(linesOf(check(schema, data))).toEqual(expected)
  })

  it('do not grow without end', { timeout: hangs }, () => {
    const $defs: Record<string, unknown> = { d0: { type: 'integer' } }
    for (let i = 1; i < 40; i++)
      $defs[`d${i}`] = { allOf: [{ $ref: `#/$defs/d${i - 1}` }, { $ref: `#/$defs/d${i - 1}` }] }
    const report = check({ $ref: '#/$defs/d39', $defs }, 'x')
    expect(report.hasDrift || report.observations.length > 0).toBe(true)
  })
})
