/** The single tests beneath a hand-written schema, held against ajv and against the platform's own engine. */
import { isIPv6 } from 'node:net'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { patternTest } from '../../../src/diff/ecma-pattern.js'
import { formatTest } from '../../../src/diff/value-formats.js'

const ajv = new Ajv2020({ strict: false, logger: false })
;(addFormats as unknown as (to: Ajv2020) => void)(ajv)

const samples: Record<string, string[]> = {
  date: ['2024-02-29', '2023-02-29', '2024-13-01', '2024-00-10', '24-01-01', '2024-1-1', '1900-02-29'],
  time: ['10:20:30Z', '10:20:30', '24:00:00Z', '10:60:00Z', '10:20:30.5+01:00', '10:20:30+24:00', '10:20Z'],
  'date-time': [
    '2024-01-31T10:20:30Z',
    '2024-01-31',
    '2024-01-31T10:20:30',
    '2024-02-30T10:20:30Z',
    '2024-01-31t10:20:30z',
  ],
  duration: ['P1D', 'PT1H', 'P', 'PT', 'P1W', 'P1Y2M3DT4H5M6S', '1D', 'P1H'],
  uuid: ['123e4567-e89b-12d3-a456-426614174000', '123e4567e89b12d3a456426614174000', 'x'],
  email: ['a@b.co', 'a.b+c@d-e.co.uk', 'a@', '@b.co', 'a b@c.de', 'a..b@c.de', 'a@-b.co'],
  hostname: ['a.b', 'a_b', '-a.b', 'a-.b', 'localhost', 'a..b'],
  ipv4: ['1.2.3.4', '256.1.1.1', '1.2.3', '01.2.3.4', '1.2.3.4.', '1.2.3.4.5'],
  ipv6: [
    '::',
    '::1',
    '1::',
    'fe80::1',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7',
    '::ffff:1.2.3.4',
    '1::2::3',
    ':::',
    'g::',
    '1:2:3:4:5:6:7::',
  ],
  uri: ['https://a.b/c?d=e#f', 'a.b', 'http://a b', 'urn:x:y', 'http://a/%zz', ''],
  'json-pointer': ['', '/a', '/a~0b', '/a~2', 'a'],
}

describe('formats', () => {
  it.each(Object.entries(samples))('%s', (name, texts) => {
    const validate = ajv.compile({ type: 'string', format: name })
    for (const text of texts) {
      const verdict = formatTest(name)!(text)
      if (verdict !== null) expect(`${text}: ${verdict}`).toBe(`${text}: ${validate(text)}`)
    }
    const decided = texts.filter((text) => formatTest(name)!(text) !== null)
    expect(decided.length).toBeGreaterThan(texts.length / 2)
  })

  it('ipv6, as the platform says', () => {
    const group = fc.constantFrom('0', 'ab', 'ffff', '12345', '', ':', '1.2.3.4')
    fc.assert(
      fc.property(fc.array(group, { maxLength: 9 }), (groups) => {
        const text = groups.join(':')
        expect(`${text} ${formatTest('ipv6')!(text)}`).toBe(`${text} ${isIPv6(text)}`)
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('patterns', () => {
  const atom = fc.constantFrom(
    'a',
    'b',
    '1',
    ' ',
    '.',
    '\\d',
    '\\w',
    '\\W',
    '\\s',
    '\\S',
    '\\D',
    '[ab]',
    '[^a1]',
    '[\\d_-]',
    '[[]',
    '\\u0061',
    '\\x31',
    '\\.',
    '(a|1)',
    '(?:b)',
    '\\p{L}',
  )
  const quantified = fc
    .tuple(atom, fc.constantFrom('', '*', '+', '?', '{2}', '{0,1}', '{1,}'))
    .map(([a, q]) => a + q)
  const pattern = fc
    .tuple(
      fc.constantFrom('', '^'),
      fc.array(quantified, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('', '$'),
    )
    .map(([start, parts, end]) => start + parts.join('') + end)
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', '1', ' ', '\n', '\u2028', '\u00a0', 'é', '[', '_', '-', '.', '😀'),
    maxLength: 6,
  })

  it('mean what ECMA-262 says', () => {
    fc.assert(
      fc.property(pattern, text, (source, given) => {
        const test = patternTest(source)
        expect(test).not.toBeNull()
        expect(`${source} ${JSON.stringify(given)} ${test!(given)}`).toBe(
          `${source} ${JSON.stringify(given)} ${new RegExp(source, 'u').test(given)}`,
        )
      }),
      { numRuns: 5_000 },
    )
  })

  it.each([
    '(?=a)',
    '(?<!a)b',
    '(a)\\1',
    '[]',
    '[^]',
    '[\\S]',
    '(',
    '\\k<n>',
    'a{5000}',
    '(?i)a',
    '[\\b]',
    '\\ud83d',
  ])('%s is not decided', (source) => {
    expect(patternTest(source)).toBeNull()
  })

  it('stay linear', () => {
    expect(patternTest('^(a+)+$')!(`${'a'.repeat(5_000)}!`)).toBe(false)
  })
})
