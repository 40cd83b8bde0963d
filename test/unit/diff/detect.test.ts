import { describe, expect, it } from 'vitest'
import { detectFormat, profile } from '../../../src/diff/index.js'
import { bytesOf, csvOf, errorOf, jsonOf, orders } from './fixtures/helpers.js'

describe('detectFormat', () => {
  it.each([
    ['json', JSON.stringify(orders(3))],
    ['json', '\ufeff  {\n "a": 1}'],
    ['json', '{}'],
    ['json', '[[1,2],[3,4]]'],
    ['json', '{"a":1}\n{"a":2}'],
    ['csv', csvOf(orders(3))],
    ['csv', csvOf(orders(3), ';')],
    ['csv', '"a","b"\n"1","2"\n'],
    ['csv', 'id,name\n'],
    ['x12', 'ISA*00*          *00*          *ZZ*A*ZZ*B*240101*1200*U*00401*1*0*P*>~'],
  ])('says %s of %j', (format, text) => {
    expect(detectFormat(bytesOf(text)).format).toBe(format)
  })

  it('finds UTF-16 tables', () => {
    expect(detectFormat(Buffer.from('\ufeffa,b\n1,2\n', 'utf16le')).format).toBe('csv')
  })

  it.each([
    ['markup', '<order><id>1</id></order>'],
    ['one column', 'alpha\nbeta\n'],
    ['lone value', '42'],
    ['NUL', 'PK\u0003\u0004\u0000\u0000,\n,\n'],
  ])('does not guess: %s', (seen, text) => {
    const error = errorOf(() => detectFormat(bytesOf(text)))
    expect(error.code).toBe('FORMAT_UNDECIDED')
    expect(error.message).toContain(seen)
  })

  it('calls an empty file empty', () => {
    for (const text of ['', '\ufeff', ' \r\n\t'])
      expect(errorOf(() => detectFormat(bytesOf(text))).code).toBe('FILE_EMPTY')
  })
})

describe('a format named by the caller', () => {
  it('is used without asking', () => {
    expect(profile(bytesOf('alpha\nbeta\n'), { format: 'csv' }).format).toBe('csv')
    expect(profile(bytesOf('42'), { format: 'json' }).root.types.integer).toBe(1)
  })

  it('that the file plainly does not have is a mismatch', () => {
    expect(errorOf(() => profile(bytesOf(csvOf(orders(5))), { format: 'json' })).code).toBe('FORMAT_MISMATCH')
    expect(errorOf(() => profile(jsonOf([1]).subarray(0, 2), { format: 'json' })).code).toBe('FILE_MALFORMED')
  })

  it('that does not exist is refused', () => {
    expect(errorOf(() => profile(bytesOf('x'), { format: 'yaml' })).code).toBe('FORMAT_UNDECIDED')
  })
})
