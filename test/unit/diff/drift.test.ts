import { describe, expect, it } from 'vitest'
import { compare, profile, renderText, toSchema } from '../../../src/diff/index.js'
import {
  bytesOf,
  csvOf,
  driftOfCsv,
  driftOfJson,
  errorOf,
  linesOf,
  orders,
  profileCsv,
  profileJson,
} from './fixtures/helpers.js'

type Row = Record<string, unknown>
type Edit = (row: Row, i: number) => Row

const without = (row: Row, name: string) =>
  Object.fromEntries(Object.entries(row).filter(([key]) => key !== name))
const rename = (row: Row, from: string, to: string) =>
  Object.fromEntries(Object.entries(row).map(([key, value]) => [key === from ? to : key, value]))

/** What is done to the rows; the change it must show as (CSV the same unless given), severity, result. */
const mutations: [
  name: string,
  edit: Edit,
  json: string[],
  csv: string[] | null,
  severity: string | null,
  result: string,
][] = [
  ['nothing', (row) => row, [], null, null, 'pass'],
  ['drop', (row) => without(row, 'zip'), ['removed zip breaking'], null, 'major', 'breaking'],
  ['add', (row, i) => ({ ...row, extra: i }), ['added extra warning'], null, 'trivial', 'warning'],
  [
    'rename to snake',
    (row) => rename(row, 'orderDate', 'order_date'),
    ['renamed orderDate>order_date breaking'],
    null,
    'minor',
    'breaking',
  ],
  [
    'rename by case',
    (row) => rename(row, 'status', 'STATUS'),
    ['renamed status>STATUS breaking'],
    null,
    'minor',
    'breaking',
  ],
  [
    'rename and retype',
    (row) => ({ ...rename(row, 'amount', 'Amount'), Amount: `${row.amount} EUR` }),
    ['renamed amount>Amount type breaking'],
    null,
    'major',
    'breaking',
  ],
  [
    'number to text',
    (row) => ({ ...row, amount: `EUR ${row.amount}` }),
    ['changed amount type breaking'],
    null,
    'major',
    'breaking',
  ],
  [
    'integer to number',
    (row) => ({ ...row, id: Number(row.id) + 0.5 }),
    ['changed id type warning'],
    null,
    'major',
    'warning',
  ],
  ['number to integer', (row) => ({ ...row, amount: 7 }), [], null, null, 'pass'],
  [
    'words to numbers',
    (row, i) => ({ ...row, buyer: 1_000 + i }),
    ['changed buyer type breaking'],
    ['changed buyer type warning'],
    'major',
    'breaking',
  ],
  [
    'some nulls',
    (row, i) => (i === 3 ? { ...row, id: null } : row),
    ['changed id nullability breaking'],
    null,
    'minor',
    'breaking',
  ],
  [
    'all null',
    (row) => ({ ...row, id: null }),
    ['changed id nullability breaking'],
    null,
    'minor',
    'breaking',
  ],
  [
    'null text',
    (row, i) => (i === 3 ? { ...row, buyer: null } : row),
    ['changed buyer nullability breaking'],
    ['changed buyer nullability warning'],
    'minor',
    'breaking',
  ],
  [
    'empty text',
    (row, i) => (i === 3 ? { ...row, buyer: '' } : row),
    ['changed buyer nullability warning'],
    null,
    'minor',
    'warning',
  ],
  [
    'new code',
    (row, i) => (i % 4 ? row : { ...row, status: 'lost' }),
    ['changed status enum warning'],
    null,
    'minor',
    'warning',
  ],
  ['fewer codes', (row) => ({ ...row, status: 'open' }), [], null, null, 'pass'],
  [
    'date format',
    (row) => ({ ...row, orderDate: String(row.orderDate).replace(/(\d+)-(\d+)-(\d+)/, '$2/$3/$1') }),
    ['changed orderDate format breaking'],
    null,
    'minor',
    'breaking',
  ],
  [
    'date to time stamp',
    (row) => ({ ...row, orderDate: `${row.orderDate}T00:00:00Z` }),
    ['changed orderDate format breaking'],
    null,
    'minor',
    'breaking',
  ],
  [
    'lost zeros',
    (row) => ({ ...row, zip: String(row.zip).replace(/^0+/, '') }),
    ['changed zip format warning'],
    null,
    'minor',
    'warning',
  ],
]

const sample = orders(120, 1)
const edited = (edit: Edit) => orders(120, 2).map(edit)
const inArray = (line: string) => line.replace(/ (\w+)(>?)/, ' [].$1$2').replace('>', '>[].')

describe('what a change to every record shows as', () => {
  it.each(mutations)('JSON: %s', (_, edit, json, _csv, severity, result) => {
    const report = driftOfJson(sample, edited(edit))
    expect(linesOf(report)).toEqual(json.map(inArray))
    expect(report).toMatchObject({ hasDrift: json.length > 0, severity, result, score: null })
    expect(report.fingerprint === null).toBe(json.length === 0)
  })

  it.each(mutations)('CSV: %s', (_, edit, json, csv) => {
    expect(linesOf(driftOfCsv(csvOf(sample), csvOf(edited(edit))))).toEqual(csv ?? json)
  })
})

describe('JSON structure', () => {
  const base = Array.from({ length: 40 }, (_, i) => ({
    id: i,
    buyer: { name: `n${i}`, zip: `0${1_000 + i}` },
    tags: ['x', 'y'],
    lines: [{ sku: `s-${i}`, qty: i }],
  }))
  it.each<[string, Edit, string[]]>([
    ['drop in some', (row, i) => (i === 5 ? without(row, 'id') : row), ['changed [].id presence breaking']],
    ['drop an object: one change', (row) => without(row, 'buyer'), ['removed [].buyer breaking']],
    [
      'add an object: one change',
      (row) => ({ ...row, extra: { a: 1, b: { c: 2 } } }),
      ['added [].extra warning'],
    ],
    [
      'drop below',
      (row) => ({ ...row, buyer: without(row.buyer as Row, 'zip') }),
      ['removed [].buyer.zip breaking'],
    ],
    ['scalar to array', (row) => ({ ...row, id: [row.id] }), ['changed [].id structure breaking']],
    ['array to object', (row) => ({ ...row, tags: { 0: 'x' } }), ['changed [].tags structure breaking']],
    ['object to text', (row) => ({ ...row, buyer: 'n' }), ['changed [].buyer structure breaking']],
    ['items retyped', (row) => ({ ...row, tags: [1, 2] }), ['changed [].tags[] type breaking']],
    [
      'deep rename',
      (row) => ({ ...row, lines: [{ SKU: 's-1', qty: 1 }] }),
      ['renamed [].lines[].sku>[].lines[].SKU breaking'],
    ],
    [
      'rename an object and drop below it',
      (row) => rename({ ...row, buyer: without(row.buyer as Row, 'zip') }, 'buyer', 'Buyer'),
      ['renamed [].buyer>[].Buyer breaking', 'removed [].buyer.zip breaking'],
    ],
    ['no lines at all', (row) => ({ ...row, lines: [] }), []],
  ])('%s', (_, edit, expected) => {
    expect(linesOf(driftOfJson(base, base.map(edit)))).toEqual(expected)
  })

  it('of the root', () => {
    expect(linesOf(driftOfJson(base, base[0]))).toEqual(['changed $ structure breaking'])
    expect(linesOf(driftOfJson({ a: 1 }, { b: 1 }))).toEqual(['removed a warning', 'added b warning'])
  })

  it('of JSON lines', () => {
    const lines = base.map((row) => JSON.stringify(row))
    const contract = toSchema(profile(bytesOf(lines.join('\n'))))
    expect(linesOf(compare(contract, profile(bytesOf(lines[7]!))))).toEqual([])
    expect(linesOf(compare(toSchema(profileJson(base)), profile(bytesOf(lines.join('\n')))))).toEqual([
      'changed $ structure breaking',
    ])
  })

  it('optional paths that do not occur are observations', () => {
    const report = driftOfJson([{ a: 1, b: 1 }, { a: 1 }, { a: 1 }], [{ a: 2 }])
    expect(report).toMatchObject({ hasDrift: false, result: 'pass' })
    expect(report.observations).toMatchObject([{ kind: 'absent-optional', path: '[].b' }])
  })
})

describe('CSV as a table', () => {
  const text = 'id,name,price\n1,ann,1.5\n2,bob,2.5\n3,cleo,3.5\n'
  it('tells another delimiter, encoding and order', () => {
    expect(linesOf(driftOfCsv(text, text.replaceAll(',', ';')))).toEqual(['changed $ format warning'])
    const report = driftOfCsv(text, 'name,id,price\nann,1,1.5\nbob,2,2.5\ncleo,3,3.5\n')
    expect(linesOf(report)).toEqual([])
    expect(report.observations).toMatchObject([{ kind: 'note', path: '$' }])
    const latin = profile(Buffer.from(text.replace('ann', 'rené'), 'latin1'))
    expect(linesOf(compare(toSchema(profileCsv(text.replace('ann', 'rené'))), latin))).toEqual([
      'changed $ format warning',
    ])
    expect(linesOf(compare(toSchema(profileCsv(text)), latin))).toEqual([])
  })

  it('tells a lost header as one change', () => {
    expect(linesOf(driftOfCsv(text, text.split('\n').slice(1).join('\n')))).toEqual([
      'changed $ structure breaking',
    ])
  })

  it('knows columns of a file without records', () => {
    expect(linesOf(driftOfCsv(text, 'id,name,price\n'))).toEqual([])
    expect(linesOf(driftOfCsv(text, 'id,name\n'))).toEqual(['removed price breaking'])
  })

  it('reads by position when told so', () => {
    const policy = { profile: 'positional' } as const
    expect(linesOf(driftOfCsv(text, 'id,x,name,price\n1,a,ann,1.5\n', policy))).toEqual(['added x breaking'])
    expect(linesOf(driftOfCsv(text, 'id,name,price,x\n1,ann,1.5,a\n', policy))).toEqual(['added x warning'])
    expect(linesOf(driftOfCsv(text, 'name,id,price\nann,1,1.5\n', policy))).toEqual([
      'changed $ order breaking',
    ])
  })

  it('ragged records and repeated names are observations', () => {
    const report = driftOfCsv('a,b\n1,2\n3,4\n5,6\n', 'a,b\n1,2\n3,4,5\n')
    expect(report.hasDrift).toBe(false)
    expect(report.observations).toMatchObject([{ kind: 'integrity', path: '$', witness: { record: 2 } }])
  })
})

describe('a report', () => {
  const report = driftOfJson(
    sample,
    edited((row, i) => ({ ...without(row, 'zip'), status: i % 2 ? 'lost' : 'open', extra: 1 })),
  )

  it('points at the file', () => {
    const change = report.changes.find(({ path }) => path === '[].status')!
    expect(change.witness).toMatchObject({ line: 1 })
    expect(change.to).toBe('also lost')
  })

  it('has the same fingerprint for the same drift in another file', () => {
    const edit: Edit = (row, i) => ({ ...without(row, 'zip'), status: i % 2 ? 'lost' : 'open', extra: 1 })
    expect(driftOfJson(sample, orders(77, 9).map(edit)).fingerprint).toBe(report.fingerprint)
    expect(
      driftOfJson(
        sample,
        orders(77, 9).map((row) => without(row, 'id')),
      ).fingerprint,
    ).not.toBe(report.fingerprint)
  })

  it('reads well as text', () => {
    const places = / \(line 1, column \d+\)/g
    expect(renderText(report).replace(places, ' (place)').split('\n')).toEqual([
      'Drift: 1 added, 1 removed, 1 changed (major; breaking).',
      '  + [].extra: new, integer [warning] (place)',
      '  ~ [].status: enum: done | held | open -> also lost [warning] (place)',
      '  - [].zip: gone, was string [breaking]',
    ])
    expect(renderText(driftOfJson(1, 2))).toBe('No drift.')
  })

  it('refuses a file of another format', () => {
    expect(errorOf(() => compare(toSchema(profileJson([{ a: 1 }])), profileCsv('a,b\n1,2\n'))).code).toBe(
      'FORMAT_MISMATCH',
    )
  })
})
