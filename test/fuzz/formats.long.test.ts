import { expect, it } from 'vitest'
import { fuzzFormats } from '../support/fuzz-formats.js'
import { seedOfRun } from '../support/random.js'

it('a spoilt file of any format is read or refused, a million times', { timeout: 4 * 3_600_000 }, () => {
  const { read, refused } = fuzzFormats({ numRuns: 1_000_000, seed: seedOfRun() })
  console.log(`read ${read}, refused ${refused}`)
  expect(read + refused).toBe(1_000_000)
})
