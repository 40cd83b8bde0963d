/** What can differ at one path, apart from its children: type, null, format, enumeration, bounds. */
import type { Place } from '../errors.js'
import type { ContractNode } from './contract.js'
import type { Container } from './contract-parts.js'
import { declaredIssues, type Reading } from './declared.js'
import { written } from './elements.js'
import {
  columnType,
  enumerationOf,
  type FormatClaim,
  firmEvidence,
  formatClaim,
  formatMatches,
  literalsOf,
  someEvidence,
  strongEvidence,
  typesOf,
} from './inference.js'
import { earlier, orderOf } from './place.js'
import type { Facts } from './policy.js'
import { type JsonType, jsonTypes, type PathProfile, valuesSeen } from './profile.js'
import type { Aspect } from './report.js'
import { type TextFormat, textFormats } from './text-format.js'

/** One thing that differs at a path. */
export interface Issue {
  aspect: Aspect
  from: string
  to: string
  facts: Facts
  evidence: Record<string, unknown>
  witness?: Place | undefined
  /** The keyword of a hand-written schema that is in the way, where it is one. */
  keyword?: string
  /** What it says there. */
  limit?: unknown
  /** The types that are too many. */
  extra?: readonly JsonType[]
  /** Nothing below has a change of its own. */
  whole?: true
}

export interface NodeIssues {
  issues: Issue[]
  /** What could not be decided, in words. */
  notes: string[]
  /** Whether what is below the path can still be compared. */
  comparable: Readonly<Record<Container, boolean>>
}

/** Compares one path of the file with its contract. */
export function checkNode(contract: ContractNode, file: PathProfile, reading: Reading): NodeIssues {
  const { textual } = reading
  const notes = contract.undecided.any.map((keyword) => `the keyword "${keyword}" is not decided`)
  const type = typeIssue(contract, file, textual)
  const found = [type, nullIssue(contract, file, textual), timesIssue(contract, file)]
  if (contract.evidence) {
    if (type === null) found.push(enumIssue(contract, file, notes) ?? formatIssue(contract, file, textual))
  } else {
    found.push(...declaredIssues(contract, file, reading, notes))
  }
  const accepts = (container: Container) =>
    type === null || contract.types === null || contract.types.has(container)
  return {
    issues: found.filter((issue) => issue !== null),
    notes,
    comparable: { object: accepts('object'), array: accepts('array') },
  }
}

export function label(types: Iterable<JsonType>): string {
  const set = new Set(types)
  const names = jsonTypes.filter((type) => type !== 'null' && set.has(type))
  return names.join(' | ') || (set.has('null') ? 'null' : 'nothing')
}

/** What a file has at a path, as a type in words. */
export function fileLabel(file: PathProfile, textual: boolean): string {
  return label(typesOf(written(file), textual))
}

function typeIssue(contract: ContractNode, file: PathProfile, textual: boolean): Issue | null {
  const { types } = contract
  if (types === null) return null
  const expected = (type: JsonType) => types.has(type) || (type === 'integer' && types.has('number'))
  if (!textual && jsonTypes.every((type) => file.types[type] === 0 || expected(type))) return null
  const wanted = new Set(types)
  wanted.delete('null')
  const found = typesOf(file, textual).filter((type) => type !== 'null')
  if (found.length === 0 || (wanted.size === 0 && contract.evidence)) return null
  const accepted = (type: JsonType) =>
    wanted.has(type) ||
    (type === 'integer' && wanted.has('number')) ||
    // JSON Schema calls 1.0 an integer; what was inferred goes by the spelling.
    (type === 'number' &&
      wanted.has('integer') &&
      !contract.evidence &&
      file.number.integral === file.number.count) ||
    (textual && wanted.has('string') && type !== 'object' && type !== 'array') ||
    (textual && type === 'string' && wanted.has('number') && onlyMoreDigits(contract, file))
  const extra = found.filter((type) => !accepted(type))
  if (extra.length === 0) return textual ? lostWords(contract, file, wanted) : null
  const isContainer = (type: JsonType) => type === 'object' || type === 'array'
  const structural = extra.some(isContainer) || (wanted.size > 0 && [...wanted].every(isContainer))
  const widened = extra.length === 1 && extra[0] === 'number' && wanted.has('integer')
  return {
    aspect: structural ? 'structure' : 'type',
    from: label(wanted),
    to: label(found),
    extra,
    // The author of a schema who writes `integer` means it.
    facts: { mild: widened && contract.evidence !== null },
    evidence: { contract: contract.evidence ? counts(contract.evidence) : 'declared', file: counts(file) },
    witness: firstOf(file, extra.length === 1 && extra[0] === 'number' ? ['number'] : extra),
  }
}

/**
 * Few numbers without a point do not prove quantities, nor do many of one width: a leading zero shows that
 * they were codes or times all along.
 */
function onlyMoreDigits({ evidence }: ContractNode, file: PathProfile): boolean {
  if (evidence === null || evidence.number.scale > 0) return false
  if (file.types.string !== (file.text.formats.code ?? 0)) return false
  const [before, now] = [evidence.text.length, file.text.length]
  const oneWidth = before?.min === before?.max && before?.min === now?.min && before?.min === now?.max
  return oneWidth || evidence.text.count < firmEvidence
}

/** A column that always held words and now holds nothing but numbers: no error for a reader of text, but drift. */
function lostWords(contract: ContractNode, file: PathProfile, wanted: ReadonlySet<JsonType>): Issue | null {
  const before = contract.evidence
  const now = columnType(file.types)
  if (!before || wanted.size !== 1 || !wanted.has('string') || now === null || now === 'string') return null
  const worded = before.types.string >= someEvidence && before.types.string === before.text.count
  if (!worded || file.text.count < someEvidence) return null
  const claim = formatClaim(before.text)
  // A format says it better.
  if (claim && (claim.firm || claim.name === 'code')) return null
  if (before.text.formats.code !== undefined) return null
  return {
    aspect: 'type',
    from: 'string',
    to: now,
    facts: { mild: true },
    evidence: { contract: counts(before), file: counts(file) },
    witness: firstOf(file, [now]),
  }
}

function nullIssue(contract: ContractNode, file: PathProfile, textual: boolean): Issue | null {
  if (contract.types?.has('null') || contract.types === null) return null
  const { evidence } = contract
  if (file.types.null > 0) {
    return {
      aspect: 'nullability',
      from: 'never null',
      to: 'null',
      facts: strength(contract),
      evidence: { ...seenIn(contract), nulls: file.types.null, of: file.seen },
      witness: firstOf(file, ['null']),
    }
  }
  const empty = file.empty + file.blank
  const text = contract.types.has('string')
  // An empty text is a text to a hand-written schema.
  if (empty === 0 || (text && !evidence) || (evidence && evidence.empty + evidence.blank > 0)) return null
  if (!textual && (!evidence || evidence.text.count < strongEvidence)) return null
  return {
    aspect: 'nullability',
    from: 'never empty',
    to: 'empty',
    facts: { ...strength(contract), mild: text },
    evidence: { ...seenIn(contract), empty, of: file.seen },
    witness: firstOf(file, ['empty']),
  }
}

/** What occurred once at most in each parent and is no list, now several times (X12). Lists have any length. */
function timesIssue({ evidence }: ContractNode, file: PathProfile): Issue | null {
  if (evidence === null || evidence.types.array + file.types.array > 0) return null
  if (file.times <= 1 || evidence.times > 1) return null
  return {
    aspect: 'cardinality',
    from: 'once',
    to: 'several times',
    facts: { mild: evidence.seen < someEvidence },
    evidence: { contract: evidence.seen, times: file.times },
    witness: anyPlace(file),
  }
}

function formatIssue(contract: ContractNode, file: PathProfile, textual: boolean): Issue | null {
  const { count } = file.text
  if (contract.types !== null && !contract.types.has('string')) return null
  if (count === 0 || (textual && file.types.object + file.types.array > 0)) return null
  const claim = contract.evidence && formatClaim(contract.evidence.text)
  if (!claim) return null
  const matches = formatMatches(claim, file.text)
  if (matches === count || (!claim.firm && matches > 0)) return null
  return {
    aspect: 'format',
    from: claimLabel(claim),
    to: formatsLabel(file, claim),
    facts: { weak: !claim.firm, mild: !isDateLike(claim.name) },
    evidence: { ...seenIn(contract), matching: matches, of: count },
    witness: firstOf(
      file,
      textFormats.filter((format) => formatMatches({ ...claim }, only(file, format)) === 0),
    ),
  }
}

/** The text facts of a file as if only one of its formats had occurred. */
function only(file: PathProfile, format: TextFormat): PathProfile['text'] {
  return { ...file.text, formats: { [format]: file.text.formats[format] ?? 0 } }
}

function isDateLike(name: string): boolean {
  return name.startsWith('date') || name === 'time'
}

function claimLabel(claim: FormatClaim): string {
  return claim.width === undefined ? claim.name : `${claim.name} of ${claim.width} digits`
}

function formatsLabel(file: PathProfile, claim: FormatClaim): string {
  const { formats, length } = file.text
  const names = textFormats.filter((format) => (formats[format] ?? 0) > 0)
  if (claim.width !== undefined && length && names.every((name) => name === 'digits' || name === 'code')) {
    return `digits of ${length.min === length.max ? `width ${length.min}` : 'several widths'}`
  }
  return names.join(' | ')
}

/** An inferred enumeration: a value outside it is news, not an error. */
function enumIssue(contract: ContractNode, file: PathProfile, notes: string[]): Issue | null {
  if (contract.enum === null) return null
  const listed = new Set(contract.enum.filter((value) => value !== null).map(String))
  const values = literalsOf(file.sketch)
  const found = values === null ? null : [...values, ...(file.empty > 0 && listed.has('') ? [''] : [])]
  const tooMany = file.sketch.entries.length > listed.size
  if (found === null && !tooMany) {
    notes.push('whether every value is in the list is not decided: some are too long to compare')
    return null
  }
  const outside = found?.filter((value) => !listed.has(value))
  if (outside?.length === 0) return null
  // Codes may be named only when the file by itself shows an enumeration.
  const named = enumerationOf(file) && outside
  return {
    aspect: 'enum',
    from: listed.size > 8 ? `one of ${listed.size} values` : [...listed].sort().join(' | '),
    to: named && named.length <= 8 ? `also ${named.sort().join(' | ')}` : 'values outside the list',
    facts: {},
    evidence: { ...seenIn(contract), listed: listed.size, outside: outside?.length ?? 'some' },
    witness: outside ? placeOfAny(file, outside) : undefined,
  }
}

function placeOfAny(file: PathProfile, values: readonly string[]): Place | undefined {
  const places = file.sketch.entries.filter(
    ({ literal }) => literal !== undefined && values.includes(literal),
  )
  return places.map(({ place }) => place).reduce((a, b) => (a && b ? earlier(a, b) : (a ?? b)), undefined)
}

function strength(contract: ContractNode): Facts {
  if (!contract.evidence) return { declared: true }
  return { strong: valuesSeen(contract.evidence) >= strongEvidence }
}

function seenIn(contract: ContractNode): Record<string, unknown> {
  return { contract: contract.evidence ? valuesSeen(contract.evidence) : 'declared' }
}

function counts(path: PathProfile): Record<string, number> {
  return Object.fromEntries(
    jsonTypes.flatMap((type) => (path.types[type] > 0 ? [[type, path.types[type]]] : [])),
  )
}

/** The earliest of some places of a path. */
export function firstOf(file: PathProfile, what: readonly string[]): Place | undefined {
  const places = what.flatMap((name) => (Object.hasOwn(file.places, name) ? [file.places[name]!] : []))
  return places.sort((a, b) => orderOf(a) - orderOf(b))[0]
}

/** The earliest place of a path at all. */
export function anyPlace(file: PathProfile): Place | undefined {
  return firstOf(file, [...jsonTypes, 'empty'])
}
