/**
 * Which of the names that went away are the names that came. Matchers are tried in order, each on what the
 * ones before left over; a scoring matcher is one more entry in that list.
 */
import type { ContractNode } from './contract.js'
import type { PathProfile } from './profile.js'

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

export function matchRenames(
  removed: readonly RemovedName[],
  added: readonly AddedName[],
  matchers: readonly Matcher[],
): RenameMatch[] {
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
  return matches
}

/** Renames that were accepted: `from` is the contract's path, `to` the file's. */
export function aliasMatcher(aliases: readonly { from: string; to: string }[]): Matcher {
  return (removed, added) =>
    aliases.flatMap(({ from, to }) => {
      const gone = removed.find(({ path }) => path === from)
      const come = added.find(({ path }) => path === to)
      return gone && come
        ? [{ removed: gone, added: come, accepted: true, confidence: 1, evidence: { matched: 'alias' } }]
        : []
    })
}

/** Names that differ in case and separators only: `customerName`, `customer_name`, `Customer Name`. */
export const normalisedMatcher: Matcher = (removed, added) => {
  const byName = new Map<string, AddedName[]>()
  for (const name of added) {
    const normal = normaliseName(name.key)
    if (normal === '') continue
    byName.set(normal, [...(byName.get(normal) ?? []), name])
  }
  return removed.flatMap((gone) => {
    const come = byName.get(normaliseName(gone.key))?.shift()
    return come
      ? [
          {
            removed: gone,
            added: come,
            accepted: false,
            confidence: 1,
            evidence: { matched: 'normalised name' },
          },
        ]
      : []
  })
}

/** The words of a name, lower case, joined. */
export function normaliseName(name: string): string {
  return nameTokens(name).join('')
}

/** The words of a name in camelCase, snake_case, kebab-case, with spaces or dots. */
export function nameTokens(name: string): string[] {
  return name
    .normalize('NFKC')
    .replace(/\ufeff/g, '')
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((token) => token !== '')
}
