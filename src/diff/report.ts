/** The vocabulary of drift: what a comparison says. The words; the rules are in `compare.ts` and `policy.ts`. */
import type { Place } from '../errors.js'

export type FormatName = string

/** A JSON Schema 2020-12. Inferred ones carry their evidence under `x-drift`. */
export type ContractSchema = { [keyword: string]: unknown }

export const impacts = ['breaking', 'warning', 'info'] as const
export type Impact = (typeof impacts)[number]
export const changeKinds = ['added', 'removed', 'changed', 'renamed'] as const
export type ChangeKind = (typeof changeKinds)[number]
export const aspects = [
  'type',
  'structure',
  'cardinality',
  'nullability',
  'presence',
  'format',
  'enum',
  'constraint',
  'order',
] as const
export type Aspect = (typeof aspects)[number]

/** What accepting a change would write into the contract. */
export type Proposal =
  /** `whole`: with all that is below the path, which otherwise has changes of its own. */
  | { op: 'set'; path: string; schema: ContractSchema; required?: boolean; whole?: boolean }
  | { op: 'remove'; path: string }
  /** `schema`: the fragment for `from`, when more than its name has changed. */
  | { op: 'alias'; from: string; to: string; schema?: ContractSchema; required?: boolean }
  /** Another delimiter, encoding, kind of file. */
  | { op: 'spelling'; dialect: Record<string, string | boolean | null> }
  /** Where the columns stand now. */
  | { op: 'order'; positions: Record<string, number> }

/** One difference between the contract and the file. */
export interface Change {
  kind: ChangeKind
  /** Where in the contract (`added`: in the file). Dots between keys, `[]` for each item, `\.` for a literal dot. */
  path: string
  /** `renamed` only: where it is in the file. */
  toPath?: string
  /** `changed`, and a `renamed` that changed more than its name: what changed. */
  aspect?: Aspect
  /** What the contract says, in words or shapes; never a value of the file. */
  from: string | null
  to: string | null
  impact: Impact
  /** 0 to 1. */
  confidence?: number
  /** Why: counts, shapes, names compared. Never a value. */
  evidence: Record<string, unknown>
  /** Where the file shows it. A position, never a value. */
  witness?: Place
  proposal?: Proposal
}

/** Something worth a line that is not drift: an optional path that did not occur, an integrity finding. */
export interface Observation {
  kind: 'absent-optional' | 'integrity' | 'note'
  path: string
  message: string
  witness?: Place
}

/** How bad, by the kind of change alone; null without drift. */
export type Severity = 'trivial' | 'minor' | 'major'

/** How bad, by the contract's policy. `error`: the file could not be compared, which is never "no drift". */
export type Result = 'pass' | 'warning' | 'breaking' | 'error'

export interface DriftSummary {
  additions: number
  removals: number
  changes: number
  renames: number
}

/** The outcome of one comparison. */
export interface DriftReport {
  format: FormatName
  hasDrift: boolean
  summary: DriftSummary
  severity: Severity | null
  result: Exclude<Result, 'error'>
  /** `mode: score` only: 0 to 100. */
  score: number | null
  /** Sorted by path. */
  changes: Change[]
  observations: Observation[]
  /** The same for the same drift, whatever file shows it; null without drift. */
  fingerprint: string | null
}

export interface Override {
  /** A path glob: `*` one key, `**` any number. */
  path: string
  kind?: ChangeKind
  aspect?: Aspect
  impact: Impact
  reason: string
  /** RFC 3339; from then on the override no longer holds. */
  expiresAt?: string
}

/** How a contract judges. Everything is optional. */
export interface Policy {
  /** Who reads the file: `by-name` (default) by column or key name, `positional` by position. */
  profile?: 'strict' | 'by-name' | 'lenient' | 'positional'
  /** Path globs that are not compared. */
  ignore?: string[]
  /** First match wins. */
  overrides?: Override[]
  renames?: { enabled?: boolean; threshold?: number }
  /** Accepted renames: the file's name for a path of the contract. */
  aliases?: { from: string; to: string }[]
  mode?: 'matrix' | 'score'
}
