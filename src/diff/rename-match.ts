/**
 * The scoring matcher: each pair of a removed and an added name has log odds of being a rename, a prior and
 * the weights of name, position, type and values; the pairing with the greatest sum is the likeliest one, and
 * what it loses without a pair is how sure that pair is.
 */
import { assign, type Edge } from './assignment.js'
import type { ContractNode } from './contract.js'
import type { PathProfile } from './profile.js'
import type { AddedName, RemovedName, RenameMatch } from './rename.js'
import { candidatePairs } from './rename-block.js'
import { type Name, nameReader, nameWeight } from './rename-name.js'
import {
  isInPlace,
  type Order,
  orderKept,
  orderOfFile,
  orderOfNode,
  positionWeight,
  type Standing,
  standings,
} from './rename-position.js'
import { isCandidate, logistic, typeWeight, valueWeight } from './rename-score.js'
import { type Traits, traitsOfFile, traitsOfNode, valuesOfFile, valuesOfNode } from './rename-traits.js'

/** Below one parent: what the contract and the file know. */
export interface Siblings {
  node: ContractNode
  file: PathProfile
  table: boolean
  /** The file is a schema: what it lacks is gone, not merely absent. */
  isSchema: boolean
}

export interface ScoredRenames {
  /** At least as sure as the threshold. */
  matches: RenameMatch[]
  /** Likelier than not, and less sure. */
  suggestions: RenameMatch[]
  /** How many pairs were scored. */
  scored: number
}

/** Nineteen of twenty. */
export const defaultThreshold = 0.95
const suggestionThreshold = 0.5
/** Every rename found is one more neighbour for the others; so many times. */
const rounds = 3
/** The odds that a name that went is a given one of those that came: one to two, shared among them all. */
const prior = (candidates: number) => -0.7 - Math.log(candidates)

interface Candidate {
  key: string
  name: Name
  traits: Traits
}

interface Pair {
  ours: number
  theirs: number
  name: number
  type: number
  values: number
}

/**
 * @param known pairs found before: they are neighbours now
 * @param threshold the least confidence of a match
 */
export function scoreRenames(
  removed: readonly RemovedName[],
  added: readonly AddedName[],
  siblings: Siblings,
  known: readonly RenameMatch[],
  threshold = defaultThreshold,
): ScoredRenames {
  // In one order whatever the caller's is, so that ties fall alike.
  const scene = new Scene([...removed].sort(byKey), [...added].sort(byKey), siblings, known)
  const matches: RenameMatch[] = []
  let suggestions: RenameMatch[] = []
  for (let round = 0; round < rounds; round++) {
    const found = scene.pairUp([...known, ...matches])
    const sure = found.filter(({ confidence }) => confidence >= threshold)
    matches.push(...sure)
    suggestions = found.filter(
      ({ confidence }) => confidence < threshold && confidence >= suggestionThreshold,
    )
    if (sure.length === 0) break
  }
  return { matches, suggestions, scored: scene.pairs.length }
}

const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

/** The candidates of both sides, and what does not change from round to round. */
class Scene {
  readonly pairs: readonly Pair[]
  readonly #orders: readonly [Order, Order]
  /** How much an order means here. */
  readonly #trust: number
  /** By index of the removed name. */
  readonly #absences: readonly number[]

  constructor(
    readonly gone: readonly RemovedName[],
    readonly come: readonly AddedName[],
    siblings: Siblings,
    known: readonly RenameMatch[],
  ) {
    const { node, file, table } = siblings
    this.#orders = [orderOfNode(node, table), orderOfFile(file, table)]
    const [before, after] = this.#orders
    this.#trust = Math.min(before.trust, after.trust) * orderKept(before.keys, after.keys)
    this.#absences = gone.map(({ key }) => absenceWeight(key, siblings))
    const readName = nameReader([[...node.properties.keys()], [...file.children.keys()]])
    const ours = gone.map(({ key, node }): Candidate => {
      return { key, name: readName(key), traits: traitsOfNode(node) }
    })
    const theirs = come.map(({ key, file: child }): Candidate => {
      return { key, name: readName(key), traits: traitsOfFile(child, file.types.object) }
    })
    const commonness = commonnessOf(siblings)
    this.pairs = candidatePairs(ours, theirs, this.#places(known)).flatMap(([i, j]): Pair[] => {
      const [a, b] = [ours[i]!, theirs[j]!]
      if (!isCandidate(a.traits, b.traits)) return []
      const type = typeWeight(a.traits, b.traits)
      const values = valueWeight(a.traits, b.traits, commonness)
      return [{ ours: i, theirs: j, name: nameWeight(a.name, b.name), type, values }]
    })
  }

  /** The likeliest pairing of what is not taken yet. */
  pairUp(known: readonly RenameMatch[]): RenameMatch[] {
    const gone = without(
      this.gone,
      known.map(({ removed }) => removed),
    )
    const come = without(
      this.come,
      known.map(({ added }) => added),
    )
    const candidates = Math.max(gone.size, come.size)
    const [before, after] = this.#places(known)
    const open = this.pairs.flatMap((pair) => {
      const [ours, theirs] = [this.gone[pair.ours]!, this.come[pair.theirs]!]
      const [a, b] = [before.get(ours.key), after.get(theirs.key)]
      return gone.has(ours) && come.has(theirs) && a && b ? [{ pair, a, b }] : []
    })
    const support = companyOf(open.filter(({ a, b }) => isInPlace(a, b)).map(({ pair }) => pair))
    const positions = new Map<number, { pair: Pair; position: number }>()
    const edges = open.flatMap(({ pair, a, b }): Edge[] => {
      const company = isInPlace(a, b) ? support(pair) : 0
      const position = this.#trust * positionWeight(a, b, candidates, company)
      const weight =
        prior(candidates) + this.#absences[pair.ours]! + pair.name + position + pair.type + pair.values
      if (weight <= 0) return []
      positions.set(pair.ours * this.come.length + pair.theirs, { pair, position })
      return [{ row: pair.ours, column: pair.theirs, weight }]
    })
    return assign(edges).map(({ row, column, loss }) => {
      const { pair, position } = positions.get(row * this.come.length + column)!
      const evidence = {
        matched: 'score',
        name: shown(pair.name),
        position: shown(position),
        type: shown(pair.type),
        values: shown(pair.values),
      }
      const [removed, added] = [this.gone[row]!, this.come[column]!]
      return { removed, added, accepted: false, confidence: shown(loss), evidence }
    })
  }

  /** Where the candidates of both sides stand, between keys that both have and pairs already found. */
  #places(known: readonly RenameMatch[]): [Map<string, Standing>, Map<string, Standing>] {
    const [ours, theirs] = this.#orders
    const theirKeys = new Set(theirs.keys)
    const before = new Map(ours.keys.flatMap((key) => (theirKeys.has(key) ? [[key, key]] : [])))
    const after = new Map(before)
    for (const { removed, added } of known) {
      before.set(removed.key, removed.key)
      after.set(added.key, removed.key)
    }
    return [
      standings(ours.keys, new Set(this.gone.map(({ key }) => key)), before),
      standings(theirs.keys, new Set(this.come.map(({ key }) => key)), after),
    ]
  }
}

function without<T>(names: readonly T[], taken: readonly T[]): Set<T> {
  const left = new Set(names)
  for (const name of taken) left.delete(name)
  return left
}

/**
 * Renames come in company: where the other names that went were replaced in place by what fits them, a file's
 * header was reworked; where they were replaced by what does not, so perhaps was this one. The mean fit of
 * the others in place, as if two more had said nothing.
 */
function companyOf(inPlace: readonly Pair[]): (pair: Pair) => number {
  const fitOf = ({ name, type, values }: Pair) => Math.max(-3, Math.min(3, Math.max(0, name) + type + values))
  const total = inPlace.reduce((sum, pair) => sum + fitOf(pair), 0)
  return (pair) => (total - fitOf(pair)) / (inPlace.length + 1)
}

/** A weight as a share, 0.5 for one that says nothing. */
const shown = (weight: number) => rounded(logistic(weight))

/** Down, so that a confidence never reaches a threshold by rounding. */
const rounded = (share: number) => Math.floor(share * 1000) / 1000

/** How often gone names are gone and not just absent: 1 of 20, before the luck of this file is known. */
const goneForGood = 0.05

/** An optional path that happens to be absent is no removal: the rarer it was, the less its absence says. */
function absenceWeight(key: string, { node, file, isSchema }: Siblings): number {
  const expected = node.properties.get(key)
  if (!expected || expected.required || isSchema) return 0
  const { evidence, parents } = expected.node
  const share = evidence && parents > 0 ? Math.min(1, evidence.seen / parents) : 0.5
  const byChance = (1 - share) ** Math.max(1, file.types.object)
  return Math.min(0, Math.log(goneForGood / byChance))
}

/** In how many of the siblings a value occurs, on the side where it occurs in more. */
function commonnessOf({ node, file }: Siblings): (mac: string) => number {
  const sides = [
    [...node.properties.values()].map((expected) => valuesOfNode(expected.node)),
    [...file.children.values()].map(valuesOfFile),
  ].map((columns) => {
    const counts = new Map<string, number>()
    for (const values of columns) for (const mac of values) counts.set(mac, (counts.get(mac) ?? 0) + 1)
    return counts
  })
  return (mac) => Math.max(...sides.map((counts) => counts.get(mac) ?? 0))
}
