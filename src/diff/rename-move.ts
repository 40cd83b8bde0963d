/**
 * Names that went from one parent to another. The name must be the same, and the only one of its kind on
 * either side; then what is below it, or its values, must say that it is the same thing.
 */
import type { Finding } from './policy.js'
import type { PathProfile } from './profile.js'
import type { AddedName, Alias, RemovedName, RenameMatch } from './rename.js'
import { defaultThreshold } from './rename-match.js'
import { nameReader, nameWeight, normaliseName } from './rename-name.js'
import { isCandidate, logistic, structureLikeness, typeWeight, valueWeight } from './rename-score.js'
import { traitsOfFile, traitsOfNode } from './rename-traits.js'
import type { Observation } from './report.js'

/** What a move costs before anything speaks for it: most same names below two parents are two things. */
const moved = -3
/** Of the names below an object, so many must be the same; of no object but a value, the weight must be so much. */
const leastStructure = 0.8
const leastValues = 1.5

export interface GoneName extends RemovedName {
  /** The path of the parent, by the contract's names. */
  parent: string
}

export interface ComeName extends AddedName {
  parent: string
  /** How many parents the file has there. */
  parents: number
}

/** A name without its like below its own parent, and what was said about it. */
export interface Gone extends GoneName {
  required: boolean
  said: Finding | Observation
}
export interface Come extends ComeName {
  said: Finding
  parentFile: PathProfile
}

/** Moves accepted before. */
export function acceptedMoves<G extends GoneName, C extends ComeName>(
  removed: readonly G[],
  added: readonly C[],
  aliases: readonly Alias[],
): { removed: G; added: C }[] {
  const gone = new Map(removed.map((name) => [name.path, name]))
  const come = new Map(added.map((name) => [name.path, name]))
  return aliases.flatMap(({ from, to }) => {
    const [ours, theirs] = [gone.get(from), come.get(to)]
    return ours && theirs && gone.delete(from) && come.delete(to) ? [{ removed: ours, added: theirs }] : []
  })
}

export function findMoves<G extends GoneName, C extends ComeName>(
  removed: readonly G[],
  added: readonly C[],
  threshold = defaultThreshold,
): (RenameMatch & { removed: G; added: C })[] {
  const gone = byName(removed)
  const come = byName(added)
  const readName = nameReader([removed.map(({ key }) => key), added.map(({ key }) => key)])
  return [...gone].flatMap(([name, [ours, ...others]]) => {
    const [theirs, ...rivals] = come.get(name) ?? []
    if (!ours || !theirs || others.length + rivals.length > 0) return []
    if (ours.parent === theirs.parent || listsIn(ours.path) !== listsIn(theirs.path)) return []
    const [a, b] = [traitsOfNode(ours.node), traitsOfFile(theirs.file, theirs.parents)]
    if (!isCandidate(a, b) || a.type === null || a.type !== b.type) return []
    const values = valueWeight(a, b, () => 1)
    const structured = a.inner.size >= 2 && structureLikeness(a, b) >= leastStructure
    if (a.inner.size + b.inner.size > 0 ? !structured : values < leastValues) return []
    const [nameScore, type] = [nameWeight(readName(ours.key), readName(theirs.key)), typeWeight(a, b)]
    const confidence = logistic(moved + nameScore + type + values)
    if (confidence < threshold) return []
    const evidence = {
      matched: 'move',
      moved: true,
      name: shown(logistic(nameScore)),
      type: shown(logistic(type)),
      values: shown(logistic(values)),
    }
    return [{ removed: ours, added: theirs, accepted: false, confidence: shown(confidence), evidence }]
  })
}

const shown = (share: number) => Math.floor(share * 1000) / 1000

/** A value of one record does not become a value of each item. */
const listsIn = (path: string) => path.split('[]').length

function byName<T extends { key: string }>(names: readonly T[]): Map<string, T[]> {
  const found = new Map<string, T[]>()
  for (const name of names) {
    const normal = normaliseName(name.key)
    const list = found.get(normal)
    if (list) list.push(name)
    else found.set(normal, [name])
  }
  return found
}
