import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compare, profile, renderText, toSchema } from '../../../src/diff/index.js'
import { bytesOf, csvOf, jsonOf } from './fixtures/helpers.js'

const secret = fc.stringMatching(/^[a-z0-9]{14,40}$/)
const rows = fc.array(fc.record({ a: secret, b: fc.oneof(secret, fc.integer({ min: 1e9 })) }), {
  minLength: 1,
  maxLength: 40,
})

describe('values stay private', () => {
  it('in schemas, reports and texts, JSON and CSV', () => {
    fc.assert(
      fc.property(rows, rows, (before, after) => {
        const changed = after.map(({ a, b }, i) => (i % 2 ? { a: b, c: a } : { A: b, c: a }))
        const values = [...before, ...after].flatMap((row) => [row.a, row.b]).map(String)
        for (const encode of [jsonOf, (data: unknown) => bytesOf(csvOf(data as Record<string, unknown>[]))]) {
          const format = encode === jsonOf ? 'json' : 'csv'
          const schema = toSchema(profile(encode(before), { format }))
          const report = compare(schema, profile(encode(changed), { format }))
          const shown = JSON.stringify(schema) + JSON.stringify(report) + renderText(report)
          for (const value of values) expect(shown.includes(value)).toBe(false)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('names codes only where an enumeration is saturated', () => {
    const schemaOf = (codes: string[]) =>
      JSON.stringify(toSchema(profile(jsonOf(codes.map((code) => ({ code }))))))
    const often = Array.from({ length: 60 }, (_, i) => ['OPEN', 'DONE'][i % 2]!)
    expect(schemaOf(often)).toContain('"OPEN"')
    expect(schemaOf(often.slice(0, 10))).not.toContain('"OPEN"')
    expect(schemaOf([...often, 'ONCE', 'TWICE'])).not.toContain('"OPEN"')
    expect(schemaOf(often.map((code) => `${code}-much-too-long`))).not.toContain('"OPEN-much')
  })

  it('keys the sketches', () => {
    const file = jsonOf([{ a: 'x' }])
    const schema = (n: number) => JSON.stringify(toSchema(profile(file, { key: new Uint8Array(32).fill(n) })))
    expect(schema(1)).toBe(schema(1))
    expect(schema(1)).not.toBe(schema(2))
  })
})
