import { expect, it } from 'vitest'
import { fuzzFormats } from '../../support/fuzz-formats.js'

it('a spoilt file of any format is read or refused, never worse', { timeout: 60_000 }, () => {
  const { read, refused } = fuzzFormats({ numRuns: 4_000 })
  // Both happen, or the hand is too heavy or too light.
  expect(read).toBeGreaterThan(200)
  expect(refused).toBeGreaterThan(200)
})
