/**
 * Spoilt uploads and spoilt files, the same ones each time: `DRIFTHOOK_SEED=7` sends others, `DRIFTHOOK_RUNS=100000`
 * more of them. At night there are others every time.
 */
import { expect, it } from 'vitest'
import { fuzzFormats } from '../support/fuzz-formats.js'
import { fuzzUploads } from '../support/fuzz-uploads.js'
import { seedOfRun } from '../support/random.js'

const usualSeed = 20_261_121
const runs = (usual: number) => Number(process.env.DRIFTHOOK_RUNS ?? usual)

it('a spoilt upload has a documented answer, and leaves nothing', { timeout: 3_600_000 }, async () => {
  const { compared, refused } = await fuzzUploads({ runs: runs(2_500), seed: seedOfRun(usualSeed) })
  expect(compared + refused).toBe(runs(2_500))
  // Both kinds are met, or the hand that spoils is too light or too heavy.
  expect(Math.min(compared, refused)).toBeGreaterThan(runs(2_500) / 20)
})

it('a spoilt file of any format is read or refused', { timeout: 3_600_000 }, () => {
  const { read, refused } = fuzzFormats({ numRuns: runs(3_000), seed: seedOfRun(usualSeed) })
  expect(read + refused).toBe(runs(3_000))
})
