/** The bounds a hand-written schema may set, checked against the ranges of a profile. */
import type { Issue } from './checks.js'
import type { ContractNode } from './contract.js'
import type { PathProfile, Range } from './profile.js'
import { chars } from './token.js'

interface Bound {
  keyword: string
  range: (file: PathProfile) => Range | null
  /** Whether a range goes beyond the limit. */
  broken: (range: Range, limit: number) => boolean
  to: string
}

const numbers = (file: PathProfile) => file.number.range
const items = (file: PathProfile) => file.length
const texts = (file: PathProfile): Range | null => {
  const shortest = file.empty > 0 ? 0 : file.text.length?.min
  if (shortest === undefined) return null
  return { min: shortest, max: file.text.length?.max ?? 0 }
}
const below = (range: Range, limit: number) => range.min < limit
const above = (range: Range, limit: number) => range.max > limit

const bounds: readonly Bound[] = [
  { keyword: 'minimum', range: numbers, broken: below, to: 'smaller values' },
  { keyword: 'exclusiveMinimum', range: numbers, broken: (r, n) => r.min <= n, to: 'smaller values' },
  { keyword: 'maximum', range: numbers, broken: above, to: 'greater values' },
  { keyword: 'exclusiveMaximum', range: numbers, broken: (r, n) => r.max >= n, to: 'greater values' },
  { keyword: 'minLength', range: texts, broken: below, to: 'shorter texts' },
  { keyword: 'maxLength', range: texts, broken: above, to: 'longer texts' },
  { keyword: 'minItems', range: items, broken: below, to: 'fewer items' },
  { keyword: 'maxItems', range: items, broken: above, to: 'more items' },
]

/** Inferred schemas set no bounds: what was seen is not what is allowed. */
export function boundIssues(contract: ContractNode, file: PathProfile, notes: string[]): Issue[] {
  if (contract.evidence) return []
  const issues = bounds.flatMap(({ keyword, range, broken, to }) => {
    const limit = contract.schema[keyword]
    const seen = range(file)
    if (typeof limit !== 'number' || seen === null || !broken(seen, limit)) return []
    return [issue(keyword, `${keyword} ${limit}`, to)]
  })
  const { pattern } = contract.schema
  if (typeof pattern === 'string' && file.text.count > 0) {
    const fits = matchesPattern(pattern, file)
    if (fits === null) notes.push('the pattern is not decided')
    else if (!fits) issues.push(issue('pattern', `pattern ${pattern}`, 'values that do not match'))
  }
  return issues
}

function issue(keyword: string, from: string, to: string): Issue {
  return {
    aspect: 'constraint',
    from,
    to,
    facts: { declared: true },
    evidence: { contract: 'declared' },
    keyword,
  }
}

/**
 * Whether all texts match a pattern of the simplest kind, one class of characters repeated: `^\d{5}$`,
 * `^[A-Z]+$`. Null: another kind of pattern, which is not decided.
 */
export function matchesPattern(pattern: string, file: PathProfile): boolean | null {
  const parts = /^\^(\\d|\[[^\]\\^]*\])(\{(\d+)(,(\d*))?\}|[+*])?\$$/.exec(pattern)
  const { length, mask } = file.text
  if (!parts || length === null) return null
  const allowed = classMask(parts[1]!)
  if (allowed === null) return null
  const [, , quantifier, least, upTo, most] = parts
  const min = quantifier === undefined ? 1 : least !== undefined ? Number(least) : quantifier === '+' ? 1 : 0
  const max =
    quantifier === undefined
      ? 1
      : least === undefined
        ? Number.POSITIVE_INFINITY
        : upTo
          ? Number(most || Number.POSITIVE_INFINITY)
          : min
  return (mask & ~allowed) === 0 && length.min >= min && length.max <= max
}

const ranges: Readonly<Record<string, number>> = {
  '\\d': chars.digit,
  '0-9': chars.digit,
  'A-Z': chars.upper,
  'a-z': chars.lower,
}

/** The bits of a bracket made of whole classes; null when it names single characters. */
function classMask(text: string): number | null {
  if (text === '\\d') return chars.digit
  let mask = 0
  for (let inner = text.slice(1, -1); inner !== ''; ) {
    const range = inner.slice(0, 3)
    if (ranges[range] !== undefined) {
      mask |= ranges[range]
      inner = inner.slice(3)
    } else if (inner === '_' || inner.startsWith('_')) {
      mask |= chars.underscore
      inner = inner.slice(1)
    } else if (inner === '-') {
      mask |= chars.minus
      inner = ''
    } else {
      return null
    }
  }
  return mask
}
