/**
 * What a hand-written schema demands beyond types: decided by what its predicates said of the values, else
 * by what the profile's ranges prove. What neither decides is said, and is no pass.
 */
import type { Issue } from './checks.js'
import type { ContractNode } from './contract.js'
import type { Container } from './contract-parts.js'
import { impliedBy, sameText } from './implied.js'
import { enumerationOf } from './inference.js'
import { nameTest, objectTests } from './object-check.js'
import type { KeywordTest, Verdict } from './predicates.js'
import type { PathProfile, Range } from './profile.js'
import type { Aspect } from './report.js'
import { textFormats } from './text-format.js'
import { chars } from './token.js'
import { checkedValues } from './value-check.js'

/** How a file is read: whether all its values are text, and whether it was profiled against this contract. */
export interface Reading {
  textual: boolean
  checked: boolean
}

/** Everything a hand-written node demands that the file does not keep. */
export function declaredIssues(
  node: ContractNode,
  file: PathProfile,
  reading: Reading,
  notes: string[],
): Issue[] {
  const issues = scalarIssues(node, file, reading, notes)
  if (file.types.object > 0) issues.push(...objectIssues(node, file, reading, notes))
  if (file.types.array > 0) issues.push(...arrayIssues(node, file, notes))
  for (const container of ['object', 'array'] as const satisfies Container[]) {
    if (file.types[container] > 0) {
      for (const keyword of node.undecided[container]) notes.push(notDecided(keyword))
    }
  }
  return issues
}

const notDecided = (keyword: string) => `the keyword "${keyword}" is not decided`

function scalarIssues(node: ContractNode, file: PathProfile, reading: Reading, notes: string[]): Issue[] {
  const relevant = node.tests.filter((test) => isRelevant(test, node, file, reading.textual))
  if (relevant.length === 0) return []
  const other = file.declared
  const checked = other ? null : checkedValues(node, file, reading.textual, reading.checked)
  return relevant.flatMap((test): Issue[] => {
    const failure = checked?.failed[test.id]
    if (failure) return [issueOf(test, file, failure)]
    const verdict: Verdict = other
      ? impliedBy(test, node, other)
      : checked && !checked.unknown.includes(test.id)
        ? true
        : provenBy(test, node, file)
    if (verdict === null) notes.push(undecidedNote(test))
    return verdict === false ? [issueOf(test, file, { count: 0 })] : []
  })
}

const numeric: ReadonlySet<string> = new Set(
  'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf'.split(' '),
)
const textual: ReadonlySet<string> = new Set('pattern format minLength maxLength'.split(' '))

/** Whether the file has values that a keyword speaks of. */
function isRelevant(
  { keyword }: KeywordTest,
  node: ContractNode,
  file: PathProfile,
  allText: boolean,
): boolean {
  const { types } = file
  const allowed = (...names: ('string' | 'number' | 'integer')[]) =>
    node.types === null || names.some((name) => node.types?.has(name))
  const texts = file.text.count + file.empty + file.blank
  if (textual.has(keyword)) return texts > 0 && allowed('string')
  if (numeric.has(keyword)) return types.integer + types.number > 0 && allowed('integer', 'number')
  return texts + types.boolean + types.integer + types.number + (allText ? 0 : types.null) > 0
}

function undecidedNote({ keyword, limit }: KeywordTest): string {
  if (keyword === 'format') return `the format "${limit}" is not decided`
  if (keyword === 'pattern') return 'the pattern is not decided'
  return notDecided(keyword)
}

function issueOf(
  { keyword, limit }: KeywordTest,
  file: PathProfile,
  failure: { count: number; first?: Issue['witness'] },
): Issue {
  const listed = keyword === 'enum' || keyword === 'const'
  const aspect: Aspect = listed ? 'enum' : keyword === 'format' ? 'format' : 'constraint'
  const fact = failure.count > 0 ? { failing: failure.count } : {}
  return {
    aspect,
    from: listed ? listLabel(limit) : keyword === 'format' ? String(limit) : requirement(keyword, limit),
    to: listed
      ? outsideLabel(limit, file)
      : keyword === 'format'
        ? formatsOf(file)
        : (broken[keyword] ?? 'other values'),
    facts: { declared: true },
    evidence: { contract: 'declared', ...fact, of: file.seen },
    witness: failure.first,
    keyword,
    limit,
  }
}

const broken: Readonly<Record<string, string>> = {
  minimum: 'smaller values',
  exclusiveMinimum: 'smaller values',
  maximum: 'greater values',
  exclusiveMaximum: 'greater values',
  minLength: 'shorter texts',
  maxLength: 'longer texts',
  pattern: 'values that do not match',
  multipleOf: 'values between',
}

function requirement(keyword: string, limit: unknown): string {
  return typeof limit === 'number' || typeof limit === 'string' ? `${keyword} ${limit}` : keyword
}

function listLabel(limit: unknown): string {
  const values = (Array.isArray(limit) ? limit : [limit]).filter((value) => value !== null).map(String)
  return values.length > 8 ? `one of ${values.length} values` : values.sort().join(' | ')
}

/** Codes may be named only when the file by itself shows an enumeration. */
function outsideLabel(limit: unknown, file: PathProfile): string {
  const listed = new Set((Array.isArray(limit) ? limit : [limit]).map(String))
  const named = enumerationOf(file)?.filter((value) => !listed.has(value))
  return named && named.length > 0 && named.length <= 8
    ? `also ${named.sort().join(' | ')}`
    : 'values outside the list'
}

function formatsOf(file: PathProfile): string {
  return textFormats.filter((format) => (file.text.formats[format] ?? 0) > 0).join(' | ') || 'empty'
}

/** What the ranges of a profile prove about a keyword, whatever the values are. */
function provenBy({ keyword, limit }: KeywordTest, node: ContractNode, file: PathProfile): Verdict {
  if (keyword === 'enum' && Array.isArray(limit))
    return file.sketch.entries.length > limit.length ? false : null
  if (keyword === 'const') return file.sketch.entries.length > 1 ? false : null
  if (keyword === 'pattern') return node.types?.has('string') ? matchesPattern(String(limit), file) : null
  if (keyword === 'format') return provenFormat(String(limit), file)
  if (typeof limit !== 'number') return null
  const numbers = file.number.range
  const texts = textLengths(file)
  switch (keyword) {
    case 'minimum':
      return numbers && numbers.min >= limit
    case 'maximum':
      return numbers && numbers.max <= limit
    case 'exclusiveMinimum':
      return numbers && numbers.min > limit
    case 'exclusiveMaximum':
      return numbers && numbers.max < limit
    case 'minLength':
      return texts && texts.min >= limit
    case 'maxLength':
      return texts && texts.max <= limit
    default:
      return null
  }
}

function textLengths(file: PathProfile): Range | null {
  // How long the texts of white space are is not kept.
  if (file.blank > 0) return null
  const shortest = file.empty > 0 ? 0 : file.text.length?.min
  return shortest === undefined ? null : { min: shortest, max: file.text.length?.max ?? 0 }
}

/** The classes of a profile are a little wider than the standard formats: they can only refute. */
function provenFormat(name: string, file: PathProfile): Verdict {
  if (name === 'date-time' || name === 'time') {
    const clock = chars.digit | chars.colon
    return (file.text.formats[name] ?? 0) === 0 && (file.text.mask & clock) !== clock ? false : null
  }
  if (!['date', 'uuid'].includes(name)) return null
  const known = file.text.formats[name as 'date' | 'uuid'] ?? 0
  return known === file.text.count && file.empty + file.blank === 0
}

function objectIssues(node: ContractNode, file: PathProfile, reading: Reading, notes: string[]): Issue[] {
  const issues: Issue[] = []
  const checked = reading.checked && file.checked?.pointer === node.pointer ? file.checked : undefined
  for (const { id, keyword, limit, holds } of objectTests(node)) {
    const failure = checked?.failed[id]
    const asked = checked !== undefined && checked.objects === file.types.object
    const same =
      file.declared &&
      objectTests(file.declared).some((test) => test.id === id && sameText(test.limit, limit))
    const proven = file.declared ? (same ? true : null) : holds(file)
    const verdict = failure ? false : asked ? true : proven
    if (verdict === null) notes.push(notDecided(keyword))
    if (verdict === false)
      issues.push(containerIssue(keyword, `${keyword} ${limit}`, 'other keys', failure?.first))
  }
  const names = nameTest(node)
  if (names) {
    const verdicts = [...file.children.keys()].map((key) => names(key, key))
    if (verdicts.includes(false) && !file.declared)
      issues.push(containerIssue('propertyNames', 'propertyNames', 'other keys'))
    else if (file.rest || verdicts.includes(null)) notes.push(notDecided('propertyNames'))
  }
  return issues
}

function arrayIssues(node: ContractNode, file: PathProfile, notes: string[]): Issue[] {
  const { length } = file
  if (length === null) return []
  return node.parts.array.flatMap(({ schema }): Issue[] => {
    const { minItems: least, maxItems: most } = schema
    const found: Issue[] = []
    if (typeof least === 'number' && length.min < least)
      found.push(containerIssue('minItems', `minItems ${least}`, 'fewer items'))
    if (typeof most === 'number' && length.max > most)
      found.push(containerIssue('maxItems', `maxItems ${most}`, 'more items'))
    if (schema.uniqueItems === true && length.max > 1) notes.push(notDecided('uniqueItems'))
    if (schema.prefixItems !== undefined && length.max > 0) notes.push(notDecided('prefixItems'))
    return found
  })
}

function containerIssue(keyword: string, from: string, to: string, witness?: Issue['witness']): Issue {
  return {
    aspect: 'constraint',
    from,
    to,
    facts: { declared: true },
    evidence: { contract: 'declared' },
    witness,
    keyword,
  }
}

/**
 * Whether all texts match a pattern of the simplest kind, one class of characters repeated: `^\d{5}$`,
 * `^[A-Z]+$`. Null: another kind of pattern, which the character classes of a profile do not decide.
 */
export function matchesPattern(pattern: string, file: PathProfile): Verdict {
  const parts = /^\^(\\d|\[[^\]\\^]*\])(\{(\d+)(,(\d*))?\}|[+*])?\$$/.exec(pattern)
  const { length, mask } = file.text
  const allowed = parts ? classMask(parts[1]!) : null
  if (!parts || length === null || allowed === null || file.empty + file.blank > 0) return null
  const [, , quantifier, least, upTo, most] = parts
  const min = quantifier === undefined ? 1 : least !== undefined ? Number(least) : quantifier === '+' ? 1 : 0
  const open = quantifier === '+' || quantifier === '*' || (upTo !== undefined && !most)
  const max = open ? Number.POSITIVE_INFINITY : upTo ? Number(most) : min
  return (mask & ~allowed) === 0 && length.min >= min && length.max <= max
}

const ranges: Readonly<Record<string, number>> = {
  '\\d': chars.digit,
  '0-9': chars.digit,
  'A-Z': chars.upper,
  'a-z': chars.lower,
  _: chars.underscore,
}

/** The bits of a bracket made of whole classes; null when it names single characters. */
function classMask(text: string): number | null {
  if (text === '\\d') return chars.digit
  let mask = 0
  for (let inner = text.slice(1, -1); inner !== ''; ) {
    const range = ranges[inner.slice(0, 3)] !== undefined ? inner.slice(0, 3) : inner[0]!
    const bits = inner === '-' ? chars.minus : ranges[range]
    if (bits === undefined) return null
    mask |= bits
    inner = inner.slice(range.length)
  }
  return mask
}
