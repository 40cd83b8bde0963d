/** Which items are taken for the same, and what is said about the rest. */
import { describe, expect, it } from 'vitest'
import { Budget } from '../../../src/diff/delta/budget.js'
import { equal, hash } from '../../../src/diff/delta/json.js'
import { pointerTo, segmentsOf } from '../../../src/diff/delta/pointer.js'
import { type Delta, delta, type JsonValue, toJsonPatch } from '../../../src/diff/index.js'
import { applyPatch, expectSame } from '../../support/json-patch.js'
import { errorOf } from './fixtures/helpers.js'

/** Changes in one line each. */
function linesOf({ changes }: Delta): string[] {
  return changes.map((change) =>
    [
      change.op,
      change.op === 'move' ? `${change.fromPointer}>${change.pointer}` : change.pointer,
      ...('from' in change ? [JSON.stringify(change.from)] : []),
      ...('to' in change ? [`-> ${JSON.stringify(change.to)}`] : []),
    ].join(' '),
  )
}

const keysOf = (found: Delta) =>
  found.keysUsed.map(({ path, key, source }) => `${source} ${path} ${key.join('+')}`)

describe('two values', () => {
  it.each<[string, JsonValue, JsonValue, string[]]>([
    ['equal', { a: [1, { b: null }] }, { a: [1, { b: null }] }, []],
    ['keys in another order', { a: 1, b: 2 }, { b: 2, a: 1 }, []],
    ['a field added', {}, { a: null }, ['add /a -> null']],
    ['a field removed', { a: { b: 1 } }, {}, ['remove /a {"b":1}']],
    ['a field replaced', { a: { b: 1 } }, { a: { b: 2 } }, ['replace /a/b 1 -> 2']],
    ['another type', { a: 1 }, { a: '1' }, ['replace /a 1 -> "1"']],
    ['null is not absent', { a: null }, { a: 0 }, ['replace /a null -> 0']],
    ['an object for a list', { a: {} }, { a: [] }, ['replace /a {} -> []']],
    ['the whole document', [1], { a: 1 }, ['replace  [1] -> {"a":1}']],
    ['a scalar for a scalar', true, false, ['replace  true -> false']],
    ['a list grown in the middle', [1, 2, 4], [1, 2, 3, 4], ['add /2 -> 3']],
    ['a list shrunk at the head', [1, 2, 3], [2, 3], ['remove /0 1']],
    ['an item replaced in place', [1, 2, 3], [1, 9, 3], ['replace /1 2 -> 9']],
    ['an item moved', [1, 2, 3, 4], [4, 1, 2, 3], ['move /3>/0']],
    ['two items exchanged', ['a', 'b'], ['b', 'a'], ['move /1>/0']],
    ['repeated items', [1, 1, 2, 1], [1, 2, 1, 1], ['move /3>/1']],
    ['lists in lists', [[1], [2, 3]], [[1], [2, 4]], ['replace /1/1 3 -> 4']],
    ['an escaped key', { 'a/b~c': { '': 1 } }, { 'a/b~c': { '': 2 } }, ['replace /a~1b~0c/ 1 -> 2']],
  ])('%s', (_, a, b, expected) => {
    const found = delta(a, b)
    expect(linesOf(found).map((line) => line.replace(/^move .*/, 'move'))).toEqual(
      expected.map((line) => line.replace(/^move .*/, 'move')),
    )
    expectSame(applyPatch(a, toJsonPatch(found)), b)
  })

  it('aligns short lists as well as can be', () => {
    expect(linesOf(delta([1, 2, 1, 2, 3], [2, 1, 2, 3]))).toEqual(['remove /0 1'])
  })

  it('takes a repeated and changed list apart with the fewest changes', () => {
    const found = delta({ a: ['x', 'y', 'z', 'x'] }, { a: ['y', 'z', 'q', 'x'] })
    expect(found.changes).toHaveLength(2)
  })

  it.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString', '', '0', '-'])(
    'the key "%s"',
    (name) => {
      const one = JSON.parse(`{"in":{${JSON.stringify(name)}:1}}`) as JsonValue
      const two = JSON.parse(`{"in":{${JSON.stringify(name)}:{"x":2}}}`) as JsonValue
      const none = { in: {} }
      for (const [a, b, op] of [
        [one, two, 'replace'],
        [none, two, 'add'],
        [one, none, 'remove'],
      ] as const) {
        const found = delta(a, b)
        expect(found.changes.map((change) => [change.op, change.pointer])).toEqual([[op, `/in/${name}`]])
        expectSame(applyPatch(a, toJsonPatch(found)), b)
      }
      expect(({} as Record<string, unknown>).x).toBeUndefined()
    },
  )

  it('has readable paths beside its pointers', () => {
    const a = { 'a.b': [{ id: 'k', list: [{ x: 1 }] }] }
    const b = { 'a.b': [{ id: 'k', list: [{ x: 2 }] }] }
    expect(delta(a, b).changes).toMatchObject([
      { path: 'a\\.b[].list[].x', pointer: '/a.b/0/list/0/x', from: 1, to: 2 },
    ])
    expect(delta([], {}).changes).toMatchObject([{ path: '$', pointer: '' }])
  })

  it.each<[string, unknown, string]>([
    ['undefined', { a: undefined }, 'FILE_MALFORMED'],
    ['a date', { a: new Date() }, 'FILE_MALFORMED'],
    ['a map', new Map(), 'FILE_MALFORMED'],
    ['a bigint', [1n], 'FILE_MALFORMED'],
    ['NaN', Number.NaN, 'FILE_MALFORMED'],
    ['a cycle', cycle(), 'FILE_LIMIT_EXCEEDED'],
  ])('refuses %s, in which it would see no difference', (_, value, code) => {
    expect(errorOf(() => delta({}, value as JsonValue)).code).toBe(code)
  })

  it('goes as deep as the limit', () => {
    const deep = (levels: number, end: JsonValue) => {
      let value = end
      for (let i = 0; i < levels; i++) value = [value]
      return value
    }
    expect(delta(deep(512, 1), deep(512, 2)).changes).toHaveLength(1)
    expect(errorOf(() => delta(deep(513, 1), deep(513, 2))).limit).toEqual({ name: 'depth', value: 512 })
  })
})

function cycle(): unknown {
  const value: Record<string, unknown> = {}
  value.self = value
  return value
}

describe('records', () => {
  const orders = [
    { id: 7, ref: 'A-1', total: 10, lines: [{ sku: 'p', n: 1 }] },
    { id: 8, ref: 'A-2', total: 20, lines: [{ sku: 'q', n: 1 }] },
    { id: 9, ref: 'A-3', total: 30, lines: [] },
  ]

  it('are matched by a key they show', () => {
    const after = [{ id: 6, ref: 'A-0', total: 5, lines: [] }, { ...orders[1]!, total: 21 }, orders[0]!]
    const found = delta({ orders }, { orders: after })
    expect(linesOf(found)).toEqual([
      'remove /orders/2 {"id":9,"ref":"A-3","total":30,"lines":[]}',
      'move /orders/0>/orders/2',
      'add /orders/0 -> {"id":6,"ref":"A-0","total":5,"lines":[]}',
      'replace /orders/1/total 20 -> 21',
    ])
    expect(found.summary).toEqual({ additions: 1, removals: 1, replacements: 1, moves: 1 })
    expect(found.keysUsed).toEqual([
      {
        path: 'orders[]',
        key: ['id'],
        source: 'discovered',
        lists: 1,
        evidence: { items: [3, 3], shared: 2 },
      },
    ])
    expect(found.changes.map(({ key }) => key)).toEqual([{ id: 9 }, { id: 7 }, { id: 6 }, { id: 8 }])
  })

  it('are told by the field under which they are alike, not by one that counts them', () => {
    const lines = ['a', 'b', 'c', 'd'].map((sku, i) => ({ line: i + 1, sku, n: i * 7, price: i / 3 }))
    const after = [
      { line: 1, sku: 'new', n: 1, price: 9 },
      ...lines.map((line, i) => ({ ...line, line: i + 2 })),
    ]
    const found = delta(lines, after)
    expect(keysOf(found)).toEqual(['discovered [] sku'])
    expect(found.summary).toEqual({ additions: 1, removals: 0, replacements: 4, moves: 0 })
  })

  it('are matched by two fields together where one does not do', () => {
    const lines = [1, 2, 3].flatMap((order) =>
      [1, 2].map((line) => ({ order_id: order, line, n: order * line })),
    )
    const after = [...lines].reverse().map((line) => ({ ...line, n: line.n + (line.order_id === 2 ? 1 : 0) }))
    const found = delta(lines, after)
    expect(keysOf(found)).toEqual(['discovered [] order_id+line'])
    expect(found.summary).toMatchObject({ additions: 0, removals: 0, replacements: 2 })
  })

  it('are matched by the keys given, at any depth', () => {
    const before = {
      o: [
        {
          k: 1,
          in: [
            { x: 1, y: 1, v: 1 },
            { x: 1, y: 2, v: 1 },
          ],
        },
      ],
    }
    const after = {
      o: [
        {
          k: 1,
          in: [
            { x: 1, y: 2, v: 2 },
            { x: 2, y: 1, v: 1 },
          ],
        },
      ],
    }
    const found = delta(before, after, { keys: { 'o[]': ['k'], 'o[].in[]': ['x', 'y'], 'p[]': ['z'] } })
    expect(linesOf(found)).toEqual([
      'remove /o/0/in/0 {"x":1,"y":1,"v":1}',
      'add /o/0/in/1 -> {"x":2,"y":1,"v":1}',
      'replace /o/0/in/0/v 1 -> 2',
    ])
    expect(found.changes[0]!.key).toEqual({ x: 1, y: 1 })
    // A key that met nothing is there to be seen.
    expect(found.keysUsed.map(({ path, lists }) => [path, lists])).toEqual([
      ['o[]', 1],
      ['o[].in[]', 1],
      ['p[]', 0],
    ])
  })

  it('are not matched by what is no list of names', () => {
    const keys = { '[]': 'id' } as unknown as Record<string, string[]>
    expect(errorOf(() => delta([{}], [{}], { keys })).code).toBe('INVALID_REQUEST')
  })

  it('of one key twice are matched in their order', () => {
    const before = [
      { k: 1, v: 'a' },
      { k: 1, v: 'b' },
      { k: 2, v: 'c' },
    ]
    const after = [
      { k: 2, v: 'c' },
      { k: 1, v: 'a' },
      { k: 1, v: 'B' },
      { k: 1, v: 'd' },
    ]
    const found = delta(before, after, { keys: { '[]': ['k'] } })
    expect(found.summary).toEqual({ additions: 1, removals: 0, replacements: 1, moves: 1 })
    expectSame(applyPatch(before, toJsonPatch(found)), after)
  })

  it('without the key given are matched by content', () => {
    const before = [{ k: 1 }, { v: 1 }, 'text', { k: null, v: 2 }]
    const after = [{ v: 1 }, { k: 1 }, { k: null, v: 2 }, 'other']
    const found = delta(before, after, { keys: { '[]': ['k'] } })
    expect(found.summary).toMatchObject({ additions: 1, removals: 1, replacements: 0 })
    expectSame(applyPatch(before, toJsonPatch(found)), after)
  })

  it.each<[string, (i: number) => JsonValue]>([
    ['null in one record', (i) => ({ id: i === 3 ? null : i })],
    ['the same in two records', (i) => ({ id: i === 3 ? 4 : i })],
    ['missing in one record', (i) => (i === 3 ? { v: i } : { id: i })],
    ['not a scalar in one record', (i) => ({ id: i === 3 ? [] : i })],
    ['an amount', (i) => ({ id: i + 0.5 })],
    ['a flag', (i) => ({ id: i % 2 === 0 })],
  ])('have no key in a field that is %s', (_, make) => {
    const list = Array.from({ length: 6 }, (_, i) => make(i))
    expect(keysOf(delta(list, [{ v: 'new' }, ...list.slice(1).reverse()]))).toEqual([])
  })

  it('are not matched by a field with nothing in common', () => {
    const list = (from: number) => Array.from({ length: 5 }, (_, i) => ({ id: from + i, v: i }))
    const found = delta(list(0), list(100))
    expect(found.keysUsed).toEqual([])
    expect(found.summary).toEqual({ additions: 0, removals: 0, replacements: 5, moves: 0 })
  })

  it('go by one key in all lists of a path', () => {
    const order = (id: number, skus: string[]) => ({ id, lines: skus.map((sku) => ({ sku, n: 1 })) })
    const found = delta(
      [order(1, ['a', 'b']), order(2, ['c']), order(3, ['d', 'e'])],
      [order(1, ['b', 'x', 'a']), order(2, ['y']), order(3, ['e', 'z', 'd'])],
    )
    expect(found.keysUsed.find(({ path }) => path === '[].lines[]')).toMatchObject({ key: ['sku'], lists: 3 })
    // Another key is another record, not a change of the key.
    expect(found.summary).toMatchObject({ additions: 3, removals: 1, replacements: 0 })
  })

  it('without any key are paired by content, then by position', () => {
    const before = [{ v: [1] }, { v: [2] }, { v: [3] }]
    const after = [{ v: [0] }, { v: [1] }, { v: [2, 2] }, { v: [3] }]
    expect(linesOf(delta(before, after))).toEqual(['add /0 -> {"v":[0]}', 'add /2/v/1 -> 2'])
  })
})

describe('many records', () => {
  const record = (id: number) => ({
    id,
    name: `record ${id}`,
    amounts: [id, id / 4],
    at: { x: id % 7, y: null },
  })
  const many = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => record(from + i))
  /** Values in one record, itself included. */
  const size = 8

  it.each([20_000, 30_000])('%d and one at the head is one change', (n) => {
    const found = delta(many(1, n), many(0, n))
    expect(linesOf(found)).toEqual([`add /0 -> ${JSON.stringify(record(0))}`])
    expect(found.steps).toBeLessThan(2 * size * n)
  })

  it('one at the head, one changed at either end', () => {
    const n = 20_000
    const after = many(0, n)
    after[1] = { ...after[1]!, name: 'first' }
    after[n - 1] = { ...after[n - 1]!, name: 'last' }
    const found = delta(many(1, n), after)
    expect(found.summary).toEqual({ additions: 1, removals: 0, replacements: 2, moves: 0 })
    expect(found.steps).toBeLessThan(4 * size * n)
  })

  it('without a key: the work grows with their number, not its square', () => {
    const list = (n: number) => Array.from({ length: n }, (_, i) => ({ v: [i], w: i % 3 === 0 }))
    const steps = [2_000, 20_000].map((n) => {
      const before = list(n)
      const after = [
        { v: [-1], w: true },
        ...before.slice(0, n / 2),
        { v: [-2], w: true },
        ...before.slice(n / 2 + 1),
      ]
      after.push(before[n / 2]!)
      const found = delta(before, after)
      expect(found.changes.length).toBeLessThan(5)
      expectSame(applyPatch(before, toJsonPatch(found)), after)
      return found.steps
    })
    expect(steps[1]! / steps[0]!).toBeLessThan(12)
  })

  it('turned round: every one but one moves', () => {
    const n = 20_000
    const before = many(0, n)
    const after = many(0, n).reverse()
    const found = delta(before, after)
    expect(found.summary).toEqual({ additions: 0, removals: 0, replacements: 0, moves: n - 1 })
    expect(found.steps).toBeLessThan(6 * size * n)
    expect(applyPatch(before, toJsonPatch(found))).toEqual(after)
  })

  it('texts that all differ', () => {
    const texts = (prefix: string) => Array.from({ length: 20_000 }, (_, i) => `${prefix}${i}`)
    const found = delta(texts('a'), texts('b'))
    expect(found.summary).toEqual({ additions: 0, removals: 0, replacements: 20_000, moves: 0 })
    expect(found.steps).toBeLessThan(400_000)
  })

  it('deep in each other: looked at once at every level, no more', () => {
    const nested = (last: number) => {
      let value: JsonValue = [many(0, 1_000), last]
      for (let i = 0; i < 400; i++) value = i % 2 === 0 ? [value] : { v: value }
      return value
    }
    const found = delta(nested(1), nested(2))
    expect(found.summary).toMatchObject({ replacements: 1 })
    expect(found.steps).toBeLessThan(250 * size * 1_000)
  })

  it('with long texts: these count for more', () => {
    const long = 'x'.repeat(1_000_000)
    expect(delta([long, 1], [`${long}`, 2]).steps).toBeGreaterThan(30_000)
  })

  it('with many short lists: what their alignment may cost together is bounded', () => {
    const list = (from: number) => Array.from({ length: 200 }, (_, i) => (i * 7919 + from) % 1_009)
    const rows = (from: number) => Array.from({ length: 400 }, (_, i) => ({ id: i, list: list(i + from) }))
    const [before, after] = [rows(0), rows(3)]
    const found = delta(before, after)
    expect(found.truncated).toBe(false)
    expect(applyPatch(before, toJsonPatch(found))).toEqual(after)
  })
})

describe('a budget', () => {
  const before = Array.from({ length: 100 }, (_, id) => ({ id, v: id }))
  const after = before.map(({ id }) => ({ id, v: -1 - id }))

  it.each([
    ['changes', { changes: 10 }, 10],
    ['steps', { steps: 500 }, 500],
  ] as const)('of %s ends the comparison, and says so', (name, limits, value) => {
    const found = delta(before, after, { limits })
    expect(found).toMatchObject({ truncated: true, limit: { name, value } })
    expect(found.changes.length).toBeLessThanOrEqual(10)
    const error = errorOf(() => toJsonPatch(found))
    expect(error).toMatchObject({ code: 'FILE_LIMIT_EXCEEDED', limit: { name, value } })
  })

  it('of steps ends what would repeat a long key in every path', () => {
    const [name, n] = ['k'.repeat(1_000_000), 10_000]
    const list = (v: number) => ({ [name]: Array.from({ length: n }, (_, id) => ({ id, v })) })
    const found = delta(list(1), list(2))
    expect(found).toMatchObject({ truncated: true, limit: { name: 'steps' } })
    expect(found.changes.length).toBeLessThan(60)
  })

  it('that is just enough truncates nothing', () => {
    expect(delta(before, after, { limits: { changes: 100 } })).toMatchObject({
      truncated: false,
      limit: null,
    })
    const { steps } = delta(before, after)
    expect(delta(before, after, { limits: { steps } }).truncated).toBe(false)
    expect(delta(before, after, { limits: { steps: steps - 1 } }).truncated).toBe(true)
  })

  it('that ends before the first change still does not say "no difference"', () => {
    const found = delta(before, after, { limits: { steps: 1 } })
    expect(found).toMatchObject({ changes: [], truncated: true })
  })
})

describe('what it is made of', () => {
  const budget = () => new Budget({ steps: 1e9, changes: 1 })

  it('spells pointers as RFC 6901 §5 does', () => {
    for (const [key, pointer] of [
      ['foo', '/foo'],
      ['', '/'],
      ['a/b', '/a~1b'],
      ['c%d', '/c%d'],
      ['m~n', '/m~0n'],
      ['~1', '/~01'],
      [' ', '/ '],
      ['k"l', '/k"l'],
    ] as const) {
      expect(pointerTo([key])).toBe(pointer)
      expect(segmentsOf(pointer)).toEqual([key])
    }
    expect(pointerTo([])).toBe('')
    expect(segmentsOf('')).toEqual([])
  })

  it('hashes without regard to the order of keys, and with regard to all else', () => {
    const of = (value: JsonValue) => hash(value, budget())
    expect(of({ a: 1, b: { c: [] } })).toBe(of({ b: { c: [] }, a: 1 }))
    const values: JsonValue[] = [
      ...[null, true, false, 0, 1, -1, 1.5, '', '0', '1', 'null', 'true', [], {}, [[]], [{}], [0], ['0']],
      ...[{ a: 1 }, { a: '1' }, { b: 1 }, { a: [1] }, { a: { a: 1 } }, [1, 2], [2, 1], [[1], 2], [1, [2]]],
      ...[{ a: 1, b: 2 }, { a: 2, b: 1 }, { a: null }, [null], [null, null]],
    ]
    const hashes = values.map(of)
    expect(new Set(hashes).size).toBe(values.length)
    expect(hashes.every(Number.isSafeInteger)).toBe(true)
    for (const x of values) for (const y of values) expect(equal(x, y, budget())).toBe(x === y)
  })

  it('hashes a hundred thousand values to as many numbers', () => {
    const seen = new Set<number>()
    for (let i = 0; i < 100_000; i++) seen.add(hash({ id: i, name: `n${i}` }, budget()))
    expect(seen.size).toBe(100_000)
  })
})
