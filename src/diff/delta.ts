/**
 * Two documents, value by value. Unlike everything else in the diff core this carries values: whoever calls
 * it holds both files, and asked what differs between them. Keep its results where the files may be kept.
 */
import { Budget, BudgetSpent } from './delta/budget.js'
import { type ReadOptions, readDocuments } from './delta/documents.js'
import { type Delta, type DeltaLimits, defaultDeltaLimits, type JsonValue } from './delta/model.js'
import { Walk } from './delta/walk.js'
import type { DiffLimits } from './limits.js'

export interface DeltaOptions extends ReadOptions {
  /** By which fields records are told apart, by the path of the items: `{ 'orders[]': ['id'] }`. */
  keys?: Readonly<Record<string, readonly string[]>>
  limits?: Partial<DiffLimits & DeltaLimits>
}

/**
 * Compares two files, or two JSON values; a string is a value. Records of a list are matched by the keys
 * given for its path, else by keys they show themselves (`keysUsed` says which), else by content and then by
 * position. Time and memory grow with the documents, never with their square. The values in the result are
 * those of the documents, not copies. Of CSV the items' path is `[]`, and the paths reported are column
 * names, as in a drift report.
 *
 * Numbers are doubles: two integers beyond 2^53 that round to the same one are equal here.
 * @throws DrifthookError `FORMAT_UNDECIDED`, `FORMAT_MISMATCH`, `FILE_MALFORMED`, `FILE_EMPTY`,
 *   `FILE_LIMIT_EXCEEDED` (of the files; hitting `changes` or `steps` gives a truncated delta)
 */
export function delta(
  a: Uint8Array | JsonValue,
  b: Uint8Array | JsonValue,
  options: DeltaOptions = {},
): Delta {
  const documents = readDocuments(a, b, options)
  const budget = new Budget({ ...defaultDeltaLimits, ...options.limits })
  const readable = documents.format === 'csv' ? columnPath : (path: string) => path
  const walk = new Walk(budget, options.keys ?? {}, readable)
  let limit: Delta['limit'] = null
  try {
    walk.value(documents.a, documents.b)
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error
    limit = error.limit
  }
  return {
    format: documents.format,
    changes: walk.changes,
    summary: walk.summary,
    keysUsed: walk.keysUsed(),
    truncated: limit !== null,
    limit,
    steps: budget.steps,
  }
}

/** A table's columns go by their bare names; the row itself is the root. */
function columnPath(path: string): string {
  if (path === '[]') return '$'
  return path.startsWith('[].') ? path.slice(3) : path
}
