import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import { profile } from '../../../src/diff/index.js'
import { isDrifthookError } from '../../../src/errors.js'
import { bytesOf } from './fixtures/helpers.js'
import { profileXml } from './fixtures/xml.js'

function accepts(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (error) {
    if (isDrifthookError(error) || (error as Error).constructor === Error) return false
    throw error
  }
}

const samples = [
  '<?xml version="1.0" encoding="UTF-8"?>\n<a xmlns="u" xmlns:p="v" x="y">\n <p:b p:c="d" c="d">t&amp;x</p:b><e/></a>\n',
  '<p:a xmlns:p="u"><b xmlns="w" xml:lang="de"><!-- c --><![CDATA[<d>]]></b><?pi x?></p:a>',
  '<a xmlns:p="u" xmlns:q="u"><p:b p:x="" q:y=""/><q:b/></a>',
]
const edits = fc.array(
  fc.tuple(
    fc.nat(),
    fc.constantFrom('', ...'<>/="\'&;: apqx?![]#\n', 'xmlns', 'p:', '</a>', ' p:x="z"', 'xmlns:q="v" '),
  ),
  { minLength: 1, maxLength: 4 },
)
const damaged = fc.tuple(fc.constantFrom(...samples), edits).map(([sample, list]) => {
  let text = sample
  for (const [at, piece] of list) {
    const i = at % (text.length + 1)
    text = text.slice(0, i) + piece + text.slice(i + (at % 3))
  }
  return text
})

describe('damaged XML', () => {
  it('is accepted exactly when the parser with namespaces of its own accepts it', () => {
    fc.assert(
      fc.property(damaged, (text) => {
        // A colon in the target of an instruction is let pass: instructions are not looked at.
        fc.pre(!/<\?[^?\s]*:/.test(text))
        fc.pre(!/<!DOCTYPE|encoding(?!="UTF-8")/i.test(text) && text.trim() !== '')
        const native = accepts(() => new SaxesParser({ xmlns: true }).write(text).close())
        expect(accepts(() => profileXml(text))).toBe(native)
      }),
      { numRuns: 5_000 },
    )
  })

  it('has no declaration of an empty prefix', () => {
    expect(accepts(() => profileXml('<a xmlns:="u"/>'))).toBe(false)
    expect(accepts(() => profileXml('<a xmlns="u"/>'))).toBe(true)
  })

  it('of any bytes fails with a place, or is read', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.uint8Array({ minLength: 1, maxLength: 4 }),
        fc.nat(),
        (sample, noise, at) => {
          const bytes = bytesOf(sample)
          bytes.set(noise, at % (bytes.length - noise.length))
          for (const format of ['xml', 'key-value']) {
            try {
              profile(bytes, { format })
            } catch (error) {
              if (!isDrifthookError(error)) throw error
              if (!/MISMATCH|EMPTY/.test(error.code)) expect(error.place).toBeDefined()
            }
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
