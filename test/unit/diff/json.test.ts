import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { profile } from '../../../src/diff/index.js'
import { bytesOf, corpus, errorOf, jsonOf, parseWithScanner, profileJson } from './fixtures/helpers.js'

function outcome(parse: () => unknown): { value: unknown } | 'refused' {
  try {
    return { value: parse() }
  } catch {
    return 'refused'
  }
}

/** JSON.parse over bytes: UTF-8 must be valid there, and lone surrogates do not survive as UTF-8. */
function parseNatively(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
}

describe('the scanner against JSON.parse', () => {
  it('reads every value as JSON.parse does', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6 }),
        fc.constantFrom(undefined, 1, '\t', ' \r\n '),
        (value, indent) => {
          const text = JSON.stringify(value, null, indent)
          expect(parseWithScanner(bytesOf(text))).toEqual(JSON.parse(text))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('reads escapes, surrogate pairs and numbers of all spellings', () => {
    const texts = [
      String.raw`"\u00e9\ud83d\ude00\n\/\"\\\b\f\r\t"`,
      '"é😀漢"',
      '[0,-0,1.5,-1.25e3,1E+2,12345678901234567890,0.1,123456789012345.5,1e400]',
      '\ufeff{"a":1}',
      '{"__proto__":1,"constructor":{"prototype":2}}',
      String.raw`{"\u0061":1,"b\"":2}`,
    ]
    for (const text of texts) {
      expect(parseWithScanner(bytesOf(text))).toEqual(JSON.parse(text.replace('\ufeff', '')))
    }
  })

  it('accepts a damaged text exactly when JSON.parse does', () => {
    const edit = fc.tuple(fc.nat(), fc.constantFrom('', ...'{}[]",:-+.eE0129\\utn \n\t', '\u0000', 'é'))
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        fc.array(edit, { minLength: 1, maxLength: 3 }),
        (value, edits) => {
          let text = JSON.stringify(value)
          for (const [at, piece] of edits) {
            const i = at % (text.length + 1)
            text = text.slice(0, i) + piece + text.slice(i + (at % 2))
          }
          const bytes = bytesOf(text)
          expect(outcome(() => parseWithScanner(bytes))).toEqual(outcome(() => parseNatively(bytes)))
        },
      ),
      { numRuns: 3_000 },
    )
  })

  it('accepts damaged bytes exactly when they are UTF-8 that JSON.parse takes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6 }), (bytes) => {
        const text = Uint8Array.from([34, ...bytes, 34])
        expect(outcome(() => parseWithScanner(text)) === 'refused').toBe(
          outcome(() => parseNatively(text)) === 'refused',
        )
      }),
      { numRuns: 3_000 },
    )
  })
})

const suite = corpus('json', 'test_parsing')
describe.skipIf(suite === null)(
  `JSONTestSuite${suite === null ? ' (absent: no shared corpora here)' : ''}`,
  () => {
    const files = suite === null ? [] : readdirSync(suite).filter((name) => name.endsWith('.json'))
    const read = (name: string) => readFileSync(join(suite!, name))

    it.each(files.filter((name) => name.startsWith('y_')))('accepts %s', (name) => {
      expect(parseWithScanner(read(name))).toEqual(JSON.parse(read(name).toString()))
      expect(() => profile(read(name), { format: 'json' })).not.toThrow()
    })

    it.each(files.filter((name) => name.startsWith('n_')))('refuses %s', (name) => {
      const expected = /^(FILE_MALFORMED|FILE_EMPTY|FILE_LIMIT_EXCEEDED|FORMAT_MISMATCH)$/
      expect(errorOf(() => parseWithScanner(read(name))).code).toMatch(expected)
      expect(errorOf(() => profile(read(name), { format: 'json' })).code).toMatch(expected)
    })

    it.each(files.filter((name) => name.startsWith('i_')))('decides cleanly on %s', (name) => {
      const result = outcome(() => parseWithScanner(read(name)))
      if (result === 'refused') errorOf(() => parseWithScanner(read(name)))
    })
  },
)

describe('what a JSON profile keeps', () => {
  it('counts types, nulls, empties and absences apart', () => {
    const { root } = profileJson([{ a: 1, b: '' }, { a: null, b: ' ' }, { a: 2.5 }, { a: 'x', b: 'y' }])
    const { a, b } = Object.fromEntries(root.items!.children)
    expect(root.items!.types.object).toBe(4)
    expect(a!.types).toMatchObject({ null: 1, integer: 1, number: 1, string: 1 })
    expect(b).toMatchObject({ seen: 3, empty: 1, blank: 1 })
    expect(b!.text.count).toBe(1)
    expect(b!.places.missing).toEqual({ line: 1, column: 36, byte: 35 })
  })

  it('keeps how numbers are spelt', () => {
    const { number } = profile(bytesOf('[1.0, 1e2, -0.125, 9007199254740993]')).root.items!
    expect(number).toMatchObject({ integral: 3, exponent: 1, negative: 1, unsafe: 1, scale: 3, digits: 16 })
  })

  it('notes a key that occurs twice in one object, and profiles both values', () => {
    const { root, findings } = profile(bytesOf('{"o":[{"a":1,"b":2},\n {"a":1,"a":"x"}]}'))
    expect(findings).toEqual([
      { code: 'duplicate-key', path: 'o[].a', count: 1, first: { line: 2, column: 9, byte: 29 } },
    ])
    const a = root.children.get('o')!.items!.children.get('a')!
    expect(a.seen).toBe(2)
    expect(a.types).toMatchObject({ integer: 2, string: 1 })
  })

  it('reads JSON lines like the array of their documents', () => {
    const records = [{ a: 1 }, { a: 2, b: [true] }, { a: 3 }]
    const lines = profile(bytesOf(records.map((record) => JSON.stringify(record)).join('\n')))
    const array = profileJson(records)
    expect(lines.dialect).toEqual({ lines: true })
    expect(lines.root.length).toEqual(array.root.length)
    expect([...lines.root.items!.children.keys()]).toEqual(['a', 'b'])
    expect(lines.root.items!.children.get('a')!.seen).toBe(3)
  })

  it('collapses an object with more than 1,000 keys into one path', () => {
    const many = Object.fromEntries(Array.from({ length: 1_500 }, (_, i) => [`key-${i}`, { n: i }]))
    const { root } = profileJson(many)
    expect(root.children.size).toBe(0)
    expect(root.rest!.seen).toBe(1_500)
    expect(root.rest!.children.get('n')!.types.integer).toBe(1_500)
  })

  it('is plain data', () => {
    const seen = profileJson([{ a: 'x', b: [1] }])
    expect(structuredClone(seen)).toEqual(seen)
  })
})

describe('what JSON is refused', () => {
  it.each([
    ['{"a":1,}', { line: 1, column: 8, byte: 7 }],
    ['{\n  "a": tru\n}', { line: 2, column: 8, byte: 9 }],
    ['["é", x]', { line: 1, column: 7, byte: 7 }],
    ['[1\r\n,2,,]', { line: 2, column: 4, byte: 7 }],
    ['{"a" 1}', { line: 1, column: 6, byte: 5 }],
    ['["abc', { line: 1, column: 2, byte: 1 }],
    ['[1] [2]', { line: 1, column: 5, byte: 4 }],
    ['[1]\n2', { line: 2, column: 1, byte: 4 }],
    ['[01]', { line: 1, column: 2, byte: 1 }],
    ['{"a":1', { line: 1, column: 7, byte: 6 }],
  ])('%j with its place', (text, place) => {
    const error = errorOf(() => profile(bytesOf(text), { format: 'json' }))
    expect(error).toMatchObject({ code: 'FILE_MALFORMED', place })
  })

  it('bytes that are not UTF-8', () => {
    const error = errorOf(() => profile(Uint8Array.from([91, 34, 0xc3, 0x28, 34, 93]), { format: 'json' }))
    expect(error).toMatchObject({ code: 'FILE_MALFORMED', place: { line: 1, column: 3, byte: 2 } })
  })

  it('nothing at all', () => {
    for (const text of ['', ' \n', '\ufeff']) {
      expect(errorOf(() => profile(bytesOf(text), { format: 'json' })).code).toBe('FILE_EMPTY')
    }
  })

  it.each([
    ['depth', '['.repeat(100_000), 512],
    ['depth', '{"a":'.repeat(100_000), 512],
    ['depth', `${'['.repeat(4)}${']'.repeat(4)}`, 3],
    ['keyLength', `{"${'k'.repeat(50)}":1}`, 49],
    ['records', '{}\n{}\n{}', 2],
    ['bytes', '[1,2,3]', 6],
  ])('more than the limit of %s', (name, text, value) => {
    const limits = { [name]: value }
    const error = errorOf(() => profile(bytesOf(text), { format: 'json', limits }))
    expect(error).toMatchObject({ code: 'FILE_LIMIT_EXCEEDED', limit: { name, value } })
  })

  it('more than 10,000 distinct paths, after maps have collapsed', () => {
    const wide = (n: number) => Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, 1]))
    const groups = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`g${i}`, wide(600)]))
    expect(errorOf(() => profileJson(groups))).toMatchObject({ limit: { name: 'paths', value: 10_000 } })
    expect(() => profile(jsonOf(wide(50_000)))).not.toThrow()
  })
})
