import { describe, expect, it } from 'vitest'
import { compare, profile, toSchema } from '../../../src/diff/index.js'
import { globMatches } from '../../../src/diff/paths.js'
import type { Policy } from '../../../src/diff/report.js'
import { driftOfJson, jsonOf, linesOf } from './fixtures/helpers.js'

const rows = (edit: (row: Record<string, unknown>) => Record<string, unknown> = (row) => row) =>
  Array.from({ length: 40 }, (_, i) => edit({ id: i, customerName: `n${i}`, meta: { at: i }, ok: true }))
const before = rows()

describe('score', () => {
  const score = (edit: Parameters<typeof rows>[0]) => driftOfJson(before, rows(edit), { mode: 'score' })
  it.each<[string, Parameters<typeof rows>[0], number, string]>([
    ['three additions', (row) => ({ ...row, a: 1, b: 1, c: 1 }), 15, 'pass'],
    ['four additions', (row) => ({ ...row, a: 1, b: 1, c: 1, d: 1 }), 20, 'warning'],
    ['one required removed', ({ id: _, ...row }) => row, 40, 'warning'],
    ['one removed, one retyped', ({ id: _, ...row }) => ({ ...row, ok: 'yes' }), 70, 'warning'],
    ['capped', () => ({ x: 1 }), 100, 'breaking'],
    ['nothing', (row) => row, 0, 'pass'],
  ])('%s', (_, edit, points, result) => {
    expect(score(edit)).toMatchObject({ score: points, result })
  })

  it('counts an optional path that a new schema lacks', () => {
    const schema = (data: unknown) => toSchema(profile(jsonOf(data)))
    const [old, fresh] = [
      schema([{ a: 1, b: 1 }, { a: 1 }, { a: 1 }]),
      schema([{ a: 1 }, { a: 1 }, { a: 1 }]),
    ]
    expect(compare(old, fresh, { mode: 'score' })).toMatchObject({ score: 20, result: 'warning' })
  })
})

describe('policy', () => {
  const drift = (policy: Policy, now?: Date) =>
    linesOf(
      compare(
        toSchema(profile(jsonOf(before))),
        profile(jsonOf(rows(({ id: _, ...row }) => ({ ...row, meta: { at: 'x' }, extra: 1 })))),
        policy,
        now ? { now } : {},
      ),
    )
  const all = ['added [].extra warning', 'removed [].id breaking', 'changed [].meta.at type breaking']

  it('ignores paths', () => {
    expect(drift({})).toEqual(all)
    expect(drift({ ignore: ['[].id', '**.at'] })).toEqual(['added [].extra warning'])
    expect(drift({ ignore: ['[].*'] })).toEqual([])
    expect(drift({ ignore: ['[].meta'] })).toEqual(all.slice(0, 2))
  })

  it('has strict and lenient readers', () => {
    expect(drift({ profile: 'strict' })[0]).toBe('added [].extra breaking')
    expect(drift({ profile: 'lenient' })[0]).toBe('added [].extra info')
  })

  it('overrides the first that matches, until it expires', () => {
    const overrides = [
      {
        path: '[].id',
        kind: 'removed',
        impact: 'info',
        reason: 'announced',
        expiresAt: '2030-01-01T00:00:00Z',
      },
      { path: '**', impact: 'warning', reason: 'all' },
    ] as const
    const policy = { overrides: [...overrides] }
    expect(drift(policy, new Date('2029-12-31'))[1]).toBe('removed [].id info')
    expect(drift(policy, new Date('2030-01-02'))[1]).toBe('removed [].id warning')
    expect(drift(policy, new Date('2029-12-31'))[2]).toBe('changed [].meta.at type warning')
  })

  it('takes accepted renames for granted, and can leave renames alone', () => {
    const renamed = rows(({ customerName, ...row }) => ({ ...row, buyer: customerName }))
    const same = rows(({ customerName, ...row }) => ({ ...row, customer_name: customerName }))
    expect(linesOf(driftOfJson(before, renamed))).toEqual(['renamed [].customerName>[].buyer breaking'])
    const aliases = [{ from: '[].customerName', to: '[].buyer' }]
    expect(linesOf(driftOfJson(before, renamed, { aliases }))).toEqual([])
    expect(linesOf(driftOfJson(before, same))).toEqual(['renamed [].customerName>[].customer_name breaking'])
    expect(linesOf(driftOfJson(before, same, { renames: { enabled: false } }))).toHaveLength(2)
  })

  it('pairs each name once', () => {
    const twins = rows(({ customerName, ...row }) => ({
      ...row,
      customer_name: customerName,
      'Customer Name': 1,
    }))
    expect(linesOf(driftOfJson(before, twins))).toEqual([
      'added [].Customer Name warning',
      'renamed [].customerName>[].customer_name breaking',
    ])
  })

  it('calls little evidence a warning', () => {
    expect(driftOfJson([{ a: 1 }, { a: 2 }], [{}])).toMatchObject({ result: 'warning', severity: 'major' })
    expect(driftOfJson([{ a: 1 }, { a: 2 }], [{}], { mode: 'score' }).score).toBe(40)
    expect(driftOfJson([{ a: 1 }, { a: 2 }, { a: 3 }], [{}]).result).toBe('breaking')
    expect(linesOf(driftOfJson([{ a: 1 }, { a: 2 }, { a: 3 }], [{ a: null }]))).toEqual([
      'changed [].a nullability warning',
    ])
  })
})

describe('globs', () => {
  it.each([
    ['a.*', 'a.b', true],
    ['a.*', 'a.b.c', false],
    ['a.**', 'a.b.c', true],
    ['**.c', 'a.b.c', true],
    ['**', 'a', true],
    ['*_at', 'created_at', true],
    ['lines[].*', 'lines[].sku', true],
    [String.raw`a\.b`, String.raw`a\.b`, true],
    ['a.b', String.raw`a\.b`, false],
    ['{*}.x', '{*}.x', true],
  ])('%s and %s', (glob, path, expected) => {
    expect(globMatches(glob, path)).toBe(expected)
  })

  it('stay linear on hostile patterns', () => {
    expect(globMatches(`${'*a'.repeat(5_000)}b`, 'a'.repeat(5_000))).toBe(false)
  })
})
