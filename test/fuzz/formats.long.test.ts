import { expect, it } from 'vitest'
import { fuzzFormats } from '../support/fuzz-formats.js'

it('a spoilt file of any format is read or refused, a million times', { timeout: 4 * 3_600_000 }, () => {
  const { read, refused } = fuzzFormats({ numRuns: 1_000_000 })
  console.log(`read ${read}, refused ${refused}`)
  expect(read + refused).toBe(1_000_000)
})
