/**
 * What can happen to a feed, one operator at a time, on random records: each must show as the right kind of
 * change, at the right path, with the right aspect and verdict, and be settled once it is accepted. A format
 * joins by its entry in `feedFormats`.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyProposals, compare, profile, toSchema } from '../../../src/diff/index.js'
import { feedFormats, type Row } from './fixtures/feeds.js'
import { bytesOf, csvOf, linesOf } from './fixtures/helpers.js'

/** One feed: what its records look like is fixed, what they hold is not. */
const day = fc
  .integer({ min: 0, max: 900 })
  .map((n) => new Date(Date.UTC(2023, 0, 1) + n * 864e5).toISOString().slice(0, 10))
const word = fc.stringMatching(/^[a-z]{4,9} [a-z]{3,8}$/)
const record = fc.record({
  id: fc.integer({ min: 1, max: 99_999 }),
  amount: fc.integer({ min: 1, max: 999_999 }).map((n) => n + 0.25),
  buyer: word,
  city: word,
  orderDate: day,
  shippedAt: day.map((date) => `${date}T10:20:30Z`),
  zip: fc.integer({ min: 0, max: 9_999 }).map((n) => `0${String(n).padStart(4, '0')}`),
  paid: fc.boolean(),
})
const feed = fc.array(record, { minLength: 60, maxLength: 90 }).map((rows) =>
  rows.map(
    (row, i): Row => ({
      ...row,
      status: ['open', 'done', 'held'][i % 3],
      note: i % 4 === 0 ? null : `note ${row.buyer}`,
    }),
  ),
)
const nestedFeed = feed.map((rows) =>
  rows.map(
    (row): Row => ({
      ...row,
      party: { name: row.buyer, code: row.zip },
      tags: ['x', 'y'],
      lines: [{ sku: row.city, qty: row.id }],
    }),
  ),
)

const drop = (row: Row, ...names: string[]) =>
  Object.fromEntries(Object.entries(row).filter(([key]) => !names.includes(key)))
const put = (row: Row, name: string, value: unknown) => ({ ...row, [name]: value })
const rename = (row: Row, from: string, to: string) =>
  Object.fromEntries(Object.entries(row).map(([key, value]) => [key === from ? to : key, value]))
const text = (row: Row, name: string) => String(row[name])
const some = (edit: (row: Row, i: number) => Row) => (row: Row, i: number) =>
  i % 5 === 2 ? edit(row, i) : row

/**
 * What it shows as: `kind key aspect impact`; `>` before the new name. Formats that have nothing but texts see
 * some of it in another way.
 */
type Shown = string[] | { typed: string[]; text: string[] }
type Operator = [name: string, edit: (row: Row, i: number) => Row, shown: Shown]

const operators: Operator[] = [
  ['nothing', (row) => row, []],
  ['drop', (row) => drop(row, 'buyer'), ['removed buyer breaking']],
  ['drop two', (row) => drop(row, 'buyer', 'paid'), ['removed buyer breaking', 'removed paid breaking']],
  [
    'drop in some records',
    some((row) => drop(row, 'id')),
    { typed: ['changed id presence breaking'], text: ['changed id nullability breaking'] },
  ],
  ['add', (row, i) => put(row, 'weight', i), ['added weight warning']],
  [
    'add to some records',
    some((row) => put(row, 'weight', 1)),
    { typed: ['added weight warning'], text: [] },
  ],
  ['add an empty one', (row) => put(row, 'weight', null), ['added weight warning']],
  [
    'rename to snake case',
    (row) => rename(row, 'orderDate', 'order_date'),
    ['renamed orderDate>order_date breaking'],
  ],
  ['rename to capitals', (row) => rename(row, 'status', 'STATUS'), ['renamed status>STATUS breaking']],
  [
    'rename and retype',
    (row) => put(rename(row, 'orderDate', 'Order Date'), 'Order Date', true),
    {
      typed: ['renamed orderDate>Order Date type breaking'],
      text: ['renamed orderDate>Order Date format breaking'],
    },
  ],
  ['integer to text', (row) => put(row, 'id', `no ${row.id}`), ['changed id type breaking']],
  ['integer to text in some', some((row) => put(row, 'id', 'n/a')), ['changed id type breaking']],
  ['integer to number', (row) => put(row, 'id', Number(row.id) + 0.5), ['changed id type warning']],
  ['number to integer', (row) => put(row, 'amount', Math.floor(Number(row.amount))), []],
  ['number to boolean', (row) => put(row, 'amount', true), ['changed amount type breaking']],
  ['boolean to integer', (row, i) => put(row, 'paid', i % 2), ['changed paid type breaking']],
  ['boolean to text', (row) => put(row, 'paid', row.paid ? 'yes' : 'no'), ['changed paid type breaking']],
  [
    'number in quotes',
    (row) => put(row, 'id', text(row, 'id')),
    { typed: ['changed id type breaking'], text: [] },
  ],
  [
    'text to integer',
    (row, i) => put(row, 'city', i),
    { typed: ['changed city type breaking'], text: ['changed city type warning'] },
  ],
  ['all null', (row) => put(row, 'id', null), ['changed id nullability breaking']],
  ['some null', some((row) => put(row, 'amount', null)), ['changed amount nullability breaking']],
  [
    'some texts null',
    some((row) => put(row, 'city', null)),
    { typed: ['changed city nullability breaking'], text: ['changed city nullability warning'] },
  ],
  ['null where null was', (row) => put(row, 'note', null), []],
  ['some empty', some((row) => put(row, 'city', '')), ['changed city nullability warning']],
  ['some blank', some((row) => put(row, 'city', '  ')), ['changed city nullability warning']],
  ['a new code', some((row) => put(row, 'status', 'lost')), ['changed status enum warning']],
  [
    'codes in capitals',
    (row) => put(row, 'status', text(row, 'status').toUpperCase()),
    ['changed status enum warning'],
  ],
  ['fewer codes', (row) => put(row, 'status', 'open'), []],
  ['codes to free text', (row) => put(row, 'status', text(row, 'city')), ['changed status enum warning']],
  [
    'another date format',
    (row) => put(row, 'orderDate', text(row, 'orderDate').replace(/(\d+)-(\d+)-(\d+)/, '$2/$3/$1')),
    ['changed orderDate format breaking'],
  ],
  [
    'date to date-time',
    (row) => put(row, 'orderDate', `${row.orderDate}T00:00:00Z`),
    ['changed orderDate format breaking'],
  ],
  [
    'date-time to date',
    (row) => put(row, 'shippedAt', text(row, 'shippedAt').slice(0, 10)),
    ['changed shippedAt format breaking'],
  ],
  [
    'no zone any more',
    (row) => put(row, 'shippedAt', text(row, 'shippedAt').slice(0, -1)),
    ['changed shippedAt format breaking'],
  ],
  [
    'days that do not exist',
    some((row) => put(row, 'orderDate', '2023-02-30')),
    ['changed orderDate format breaking'],
  ],
  ['dates as words', some((row) => put(row, 'orderDate', 'soon')), ['changed orderDate format breaking']],
  [
    'decimal comma',
    (row) => put(row, 'amount', text(row, 'amount').replace('.', ',')),
    ['changed amount type breaking'],
  ],
  ['currency', (row) => put(row, 'amount', `€ ${row.amount}`), ['changed amount type breaking']],
  [
    'lost zeros',
    (row) => put(row, 'zip', text(row, 'zip').replace(/^0+(?=.)/, '')),
    ['changed zip format warning'],
  ],
  ['longer codes', (row) => put(row, 'zip', `${row.zip}99`), ['changed zip format warning']],
  ['more decimals', (row) => put(row, 'amount', Number(row.amount) + 0.001), []],
  ['huge integers', (row) => put(row, 'id', 9_007_199_254_740_991 - Number(row.id)), []],
  ['negative', (row) => put(row, 'id', -Number(row.id)), []],
  ['reordered', (row) => Object.fromEntries(Object.entries(row).reverse()), []],
  [
    'two columns swapped',
    (row) => ({ ...row, orderDate: row.city, city: row.orderDate }),
    ['changed orderDate format breaking'],
  ],
]

const nestedOperators: Operator[] = [
  ['drop an object', (row) => drop(row, 'party'), ['removed party breaking']],
  ['drop below', (row) => put(row, 'party', drop(row.party as Row, 'code')), ['removed party.code breaking']],
  ['add below', (row) => put(row, 'party', put(row.party as Row, 'vat', 'x')), ['added party.vat warning']],
  ['flatten', (row) => put(row, 'party', text(row, 'buyer')), ['changed party structure breaking']],
  ['nest', (row) => put(row, 'city', { name: row.city }), ['changed city structure breaking']],
  [
    'an empty object',
    (row) => put(row, 'party', {}),
    ['removed party.code breaking', 'removed party.name breaking'],
  ],
  ['wrap in a list', (row) => put(row, 'party', [row.party]), ['changed party structure breaking']],
  ['unwrap', (row) => put(row, 'lines', (row.lines as Row[])[0]), ['changed lines structure breaking']],
  ['repeat', (row) => put(row, 'lines', [...(row.lines as Row[]), ...(row.lines as Row[])]), []],
  ['no items', (row) => put(row, 'lines', []), []],
  [
    'retype items',
    (row, i) => put(row, 'tags', [i]),
    { typed: ['changed tags[] type breaking'], text: ['changed tags[] type warning'] },
  ],
  [
    'mixed items',
    some((row) => put(row, 'tags', ['x', 1])),
    { typed: ['changed tags[] type breaking'], text: ['changed tags[] enum warning'] },
  ],
  ['drop in items', (row) => put(row, 'lines', [{ qty: row.id }]), ['removed lines[].sku breaking']],
  [
    'rename in items',
    (row) => put(row, 'lines', [{ SKU: row.city, qty: row.id }]),
    ['renamed lines[].sku>lines[].SKU breaking'],
  ],
  [
    'rename and add below',
    (row) => put(drop(row, 'party'), 'Party', put(row.party as Row, 'vat', 'x')),
    ['added Party.vat warning', 'renamed party>Party breaking'],
  ],
  ['null for an object', some((row) => put(row, 'party', null)), ['changed party nullability breaking']],
]

const known = [...operators, ...nestedOperators].map(([name]) => name)
const namesOf = (all: readonly Operator[], why: string) =>
  Object.fromEntries(all.map(([name]) => [name, why]))

const aspects = [
  'type',
  'structure',
  'cardinality',
  'nullability',
  'presence',
  'format',
  'enum',
  'constraint',
  'order',
]
const inPaths = (path: (name: string, of: 'key' | 'value') => string) => (line: string) => {
  const [kind = '', ...words] = line.split(' ')
  const impact = words.pop()!
  const aspect = aspects.includes(words.at(-1)!) ? [words.pop()!] : []
  const of = kind !== 'changed' || aspect[0] === 'presence' ? 'key' : 'value'
  const names = words
    .join(' ')
    .split('>')
    .map((name) => path(name, of))
    .join('>')
  return [kind, names, ...aspect, impact].join(' ')
}

const numRuns = Number(process.env.DRIFTHOOK_RUNS ?? 3)
const resultOf = (lines: readonly string[]) =>
  lines.some((line) => line.endsWith('breaking')) ? 'breaking' : lines.length > 0 ? 'warning' : 'pass'

describe.each(feedFormats)('$name', ({ profileOf, path, textual, flat, leavesOut, shows }) => {
  const holds = (data: fc.Arbitrary<Row[]>, [name, edit, shown]: Operator) => {
    const usual = Array.isArray(shown) ? shown : shown[textual ? 'text' : 'typed']
    const expected = (shows[name] ?? usual).map(inPaths(path))
    fc.assert(
      fc.property(data, data, (before, after) => {
        const contract = toSchema(profileOf(before))
        const seen = profileOf(after.map(edit))
        const report = compare(contract, seen)
        expect(linesOf(report)).toEqual(expected)
        expect(report.result).toBe(resultOf(expected))
        const { schema, aliases } = applyProposals(contract, report.changes)
        expect(linesOf(compare(schema, seen, { aliases }))).toEqual([])
      }),
      { numRuns, endOnFailure: true },
    )
  }
  const expressible = (all: readonly Operator[]) => all.filter(([name]) => leavesOut[name] === undefined)
  const below: Record<string, string> = flat === undefined ? {} : namesOf(nestedOperators, flat)

  it.each(expressible(operators))('%s', (...operator) => holds(feed, operator))
  if (flat === undefined)
    it.each(expressible(nestedOperators))('%s', (...operator) => holds(nestedFeed, operator))
  it.each(Object.entries({ ...leavesOut, ...below }))('leaves out "%s": %s', (name, why) => {
    expect(known).toContain(name)
    expect(shows).not.toHaveProperty([name])
    expect(why).not.toBe('')
  })
  it('shows nothing of its own that is no operator', () => {
    expect(known).toEqual(expect.arrayContaining(Object.keys(shows)))
  })
})

describe('CSV as a file', () => {
  const drift = (before: Row[], file: (text: string) => Uint8Array, by?: string) =>
    linesOf(
      compare(
        toSchema(profile(bytesOf(csvOf(before)), { format: 'csv' })),
        profile(file(csvOf(before, by)), { format: 'csv' }),
      ),
    )
  it.each<[string, (text: string) => Uint8Array, string[], string?]>([
    ['another delimiter', bytesOf, ['changed $ format warning'], ';'],
    ['another encoding', (text) => Buffer.from(`\ufeff${text}`, 'utf16le'), ['changed $ format warning']],
    ['a byte order mark', (text) => bytesOf(`\ufeff${text}`), []],
    ['another end of lines', (text) => bytesOf(text.replaceAll('\n', '\r\n')), []],
    ['no header', (text) => bytesOf(text.slice(text.indexOf('\n') + 1)), ['changed $ structure breaking']],
    [
      'a header twice',
      (text) => bytesOf(text.replace('city', 'buyer')),
      // Its values are those of the column that is gone: a rename, though to a name that is there already.
      ['renamed city>buyer#2 breaking'],
    ],
    ['no records', (text) => bytesOf(text.slice(0, text.indexOf('\n') + 1)), []],
  ])('%s', (_, file, expected, by) => {
    fc.assert(
      fc.property(feed, (before) => {
        expect(drift(before, file, by)).toEqual(expected)
      }),
      { numRuns, endOnFailure: true },
    )
  })
})
