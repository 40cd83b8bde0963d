import { describe, expect, it } from 'vitest'
import { applyProposals, compare } from '../../../src/diff/index.js'
import type { ContractSchema } from '../../../src/diff/report.js'
import { profileJson, schemaOfJson } from './fixtures/helpers.js'

type Row = Record<string, unknown>
const rows = (edit: (row: Row, i: number) => Row = (row) => row) =>
  Array.from({ length: 40 }, (_, i) => edit({ v: i, s: ['aa', 'bb'][i % 2], d: '2024-01-31' }, i))

const accept = (schema: ContractSchema, data: unknown) =>
  applyProposals(schema, compare(schema, profileJson(data)).changes).schema

const byHand: ContractSchema = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      v: { type: 'integer', minimum: 0 },
      s: { enum: ['aa', 'bb'] },
      d: { type: 'string', format: 'date' },
    },
    required: ['v', 's', 'd'],
  },
}

describe('accepting what a change proposes makes the file pass', () => {
  const edits: [string, (row: Row, i: number) => Row][] = [
    ['retyped', (row) => ({ ...row, v: 'x' })],
    ['widened', (row, i) => (i % 2 ? { ...row, v: 'x' } : row)],
    ['to a list', (row) => ({ ...row, v: [1] })],
    ['to an object', (row) => ({ ...row, v: { a: 1 } })],
    ['nulls', (row, i) => (i % 2 ? { ...row, v: null, s: null } : row)],
    ['codes', (row, i) => (i % 2 ? { ...row, s: 'cc' } : row)],
    ['many codes', (row, i) => ({ ...row, s: `c${i}` })],
    ['format', (row) => ({ ...row, d: '31/01/2024' })],
    ['bound', (row) => ({ ...row, v: -1 })],
    ['sometimes', (row, i) => (i % 2 ? row : { v: row.v, d: row.d })],
    ['gone', ({ v: _, ...row }) => row],
    ['new', (row) => ({ ...row, extra: { a: [1] } })],
  ]
  it.each(edits)('%s', (_, edit) => {
    for (const schema of [schemaOfJson(rows()), byHand]) {
      const data = rows(edit)
      expect(compare(accept(schema, data), profileJson(data)).changes).toEqual([])
    }
  })
})
