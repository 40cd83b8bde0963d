/**
 * Spoilt uploads and spoilt files: `DRIFTHOOK_RUNS=100000` sends more of them, `DRIFTHOOK_SEED` those of a report
 * again.
 */
import { expect, it } from 'vitest'
import { fuzzFormats } from '../support/fuzz-formats.js'
import { fuzzUploads } from '../support/fuzz-uploads.js'
import { seedOfRun } from '../support/random.js'

const runs = (usual: number) => Number(process.env.DRIFTHOOK_RUNS ?? usual)

it('a spoilt upload has a documented answer, and leaves nothing', { timeout: 3_600_000 }, async () => {
  const { compared, refused } = await fuzzUploads({ runs: runs(2_500), seed: seedOfRun() })
  expect(compared + refused).toBe(runs(2_500))
  // Both kinds are met, or the hand that spoils is too light or too heavy.
  expect(Math.min(compared, refused)).toBeGreaterThan(runs(2_500) / 20)
})

it('a spoilt file of any format is read or refused', { timeout: 3_600_000 }, () => {
  const { read, refused } = fuzzFormats({ numRuns: runs(3_000), seed: seedOfRun() })
  expect(read + refused).toBe(runs(3_000))
})
