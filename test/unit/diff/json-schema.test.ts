/** Hand-written JSON Schemas, held against ajv: what it refuses is drift or said to be undecided. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compare, profile } from '../../../src/diff/index.js'
import type { ContractSchema } from '../../../src/diff/report.js'
import { jsonOf } from './fixtures/helpers.js'
import { document, value } from './fixtures/schemas.js'

/** `DRIFTHOOK_RUNS` and `DRIFTHOOK_SEED` make a longer or another run of the same. */
const runs = Number(process.env.DRIFTHOOK_RUNS ?? 1_050)
const seed = Number(process.env.DRIFTHOOK_SEED ?? 20_241_105)

const ajv = new Ajv2020({ strict: false, logger: false })
;(addFormats as unknown as (to: Ajv2020) => void)(ajv)

function isValid(schema: ContractSchema, data: unknown): boolean {
  const valid = ajv.compile(schema)(JSON.parse(JSON.stringify(data)))
  ajv.removeSchema()
  return valid
}

function outcome(schema: ContractSchema, data: unknown, asked: boolean) {
  const bytes = jsonOf(data)
  const report = compare(schema, profile(bytes, { format: 'json', ...(asked ? { contract: schema } : {}) }))
  const undecided = report.observations.some(({ message }) => message.includes('not decided'))
  return { report, undecided }
}

describe('what ajv says', { timeout: 60_000 }, () => {
  const tally = { valid: 0, invalid: 0, undecided: 0 }

  it.each([
    ['asked of every value', true],
    ['of the values a profile keeps', false],
  ])('%s', (_, asked) => {
    fc.assert(
      fc.property(document, value, (schema, data) => {
        const valid = isValid(schema, data)
        const { report, undecided } = outcome(schema, data, asked)
        tally[valid ? 'valid' : 'invalid']++
        if (undecided) tally.undecided++
        // What is found stands, whatever else could not be decided.
        if (report.result === 'breaking') expect(valid).toBe(false)
        else if (!undecided) expect(valid).toBe(true)
      }),
      { numRuns: runs, seed },
    )
  })

  it('is decided for most', () => {
    const all = tally.valid + tally.invalid
    expect(Math.min(tally.valid, tally.invalid) / all).toBeGreaterThan(0.2)
    expect(tally.undecided / all).toBeLessThan(0.1)
    if (process.env.DRIFTHOOK_RUNS) console.log(tally)
  })
})
