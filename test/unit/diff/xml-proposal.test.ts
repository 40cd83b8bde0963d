import { describe, expect, it } from 'vitest'
import { compare } from '../../../src/diff/index.js'
import { splitPath } from '../../../src/diff/paths.js'
import type { ContractSchema, Proposal } from '../../../src/diff/report.js'
import { linesOf } from './fixtures/helpers.js'
import { profileXml, schemaOfXml } from './fixtures/xml.js'

interface Schema {
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
}

/** Writes what a proposal says where it says so, in a schema that has the path. */
function apply(schema: Schema, proposal: Proposal): void {
  if (proposal.op !== 'set' && proposal.op !== 'remove') throw new Error('not here')
  const steps = splitPath(proposal.path).flatMap((segment) =>
    segment.endsWith('[]') ? [segment.slice(0, -2), '[]'] : [segment],
  )
  const last = steps.pop()!
  let node = schema
  for (const step of steps) node = step === '[]' ? node.items! : node.properties![step.replaceAll('\\', '')]!
  const key = last.replaceAll('\\', '')
  if (proposal.op === 'remove') {
    delete node.properties![key]
    node.required = node.required?.filter((name) => name !== key) ?? []
  } else if (key === '[]') {
    node.items = proposal.schema as Schema
  } else {
    node.properties![key] = proposal.schema as Schema
    if (proposal.required === false) node.required = node.required?.filter((name) => name !== key) ?? []
  }
}

const nil = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
const row = (i: number) =>
  `<order id="${i}"><status>${i % 2 ? 'open' : 'done'}</status><price cur="EUR">${i}</price><day>2024-01-31</day><line><sku>a</sku></line><line><sku>b</sku></line><buyer><name>n${i}</name></buyer></order>`
const file = (edit: (row: string, i: number) => string) =>
  `<orders ${nil} xmlns="urn:shop">${Array.from({ length: 40 }, (_, i) => edit(row(i), i)).join('')}</orders>`

const edits: [string, (row: string, i: number) => string][] = [
  ['an element retyped', (row) => row.replace('<day>2024-01-31', '<day>soon')],
  ['an attribute retyped', (row) => row.replace('id="', 'id="x')],
  ['a text beside an attribute retyped', (row) => row.replace(/EUR">\d+/, 'EUR">much')],
  ['a code', (row) => row.replace('open', 'held')],
  ['nil', (row, i) => (i % 2 ? row.replace('<day>2024-01-31</day>', '<day xsi:nil="true"/>') : row)],
  [
    'nil of a whole',
    (row, i) => (i % 2 ? row.replace(/<buyer>.*<\/buyer>/, '<buyer xsi:nil="true"/>') : row),
  ],
  ['empty', (row, i) => (i % 2 ? row.replace('2024-01-31', '') : row)],
  ['repeated', (row) => row.replace('<day>2024-01-31</day>', '<day>2024-01-31</day><day>2024-02-29</day>')],
  ['repeated and retyped', (row) => row.replace('<day>2024-01-31</day>', '<day>x</day><day>y</day>')],
  ['a whole repeated', (row) => row.replace(/<buyer>.*<\/buyer>/, '$&$&')],
  ['an attribute on a text', (row) => row.replace('<day>', '<day zone="Z" kind="k">')],
  ['an attribute on a text that is retyped', (row) => row.replace('<day>2024-01-31', '<day zone="Z">x')],
  ['an attribute gone', (row) => row.replace(' cur="EUR"', '')],
  ['an element gone', (row) => row.replace('<day>2024-01-31</day>', '')],
  ['an element gone in some', (row, i) => (i % 2 ? row.replace('<day>2024-01-31</day>', '') : row)],
  ['a list gone in some', (row, i) => (i % 2 ? row.replaceAll(/<line>.*<\/line>/g, '') : row)],
  ['an element new', (row) => row.replace('<day>', '<extra><a k="1">x</a><b/></extra><day>')],
  ['a list new', (row) => row.replace('<day>', '<tag>a</tag><tag>b</tag><day>')],
  ['new in a list', (row) => row.replaceAll('<sku>', '<qty>1</qty><sku>')],
  ['retyped in a list', (row, i) => row.replaceAll(/<sku>.<.sku>/g, `<sku><code>${i}</code></sku>`)],
  ['text for elements', (row) => row.replace(/<name>.*<\/name>/, 'Ann')],
  ['elements for text', (row) => row.replace('2024-01-31', '<y>2024</y>')],
  ['another namespace', (row) => row.replace('<day>', '<day xmlns="urn:other">')],
  [
    'a name in another namespace beside it',
    (row) => row.replace('<day>', '<day xmlns="urn:other">1</day><day>'),
  ],
]

describe('accepting what a change of an XML file proposes makes the file pass', () => {
  it.each(edits)('%s', (_, edit) => {
    const schema = schemaOfXml(file((row) => row))
    const seen = profileXml(file(edit))
    const report = compare(schema, seen)
    expect(report.changes.length).toBeGreaterThan(0)
    const accepted = structuredClone(schema)
    for (const { proposal } of report.changes) apply(accepted as Schema, proposal!)
    expect(linesOf(compare(accepted as ContractSchema, seen))).toEqual([])
  })

  it('and in a schema written by hand', () => {
    const day = { type: 'string', format: 'date' }
    const byHand = (node: object) => ({
      type: 'object',
      properties: { o: { type: 'object', properties: { day: node } } },
    })
    for (const text of [
      '<o><day>x</day></o>',
      '<o><day>2024-01-31</day><day>2024-02-01</day></o>',
      `<o ${nil}><day xsi:nil="1"/></o>`,
    ]) {
      for (const node of [day, { type: 'array', items: day }]) {
        const schema = byHand(node)
        const seen = profileXml(text)
        const accepted = structuredClone(schema)
        for (const { proposal } of compare(schema, seen).changes) apply(accepted as Schema, proposal!)
        expect(linesOf(compare(accepted, seen)), JSON.stringify(accepted)).toEqual([])
      }
    }
  })
})
