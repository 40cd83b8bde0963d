import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compare, profile, renderText, toSchema } from '../../../src/diff/index.js'
import { bytesOf, corpus, errorOf, linesOf } from './fixtures/helpers.js'
import { driftOfXml, profileXml, schemaOfXml } from './fixtures/xml.js'

/** What costs more than its size never ends; a busy machine takes its time. In milliseconds. */
const hangs = 180_000

const xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
const at = (text: string, ...keys: string[]) =>
  keys.reduce((path, key) => path.children.get(key)!, profileXml(text).root)

describe('what an XML profile keeps', () => {
  it('attributes, children, and text where it stands', () => {
    const schema = schemaOfXml(
      '<order id="7"><total currency="EUR">1.50</total><note>x</note><gift/></order>',
    )
    expect(schema).toMatchObject({
      type: 'object',
      required: ['order'],
      properties: {
        order: {
          type: 'object',
          required: ['@id', 'total', 'note', 'gift'],
          properties: {
            '@id': { type: 'integer' },
            total: {
              type: 'object',
              properties: { '@currency': { type: 'string' }, '#text': { type: 'number' } },
            },
            note: { type: 'string' },
            gift: {},
          },
        },
      },
    })
    expect(JSON.stringify(schema).match(/"#text"/g)).toHaveLength(2)
  })

  it('nil, empty, blank and absent apart', () => {
    const row = (inner: string) => `<r>${inner}</r>`
    const rows = [
      '<a>x</a>',
      '<a/>',
      '<a></a>',
      '<a> \n</a>',
      '<a xsi:nil="true"/>',
      '<a xsi:nil="1"></a>',
      '',
    ]
    const a = at(`<rs ${xsi}>${rows.map(row).join('')}</rs>`, 'rs', 'r', 'a')
    expect(a).toMatchObject({ seen: 6, length: { min: 1, max: 1 } })
    expect(a.types).toMatchObject({ null: 2, object: 4 })
    expect(a.children.get('#text')).toMatchObject({ seen: 4, empty: 2, blank: 1 })
    expect(a.children.get('#text')!.text.count).toBe(1)
    expect(a.places.missing).toBeDefined()
  })

  it('a nil with attributes as an element whose text is null', () => {
    const a = at(`<a ${xsi} xsi:nil="true" reason="lost"/>`, 'a')
    expect(a.types).toMatchObject({ null: 0, object: 1 })
    expect(a.children.get('#text')!.types.null).toBe(1)
    expect(at(`<a ${xsi} xsi:nil="false">1</a>`, 'a').children.get('#text')!.types.integer).toBe(1)
  })

  it('xsi:type as data, xsi:schemaLocation as none', () => {
    const a = at(`<a ${xsi} xsi:type="T" xsi:schemaLocation="u u.xsd">1</a>`, 'a')
    expect([...a.children.keys()]).toEqual(['@type', '#text'])
  })

  it('texts as CSV has its fields, without the white space around them', () => {
    const values = [
      '01234',
      '1.10',
      '2024-05-31',
      ' 7\n',
      'true',
      '12345678901234567890',
      'Ä &amp; &#65;&#x42;',
    ]
    const text = at(`<l>${values.map((v) => `<v>${v}</v>`).join('')}</l>`, 'l', 'v', '#text')
    expect(text.types).toMatchObject({ string: 3, number: 1, integer: 2, boolean: 1 })
    expect(text.text.formats).toMatchObject({ code: 1, decimal: 1, date: 1, digits: 2, boolean: 1, text: 1 })
    expect(text.sketch.entries.map(({ literal }) => literal)).toContain('Ä & AB')
    expect(text.sketch.entries.map(({ literal }) => literal)).toContain('7')
  })

  it('text in pieces as one: CDATA, comments, instructions and entities between', () => {
    const text = at('<a>one<!-- c --> <![CDATA[<two>]]><?pi x?>&lt;3&gt;</a>', 'a', '#text')
    expect(text.sketch.entries.map(({ literal }) => literal)).toEqual(['one <two><3>'])
  })

  it('mixed content with a note, never as "no text"', () => {
    const seen = profileXml('<doc>\n<p>Hello <b>x</b> world</p>\n<p>y <b>z</b></p></doc>')
    expect(seen.findings).toEqual([
      { code: 'mixed-content', path: 'doc.p[]', count: 2, first: { line: 2, column: 1 } },
    ])
    const report = compare(toSchema(seen), seen)
    expect(report.changes).toEqual([])
    expect(report.observations).toMatchObject([{ kind: 'integrity', path: 'doc.p[]' }])
    expect(linesOf(driftOfXml('<p>Hello <b>x</b></p>', '<p>Hello</p>'))).toEqual(['removed p.b warning'])
  })

  it('elements that are sometimes empty as elements, not as texts', () => {
    const some = '<o><lines><line>1</line></lines><lines/><lines/></o>'
    expect(schemaOfXml(some)).toMatchObject({
      properties: { o: { properties: { lines: { items: { properties: { line: { type: 'integer' } } } } } } },
    })
    expect(driftOfXml(some, '<o><lines/></o>').changes).toEqual([])
    expect(driftOfXml('<o><a k="1"/></o>', '<o><a k="1">x</a></o>').changes).toMatchObject([
      { kind: 'added', path: 'o.a.#text' },
    ])
  })

  it('__proto__, constructor and the like as names', () => {
    const text =
      '<__proto__ __proto__="1" constructor="2"><toString>3</toString><hasOwnProperty/></__proto__>'
    const seen = profileXml(text)
    const names = ['@__proto__', '@constructor', 'toString', 'hasOwnProperty', '#text']
    expect([...seen.root.children.get('__proto__')!.children.keys()].sort()).toEqual(
      names.filter((name) => name !== '#text').sort(),
    )
    const schema = JSON.parse(JSON.stringify(toSchema(seen)))
    expect(Object.keys(schema.properties)).toEqual(['__proto__'])
    expect(compare(schema, seen).changes).toEqual([])
    expect(({} as { a?: number }).a).toBeUndefined()
  })

  it('names with dots as one name', () => {
    expect(linesOf(driftOfXml('<o/>', '<o a.b="1"><c.d>2</c.d></o>'))).toEqual([
      String.raw`added o.@a\.b warning`,
      String.raw`added o.c\.d warning`,
    ])
  })

  it('is plain data', () => {
    const seen = profileXml('<a xmlns="u"><b>1</b>x</a>')
    expect(structuredClone(seen)).toEqual(seen)
  })
})

describe('encodings', () => {
  const body = '<a>Käse €</a>'
  const text = (encoding: string) => `<?xml version="1.0" encoding="${encoding}"?>${body}`
  const literalOf = (bytes: Uint8Array) =>
    profile(bytes).root.children.get('a')!.children.get('#text')!.sketch.entries[0]!.literal

  it('by mark, by declaration, UTF-8 without either', () => {
    expect(literalOf(bytesOf(body))).toBe('Käse €')
    expect(literalOf(bytesOf(`\ufeff${text('UTF-8')}`))).toBe('Käse €')
    const le = Buffer.from(`\ufeff${text('UTF-16')}`, 'utf16le')
    expect(literalOf(le)).toBe('Käse €')
    expect(literalOf(Buffer.from(le).swap16())).toBe('Käse €')
    expect(literalOf(le.subarray(2))).toBe('Käse €')
    expect(literalOf(Buffer.from(le.subarray(2)).swap16())).toBe('Käse €')
    const latin = (encoding: string) => Buffer.from(text(encoding).replace('€', '\x80'), 'latin1')
    expect(literalOf(latin('ISO-8859-1'))).toBe('Käse €')
    expect(literalOf(latin('windows-1252'))).toBe('Käse €')
    expect(profile(latin('windows-1252')).dialect).toEqual({ encoding: 'windows-1252' })
  })

  it('that are not read, or not what the bytes are, are refused', () => {
    expect(errorOf(() => profileXml(text('EBCDIC-CP-US')))).toMatchObject({
      code: 'FILE_MALFORMED',
      place: { line: 1 },
    })
    const bad = Buffer.concat([Buffer.from('<a>\n<b>é'), Buffer.from([0xc3, 0x28]), Buffer.from('</b></a>')])
    expect(errorOf(() => profile(bad))).toMatchObject({
      code: 'FILE_MALFORMED',
      place: { line: 2, column: 5, byte: 9 },
    })
    const far = Buffer.concat([
      Buffer.from(`<a>${'é'.repeat(100_000)}`),
      Buffer.from([0xff]),
      Buffer.from('</a>'),
    ])
    expect(errorOf(() => profile(far))).toMatchObject({ place: { line: 1, byte: 200_003 } })
  })

  it('are read right however the pieces cut characters', () => {
    for (let shift = 0; shift < 5; shift++) {
      const long = `<a>${'x'.repeat(shift)}${'é😀'.repeat(30_000)}</a>`
      const { length } = at(long, 'a', '#text').text
      expect(length).toEqual({ min: shift + 60_000, max: shift + 60_000 })
    }
  })
})

describe('what XML is refused', () => {
  it.each<[string, { line: number; column: number }]>([
    ['<a>\n<b></a>', { line: 2, column: 7 }],
    ['<a>', { line: 1, column: 3 }],
    ['<a/><b/>', { line: 1, column: 7 }],
    ['<a/>text', { line: 1, column: 8 }],
    ['<a b="1" b="2"/>', { line: 1, column: 16 }],
    ['<a b=1/>', { line: 1, column: 6 }],
    ['<a b="<"/>', { line: 1, column: 7 }],
    ['<a>\n\n  &nbsp;</a>', { line: 3, column: 8 }],
    ['<a>&</a>', { line: 1, column: 8 }],
    ['<a>&#0;</a>', { line: 1, column: 7 }],
    ['<a>]]></a>', { line: 1, column: 6 }],
    ['<a>\u0001</a>', { line: 1, column: 4 }],
    ['<a><!-- -- --></a>', { line: 1, column: 11 }],
    [' <?xml version="1.0"?><a/>', { line: 1, column: 7 }],
    ['plain', { line: 1, column: 5 }],
  ])('%j with its place', (text, place) => {
    expect(errorOf(() => profileXml(text))).toMatchObject({ code: 'FILE_MALFORMED', place })
  })

  const laughs = `<!DOCTYPE a [\n<!ENTITY l0 "ha">${Array.from(
    { length: 9 },
    (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`,
  ).join('')}\n]>`
  it.each([
    ['billion laughs', `${laughs}<a>&l9;</a>`, { line: 1, column: 1 }],
    [
      'an external entity',
      '<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
      { line: 2, column: 1 },
    ],
    ['an external subset', '\n  <!DOCTYPE a SYSTEM "http://example.com/a.dtd"><a/>', { line: 2, column: 3 }],
    ['an internal subset', '<!DOCTYPE a [<!ELEMENT a ANY>]><a/>', { line: 1, column: 1 }],
    ['a bare document type', '<!DOCTYPE a><a/>', { line: 1, column: 1 }],
  ])('%s', (_, text, place) => {
    const error = errorOf(() => profileXml(text))
    expect(error).toMatchObject({ code: 'XML_DOCTYPE_REFUSED', place })
    expect(error.message).not.toContain('passwd')
  })

  it('never with words of the file in the message', () => {
    for (const text of [
      '<a><hunter2></a>',
      '<a hunter2="1" hunter2="2"/>',
      '<hunter2:a/>',
      '<a>&hunter2;</a>',
      '<hunter2>',
    ])
      expect(errorOf(() => profileXml(text)).message).not.toContain('hunter2')
  })

  it('nothing at all', () => {
    for (const text of ['', ' \n', '\ufeff']) expect(errorOf(() => profileXml(text)).code).toBe('FILE_EMPTY')
  })

  it.each([
    ['depth', '<a>'.repeat(100_000), 512],
    ['depth', `${'<a>'.repeat(4)}${'</a>'.repeat(4)}`, 3],
    ['keyLength', `<${'k'.repeat(50)}/>`, 49],
    ['keyLength', `<a ${'k'.repeat(50)}="1"/>`, 49],
    ['paths', `<a>${Array.from({ length: 20 }, (_, i) => `<b${i}/>`).join('')}</a>`, 20],
    ['bytes', '<a></a>', 6],
  ])('more than the limit of %s', (name, text, value) => {
    const error = errorOf(() => profile(bytesOf(text), { format: 'xml', limits: { [name]: value } }))
    expect(error).toMatchObject({ code: 'FILE_LIMIT_EXCEEDED', limit: { name, value } })
    if (name !== 'bytes') expect(error.place).toMatchObject({ line: 1 })
  })

  it('but not a document as deep as allowed, which makes a contract', () => {
    const deep = (inner: string) => `${'<a>'.repeat(511)}${inner}${'</a>'.repeat(511)}`
    const schema = schemaOfXml(deep('<b>1</b>'))
    expect(compare(schema, profileXml(deep('<b>1</b>'))).changes).toEqual([])
    expect(compare(schema, profileXml(deep('<b>x</b>'))).changes).toHaveLength(1)
  })

  it('but nothing near a limit', () => {
    const limits = { paths: 21, depth: 4 }
    const wide = `<a>${Array.from({ length: 20 }, (_, i) => `<b${i}/>`).join('')}</a>`
    expect(() => profile(bytesOf(wide), { limits })).not.toThrow()
    expect(() => profile(bytesOf('<a><a><a><a/></a></a></a>'), { limits })).not.toThrow()
  })
})

describe('hostile sizes cost what they weigh', { timeout: hangs }, () => {
  const reads = (text: string, outcome: 'read' | RegExp = 'read') => {
    if (outcome === 'read') profileXml(text)
    else expect(errorOf(() => profileXml(text)).code).toMatch(outcome)
  }
  const million = Array.from({ length: 1_000_000 }, (_, i) => i)

  it('a million attributes on one element', () => {
    reads(`<a ${million.map((i) => `a${i}="${i}"`).join(' ')}/>`)
  })
  it('a million different elements in one', () => {
    reads(`<a>${million.map((i) => `<e${i}/>`).join('')}</a>`)
  })
  it('deep elements with prefixes declared at the root', () => {
    const open = Array.from({ length: 500 }, () => '<p:d>').join('')
    const close = '</p:d>'.repeat(500)
    const inner = '<p:e p:a="1"/>'.repeat(200_000)
    reads(`<p:r xmlns:p="u">${open}${inner}${close}</p:r>`)
  })
  it('one line of 20 MB, text, comment, attribute, reference', () => {
    const long = 'x'.repeat(20_000_000)
    reads(`<a>${long}</a>`)
    reads(`<a><!--${long}--></a>`)
    reads(`<a b="${long}"/>`)
    reads(`<a>${'&amp;'.repeat(4_000_000)}</a>`)
    reads(`<a>&${long}`, /MALFORMED/)
    reads(`<!DOCTYPE a [${long}`, /MALFORMED/)
    reads(`<${long}/>`, /LIMIT/)
  })
})

describe('values stay private in XML', () => {
  it('in schemas, reports and texts', () => {
    const secret = (i: number) => `secret${i}hunter${i * 7}`
    const doc = (tag: string, from: number) =>
      `<r>${Array.from({ length: 40 }, (_, i) => `<o k="${secret(from + i)}"><${tag}>${secret(i + from + 99)}</${tag}></o>`).join('')}</r>`
    const schema = schemaOfXml(doc('a', 1))
    const report = compare(schema, profileXml(doc('b', 500)))
    const shown = JSON.stringify(schema) + JSON.stringify(report) + renderText(report)
    expect(shown).not.toContain('hunter')
  })
})

const invoices = corpus('xml', 'xrechnung')
describe.skipIf(invoices === null)(
  `XRechnung${invoices === null ? ' (absent: no shared corpora here)' : ''}`,
  () => {
    const files = invoices === null ? [] : readdirSync(invoices).filter((name) => name.endsWith('.xml'))
    const read = (name: string) => profile(readFileSync(join(invoices!, name)))

    it.each(files)('%s does not drift from its own contract', (name) => {
      const seen = read(name)
      expect(seen.format).toBe('xml')
      expect(compare(JSON.parse(JSON.stringify(toSchema(seen))), seen).changes).toEqual([])
    })

    it('tells the two syntaxes apart', () => {
      const [ubl, cii] = ['01.01a-INVOICE_ubl.xml', '01.01a-INVOICE_uncefact.xml'].map(read)
      const report = compare(toSchema(ubl!), cii!)
      expect(report.changes.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
        'added CrossIndustryInvoice',
        'removed Invoice',
      ])
    })
  },
)
