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
    ['csv', 'a\tb\n1\t2\n3\t4\n'],
    ['csv', 'id,query\n1,a=b\n2,c=d\n'],
    ['csv', 'id;time\n1;12:30\n2;12:31\n'],
    ['csv', 'key,value\nhost = x,1\nport = y,2\n'],
    ['xml', '<order><id>1</id></order>'],
    ['xml', '<?xml version="1.0"?>\n<a/>'],
    ['xml', '\ufeff<!-- a, comment -->\n<a:b xmlns:a="u" x=\'1\'/>'],
    ['xml', '<a,b="1"/>'.replace(',', ' ')],
    ['xml', '<!DOCTYPE a SYSTEM "a.dtd"><a/>'],
    ['key-value', 'host = a\nport = 1\n'],
    ['key-value', 'hosts=a,b\nports=1,2\nnames=x,y\n'],
    ['key-value', 'A=1\nB="x, y"\n# comment, with comma\n'],
    ['key-value', '[server]\nhost: a\n'],
    ['key-value', '[server]\nhost\ta\nport\t1\n'],
    ['key-value', 'name: Ann\nage: 7\ncity: Bonn\n'],
    ['key-value', 'server.port=80\nserver.host=http://x/?a=b\n'],
  ])('says %s of %j', (format, text) => {
    expect(detectFormat(bytesOf(text)).format).toBe(format)
  })

  it('finds UTF-16 files', () => {
    expect(detectFormat(Buffer.from('\ufeff<a><b/></a>', 'utf16le')).format).toBe('xml')
    expect(detectFormat(Buffer.from('\ufeffa = 1\nb = 2\n', 'utf16le')).format).toBe('key-value')
  })

  it('finds UTF-16 tables', () => {
    expect(detectFormat(Buffer.from('\ufeffa,b\n1,2\n', 'utf16le')).format).toBe('csv')
  })

  it.each([
    ['HTML', '<!doctype html><html><body>x</body></html>'],
    ['HTML', '<html lang="en"><body>x</body></html>'],
    ['markup', '<<a>>'],
    ['key and a value by equals sign', 'a = 1\n'],
    ['key and a value by colon', 'a:\n  b: 1\n  c: 2\nd: 3\n'],
    ['key and a value by colon', 'Dear Sir: hello\n'],
    [
      'key and a value by colon',
      'Note: this is a text that goes on and on.\nWarning: it is no list of keys.\nEnd: here.\n',
    ],
    ['key and a value by equals sign', 'x = 1\nx = 2\nx = 3\n'],
    ['one column', 'Some prose that has no structure at all'],
    ['one column', 'Some prose.\nIt goes on.\nAnd on.\n'],
    ['key and a value by equals sign', 'for (i = 0; i < 3; i++) {\n  a = i\n}\n'],
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
