/** From the bytes of two files. */
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import {
  type DeltaOptions,
  delta,
  type JsonValue,
  readDocuments,
  toJsonPatch,
} from '../../../src/diff/index.js'
import { applyPatch, expectSame } from '../../support/json-patch.js'
import { bytesOf, errorOf, jsonOf } from './fixtures/helpers.js'

/** The delta of two texts, whose patch must apply to the documents read from them. */
function deltaOf(a: string, b: string, options?: DeltaOptions) {
  const [left, right] = [bytesOf(a), bytesOf(b)]
  const found = delta(left, right, options)
  const documents = readDocuments(left, right, options)
  expectSame(applyPatch(documents.a, toJsonPatch(found)), documents.b)
  return found
}

const short = ({ changes }: ReturnType<typeof delta>) =>
  changes.map(({ op, path, pointer }) => `${op} ${path} ${pointer}`)

describe('JSON files', () => {
  it('compare by value, not by spelling', () => {
    expect(deltaOf('{"a":1.0,"b":"\\u0041"}', '\ufeff{ "b": "A", "a": 1 }').changes).toEqual([])
    expect(delta(jsonOf({ a: 1 }), { a: 2 }).changes).toMatchObject([{ from: 1, to: 2 }])
  })

  it('of lines are the list of their documents', () => {
    const found = deltaOf(
      '{"id":1,"v":1}\n{"id":2,"v":2}\n',
      '{"id":0,"v":0}\n{"id":1,"v":1}\n{"id":2,"v":3}',
    )
    expect(short(found)).toEqual(['add [] /0', 'replace [].v /2/v'])
  })

  it('with a number beyond 2^53 compare it as a double, as is documented', () => {
    expect(deltaOf('[9007199254740993]', '[9007199254740992]').changes).toEqual([])
    expect(deltaOf('[9007199254740993]', '[9007199254740996]').changes).toHaveLength(1)
  })

  it('keep the last of two equal keys', () => {
    expect(deltaOf('{"a":1,"a":2}', '{"a":2}').changes).toEqual([])
  })

  it.each([
    ['[1,]', 'FILE_MALFORMED'],
    ['{"a":tru}', 'FILE_MALFORMED'],
    ['[1] [2] x', 'FILE_MALFORMED'],
    [' ', 'FILE_EMPTY'],
    [`${'['.repeat(600)}${']'.repeat(600)}`, 'FILE_LIMIT_EXCEEDED'],
  ])('that cannot be read raise an error: %.20s', (text, code) => {
    const error = errorOf(() => delta(bytesOf(text), bytesOf('[]'), { format: 'json' }))
    expect(error.code).toBe(code)
    // The file itself is not quoted.
    expect(error.message).not.toContain('tru}')
  })

  it('must be UTF-8', () => {
    const bytes = Uint8Array.from([0x5b, 0x22, 0xff, 0x22, 0x5d])
    expect(errorOf(() => delta(bytes, bytesOf('[]'), { format: 'json' })).code).toBe('FILE_MALFORMED')
  })
})

describe('CSV files', () => {
  it('are lists of rows, with the columns for paths', () => {
    const found = deltaOf(
      'id,name,qty\n1,bolt,5\n2,nut,6\n3,cap,7\n',
      'id;name;qty\r\n0;new;1\r\n1;bolt;5\r\n2;nut;60\r\n3;cap;7',
    )
    expect(found.format).toBe('csv')
    expect(short(found)).toEqual(['add $ /0', 'replace qty /2/qty'])
    expect(found.changes[1]).toMatchObject({ key: { id: '2' }, from: '6', to: '60' })
    expect(found.keysUsed).toMatchObject([{ path: '[]', key: ['id'] }])
  })

  it('keep texts as they are: leading zeros, blanks, quotes, line ends', () => {
    const found = deltaOf('zip,t\n01234,"a ""b""\nc"\n5, x', 'zip,t\n1234,"a ""b""\nc"\n5,x')
    expect(found.changes.map((change) => 'from' in change && change.from)).toEqual(['01234', ' x'])
  })

  it('match rows by given keys', () => {
    const keys = { '[]': ['order', 'line'] }
    const found = deltaOf('order,line,v\n1,1,a\n1,2,b\n2,1,c\n', 'order,line,v\n2,1,c\n1,2,B\n1,1,a\n', {
      keys,
    })
    expect(found.summary).toEqual({ additions: 0, removals: 0, replacements: 1, moves: 2 })
    expect(found.keysUsed).toMatchObject([{ source: 'given', lists: 1 }])
  })

  it('may have repeated, unnamed and curious columns', () => {
    const found = deltaOf('a,a,,__proto__\n1,2,3,4\n5,6,7,8\n', 'a,a,,__proto__\n1,9,9,9\n5,6,7,8\n')
    expect(found.changes.map(({ path }) => path).sort()).toEqual(['__proto__', 'a#2', 'column3'])
  })

  it('may have short and long rows', () => {
    const found = deltaOf('id,b,c\n1,2,3\n2,2,3\n3,3,3\n', 'id,b,c\n1,2\n2,2,3,4\n3,3,3\n', { format: 'csv' })
    expect(short(found)).toEqual(['remove c /0/c', 'add column4 /1/column4'])
  })

  it('may have no header', () => {
    const found = deltaOf('1,2.5\n2,3.5\n3,4.5\n', '1,2.5\n2,3.75\n3,4.5\n')
    expect(short(found)).toEqual(['replace column2 /1/column2'])
  })

  it('show added and removed columns in every row', () => {
    const found = deltaOf('id,b\n1,2\n2,3\n', 'id,c\n1,2\n2,3\n')
    expect(found.summary).toEqual({ additions: 2, removals: 2, replacements: 0, moves: 0 })
  })
})

describe('XML files', () => {
  it('are elements, attributes and texts', () => {
    const found = deltaOf(
      '<?xml version="1.0"?><!-- one --><order id="1"><zip>01234</zip><a/><line n="1">x</line><line n="2">y</line></order>',
      '<order id="2">\n<zip>1234</zip> <a></a> <line n="1">x</line><line n="2">z</line><!-- two --></order>',
    )
    expect(found.format).toBe('xml')
    expect(short(found)).toEqual([
      'replace order.zip /order/zip',
      'replace order.line[].#text /order/line/1/#text',
      'replace order.@id /order/@id',
    ])
  })

  it('take an element that repeats anywhere for a list everywhere', () => {
    const found = deltaOf('<o><line><q>1</q></line><line><q>2</q></line></o>', '<o><line><q>1</q></line></o>')
    expect(short(found)).toEqual(['remove o.line[] /o/line/1'])
    const inner = deltaOf(
      '<o><p><t>1</t><t>2</t></p><p><t>3</t></p></o>',
      '<o><p><t>1</t></p><p><t>3</t></p></o>',
    )
    expect(short(inner)).toEqual(['remove o.p[].t[] /o/p/0/t/1'])
  })

  it('match elements by attribute', () => {
    const item = (id: number, v: string) => `<i id="k${id}"><v>${v}</v></i>`
    const found = deltaOf(
      `<o>${item(1, 'a')}${item(2, 'b')}</o>`,
      `<o>${item(0, 'n')}${item(2, 'B')}${item(1, 'a')}</o>`,
    )
    expect(found.keysUsed).toMatchObject([{ path: 'o.i[]', key: ['@id'], source: 'discovered' }])
    expect(found.summary).toEqual({ additions: 1, removals: 0, replacements: 1, moves: 1 })
  })

  it('do not interpret: numbers, entities, CDATA', () => {
    const found = deltaOf(
      '<o><a>1.10</a><b>0x1F</b><c>&lt;</c></o>',
      '<o><a>1.1</a><b>31</b><c>&#60;</c></o>',
    )
    expect(found.changes.map((change) => 'from' in change && change.from)).toEqual(['1.10', '0x1F', '&lt;'])
  })

  it('may use any names', () => {
    const found = deltaOf(
      '<o><constructor>1</constructor><__proto__ toString="1"><x>1</x></__proto__></o>',
      '<o><constructor>2</constructor><__proto__ toString="2"><x>2</x></__proto__></o>',
    )
    expect(found.changes.map(({ path }) => path).sort()).toEqual([
      'o.__proto__.@toString',
      'o.__proto__.x',
      'o.constructor',
    ])
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })

  it('may be in other encodings', () => {
    const utf16 = Buffer.from('\ufeff<o>é</o>', 'utf16le')
    const latin = Buffer.from('<o>é</o>', 'latin1')
    expect(delta(utf16, latin).changes).toEqual([])
  })

  it.each([
    ['a DOCTYPE', '<?xml version="1.0"?>\n<!-- <o> --><!DOCTYPE o [<!ENTITY a "aaaa">]><o>&a;</o>'],
    ['a DOCTYPE in small letters', '<!doctype o><o/>'],
    ['an element that is not closed', '<o><a>1</o>'],
    ['two roots', '<o/><o/>'],
    ['two roots of two names', '<o/><p/>'],
    ['no root', '<?xml version="1.0"?>'],
    ['an instruction without an end', '<?xml <o/>'],
    ['a comment without an end', '<!-- <o/>'],
    ['depth', `${'<a>'.repeat(3_000)}${'</a>'.repeat(3_000)}`],
  ])('with %s are refused', (_, text) => {
    const error = errorOf(() => delta(bytesOf(text), bytesOf('<o/>')))
    const refusals = ['FILE_MALFORMED', 'FILE_LIMIT_EXCEEDED', 'XML_DOCTYPE_REFUSED']
    expect(refusals).toContain(error.code)
    expect(error.message).not.toContain('aaaa')
  })

  it('may speak of a DOCTYPE', () => {
    const text = '<!-- <!DOCTYPE o> --><o><![CDATA[<!DOCTYPE o>]]></o>'
    expect(deltaOf(text, text).changes).toEqual([])
  })
})

describe('two files', () => {
  it('of different formats do not compare', () => {
    expect(errorOf(() => delta(bytesOf('[1]'), bytesOf('<o/>'))).code).toBe('FORMAT_MISMATCH')
    expect(errorOf(() => delta({}, bytesOf('<o/>'))).code).toBe('FORMAT_MISMATCH')
  })

  it('of a format without values are refused', () => {
    const bytes = bytesOf(`${'x'.repeat(100)}\n${'y'.repeat(100)}`)
    expect(errorOf(() => delta(bytes, bytes)).code).toBe('FORMAT_UNDECIDED')
  })

  it.each([
    ['bytes', { bytes: 10 }, 'id,v\n1,2\n3,4\n5,6'],
    ['records', { records: 2 }, 'id,v\n1,2\n3,4\n5,6'],
    ['columns', { columns: 1 }, 'id,v\n1,2\n3,4\n5,6'],
    ['depth', { depth: 1 }, '[[1]]'],
    ['records', { records: 1 }, '{"a":1}\n{"a":2}'],
  ] as const)('keep to the limit of %s', (name, limits, text) => {
    const error = errorOf(() => delta(bytesOf(text), bytesOf(text), { limits }))
    expect(error).toMatchObject({ code: 'FILE_LIMIT_EXCEEDED', limit: { name } })
  })

  it('are bytes in whatever realm they were made', () => {
    const foreign = runInNewContext('Uint8Array.of(91, 49, 93)') as Uint8Array
    expect(delta(foreign, bytesOf('[1]')).changes).toEqual([])
    expect(delta(runInNewContext('({ a: [1] })') as JsonValue, { a: [1] }).changes).toEqual([])
    const view = new DataView(new ArrayBuffer(2)) as unknown as Uint8Array
    expect(errorOf(() => delta(view, {})).code).toBe('FILE_MALFORMED')
  })
})
