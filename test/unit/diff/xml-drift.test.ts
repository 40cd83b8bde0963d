import { describe, expect, it } from 'vitest'
import { compare, mergeProfiles, toSchema } from '../../../src/diff/index.js'
import { errorOf, linesOf, orders } from './fixtures/helpers.js'
import { documentOf, driftOfXml, profileXml, schemaOfXml } from './fixtures/xml.js'

type Row = Record<string, unknown>
type Edit = (row: Row, i: number) => Row

const without = (row: Row, name: string) =>
  Object.fromEntries(Object.entries(row).filter(([key]) => key !== name))
const rename = (row: Row, from: string, to: string) =>
  Object.fromEntries(Object.entries(row).map(([key, value]) => [key === from ? to : key, value]))

/** Orders with an attribute, a list, an element inside, a text with an attribute. */
const feed = (seed: number): Row[] =>
  orders(120, seed).map(({ id, ...order }, i) => ({
    '@id': id,
    ...order,
    line: Array.from({ length: 1 + (i % 3) }, (_, n) => ({ '@no': n + 1, sku: `S-${i}-${n}`, qty: n + i })),
    shipTo: { city: `City ${i}`, zip: `0${1_000 + i}` },
    total: { '@currency': i % 2 ? 'EUR' : 'USD', '#text': i + 0.5 },
  }))
const file = (rows: readonly Row[]) => documentOf('orders', { order: rows })

const mutations: [name: string, edit: Edit, changes: string[], severity: string | null, result: string][] = [
  ['nothing', (row) => row, [], null, 'pass'],
  ['drop an element', (row) => without(row, 'zip'), ['removed zip breaking'], 'major', 'breaking'],
  ['drop an attribute', (row) => without(row, '@id'), ['removed @id breaking'], 'major', 'breaking'],
  ['drop a list: one change', (row) => without(row, 'line'), ['removed line breaking'], 'major', 'breaking'],
  [
    'drop in some',
    (row, i) => (i === 7 ? without(row, 'zip') : row),
    ['changed zip presence breaking'],
    'minor',
    'breaking',
  ],
  ['add an element', (row, i) => ({ ...row, extra: i }), ['added extra warning'], 'trivial', 'warning'],
  ['add an attribute', (row, i) => ({ ...row, '@extra': i }), ['added @extra warning'], 'trivial', 'warning'],
  [
    'add an element with others in it: one change',
    (row) => ({ ...row, extra: { a: 1, b: { c: 2 } } }),
    ['added extra warning'],
    'trivial',
    'warning',
  ],
  [
    'add a list: one change',
    (row) => ({ ...row, tag: ['a', 'b'] }),
    ['added tag warning'],
    'trivial',
    'warning',
  ],
  [
    'rename an element',
    (row) => rename(row, 'orderDate', 'order_date'),
    ['renamed orderDate>order_date breaking'],
    'minor',
    'breaking',
  ],
  [
    'rename an attribute',
    (row) => rename(row, '@id', '@ID'),
    ['renamed @id>@ID breaking'],
    'minor',
    'breaking',
  ],
  [
    'rename a list',
    (row) => rename(row, 'line', 'Line'),
    ['renamed line>Line breaking'],
    'minor',
    'breaking',
  ],
  [
    'attribute to element',
    (row) => ({ ...without(row, '@id'), id: row['@id'] }),
    ['renamed @id>id breaking'],
    'minor',
    'breaking',
  ],
  [
    'element to attribute',
    (row) => ({ ...without(row, 'zip'), '@zip': row.zip }),
    ['renamed zip>@zip breaking'],
    'minor',
    'breaking',
  ],
  [
    'number to text',
    (row) => ({ ...row, amount: `EUR ${row.amount}` }),
    ['changed amount type breaking'],
    'major',
    'breaking',
  ],
  [
    'attribute to text',
    (row) => ({ ...row, '@id': `no ${row['@id']}` }),
    ['changed @id type breaking'],
    'major',
    'breaking',
  ],
  [
    'text beside an attribute',
    (row) => ({ ...row, total: { '@currency': 'EUR', '#text': 'much' } }),
    ['changed total.#text type breaking'],
    'major',
    'breaking',
  ],
  [
    'a text gets an attribute',
    (row) => ({ ...row, amount: { '@unit': 'x', '#text': row.amount } }),
    ['added amount.@unit warning'],
    'trivial',
    'warning',
  ],
  [
    'a text loses its attribute',
    (row, i) => ({ ...row, total: i }),
    ['removed total.@currency breaking'],
    'major',
    'breaking',
  ],
  [
    'text to elements',
    (row) => ({ ...row, buyer: { name: row.buyer } }),
    ['changed buyer structure breaking'],
    'major',
    'breaking',
  ],
  [
    'elements to text',
    (row) => ({ ...row, shipTo: 'there' }),
    ['changed shipTo structure breaking'],
    'major',
    'breaking',
  ],
  [
    'nil',
    (row, i) => (i % 2 ? { ...row, zip: null } : row),
    ['changed zip nullability breaking'],
    'minor',
    'breaking',
  ],
  [
    'nil of an element with others in it',
    (row, i) => (i % 2 ? { ...row, shipTo: null } : row),
    ['changed shipTo nullability breaking'],
    'minor',
    'breaking',
  ],
  [
    'empty',
    (row, i) => (i % 2 ? { ...row, buyer: '' } : row),
    ['changed buyer nullability warning'],
    'minor',
    'warning',
  ],
  [
    'blank',
    (row, i) => (i % 2 ? { ...row, buyer: ' \n' } : row),
    ['changed buyer nullability warning'],
    'minor',
    'warning',
  ],
  [
    'repeat an element',
    (row, i) => ({ ...row, amount: [i + 0.5, i + 1.5] }),
    ['changed amount cardinality breaking'],
    'minor',
    'breaking',
  ],
  [
    'repeat an element with others in it',
    (row) => ({ ...row, shipTo: [row.shipTo, row.shipTo] }),
    ['changed shipTo cardinality breaking'],
    'minor',
    'breaking',
  ],
  [
    'repeat and retype',
    (row) => ({ ...row, amount: ['a', 'b'] }),
    ['changed amount cardinality breaking', 'changed amount[] type breaking'],
    'major',
    'breaking',
  ],
  ['one of a list', (row) => ({ ...row, line: (row.line as Row[])[0] }), [], null, 'pass'],
  [
    'drop in a list',
    (row) => ({ ...row, line: (row.line as Row[]).map((line) => without(line, 'qty')) }),
    ['removed line[].qty breaking'],
    'major',
    'breaking',
  ],
  [
    'add in a list',
    (row) => ({ ...row, line: (row.line as Row[]).map((line) => ({ ...line, vat: 7 })) }),
    ['added line[].vat warning'],
    'trivial',
    'warning',
  ],
  ['another order of elements', (row) => Object.fromEntries(Object.entries(row).reverse()), [], null, 'pass'],
  [
    'move',
    (row) => ({ ...without(row, 'zip'), shipTo: { ...(row.shipTo as Row), region: row.zip } }),
    ['removed zip breaking', 'added shipTo.region warning'],
    'major',
    'breaking',
  ],
  [
    'new code',
    (row, i) => (i % 4 ? row : { ...row, status: 'lost' }),
    ['changed status enum warning'],
    'minor',
    'warning',
  ],
  [
    'date format',
    (row) => ({ ...row, orderDate: `${row.orderDate}T00:00:00Z` }),
    ['changed orderDate format breaking'],
    'minor',
    'breaking',
  ],
]

const inOrder = (line: string) =>
  line.replace(/^(\w+) ([^ >]+)(>?)/, '$1 orders.order[].$2$3').replace('>', '>orders.order[].')
const sample = file(feed(1))

describe('what a change to every record shows as in XML', () => {
  it.each(mutations)('%s', (_, edit, changes, severity, result) => {
    const report = driftOfXml(sample, file(feed(2).map(edit)))
    expect(linesOf(report).sort()).toEqual(changes.map(inOrder).sort())
    expect(report).toMatchObject({ hasDrift: changes.length > 0, severity, result })
  })

  it.each(mutations)('%s: what is in the contract does not drift from it', (_, edit) => {
    const seen = profileXml(file(feed(2).map(edit)))
    const both = mergeProfiles(profileXml(sample), seen)
    expect(linesOf(compare(JSON.parse(JSON.stringify(toSchema(both))), seen))).toEqual([])
  })
})

describe('how often an element stands in its parent', () => {
  const one = '<order><line><qty>1</qty></line></order>'
  const many =
    '<order>\n<line><qty>1</qty></line>\n<line><qty>2</qty></line><line><qty>3</qty></line></order>'

  it('from one to many is one change, at the second one', () => {
    const { changes } = driftOfXml(one, many)
    expect(changes).toMatchObject([
      {
        kind: 'changed',
        path: 'order.line',
        aspect: 'cardinality',
        from: 'at most once',
        to: 'several times',
        impact: 'breaking',
        evidence: { contract: 1, most: 3 },
        witness: { line: 3, column: 1 },
        proposal: { op: 'set', path: 'order.line', schema: { type: 'array' } },
      },
    ])
  })

  it('from many to one is none', () => {
    expect(driftOfXml(many, one).hasDrift).toBe(false)
    expect(driftOfXml(many, many).hasDrift).toBe(false)
  })

  it('is counted per parent, not per file', () => {
    const split = '<orders><order><line>1</line></order><order><line>2</line></order></orders>'
    expect(schemaOfXml(split)).toMatchObject({
      properties: {
        orders: {
          properties: { order: { type: 'array', items: { properties: { line: { type: 'integer' } } } } },
        },
      },
    })
  })

  it('adds up over files: both orders know that it repeats', () => {
    for (const [a, b] of [
      [one, many],
      [many, one],
    ] as const) {
      const schema = toSchema(mergeProfiles(profileXml(a), profileXml(b)))
      expect(linesOf(compare(schema, profileXml(many)))).toEqual([])
      expect(linesOf(compare(schema, profileXml(one)))).toEqual([])
    }
  })

  it('in a schema written by hand is an array or not', () => {
    const order = (line: object) => ({
      type: 'object',
      properties: { order: { type: 'object', properties: { line } } },
    })
    const line = { type: 'object', properties: { qty: { type: 'integer' } } }
    const single = order(line)
    const repeated = order({ type: 'array', items: line })
    expect(linesOf(compare(single, profileXml(one)))).toEqual([])
    expect(linesOf(compare(single, profileXml(many)))).toEqual(['changed order.line cardinality breaking'])
    expect(linesOf(compare(repeated, profileXml(one)))).toEqual([])
    expect(linesOf(compare(repeated, profileXml(many)))).toEqual([])
    expect(linesOf(compare(repeated, profileXml(many.replace('>3<', '>x<'))))).toEqual([
      'changed order.line[].qty type breaking',
    ])
  })

  it('compares schema with schema', () => {
    expect(linesOf(compare(schemaOfXml(one), schemaOfXml(many)))).toEqual([
      'changed order.line cardinality breaking',
    ])
    expect(linesOf(compare(schemaOfXml(many), schemaOfXml(one)))).toEqual([])
  })
})

describe('namespaces', () => {
  const plain = '<o xmlns="urn:a" xmlns:x="urn:x"><b>1</b><x:c k="v">2</x:c></o>'

  it('do not care for prefixes', () => {
    const other = '<p:o xmlns:p="urn:a"><p:b>1</p:b><c xmlns="urn:x" k="v">2</c></p:o>'
    expect(driftOfXml(plain, other).changes).toEqual([])
    expect(schemaOfXml(plain)).toEqual(schemaOfXml(other))
  })

  it('that change are one breaking change', () => {
    const report = driftOfXml(plain, plain.replace('urn:a', 'urn:a:2'))
    expect(linesOf(report)).toEqual(['changed o structure breaking'])
    expect(report.changes[0]).toMatchObject({
      from: 'namespace urn:a',
      to: 'namespace urn:a:2',
      evidence: { contract: 'urn:a', file: 'urn:a:2' },
    })
    expect(linesOf(driftOfXml(plain, plain.replace(' xmlns="urn:a"', '')))).toEqual([
      'changed o structure breaking',
    ])
    expect(linesOf(driftOfXml(plain, plain.replace('urn:x', 'urn:y')))).toEqual([
      'changed o.c structure breaking',
    ])
  })

  it('tell equal local names apart, whatever order and file they come in', () => {
    const none = '<o><link>1</link></o>'
    const both = '<o xmlns:a="urn:atom"><link>1</link><a:link href="x"/></o>'
    const atom = '<o xmlns:a="urn:atom"><a:link href="x"/></o>'
    expect(linesOf(driftOfXml(none, both))).toEqual(['added o.link{urn:atom} warning'])
    expect(linesOf(driftOfXml(both, none))).toEqual(['removed o.link{urn:atom} warning'])
    expect(linesOf(driftOfXml(both, both.replaceAll('a:', 'b:').replace('xmlns:a', 'xmlns:b')))).toEqual([])
    for (const [x, y] of [
      [none, atom],
      [atom, none],
      [both, none],
      [atom, both],
    ] as const) {
      const merged = mergeProfiles(profileXml(x), profileXml(y))
      expect([...merged.root.children.get('o')!.children.keys()].sort()).toEqual(['link', 'link{urn:atom}'])
      for (const text of [x, y]) expect(compare(toSchema(merged), profileXml(text)).changes).toEqual([])
    }
  })

  it('of attributes count only with a prefix', () => {
    const { root } = profileXml('<o xmlns="urn:a" xmlns:x="urn:x" id="1" x:id="2" xml:lang="de"/>')
    expect([...root.children.get('o')!.children.keys()]).toEqual(['@id', '@id{urn:x}', '@lang', '#text'])
  })

  it.each([
    ['<p:o/>', 'prefix'],
    ['<o p:a="1"/>', 'prefix'],
    ['<o xmlns:a="u" xmlns:b="u" a:x="1" b:x="2"/>', 'twice'],
    ['<o xmlns:p=""/>', 'prefix'],
    ['<o xmlns:xmlns="u"/>', 'xmlns'],
    ['<o xmlns:xml="u"/>', 'xml'],
    ['<a:b:c xmlns:a="u"/>', 'name'],
    ['<:a/>', 'name'],
    ['<p:a xmlns:p="u"></p:a><p:b/>', 'root'],
  ])('refuse %s', (text, word) => {
    const error = errorOf(() => profileXml(text))
    expect(error.code).toBe('FILE_MALFORMED')
    expect(error.message).toContain(word)
  })

  it('end with their element', () => {
    expect(errorOf(() => profileXml('<o><a xmlns:p="u"/><p:b/></o>')).code).toBe('FILE_MALFORMED')
    const { root } = profileXml('<o xmlns="u"><a xmlns="v"><b/></a><c/></o>')
    const o = root.children.get('o')!
    expect([o, ...o.children.values()].map(({ namespace }) => namespace)).toEqual(['u', 'v', 'u'])
  })
})
