/** Which pairs are worth scoring: all while they are few, else those that share a word, a beginning, a place. */
import type { Name } from './rename-name.js'
import type { Standing } from './rename-position.js'

interface Candidate {
  key: string
  name: Name
}

/** Up to so many pairs all are scored. */
export const allPairs = 40_000
/** Above it, so many partners for each candidate. */
export const partners = 12
/** A clue that more candidates have is none. */
const clueShared = 60

/** Pairs of indices, each once. At most `allPairs`, or `partners` times the candidates of both sides. */
export function candidatePairs(
  ours: readonly Candidate[],
  theirs: readonly Candidate[],
  [before, after]: readonly [ReadonlyMap<string, Standing>, ReadonlyMap<string, Standing>],
): [number, number][] {
  if (ours.length * theirs.length <= allPairs) {
    return ours.flatMap((_, i) => theirs.map((_, j): [number, number] => [i, j]))
  }
  const cluesA = ours.map((one) => cluesOf(one, before.get(one.key)))
  const cluesB = theirs.map((one) => cluesOf(one, after.get(one.key)))
  const pairs = new Map<number, [number, number]>()
  for (const [i, partners] of bestPartners(cluesA, cluesB).entries()) {
    for (const j of partners) pairs.set(i * theirs.length + j, [i, j])
  }
  for (const [j, partners] of bestPartners(cluesB, cluesA).entries()) {
    for (const i of partners) pairs.set(i * theirs.length + j, [i, j])
  }
  return [...pairs.values()]
}

/** For each, the ones of the other side that share most clues, rare ones counting more. */
function bestPartners(ours: readonly string[][], theirs: readonly string[][]): number[][] {
  const having = new Map<string, number[]>()
  for (const [j, clues] of theirs.entries()) {
    for (const clue of clues) {
      const list = having.get(clue)
      if (list) list.push(j)
      else having.set(clue, [j])
    }
  }
  return ours.map((clues) => {
    const votes = new Map<number, number>()
    for (const clue of clues) {
      const list = having.get(clue) ?? []
      if (list.length > clueShared) continue
      for (const j of list) votes.set(j, (votes.get(j) ?? 0) + 1 / list.length)
    }
    const best = [...votes].sort((a, b) => b[1] - a[1] || a[0] - b[0])
    return best.slice(0, partners).map(([j]) => j)
  })
}

/** Its words, their beginnings, every two neighbouring words, its initials, the gap it stands in. */
function cluesOf({ name }: Candidate, standing: Standing | undefined): string[] {
  const texts = name.words.map(({ text }) => text)
  const clues = new Set<string>()
  for (const [i, text] of texts.entries()) {
    clues.add(text)
    clues.add(`^${text.slice(0, 3)}`)
    const next = texts[i + 1]
    if (next !== undefined) clues.add(`${text.slice(0, 3)} ${next.slice(0, 3)}`)
  }
  clues.add(texts.length > 1 ? `=${texts.map((text) => text[0]).join('')}` : `=${texts[0] ?? ''}`)
  clues.add(`*${texts.map((text) => text.slice(0, 3)).join(' ')}`)
  if (standing && (standing.before !== null || standing.after !== null)) {
    clues.add(`@${JSON.stringify([standing.before, standing.after])}`)
    if (standing.size > 1) clues.add(`@${JSON.stringify([standing.before, standing.after, standing.rank])}`)
  }
  return [...clues]
}
