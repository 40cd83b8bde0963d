/**
 * The scoring matcher: each pair of a removed and an added name has log odds of being a rename, a prior and
 * the weights of name, position, type and values; the pairing with the greatest sum is the likeliest one, and
 * what it loses without a pair is how sure that pair is.
 */
import { type Assigned, assign, type Edge } from './assignment.js'
import type { ContractNode } from './contract.js'
import type { PathProfile } from './profile.js'
import type { AddedName, RemovedName, RenameMatch } from './rename.js'
import { candidatePairs } from './rename-block.js'
import { type Name, nameReader, nameWeight } from './rename-name.js'
import {
  type Order,
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
/** The odds that one of the names that went is a given one of those that came: even, shared among all. */
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
  const gone = [...removed].sort(byKey)
  const come = [...added].sort(byKey)
  const scene = sceneOf(gone, come, siblings)
  const matches: RenameMatch[] = []
  let rest: RenameMatch[] = []
  for (let round = 0; round < rounds; round++) {
    const found = scene.pairUp([...known, ...matches]).map((pair) => toMatch(pair, gone, come))
    const sure = found.filter(({ confidence }) => confidence >= threshold)
    matches.push(...sure)
    rest = found.filter((match) => match.confidence < threshold && match.confidence >= suggestionThreshold)
    if (sure.length === 0 || rest.length + sure.length === 0) break
  }
  return { matches, suggestions: rest, scored: scene.scored }
}

const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

interface Scene {
  scored: number
  pairUp: (known: readonly RenameMatch[]) => Found[]
}

interface Found extends Assigned {
  evidence: { name: number; position: number; type: number; values: number }
}

/** Everything about two sides that does not change from round to round. */
function sceneOf(gone: readonly RemovedName[], come: readonly AddedName[], siblings: Siblings): Scene {
  const { node, file } = siblings
  const readName = nameReader([[...node.properties.keys()], [...file.children.keys()]])
  const parents = file.types.object
  const ours = gone.map(
    ({ key, node }): Candidate => ({ key, name: readName(key), traits: traitsOfNode(node) }),
  )
  const theirs = come.map(
    ({ key, file }): Candidate => ({ key, name: readName(key), traits: traitsOfFile(file, parents) }),
  )
  const orders = [orderOfNode(node, siblings.table), orderOfFile(file, siblings.table)] as const
  const absences = gone.map(({ key }) => absenceWeight(key, siblings))
  const commonness = commonnessOf(siblings)
  const places = anchoredIn(orders, gone, come, [])
  const pairs = candidatePairs(ours, theirs, places).flatMap(([i, j]): Pair[] => {
    const [a, b] = [ours[i]!, theirs[j]!]
    if (!isCandidate(a.traits, b.traits)) return []
    const type = typeWeight(a.traits, b.traits)
    const values = valueWeight(a.traits, b.traits, commonness)
    return [{ ours: i, theirs: j, name: nameWeight(a.name, b.name), type, values }]
  })
  const trusted = Math.min(orders[0].trust, orders[1].trust)
  return {
    scored: pairs.length,
    pairUp(known) {
      const taken = new Set(
        known.flatMap(({ removed, added }) => [removed, added] as (RemovedName | AddedName)[]),
      )
      const open = pairs.filter((pair) => !taken.has(gone[pair.ours]!) && !taken.has(come[pair.theirs]!))
      const left = (names: readonly (RemovedName | AddedName)[]) =>
        names.filter((name) => !taken.has(name)).length
      const candidates = Math.max(1, left(gone), left(come))
      const [before, after] = anchoredIn(orders, gone, come, known)
      const scored = open.map((pair) => {
        const [a, b] = [before.get(gone[pair.ours]!.key), after.get(come[pair.theirs]!.key)]
        const position = a && b ? positionWeight(a, b, candidates, trusted) : 0
        const weight =
          prior(candidates) + absences[pair.ours]! + pair.name + position + pair.type + pair.values
        return { pair, position, weight }
      })
      const edges = scored.map(({ pair, weight }): Edge => ({ row: pair.ours, column: pair.theirs, weight }))
      const details = new Map(scored.map((entry) => [`${entry.pair.ours} ${entry.pair.theirs}`, entry]))
      return assign(edges).map((edge): Found => {
        const { pair, position } = details.get(`${edge.row} ${edge.column}`)!
        return { ...edge, evidence: { name: pair.name, position, type: pair.type, values: pair.values } }
      })
    },
  }
}

function toMatch(
  { row, column, loss, evidence }: Found,
  gone: readonly RemovedName[],
  come: readonly AddedName[],
) {
  const shares = Object.entries(evidence).map(([what, weight]) => [what, rounded(logistic(weight))])
  const match: RenameMatch = {
    removed: gone[row]!,
    added: come[column]!,
    accepted: false,
    confidence: rounded(logistic(loss)),
    evidence: { matched: 'score', ...Object.fromEntries(shares) },
  }
  return match
}

/** Down, so that a confidence never reaches a threshold by rounding. */
const rounded = (share: number) => Math.floor(share * 1000) / 1000

/** Where the candidates of both sides stand, between keys that both have and pairs already found. */
function anchoredIn(
  [ours, theirs]: readonly [Order, Order],
  gone: readonly RemovedName[],
  come: readonly AddedName[],
  known: readonly RenameMatch[],
): [Map<string, Standing>, Map<string, Standing>] {
  const theirKeys = new Set(theirs.keys)
  const both = ours.keys.filter((key) => theirKeys.has(key))
  const pairs = known.map(({ removed, added }) => [removed.key, added.key] as const)
  const before = new Map([
    ...both.map((key) => [key, key] as const),
    ...pairs.map(([key]) => [key, key] as const),
  ])
  const after = new Map([
    ...both.map((key) => [key, key] as const),
    ...pairs.map(([key, to]) => [to, key] as const),
  ])
  return [
    standings(ours.keys, new Set(gone.map(({ key }) => key)), before),
    standings(theirs.keys, new Set(come.map(({ key }) => key)), after),
  ]
}

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
