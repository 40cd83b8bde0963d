/** What comparing two documents says. Plain data: a `Delta` survives `JSON.stringify`. */
import type { Limit } from '../../errors.js'

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject
export type JsonObject = { [key: string]: JsonValue }
export type JsonScalar = null | boolean | number | string

interface At {
  /** As in a drift report: dots between keys, `[]` for each item. The same for every record. */
  path: string
  /** RFC 6901. Where in the second document; of a removal: where in the first. */
  pointer: string
  /** The key of the innermost record around it that was matched by key. */
  key?: Record<string, JsonScalar>
}

/** One difference. `from` and `to` are values of the documents themselves, not copies. */
export type DeltaChange =
  | ({ op: 'add'; to: JsonValue } & At)
  | ({ op: 'remove'; from: JsonValue } & At)
  | ({ op: 'replace'; from: JsonValue; to: JsonValue } & At)
  /** An item of a list that now stands elsewhere among those that stayed; `fromPointer` is in the first document. */
  | ({ op: 'move'; fromPointer: string } & At)

/** How the items of the lists at one path were told apart. */
export interface KeyUse {
  /** Of the items: `orders[]`. */
  path: string
  /** Names of fields; together they are the key. */
  key: string[]
  source: 'given' | 'discovered'
  /** How many lists were matched by it. 0: a given key whose path was never met, or whose lists needed none. */
  lists: number
  /** Of the first of these lists: items on either side, keys on both. */
  evidence: { items: [number, number]; shared: number } | null
}

export interface DeltaSummary {
  additions: number
  removals: number
  replacements: number
  moves: number
}

export interface Delta {
  format: 'json' | 'csv' | 'xml'
  /** In the order of the documents. */
  changes: DeltaChange[]
  summary: DeltaSummary
  /** Sorted by path. */
  keysUsed: KeyUse[]
  /** Comparing stopped early: there may be more changes than these, also when there are none. */
  truncated: boolean
  /** Which limit stopped it; null if none did. */
  limit: Limit | null
  /** What the comparison took, in the measure of `limits.steps`. */
  steps: number
}

export interface DeltaLimits {
  /** Changes to report. */
  changes: number
  /** Values to look at; some are looked at more than once. Long texts and paths count for more. */
  steps: number
}

export const defaultDeltaLimits: Readonly<DeltaLimits> = Object.freeze({
  changes: 100_000,
  steps: 100_000_000,
})
