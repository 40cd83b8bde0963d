/** Where a name stands: between which of the siblings that both sides know. */
import type { ContractNode } from './contract.js'
import type { PathProfile } from './profile.js'

/** The place of one candidate on its side. */
export interface Standing {
  /** The nearest known siblings, by the contract's names; null at either end. */
  before: string | null
  after: string | null
  /** Which of the candidates between these two it is, of how many. */
  rank: number
  size: number
}

export interface Order {
  /** Keys in their order. */
  keys: string[]
  /** How much an order means: columns much, keys of a JSON object less, a declaration little. */
  trust: number
}

const trust = { columns: 1, keys: 0.7, declared: 0.4 }

export function orderOfNode(node: ContractNode, table: boolean): Order {
  const places = [...node.properties].map(([key, { node: child }]) => ({
    key,
    range: child.evidence?.position,
  }))
  const known = places.every(({ range }) => range)
  return { keys: inOrder(places), trust: known ? (table ? trust.columns : trust.keys) : trust.declared }
}

export function orderOfFile(file: PathProfile, table: boolean): Order {
  const places = [...file.children].map(([key, child]) => ({ key, range: child.position }))
  const known = places.every(({ range }) => range)
  return { keys: inOrder(places), trust: known ? (table ? trust.columns : trust.keys) : trust.declared }
}

/**
 * How much of the order both sides share: of the known neighbours of one side, the share that are neighbours
 * on the other. Where columns were shuffled, a place says nothing.
 */
export function orderKept(ours: readonly string[], theirs: readonly string[]): number {
  const known = new Set(ours)
  const common = theirs.filter((key) => known.has(key))
  const rank = new Map(common.map((key, i) => [key, i]))
  const ranks = ours.flatMap((key) => rank.get(key) ?? [])
  if (ranks.length < 3) return 1
  return ranks.filter((at, i) => i > 0 && at === ranks[i - 1]! + 1).length / (ranks.length - 1)
}

interface Place {
  key: string
  range: { min: number; max: number } | null | undefined
}

/** Optional keys push later ones back, so the first position is the one to go by. */
function inOrder(places: readonly Place[]): string[] {
  if (!places.every(({ range }) => range)) return places.map(({ key }) => key)
  const sorted = [...places].sort((a, b) => a.range!.min - b.range!.min || a.range!.max - b.range!.max)
  return sorted.map(({ key }) => key)
}

/**
 * The standings of some candidates among all keys of their side.
 * @param anchors keys that have their like on the other side, by the name both sides share
 */
export function standings(
  keys: readonly string[],
  candidates: ReadonlySet<string>,
  anchors: ReadonlyMap<string, string>,
): Map<string, Standing> {
  const found = new Map<string, Standing>()
  let gap: Standing[] = []
  let before: string | null = null
  const close = (after: string | null) => {
    for (const standing of gap) Object.assign(standing, { after, size: gap.length })
    gap = []
  }
  for (const key of keys) {
    const anchor = anchors.get(key)
    if (anchor !== undefined) {
      close(anchor)
      before = anchor
    } else if (candidates.has(key)) {
      const standing = { before, after: null, rank: gap.length, size: 0 }
      gap.push(standing)
      found.set(key, standing)
    }
  }
  close(null)
  return found
}

/** In the same gap, where as many went as came, in the same order. */
export function isInPlace(a: Standing, b: Standing): boolean {
  return a.before === b.before && a.after === b.after && a.size === b.size && a.rank === b.rank
}

/**
 * The weight of two standings. To fall between the same two neighbours by chance is the less likely the more
 * candidates there are elsewhere; a column that moved when it was renamed is rare; one that was appended
 * where another was dropped at the end is not.
 * @param candidates the greater number of candidates of the two sides
 * @param company how well the other names in place fit together
 */
export function positionWeight(a: Standing, b: Standing, candidates: number, company: number): number {
  if (a.before !== b.before || a.after !== b.after) {
    const shared = a.before === b.before ? a.before : a.after === b.after ? a.after : null
    return shared === null ? -1.5 : 0.5
  }
  const anchored = a.before !== null || a.after !== null
  const gap = Math.log(candidates / Math.max(a.size, b.size)) + (a.after === null ? 1.5 : 3)
  return (anchored ? gap : 0) + rankWeight(a, b, company)
}

/**
 * In a run of names the one of the same rank, the surer the better the others of the run fit. Names that are
 * renamed together hardly ever change their order: ten to one, against even odds for chance.
 */
function rankWeight(a: Standing, b: Standing, company: number): number {
  if (a.size !== b.size) return 0
  if (a.rank !== b.rank) return -2
  if (a.size === 1) return company
  return 1 + company + Math.log(a.size) * Math.min(1, Math.max(0, company))
}
