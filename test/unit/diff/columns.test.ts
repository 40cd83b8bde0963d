import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Columns,
  columnTypes,
  compare,
  fromColumns,
  profile,
  toColumns,
} from '../../../src/diff/index.js'
import {
  errorOf,
  jsonOf,
  linesOf,
  orders,
  profileCsv,
  profileJson,
  schemaOfJson,
} from './fixtures/helpers.js'

const flat: Columns = {
  columns: [
    { name: 'id', type: 'integer', required: true },
    { name: 'day', type: 'date', required: true },
    { name: 'note', type: 'string', required: false },
  ],
}

describe('flat columns', () => {
  it('come back as they were', () => {
    const column = fc.record({
      name: fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('__proto__', 'constructor')),
      type: fc.constantFrom(...columnTypes),
      required: fc.boolean(),
    })
    const columns = fc.uniqueArray(column, { minLength: 1, selector: ({ name }) => name })
    fc.assert(
      fc.property(columns, (given) => {
        // A key that reads as an array index comes first in any object.
        fc.pre(given.every(({ name }) => !/^\d+$/.test(name)))
        const back = toColumns(JSON.parse(JSON.stringify(fromColumns({ columns: given }))))
        expect(back).toEqual({ columns: given })
      }),
    )
  })

  it('are a contract for tables and for lists', () => {
    const schema = fromColumns(flat)
    const file = 'id,day,note\n1,2024-01-31,x\n2,2024-02-29,\n'
    expect(linesOf(compare(schema, profileCsv(file)))).toEqual([])
    expect(linesOf(compare(schema, profileCsv(file.replace('29', '30'))))).toEqual([
      'changed day format breaking',
    ])
    expect(linesOf(compare(schema, profile(jsonOf({ id: 'x', day: '2024-01-31' }))))).toEqual([
      'changed id type breaking',
    ])
  })

  it('sum up an inferred contract', () => {
    expect(toColumns(schemaOfJson(orders(100)))).toEqual({
      columns: [
        ['id', 'integer'],
        ['orderDate', 'date'],
        ['status', 'string'],
        ['zip', 'string'],
        ['amount', 'number'],
        ['buyer', 'string'],
        ['paid', 'boolean'],
        ['note', 'string'],
      ].map(([name, type]) => ({ name, type, required: true })),
    })
    expect(errorOf(() => toColumns(schemaOfJson([1, 2]))).code).toBe('SCHEMA_UNSUPPORTED')
    expect(profileJson([]).format).toBe('json')
  })

  it.each<[string, unknown, string[]]>([
    ['no list', {}, ['columns type']],
    ['nothing', null, ['columns type']],
    ['empty', { columns: [] }, ['columns too_small']],
    ['no object', { columns: ['id'] }, ['columns[0] type']],
    [
      'other types',
      { columns: [...flat.columns.slice(0, 2), { name: 'x', type: 'float' }, { name: 'y', type: 'uuid' }] },
      ['columns[2].type unknown_type', 'columns[3].type unknown_type'],
    ],
    ['a name twice', { columns: [flat.columns[0], flat.columns[0]] }, ['columns[1].name duplicate']],
    [
      'no name',
      { columns: [{ type: 'date', required: 'yes' }] },
      ['columns[0].name required', 'columns[0].required type'],
    ],
  ])('refuse %s', (_, given, faults) => {
    const error = errorOf(() => fromColumns(given as Columns))
    expect(error.code).toBe('INVALID_REQUEST')
    expect(error.errors.map(({ path, code }) => `${path} ${code}`)).toEqual(faults)
  })
})
