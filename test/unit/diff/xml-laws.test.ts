import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compare, mergeProfiles, type Profile, profile, toSchema } from '../../../src/diff/index.js'
import type { PathProfile } from '../../../src/diff/profile.js'
import { corpus, csvOf, linesOf, orders, profileCsv, profileJson } from './fixtures/helpers.js'
import { documentOf, element, profileXml } from './fixtures/xml.js'

const prefix = fc.constantFrom('', '', '', 'p:', 'q:')
const name = fc.constantFrom('id', 'line', 'order', 'qty', 'a.b', '__proto__', 'constructor')
const text = fc.oneof(
  fc.constantFrom('', ' ', '2024-01-31', '01234', '1.50', 'a@b.co', 'open', 'true'),
  fc.integer().map(String),
  fc.string({ maxLength: 6 }).map((value) => value.replace(/[^\t\n\x20-\x7e]|[<&\]"]/g, '')),
)
const attributes = fc
  .uniqueArray(fc.tuple(fc.constantFrom('', '', 'p:'), name, text), {
    maxLength: 3,
    selector: ([mark, local]) => mark + local,
  })
  .map((list) => list.map(([mark, local, value]) => ` ${mark}${local}="${value}"`).join(''))
const { node } = fc.letrec<{ node: string }>((tie) => ({
  node: fc
    .tuple(
      prefix,
      name,
      attributes,
      fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        text,
        fc.constant(null),
        fc.array(fc.oneof({ arbitrary: tie('node'), weight: 4 }, { arbitrary: text, weight: 1 }), {
          maxLength: 5,
        }),
      ),
    )
    .map(([mark, local, given, content]) => {
      const tag = mark + local
      if (content === null) return `<${tag}${given} xsi:nil="true"/>`
      return `<${tag}${given}>${Array.isArray(content) ? content.join('') : content}</${tag}>`
    }),
}))
const nodes = fc.array(node, { maxLength: 5 })
const open = '<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:p="urn:p" xmlns:q="urn:q">'
const rowOf = (content: readonly string[]) => `<row>${content.join('')}</row>`
const fileOf = (...rows: readonly string[][]) => profileXml(`${open}${rows.map(rowOf).join('\n')}</r>`)

/** What two profiles must agree on: everything but where it stood. */
function essence(path: PathProfile): unknown {
  return {
    ...path,
    places: null,
    sketch: { ...path.sketch, entries: path.sketch.entries.map(({ place: _, ...entry }) => entry) },
    children: new Map(
      [...path.children].sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, essence(v)]),
    ),
    rest: path.rest && essence(path.rest),
  }
}
const rootOf = ({ root }: Profile) => essence(root)
const stored = (seen: Profile) => JSON.parse(JSON.stringify(toSchema(seen)))

describe('an XML file never drifts from its own contract', () => {
  it('whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(nodes, { maxLength: 4 }), (rows) => {
        const seen = fileOf(...rows)
        expect(linesOf(compare(stored(seen), seen))).toEqual([])
        expect(linesOf(compare(stored(seen), stored(seen)))).toEqual([])
      }),
      { numRuns: 1_000 },
    )
  })

  it('nor from one that learned from another file too', () => {
    fc.assert(
      fc.property(nodes, nodes, (a, b) => {
        const [x, y] = [fileOf(a), fileOf(b)]
        const schema = stored(mergeProfiles(x, y))
        expect(linesOf(compare(schema, x))).toEqual([])
        expect(linesOf(compare(schema, y))).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  it('nor does another file of the same feed', () => {
    const feed = (count: number, seed: number) =>
      profileXml(documentOf('orders', { order: orders(count, seed) }))
    const contract = stored(feed(500, 1))
    for (let seed = 2; seed < 20; seed++) {
      expect(linesOf(compare(contract, feed(50 + seed * 10, seed)))).toEqual([])
    }
  })
})

describe('XML profiles add up', () => {
  it('in any order and grouping', () => {
    fc.assert(
      fc.property(nodes, nodes, nodes, (a, b, c) => {
        const [x, y, z] = [fileOf(a), fileOf(b), fileOf(c)]
        expect(rootOf(mergeProfiles(x, y))).toEqual(rootOf(mergeProfiles(y, x)))
        expect(rootOf(mergeProfiles(mergeProfiles(x, y), z))).toEqual(
          rootOf(mergeProfiles(x, mergeProfiles(y, z))),
        )
      }),
      { numRuns: 200 },
    )
  })

  it('to the profile of all rows together', () => {
    fc.assert(
      fc.property(nodes, nodes, (a, b) => {
        const rowsOf = ({ root }: Profile) =>
          essence(root.children.get('r')!.children.get('row')!) as PathProfile
        const { length: _, seen: __, ...apart } = rowsOf(mergeProfiles(fileOf(a), fileOf(b)))
        const { length: ___, seen: ____, ...together } = rowsOf(fileOf(a, b))
        expect(apart).toEqual(together)
      }),
      { numRuns: 300 },
    )
  })
})

interface Node {
  type?: string | string[]
  format?: string
  pattern?: string
  enum?: unknown[]
  properties?: Record<string, Node>
  items?: Node
}
const at = (schema: unknown, ...keys: string[]) =>
  keys.reduce<Node>((node, key) => (key === '[]' ? node.items! : node.properties![key]!), schema as Node)
const claims = ({ type, format, pattern, enum: codes }: Node) => ({ type, format, pattern, codes })

describe('keys of JSON that look like parts of XML', () => {
  it('are keys of JSON', () => {
    const data = [
      { a: { '#text': 1 }, '@b': 2, '#text': null },
      { a: { '#text': 3 }, '@b': 4 },
    ]
    const schema = stored(profileJson(data))
    expect(at(schema, '[]', 'a', '#text').type).toBe('integer')
    expect(linesOf(compare(schema, profileJson(data)))).toEqual([])
    expect(linesOf(compare(schema, profileJson([{ a: {}, '@b': 2 }])))).toEqual([
      'removed [].a.#text warning',
    ])
    expect(linesOf(compare(schema, profileJson([{ a: { b: 1 }, '@b': 2 }])))).toEqual([
      'removed [].a.#text warning',
      'added [].a.b warning',
    ])
  })
})

describe('the same table as JSON, CSV and XML', () => {
  const rows = orders(200)
  const columns = Object.keys(rows[0]!)
  const json = at(stored(profileJson(rows)), '[]')
  const csv = at(stored(profileCsv(csvOf(rows))), '[]')

  it('gives the same claims for elements', () => {
    const xml = at(stored(profileXml(documentOf('orders', { order: rows }))), 'orders', 'order', '[]')
    expect(Object.keys(xml.properties!).sort()).toEqual(columns.sort())
    for (const name of columns) {
      expect(claims(at(xml, name)), name).toEqual(claims(at(json, name)))
      expect(claims(at(xml, name)), name).toEqual(claims(at(csv, name)))
    }
  })

  it('gives the same claims for attributes', () => {
    const asAttributes = rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([key, value]) => [`@${key}`, value ?? ''])),
    )
    const xml = at(
      stored(profileXml(`<orders>${element('order', asAttributes)}</orders>`)),
      'orders',
      'order',
      '[]',
    )
    for (const name of columns) expect(claims(at(xml, `@${name}`)), name).toEqual(claims(at(csv, name)))
  })

  it('has the same paths below the record when it is nested', () => {
    const nested = rows.map((row, i) => ({
      ...row,
      buyer: { name: `n${i}` },
      tag: ['x', `y${i}`],
      line: [{ sku: i }, { sku: 2 }],
    }))
    const xml = at(stored(profileXml(documentOf('orders', { order: nested }))), 'orders', 'order', '[]')
    const same = at(stored(profileJson(nested)), '[]')
    const shape = (node: Node): unknown =>
      node.properties
        ? Object.fromEntries(
            Object.entries(node.properties)
              .sort()
              .map(([key, child]) => [key, shape(child)]),
          )
        : node.items
          ? [shape(node.items)]
          : node.type
    expect(shape(xml)).toEqual(shape(same))
  })
})

const countries = corpus('cross-format')
describe.skipIf(countries === null)(
  `countries as JSON, XML and CSV${countries === null ? ' (absent: no shared corpora here)' : ''}`,
  () => {
    const schemaOf = (kind: string) => stored(profile(readFileSync(join(countries!, `countries.${kind}`))))
    const leavesOf = (node: Node, path: string[] = []): [string, Node][] =>
      node.properties
        ? Object.entries(node.properties).flatMap(([key, child]) => leavesOf(child, [...path, key]))
        : node.items
          ? leavesOf(node.items, path)
          : [[path.join('.'), node]]

    it('have the same leaves with compatible types', () => {
      const csv = new Map(leavesOf(at(schemaOf('csv'), '[]')))
      const json = new Map(leavesOf(at(schemaOf('json'), '[]')))
      const record = at(schemaOf('xml'), 'countries', 'country', '[]')
      const xml = new Map(leavesOf(record).map(([path, node]) => [path.replace('@', ''), node]))
      const words = ({ type }: Node) => [type ?? []].flat().filter((name) => name !== 'null')
      const text = new Set(['string', 'integer', 'number', 'boolean'])
      for (const [path, node] of xml) {
        const other = json.get(path)
        if (!other) continue
        for (const type of [...words(node), ...words(other)]) expect(text.has(type), path).toBe(true)
      }
      const shared = (a: Map<string, Node>) => [...xml.keys()].filter((path) => a.has(path))
      // The CSV and the XML flatten the same lists, the JSON keeps languages and currencies as objects.
      expect(shared(json).length).toBeGreaterThan(60)
      expect(shared(csv).length).toBeGreaterThan(60)
      for (const path of shared(csv)) {
        const found = words(xml.get(path)!)
        // What one of the two always leaves empty has no type there.
        if (found.length > 0) expect(found, path).toEqual(words(csv.get(path)!))
      }
    })
  },
)
