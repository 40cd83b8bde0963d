/**
 * How bad a difference is. The matrix is one question, asked of every difference: does the contract still
 * accept what this file may contain? What it does not accept is breaking, unless the contract itself rests
 * on weak evidence or a reader can be expected to cope.
 */
import { globMatches } from './paths.js'
import type {
  Change,
  ChangeKind,
  DriftReport,
  DriftSummary,
  Impact,
  Override,
  Policy,
  Severity,
} from './report.js'

/** What the matrix needs to know of a difference beside its kind and aspect. */
export interface Facts {
  /** `removed`, `renamed`: whether the contract requires the path. */
  required?: boolean
  /** The contract saw fewer than three parents, or values. */
  weak?: boolean
  /** The contract says it by hand, or saw it at least thirty times. */
  strong?: boolean
  /** Written by hand: not a guess. */
  declared?: boolean
  /** `added`: the contract forbids further keys. */
  closed?: boolean
  /** `added`: a column behind all others. */
  appended?: boolean
  /** `added`, `order`: read by position, as every file without header is. */
  byPosition?: boolean
  /** A reader usually copes: integer to number, null to empty text, another delimiter. */
  mild?: boolean
}

/** A difference before it is judged. */
export interface Finding extends Omit<Change, 'impact'> {
  facts: Facts
}

type Profile = NonNullable<Policy['profile']>

/**
 * The impact of a finding by the matrix alone. Breaking is what the contract refuses, unless it is excused.
 * What differs and is accepted deserves a look; a lenient reader does not mind news.
 */
export function matrixImpact(finding: Finding, profile: Profile): Impact {
  if (refuses(finding, profile)) return excuses(finding, profile) ? 'warning' : 'breaking'
  const news = finding.kind === 'added' || finding.aspect === 'enum'
  return news && profile === 'lenient' ? 'info' : 'warning'
}

/** Whether the contract, as this reader reads it, accepts no file that shows this. */
function refuses({ kind, aspect, facts }: Finding, profile: Profile): boolean {
  if (kind === 'added') {
    const displaced = facts.byPosition === true && !facts.appended
    return facts.closed === true || profile === 'strict' || (displaced && profile !== 'lenient')
  }
  // Under another name a path is gone; what else changed in it nobody gets to read.
  if (kind === 'removed' || kind === 'renamed') return facts.required === true
  if (aspect === 'order') return facts.byPosition === true
  // An inferred enumeration lists what was seen, not what is allowed.
  return aspect !== 'enum' || facts.declared === true
}

/** Whether the refusal rests on too little, or on something that readers cope with. */
function excuses({ aspect, facts }: Finding, profile: Profile): boolean {
  const guessed =
    aspect === 'nullability' || aspect === 'presence' ? !(facts.strong || facts.declared) : false
  return guessed || facts.weak === true || (facts.mild === true && profile !== 'strict')
}

/** Applies a policy to what a comparison found. */
export class Judge {
  readonly #profile: Profile
  readonly #ignore: readonly string[]
  readonly #overrides: readonly Override[]
  readonly #mode: 'matrix' | 'score'

  /** @param now overrides that have expired by then no longer hold */
  constructor(policy: Policy, now: Date) {
    this.#profile = policy.profile ?? 'by-name'
    this.#ignore = policy.ignore ?? []
    this.#mode = policy.mode ?? 'matrix'
    this.#overrides = (policy.overrides ?? []).filter(
      ({ expiresAt }) => expiresAt === undefined || Date.parse(expiresAt) > now.getTime(),
    )
  }

  /** Whether a path, by either of its names, is not compared. */
  ignores(path: string, filePath = path): boolean {
    return this.#ignore.some(
      (glob) => globMatches(glob, path) || (filePath !== path && globMatches(glob, filePath)),
    )
  }

  judge(finding: Finding): Change {
    const { facts: _, ...change } = finding
    const override = this.#overrides.find((rule) => overrideMatches(rule, finding))
    if (!override) return { ...change, impact: matrixImpact(finding, this.#profile) }
    return { ...change, impact: override.impact, evidence: { ...change.evidence, override: override.reason } }
  }

  /** The verdict over all changes. */
  verdict(findings: readonly Finding[], changes: readonly Change[]): Pick<DriftReport, 'result' | 'score'> {
    if (this.#mode === 'matrix') return { result: worst(changes), score: null }
    const points = findings.map((finding, i) => (changes[i]!.impact === 'info' ? 0 : scoreOf(finding)))
    const score = Math.min(
      100,
      points.reduce((sum, n) => sum + n, 0),
    )
    return { result: score >= 90 ? 'breaking' : score >= 20 ? 'warning' : 'pass', score }
  }
}

function overrideMatches(rule: Override, { kind, aspect, path, toPath }: Finding): boolean {
  if (rule.kind !== undefined && rule.kind !== kind) return false
  if (rule.aspect !== undefined && rule.aspect !== aspect) return false
  return globMatches(rule.path, path) || (toPath !== undefined && globMatches(rule.path, toPath))
}

function worst(changes: readonly Change[]): DriftReport['result'] {
  if (changes.some(({ impact }) => impact === 'breaking')) return 'breaking'
  return changes.some(({ impact }) => impact === 'warning') ? 'warning' : 'pass'
}

/**
 * A rename takes one name away and adds one; other changes than of the type weigh nothing. Dates and
 * timestamps are types where this score comes from.
 */
function scoreOf({ kind, aspect, facts, from }: Finding): number {
  const removed = facts.required ? 40 : 20
  const dated = aspect === 'format' && (from === 'date' || from === 'date-time')
  const typed = dated || aspect === 'type' || aspect === 'structure' ? 30 : 0
  if (kind === 'added') return 5
  if (kind === 'removed') return removed
  return kind === 'renamed' ? removed + 5 + typed : typed
}

/** How bad, by the kinds of change alone. */
export function severityOf(changes: readonly Change[]): Severity | null {
  if (changes.length === 0) return null
  const major = ({ kind, aspect }: Change) =>
    kind === 'removed' || aspect === 'type' || aspect === 'structure'
  if (changes.some(major)) return 'major'
  return changes.every(({ kind }) => kind === 'added') ? 'trivial' : 'minor'
}

export function summarise(changes: readonly Change[]): DriftSummary {
  const count = (kind: ChangeKind) => changes.filter((change) => change.kind === kind).length
  return {
    additions: count('added'),
    removals: count('removed'),
    changes: count('changed'),
    renames: count('renamed'),
  }
}
