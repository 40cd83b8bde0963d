import { expect, it } from 'vitest'
import { fuzzUploads } from '../support/fuzz-uploads.js'
import { seedOfRun } from '../support/random.js'

const runs = Number(process.env.DRIFTHOOK_RUNS ?? 150_000)

it('a spoilt upload has a documented answer, 150,000 times', { timeout: 4 * 3_600_000 }, async () => {
  const { compared, refused, codes } = await fuzzUploads({ runs, seed: seedOfRun() })
  console.log(`compared ${compared}, refused ${refused}`, codes)
  expect(compared + refused).toBe(runs)
})
