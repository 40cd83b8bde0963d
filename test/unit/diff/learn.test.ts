import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compare, learn, mergeProfiles, type Profile, toSchema } from '../../../src/diff/index.js'
import type { ContractSchema } from '../../../src/diff/report.js'
import { csvOf, errorOf, linesOf, orders, profileCsv, profileJson, schemaOfJson } from './fixtures/helpers.js'
import { value } from './fixtures/schemas.js'

const stored = (schema: ContractSchema) => JSON.parse(JSON.stringify(schema)) as ContractSchema
const learnAll = ([first, ...more]: Profile[]) =>
  more.reduce((schema, sample) => stored(learn(schema, sample)), stored(toSchema(first!)))

/** A schema without what a sample of values decides: sketches, shapes, enumerations. */
function firm(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(firm)
  if (typeof schema !== 'object' || schema === null) return schema
  const loose = ['sketch', 'counts', 'shapes', 'distinct', 'enum', 'format', 'pattern']
  const kept = Object.entries(schema).filter(([name]) => !loose.includes(name))
  return Object.fromEntries(
    kept.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, part]) => [name, firm(part)]),
  )
}

const rows = fc.array(fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), value, { maxKeys: 3 }), {
  maxLength: 8,
})

describe('learning', () => {
  it('is inferring from all samples at once, as far as the evidence goes', () => {
    fc.assert(
      fc.property(fc.array(rows, { minLength: 1, maxLength: 4 }), (samples) => {
        const profiles = samples.map(profileJson)
        expect(firm(learnAll(profiles))).toEqual(firm(stored(toSchema(profiles.reduce(mergeProfiles)))))
      }),
      { numRuns: 400 },
    )
  })

  it('is exactly that for a feed, enumerations and formats included', () => {
    const files = [1, 2, 3, 4].map((seed) => orders(40, seed))
    for (const read of [profileJson, (data: ReturnType<typeof orders>) => profileCsv(csvOf(data))]) {
      const learned = learnAll(files.map(read)) as { items: { properties: object } }
      const atOnce = toSchema(files.map(read).reduce(mergeProfiles)) as typeof learned
      const said = ({ items }: typeof learned) =>
        Object.entries(items.properties).map(([name, { 'x-drift': _, ...rest }]) => [name, rest])
      expect(said(learned)).toEqual(said(atOnce))
      for (const file of files) expect(linesOf(compare(learned, read(file)))).toEqual([])
    }
  })

  it('makes a settled set of codes an enumeration, and drops it when it grows', () => {
    const codes = (...names: string[]) =>
      profileJson(Array.from({ length: 30 }, (_, i) => ({ s: names[i % names.length] })))
    const few = profileJson(['open', 'done', 'open', 'done'].map((s) => ({ s })))
    const once = learn(stored(toSchema(few)), codes('open', 'done'))
    expect(once.items).toMatchObject({ properties: { s: { enum: ['done', 'open'] } } })
    const grown = learn(stored(once), codes('open', 'held'))
    expect(grown.items).toMatchObject({ properties: { s: { enum: ['done', 'held', 'open'] } } })
    const free = learn(stored(grown), profileJson(Array.from({ length: 30 }, (_, i) => ({ s: `free-${i}` }))))
    expect(JSON.stringify(free)).not.toContain('open')
  })

  it('makes what a sample lacks optional, and keeps what was written by hand', () => {
    const schema = stored(
      schemaOfJson([
        { a: 1, b: 1 },
        { a: 1, b: 2 },
      ]),
    ) as { items: { properties: Record<string, unknown> } }
    schema.items.properties.b = { type: 'integer', minimum: 0 }
    const next = learn({ ...schema, title: 'Orders' }, profileJson([{ b: 3 }, { a: 2, b: -1 }]))
    expect(next).toMatchObject({
      title: 'Orders',
      items: { required: ['b'], properties: { b: { type: 'integer', minimum: 0 } } },
    })
  })

  it('never learns a value', () => {
    const secret = (n: number) =>
      profileJson(Array.from({ length: 30 }, (_, i) => ({ s: `secret${n}-much-too-long-${i % 3}` })))
    const learned = learnAll([secret(1), secret(2)])
    expect(JSON.stringify(learned).includes('secret1')).toBe(false)
    expect(JSON.stringify(learned).length).toBeLessThan(3_000)
  })

  it('needs an inferred contract of the same format', () => {
    expect(errorOf(() => learn({ type: 'object' }, profileJson({}))).code).toBe('SCHEMA_UNSUPPORTED')
    expect(errorOf(() => learn(schemaOfJson([]), profileCsv('a,b\n1,2\n'))).code).toBe('FORMAT_MISMATCH')
  })
})
