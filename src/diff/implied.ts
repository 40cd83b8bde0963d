/** One hand-written schema in the place of a file that follows another: what its words imply, keyword by keyword. */
import type { ContractNode } from './contract.js'
import type { KeywordTest, Scalar, Verdict } from './predicates.js'

/** Whether another schema already demands as much, in words that can be compared. */
export function impliedBy(
  { keyword, limit, test }: KeywordTest,
  node: ContractNode,
  other: ContractNode,
): Verdict {
  if (sameText(node.schema, other.schema) && sameText(node.context.document, other.context.document))
    return true
  if (other.enum) {
    const verdicts = other.enum.map((value) => (isScalar(value) ? test(value, String(value)) : null))
    return verdicts.includes(false) ? false : verdicts.includes(null) ? null : true
  }
  const twins = other.tests.filter((found) => found.keyword === keyword).map((found) => found.limit)
  if (typeof limit === 'number' && keyword !== 'multipleOf') {
    const floor = keyword.startsWith('min') || keyword === 'exclusiveMinimum'
    const tight = twins.some((twin) => typeof twin === 'number' && (floor ? twin >= limit : twin <= limit))
    // Whoever demands nothing allows everything.
    return tight ? true : other.tests.length === twins.length ? false : null
  }
  // One format says nothing of another.
  if (keyword === 'format' && twins.length > 0) return twins.includes(limit)
  const plain = keyword === 'pattern' || keyword === 'format' || keyword === 'multipleOf'
  if (plain && twins.some((twin) => twin === limit)) return true
  return plain && other.tests.length === 0 ? false : null
}

export function sameText(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value !== 'object'
}
