import { expect, it } from 'vitest'
import { profile } from '../../../src/diff/index.js'
import { interchange } from './fixtures/x12.js'

/** A profile is made of what a file showed; the file itself may go, or be overwritten. */
it.each([
  ['json', '{"ref":"A-1","note":"\\u0041b","n":[1,2,1]}'],
  ['csv', 'ref,n\nA-1,1\nA-2,2\n'],
  ['xml', '<o><ref>A-1</ref><n>1</n><n>2</n></o>'],
  ['key-value', 'ref = A-1\nn = 1\n'],
  ['x12', interchange([['850', 'BEG*00*SA*A-1**20260301', 'PO1*1*2*EA*3.5**VP*X1']])],
])('a profile of %s holds on to nothing of the bytes it was made from', (format, text) => {
  const bytes = Buffer.from(text)
  const expected = structuredClone(profile(bytes, { format }))
  const seen = profile(bytes, { format })
  bytes.fill('x')
  expect(structuredClone(seen)).toEqual(expected)
})
