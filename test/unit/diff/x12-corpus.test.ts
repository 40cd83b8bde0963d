import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compare, detectFormat, profile, toSchema } from '../../../src/diff/index.js'
import { isDrifthookError } from '../../../src/errors.js'
import { corpus, linesOf } from './fixtures/helpers.js'

const folder = corpus('x12')
const filesIn = (path: string): string[] =>
  readdirSync(path).flatMap((name) => {
    const file = join(path, name)
    return statSync(file).isDirectory() ? filesIn(file) : name === 'inventory.tsv' ? [] : [file]
  })

describe.skipIf(folder === null)(
  `interchanges of others${folder === null ? ' (absent: no shared corpora here)' : ''}`,
  () => {
    const files = folder === null ? [] : filesIn(folder)
    const counts = { parsed: 0, refused: 0, withFindings: 0 }

    it.each(files.map((file) => relative(folder!, file)))('%s', (name) => {
      const bytes = readFileSync(join(folder!, name))
      try {
        // A limit of segments is a limit of steps: nothing can go on longer than the file is long.
        const seen = profile(bytes, { format: 'x12', limits: { records: bytes.length } })
        const schema = JSON.parse(JSON.stringify(toSchema(seen)))
        expect(linesOf(compare(schema, seen))).toEqual([])
        expect(linesOf(compare(schema, schema))).toEqual([])
        expect(detectFormat(bytes).format).toBe('x12')
        for (const { first } of seen.findings) expect(first.segment).toBeGreaterThan(0)
        counts.parsed++
        if (seen.findings.length > 0) counts.withFindings++
      } catch (error) {
        if (!isDrifthookError(error)) throw error
        expect(error.code).toBe('FILE_MALFORMED')
        expect(error.place).toMatchObject({
          segment: expect.any(Number),
          line: expect.any(Number),
          byte: expect.any(Number),
        })
        counts.refused++
      }
    })

    it('are nearly all read', () => {
      console.info(
        `X12 corpus: ${counts.parsed} parsed (${counts.withFindings} with findings), ${counts.refused} refused`,
      )
      expect(counts.parsed + counts.refused).toBe(files.length)
      expect(counts.parsed / files.length).toBeGreaterThan(0.9)
    })
  },
)
