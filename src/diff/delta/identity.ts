/**
 * By which fields the records of a list are told apart: the caller's word, else what the records show. A
 * discovered key is present, scalar and unique in every record of both lists, and pairs records that are
 * alike. The choice depends on nothing but the documents.
 */
import { DrifthookError } from '../../errors.js'
import type { Budget } from './budget.js'
import { equal, field, isObject, isScalar } from './json.js'
import type { JsonObject, JsonScalar, JsonValue, KeyUse } from './model.js'

/** Fields of a record that are considered, and pairs of records that are looked into. */
const maxFields = 50
const sampled = 50

interface Candidate {
  key: readonly string[]
  rank: number
  shared: number
  /** Share of the smaller list's records that the other list has too. */
  overlap: number
  /** Share of the other fields that are equal, in a sample of the records paired by it. */
  agreement: number
}

export class Identities {
  readonly #used = new Map<string, KeyUse>()

  constructor(
    given: Readonly<Record<string, readonly string[]>>,
    readonly budget: Budget,
  ) {
    for (const [path, key] of Object.entries(given)) {
      if (!Array.isArray(key)) {
        throw new DrifthookError('INVALID_REQUEST', `keys: the fields of ${path} must be a list of names.`)
      }
      if (key.length > 0)
        this.#used.set(path, { path, key: [...key], source: 'given', lists: 0, evidence: null })
    }
  }

  /** The key for two lists at a path; null: their items are told apart by content and position. */
  keyFor(path: string, a: readonly JsonValue[], b: readonly JsonValue[]): readonly string[] | null {
    const known = this.#used.get(path)
    if (known?.source === 'given') return this.#use(known, a, b)
    this.budget.spend(a.length + b.length)
    if (!a.every(isObject) || !b.every(isObject)) return null
    // All lists at one path go by one key, as long as it holds.
    if (known && tokensOf(a, known.key, this.budget) && tokensOf(b, known.key, this.budget)) {
      return this.#use(known, a, b)
    }
    const found = discoverKey(a, b, this.budget)
    if (!found) return null
    if (known) return found.key
    const evidence = { items: [a.length, b.length] as [number, number], shared: found.shared }
    this.#used.set(path, { path, key: [...found.key], source: 'discovered', lists: 1, evidence })
    return found.key
  }

  used(): KeyUse[] {
    return [...this.#used.values()].sort((x, y) => (x.path < y.path ? -1 : 1))
  }

  #use(use: KeyUse, a: readonly JsonValue[], b: readonly JsonValue[]): readonly string[] {
    if (use.lists++ === 0) {
      const there = new Set(a.map((item) => keyToken(item, use.key)))
      there.delete(null)
      const shared = new Set(b.map((item) => keyToken(item, use.key)).filter((token) => there.has(token)))
      use.evidence = { items: [a.length, b.length], shared: shared.size }
    }
    return use.key
  }
}

/** What stands for a record in a table of records; null: it has no such key. */
export function keyToken(item: JsonValue, key: readonly string[]): string | number | boolean | null {
  if (!isObject(item)) return null
  if (key.length === 1) {
    const value = field(item, key[0]!)
    return isScalar(value) ? value : null
  }
  const values: JsonScalar[] = []
  for (const name of key) {
    const value = field(item, name)
    if (!isScalar(value) || value === null) return null
    values.push(value)
  }
  return JSON.stringify(values)
}

/** The tokens of all records, or null if one has none or two have the same. */
function tokensOf(
  items: readonly JsonValue[],
  key: readonly string[],
  budget: Budget,
): Map<string | number, number> | null {
  const tokens = new Map<string | number, number>()
  for (let i = 0; i < items.length; i++) {
    const token = keyToken(items[i]!, key)
    budget.spend(1)
    if (!isKeyValue(token) || tokens.has(token)) return null
    tokens.set(token, i)
  }
  return tokens
}

/** Amounts and flags tell nothing apart. */
function isKeyValue(value: JsonValue | undefined): value is string | number {
  return (typeof value === 'string' && value !== '') || Number.isInteger(value)
}

function discoverKey(a: readonly JsonObject[], b: readonly JsonObject[], budget: Budget): Candidate | null {
  if (a.length === 0 || b.length === 0) return null
  const names = Object.keys(a[0]!)
    .slice(0, maxFields)
    .filter((name) => isKeyValue(field(a[0]!, name)) && isKeyValue(field(b[0]!, name)))
    .map((name, order) => ({ name, order, rank: rankOf(name) }))
    .sort((x, y) => x.rank - y.rank || x.order - y.order)
  const single = best(
    names.map(({ name, rank }) => ({ key: [name], rank })),
    a,
    b,
    budget,
  )
  if (single) return single
  // Two fields together, `order_id` and `line`: only of names that say so, as any two columns may happen to be unique.
  const telling = names.filter(({ rank }) => rank < unnamed).slice(0, 6)
  const couples = telling.flatMap((x, i) =>
    telling.slice(i + 1).map((y) => ({ key: [x.name, y.name], rank: Math.max(x.rank, y.rank) })),
  )
  return best(couples, a, b, budget)
}

/** The candidate whose pairs are most alike; among those as good the one whose name says most. */
function best(
  candidates: readonly { key: readonly string[]; rank: number }[],
  a: readonly JsonObject[],
  b: readonly JsonObject[],
  budget: Budget,
): Candidate | null {
  let chosen: Candidate | null = null
  for (const { key, rank } of candidates) {
    const candidate = judge(key, rank, a, b, budget)
    if (!candidate) continue
    // Good enough to spare the others their tables.
    if (score(candidate) >= 0.9) return candidate
    if (chosen === null || compare(candidate, chosen) > 0) chosen = candidate
  }
  return chosen
}

/** Of two as good, the one that pairs more. */
function compare(x: Candidate, y: Candidate): number {
  return score(x) - score(y) || x.overlap - y.overlap
}

/** In tenths: smaller differences are chance. */
const score = ({ overlap, agreement }: Candidate): number => Math.round(overlap * agreement * 10) / 10

function judge(
  key: readonly string[],
  rank: number,
  a: readonly JsonObject[],
  b: readonly JsonObject[],
  budget: Budget,
): Candidate | null {
  const left = tokensOf(a, key, budget)
  const right = left && tokensOf(b, key, budget)
  if (!left || !right) return null
  let shared = 0
  let fields = 0
  let same = 0
  for (const [token, i] of left) {
    const j = right.get(token)
    if (j === undefined) continue
    if (shared++ >= sampled) continue
    for (const name of Object.keys(a[i]!)) {
      if (key.includes(name)) continue
      fields++
      const other = field(b[j]!, name)
      if (other !== undefined && equal(a[i]![name]!, other, budget)) same++
    }
  }
  const overlap = shared / Math.min(a.length, b.length)
  const agreement = fields === 0 ? 1 : same / fields
  // A name that says "key" is believed when any record is on both sides; another must prove itself.
  const believed = rank < unnamed ? shared > 0 : overlap >= 0.5 && agreement >= 0.3
  return believed ? { key, rank, shared, overlap, agreement } : null
}

const unnamed = 3
const identifiers = new Set(['id', 'uuid', 'guid', 'key'])
const codes = new Set([
  'code',
  'number',
  'no',
  'nr',
  'sku',
  'ref',
  'reference',
  'name',
  'slug',
  'line',
  'ean',
  'gtin',
])

/** How much a name says "key": `id`, `order_id`, `sku`, anything else. */
function rankOf(name: string): number {
  const words = name
    .replace(/(\p{Ll}|\d)(?=\p{Lu})/gu, '$1 ')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
  const last = words.at(-1) ?? ''
  if (identifiers.has(last)) return words.length === 1 ? 0 : 1
  return codes.has(last) ? 2 : unnamed
}
