import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toUtf8 } from '../../../src/diff/formats/csv-encoding.js'
import { readRecords } from '../../../src/diff/formats/csv-records.js'
import { sniffCsv } from '../../../src/diff/formats/csv-sniffer.js'
import { compare, profile, toSchema } from '../../../src/diff/index.js'
import { bytesOf, corpus, csvOf, errorOf, orders, profileCsv } from './fixtures/helpers.js'

const columnsOf = (text: string) => [...profileCsv(text).root.items!.children.keys()]

describe('the sniffer', () => {
  it.each([
    ['a,b\n1,2\n3,4', ','],
    ['a;b\n1,5;2\n3,25;4', ';'],
    ['a\tb\n1, x\t2\n3, y\t4', '\t'],
    ['a|b\n1|2\n', '|'],
    ['name,text\nann,"x;y;z"\nbob,"a;b;c"', ','],
    ['just one column\nx\ny', ','],
  ])('finds the delimiter of %j', (text, delimiter) => {
    expect(sniffCsv(bytesOf(text)).delimiter).toBe(delimiter)
  })

  it.each([
    ['id,name\n1,ann\n2,bob', true],
    ['1,ann\n2,bob\n3,cleo', false],
    ['2024-01-01,ann\n2024-01-02,bob', false],
    ['country,2019,2020\nFR,67,68\nDE,83,84', true],
    ['name,city\nann,paris\nbob,rome', true],
    ['ann,paris\nbob,rome\nann,paris', false],
    [',value\n1,2\n2,3', true],
    ['id,name', true],
    ['1,2,3', false],
  ])('tells whether %j has a header', (text, header) => {
    expect(sniffCsv(bytesOf(text)).header).toBe(header)
  })
})

describe('encodings', () => {
  const text = 'name,city\nJosé,München\n'
  const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le')
  it.each([
    ['utf-8', Buffer.from(text)],
    ['utf-8', Buffer.from(`\ufeff${text}`)],
    ['utf-16le', utf16],
    ['utf-16be', Buffer.from(utf16).swap16()],
    ['windows-1252', Buffer.from(text, 'latin1')],
  ])('%s', (encoding, bytes) => {
    const file = toUtf8(bytes)
    expect(file.encoding).toBe(encoding)
    expect(new TextDecoder().decode(file.bytes)).toBe(text)
    expect([...profile(bytes).root.items!.children.keys()]).toEqual(['name', 'city'])
  })

  it('reads what only windows-1252 has', () => {
    expect(new TextDecoder().decode(toUtf8(Uint8Array.from([0x80, 0x93, 0x41])).bytes)).toBe('€“A')
  })
})

describe('records', () => {
  const recordsOf = (text: string, size = 256 * 1024) =>
    [...readRecords(bytesOf(text), { delimiter: ',', quote: '"' }, { size })].flatMap(
      (batch) => batch.records,
    )

  it('are the same whatever the size of the pieces', () => {
    const text = 'a,b\r\n"x\r\n""y"" ,",2\n5" pipe,3\r"",""\n\n"é,",\n'
    const whole = recordsOf(text)
    expect(whole).toEqual([
      ['a', 'b'],
      ['x\r\n"y" ,', '2'],
      ['5" pipe', '3'],
      ['', ''],
      ['é,', ''],
    ])
    for (let size = 1; size < 40; size++) expect(recordsOf(text, size)).toEqual(whole)
  })

  it('end with an error where a quote is never closed', () => {
    const error = errorOf(() => profileCsv('a,b\n1,"x\n2,y\n'))
    expect(error).toMatchObject({ code: 'FILE_MALFORMED', place: { line: 2, column: 3, byte: 6 } })
    expect(error.message).not.toContain('x')
  })
})

const spectrum = corpus('csv', 'csv-spectrum', 'csvs')
describe.skipIf(spectrum === null)(
  `csv-spectrum${spectrum === null ? ' (absent: no shared corpora here)' : ''}`,
  () => {
    const files = spectrum === null ? [] : readdirSync(spectrum)
    it.each(files)('%s', (name) => {
      const bytes = readFileSync(join(spectrum!, name))
      const text = readFileSync(join(spectrum!, '..', 'json', `${basename(name, '.csv')}.json`)).toString()
      const expected = [JSON.parse(text.replaceAll('\\r', ''))].flat() as Record<string, string>[]
      const [header, ...records] = [...readRecords(bytes, { delimiter: ',', quote: '"' })].flatMap(
        (b) => b.records,
      )
      // Its checkouts differ in line ends, and one answer has another phone number than its file.
      const plain = (value = '') => value.replaceAll('\r', '').replace('2095257564', '1234567890')
      const objects = records.map((record) =>
        Object.fromEntries(header!.map((key, i) => [key, plain(record[i])])),
      )
      expect(objects).toEqual(expected)
      expect([...profile(bytes, { format: 'csv' }).root.items!.children.keys()]).toEqual(
        Object.keys(expected[0]!),
      )
    })
  },
)

describe('columns', () => {
  it('keep their names; repeated and missing ones get their own', () => {
    expect(columnsOf('a,b,a,a#2,,a\n1,2,3,4,5,6\n')).toEqual(['a', 'b', 'a#2', 'a#2#2', 'column5', 'a#3'])
    expect(columnsOf('1,ann\n2,bob\n')).toEqual(['column1', 'column2'])
    expect(columnsOf('__proto__,constructor\n1,2\n')).toEqual(['__proto__', 'constructor'])
    expect(profileCsv('a,a\n1,2\n').findings).toMatchObject([
      { code: 'duplicate-column', path: 'a', count: 1 },
    ])
  })

  it('type by how their values read', () => {
    const { children } = profileCsv(
      'i,n,b,d,zip,s,plus\n1,1.5,true,2024-02-29,01234,x,+49151\n,2,FALSE,2023-02-29,94110,y,+4\n',
    ).root.items!
    const types = (name: string) => Object.entries(children.get(name)!.types).filter(([, n]) => n > 0)
    expect(types('i')).toEqual([['integer', 1]])
    expect(children.get('i')!.empty).toBe(1)
    expect(types('n')).toEqual([
      ['integer', 1],
      ['number', 1],
    ])
    expect(types('b')).toEqual([['boolean', 2]])
    expect(children.get('d')!.text.formats).toEqual({ text: 1, date: 1 })
    expect(children.get('zip')!.text.formats).toEqual({ code: 1, digits: 1 })
    expect(children.get('plus')!.text.formats).toEqual({ code: 2 })
  })

  it('note ragged records with the number of the first', () => {
    const { root, findings } = profileCsv('a,b\n1,2\n3\n4,5,6\n7\n')
    expect(findings).toEqual([
      { code: 'short-record', path: '$', count: 2, first: { record: 2 } },
      { code: 'long-record', path: '$', count: 1, first: { record: 3 } },
    ])
    expect(root.items!.children.get('b')).toMatchObject({ seen: 4, empty: 2 })
  })

  it('are known even without records', () => {
    const { root } = profileCsv('a,b\n')
    expect([...root.items!.children.keys()]).toEqual(['a', 'b'])
    expect(root.length).toEqual({ min: 0, max: 0 })
  })

  it.each([
    ['columns', 'a,b,c\n1,2,3\n', 2],
    ['records', 'a,b\n1,2\n3,4\n5,6\n', 2],
    ['keyLength', `${'a'.repeat(20)},b\n1,2\n`, 19],
  ])('have the limit of %s', (name, text, value) => {
    const error = errorOf(() => profile(bytesOf(text), { format: 'csv', limits: { [name]: value } }))
    expect(error).toMatchObject({ code: 'FILE_LIMIT_EXCEEDED', limit: { name, value } })
    expect(error.place?.record ?? error.place?.line).toBeGreaterThan(0)
  })

  it('of a million fields are refused at the first one too many, before any becomes a text', () => {
    const error = errorOf(() => profileCsv(`a,b,c\n1,2,3\n4,5,6\n${','.repeat(1_000_000)}\n`))
    expect(error).toMatchObject({
      code: 'FILE_LIMIT_EXCEEDED',
      limit: { name: 'columns', value: 1_000 },
      place: { line: 4, column: 1_000 },
    })
    // The twin: a long record within the limit is odd, and no more.
    expect(profileCsv(`a,b,c\n1,2,3\n4,5,6\n${','.repeat(999)}\n`).findings).toMatchObject([
      { code: 'long-record' },
    ])
  })

  it('count the same in one piece or in many', () => {
    const text = csvOf(orders(20_000))
    const seen = profileCsv(text)
    expect(text.length).toBeGreaterThan(1024 * 1024)
    expect(seen.root.items!.seen).toBe(20_000)
    for (const column of seen.root.items!.children.values()) expect(column.seen).toBe(20_000)
  })
})

describe('what stands before the header', () => {
  const table = 'id,sku,qty\n1,KX-1,5\n2,KX-2,6\n3,KX-3,7\n'
  const columnsOf = (text: string) => [...profileCsv(text).root.items!.children.keys()]

  it.each([
    ['a title', 'Orders of March\n'],
    ['a title and a date', 'Orders of March\nExported 2026-03-01\n'],
    ['a padded title', 'Orders of March,,\n'],
    ['a blank line too', 'Orders\n\n'],
  ])('is passed over and said: %s', (_, before) => {
    const seen = profileCsv(before + table)
    expect(columnsOf(before + table)).toEqual(['id', 'sku', 'qty'])
    expect(seen.root.items!.seen).toBe(3)
    expect(seen.findings).toMatchObject([{ code: 'preamble', path: '$' }])
    expect(seen.root.items).toEqual(profileCsv(table).root.items)
  })

  it.each([
    ['a header that is too short', 'id,sku\n1,KX-1,5,a\n2,KX-2,6,b\n3,KX-3,7,c\n', 3],
    ['a sparse record of a file without header', '1,,\n2,3,4\n5,6,7\n8,9,10\n', 4],
    ['the header itself', table, 3],
    ['a single column', 'note\nalpha\nbeta\n', 2],
  ])('is not %s', (_, text, records) => {
    const seen = profileCsv(text)
    expect(seen.root.items!.seen).toBe(records)
    expect(seen.findings.filter(({ code }) => code === 'preamble')).toEqual([])
  })

  it('is no drift', () => {
    const contract = toSchema(profileCsv(table))
    const report = compare(contract, profileCsv(`Orders of March\n${table}`))
    expect(report.hasDrift).toBe(false)
    expect(report.observations).toMatchObject([{ kind: 'integrity', path: '$' }])
  })
})
