import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Assigned, assign, type Edge, optimalSide } from '../../../src/diff/assignment.js'

const edges = fc.uniqueArray(
  fc.record({ row: fc.nat(5), column: fc.nat(5), weight: fc.integer({ min: -3, max: 20 }) }),
  { selector: ({ row, column }) => `${row} ${column}`, maxLength: 18 },
)

const total = (list: readonly Edge[]) => list.reduce((sum, { weight }) => sum + weight, 0)

/** The best pairing by trying all. */
function bestOf(list: readonly Edge[]): number {
  const [first, ...rest] = list
  if (!first) return 0
  const others = rest.filter(({ row, column }) => row !== first.row && column !== first.column)
  return Math.max(bestOf(rest), first.weight + bestOf(others))
}

const isOneToOne = (list: readonly Assigned[]) =>
  new Set(list.map(({ row }) => row)).size === list.length &&
  new Set(list.map(({ column }) => column)).size === list.length

describe('the assignment', () => {
  it('is the best one, each row and column at most once', () => {
    fc.assert(
      fc.property(edges, (list) => {
        const pairs = assign(list)
        expect(isOneToOne(pairs)).toBe(true)
        expect(total(pairs)).toBeCloseTo(bestOf(list), 9)
      }),
      { numRuns: 300 },
    )
  })

  it('says of each pair what the best one without it loses', () => {
    fc.assert(
      fc.property(edges, (list) => {
        for (const { row, column, weight, loss } of assign(list)) {
          const without = list.filter((edge) => edge.row !== row || edge.column !== column)
          expect(loss).toBeCloseTo(bestOf(list) - bestOf(without), 9)
          expect(loss).toBeLessThanOrEqual(weight + 1e-9)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('prefers two good pairs to the best one', () => {
    const list = [
      { row: 0, column: 0, weight: 10 },
      { row: 0, column: 1, weight: 9 },
      { row: 1, column: 0, weight: 9 },
    ]
    expect(assign(list).map(({ row, column }) => [row, column])).toEqual([
      [0, 1],
      [1, 0],
    ])
  })

  it('loses nothing without a pair that has an equal rival', () => {
    const list = [0, 1].map((column) => ({ row: 0, column, weight: 8 }))
    expect(assign(list)).toMatchObject([{ loss: 0 }])
  })

  it('is greedy for what hangs together beyond the bound, with the same margins', () => {
    const size = optimalSide + 1
    const chain = Array.from({ length: size }, (_, i) => [
      { row: i, column: i, weight: 9 },
      { row: i, column: (i + 1) % size, weight: 2 },
    ]).flat()
    const pairs = assign(chain)
    expect(isOneToOne(pairs)).toBe(true)
    expect(pairs.every(({ row, column, loss }) => row === column && loss === 7)).toBe(true)
  })

  it('solves the largest that is solved exactly', () => {
    const dense = Array.from({ length: optimalSide ** 2 }, (_, i) => ({
      row: Math.floor(i / optimalSide),
      column: i % optimalSide,
      weight: ((i * 7_919) % 1_009) / 100 + 0.01,
    }))
    expect(assign(dense)).toHaveLength(optimalSide)
  })
})
