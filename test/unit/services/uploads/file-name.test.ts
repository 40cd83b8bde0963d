import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordedName } from '../../../../src/services/uploads/file-name.js'

describe('the recorded name of a file', () => {
  it.each([
    ['folders', '../../etc/passwd', 'passwd'],
    ['a drive', 'C:\\orders\\may.csv', 'may.csv'],
    ['both kinds of slash', '..\\..//x\\/may.csv', 'may.csv'],
    ['a NUL', 'may.csv\u0000.exe', 'may.csv.exe'],
    ['control characters', 'a\u0007\r\nb\u007f\u0085c.csv', 'abc.csv'],
    ['text that turns round', 'may\u202evsc.exe', 'mayvsc.exe'],
    ['isolated directions', '\u2066a\u2069b\u200f\u061c.csv', 'ab.csv'],
    ['what has no width', 'm\u200ba\u2060y\ufeff\u00ad.csv', 'may.csv'],
    ['joiners that join nothing', 'a\u200db\u200cc.csv', 'abc.csv'],
    ['line separators', 'a\u2028b\u2029c', 'abc'],
    ['tags', 'a\u{e0041}\u{e007f}.csv', 'a.csv'],
    ['dots and spaces at the end', 'may.csv. . ..', 'may.csv'],
    ['spaces at the start', '  may.csv', 'may.csv'],
    ['half a surrogate pair', 'a\ud800b.csv', 'a\ufffdb.csv'],
    ['too many characters', 'x'.repeat(400), 'x'.repeat(255)],
    ['too many characters outside of the basic plane', '📦'.repeat(400), '📦'.repeat(255)],
  ])('is without %s', (_what, given, recorded) => expect(recordedName(given)).toBe(recorded))

  it.each([null, undefined, '', '/', 'orders/', '.', '..', '../..', ' . ', '\u0000', '\u202e', '\u200b.'])(
    'is none for %j',
    (given) => expect(recordedName(given)).toBeNull(),
  )

  it.each([
    'Käse-日本.csv',
    'a b.csv',
    '50%.csv',
    '%2e%2e%2fpasswd',
    '📦 orders.csv',
    '👩‍💻.csv',
    '👩🏽‍🚀❤️‍🔥.csv',
    '.env',
    'may..csv',
    'orders (1).csv',
    "o'brien & sons; <b>.csv",
    'שלום.csv',
    'مرحبا.json',
    // Harmless: nothing is ever opened under it.
    'CON',
    'nul.csv',
    'a:b.csv',
    '-rf',
  ])('leaves %j as it is', (name) => expect(recordedName(name)).toBe(name))

  it('is of 255 characters at most, well-formed, without folders, and recorded again as it is', () => {
    const nasty = fc.string({ unit: 'binary', maxLength: 600 })
    const pieces = fc.array(
      fc.oneof(nasty, fc.constantFrom('/', '\\', '..', '\u202e', '\ud800', '👩‍💻', ' ')),
    )
    fc.assert(
      fc.property(
        pieces.map((list) => list.join('')),
        (given) => {
          const name = recordedName(given)
          if (name === null) return
          expect([...name].length).toBeLessThanOrEqual(255)
          expect(Buffer.from(name).toString()).toBe(name)
          expect(name).not.toMatch(/[/\\\p{Cc}]|^\s|[\s.]$/u)
          expect(recordedName(name)).toBe(name)
        },
      ),
    )
  })
})
