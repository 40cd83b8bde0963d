/**
 * Which of the names that went away are the names that came. Matchers are tried in order, each on what the
 * ones before left over: accepted aliases, names that differ in spelling only, and last the one that scores.
 */
import type { ContractNode } from './contract.js'
import type { PathProfile } from './profile.js'
import { type Siblings, scoreRenames } from './rename-match.js'
import { normaliseName } from './rename-name.js'

/** A name of the contract that the file lacks. */
export interface RemovedName {
  key: string
  path: string
  node: ContractNode
}

/** A name of the file that the contract lacks. */
export interface AddedName {
  key: string
  path: string
  file: PathProfile
}

export interface RenameMatch {
  removed: RemovedName
  added: AddedName
  /** An alias was accepted before: no change at all. */
  accepted: boolean
  /** 0 to 1. */
  confidence: number
  evidence: Record<string, unknown>
}

/** Pairs names below one parent, each at most once. */
export type Matcher = (removed: readonly RemovedName[], added: readonly AddedName[]) => RenameMatch[]

export interface RenamePolicy {
  enabled?: boolean
  threshold?: number
}

export interface Renames {
  matches: RenameMatch[]
  /** Likely, but not sure enough to be called renames. */
  suggestions: RenameMatch[]
}

export function matchRenames(
  removed: readonly RemovedName[],
  added: readonly AddedName[],
  siblings: Siblings,
  aliases: readonly Alias[] = [],
  { enabled = true, threshold }: RenamePolicy = {},
): Renames {
  const matchers = enabled ? [aliasMatcher(aliases), normalisedMatcher] : [aliasMatcher(aliases)]
  const matches: RenameMatch[] = []
  const gone = new Set(removed)
  const come = new Set(added)
  for (const matcher of matchers) {
    if (gone.size === 0 || come.size === 0) break
    for (const match of matcher([...gone], [...come])) {
      if (!gone.has(match.removed) || !come.has(match.added)) continue
      gone.delete(match.removed)
      come.delete(match.added)
      matches.push(match)
    }
  }
  if (!enabled || gone.size === 0 || come.size === 0) return { matches, suggestions: [] }
  const scored = scoreRenames([...gone], [...come], siblings, matches, threshold)
  return { matches: [...matches, ...scored.matches], suggestions: scored.suggestions }
}

export interface Alias {
  from: string
  to: string
}

/** Renames that were accepted: `from` is the contract's path, `to` the file's. */
export function aliasMatcher(aliases: readonly Alias[]): Matcher {
  return (removed, added) =>
    aliases.flatMap(({ from, to }) => {
      const gone = removed.find(({ path }) => path === from)
      const come = added.find(({ path }) => path === to)
      return gone && come
        ? [{ removed: gone, added: come, accepted: true, confidence: 1, evidence: { matched: 'alias' } }]
        : []
    })
}

/**
 * Names that differ in case and separators only: `customerName`, `customer_name`, `Customer Name`. Where
 * several do, which is which is left to the scores.
 */
export const normalisedMatcher: Matcher = (removed, added) => {
  const gone = byNormalName(removed)
  const come = byNormalName(added)
  return [...gone].flatMap(([name, [ours, ...others]]) => {
    const [theirs, ...rivals] = come.get(name) ?? []
    if (!ours || !theirs || others.length + rivals.length > 0) return []
    const evidence = { matched: 'normalised name' }
    return [{ removed: ours, added: theirs, accepted: false, confidence: 1, evidence }]
  })
}

function byNormalName<T extends { key: string }>(names: readonly T[]): Map<string, T[]> {
  const found = new Map<string, T[]>()
  for (const name of names) {
    const normal = normaliseName(name.key)
    if (normal !== '') found.set(normal, [...(found.get(normal) ?? []), name])
  }
  return found
}
