/** Real versions of public files. What they must reach is what they reached; the measure is `test/bench/renames.js`. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compare, profile, toSchema } from '../../../src/diff/index.js'
import { corpus } from './fixtures/helpers.js'

interface Pair {
  id: string
  renames: [string, string][]
}

const folder = corpus('renames')
if (folder === null) console.warn('../shared/corpora/renames is not there: real renames are not tested')

describe.skipIf(folder === null)('renames of real files', () => {
  const list = folder === null ? [] : (JSON.parse(readFileSync(join(folder, 'pairs.json'), 'utf8')) as Pair[])
  const fileOf = ({ id }: Pair, side: string) => join(folder ?? '', `${id}.${side}.csv`)
  const pairs = list.filter((pair) => existsSync(fileOf(pair, 'old')) && existsSync(fileOf(pair, 'new')))
  if (pairs.length < list.length) console.warn(`${list.length - pairs.length} pairs are not there`)

  it('are found, and hardly any that is not labelled as one', () => {
    const counts = { right: 0, wrong: 0, all: 0 }
    for (const pair of pairs) {
      const [before, after] = ['old', 'new'].map((side) =>
        profile(readFileSync(fileOf(pair, side)), { format: 'csv' }),
      )
      const wanted = new Set(pair.renames.map(([from, to]) => `${from}>${to}`))
      counts.all += wanted.size
      for (const { kind, path, toPath } of compare(toSchema(before!), after!).changes) {
        if (kind !== 'renamed') continue
        if (wanted.has(`${path}>${toPath}`.replace(/\\(.)/g, '$1'))) counts.right++
        else counts.wrong++
      }
    }
    expect(counts.right / counts.all).toBeGreaterThanOrEqual(0.8)
    // Two of them are renames the labels do not know: their values changed, too.
    expect(counts.wrong / Math.max(1, counts.right)).toBeLessThanOrEqual(0.08)
  })
})
