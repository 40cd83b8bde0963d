/**
 * `x-drift`: the evidence a schema carries beside its JSON Schema keywords. Counts, shapes and keyed
 * sketches; the literals and ranges of a profile stay behind.
 */
import { emptyPath, type PathProfile, type Range } from './profile.js'
import type { ContractSchema } from './report.js'
import type { SketchEntry } from './sketch.js'

/** The member of a schema that carries evidence. */
export const evidenceKey = 'x-drift'
const evidenceVersion = 1

const shapesKept = 8
const sketchKept = 32
/** In very wide schemas the sketches shrink, so that a contract stays a document. */
const wideSketchKept = 8

export function writeEvidence(path: PathProfile, parents: number, wide: boolean): ContractSchema {
  const { types, text, number, sketch } = path
  const { range: _, ...numbers } = number
  const kept = sketch.entries.slice(0, wide ? wideSketchKept : sketchKept).filter((entry) => entry.mac !== '')
  const macs = kept.map((entry) => entry.mac)
  // Only of a complete set do the counts say something: how settled it is.
  const complete = !sketch.partial && macs.length === sketch.entries.length
  return compact({
    seen: path.seen,
    parents,
    namespace: path.namespace ?? null,
    types: compact(types),
    empty: path.empty,
    blank: path.blank,
    text: text.count > 0 ? { ...text, formats: { ...text.formats } } : null,
    number: number.count > 0 ? numbers : null,
    length: path.length,
    times: path.times,
    position: path.position,
    shapes: macs.length > 0 ? shapesOf(sketch.entries) : null,
    sketch: macs.length > 0 ? macs : null,
    counts: macs.length > 0 && complete ? kept.map((entry) => entry.count) : null,
    distinct: sketch.partial ? null : sketch.entries.length,
  })
}

/** The evidence of a schema node as the profile it came from, without children; null for hand-written ones. */
export function readEvidence(schema: ContractSchema): { path: PathProfile; parents: number } | null {
  const raw = schema[evidenceKey]
  if (!isRecord(raw) || typeof raw.seen !== 'number') return null
  const path = emptyPath()
  path.seen = raw.seen
  if (typeof raw.namespace === 'string') path.namespace = raw.namespace
  path.empty = numberOr(raw.empty, 0)
  path.blank = numberOr(raw.blank, 0)
  copyNumbers(raw.types, path.types)
  if (isRecord(raw.text)) {
    copyNumbers(raw.text, path.text as unknown as Record<string, unknown>)
    if (isRecord(raw.text.formats)) path.text.formats = { ...raw.text.formats }
    path.text.length = rangeOf(raw.text.length)
  }
  copyNumbers(raw.number, path.number as unknown as Record<string, unknown>)
  path.length = rangeOf(raw.length)
  path.times = numberOr(raw.times, 0)
  path.position = rangeOf(raw.position)
  const macs = Array.isArray(raw.sketch) ? raw.sketch.filter((mac) => typeof mac === 'string') : []
  const counts = Array.isArray(raw.counts) ? raw.counts : []
  path.sketch = {
    // The order is not stored: it would make the sketch guessable.
    entries: macs.map(
      (mac, order): SketchEntry => ({ order, mac, count: numberOr(counts[order], 1), shape: '' }),
    ),
    partial: counts.length !== macs.length || counts.length === 0,
  }
  return { path, parents: numberOr(raw.parents, 0) }
}

/** The evidence of a whole schema: format and dialect, at its root. */
export function writeOrigin(format: string, dialect: object): ContractSchema {
  return { version: evidenceVersion, format, dialect: { ...dialect } }
}

export function readOrigin(schema: ContractSchema): {
  format: string | null
  dialect: Record<string, unknown>
} {
  const raw = schema[evidenceKey]
  if (!isRecord(raw)) return { format: null, dialect: {} }
  return {
    format: typeof raw.format === 'string' ? raw.format : null,
    dialect: isRecord(raw.dialect) ? raw.dialect : {},
  }
}

function shapesOf(entries: readonly SketchEntry[]): ContractSchema {
  const counts = new Map<string, number>()
  for (const { shape, count } of entries) counts.set(shape, (counts.get(shape) ?? 0) + count)
  counts.delete('')
  return mostOf(counts)
}

function mostOf(counts: ReadonlyMap<string, number>): ContractSchema {
  const common = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, shapesKept)
  return Object.fromEntries(common)
}

/** Shapes of two samples together; null without any. */
export function mergeShapes(...samples: unknown[]): ContractSchema | null {
  const counts = new Map<string, number>()
  for (const shapes of samples) {
    for (const [shape, count] of Object.entries(isRecord(shapes) ? shapes : {})) {
      counts.set(shape, (counts.get(shape) ?? 0) + numberOr(count, 0))
    }
  }
  return counts.size > 0 ? mostOf(counts) : null
}

/** Without what is empty: nulls and zeros say nothing. `seen` and `parents` always stay. */
function compact(record: object): ContractSchema {
  const kept = Object.entries(record).filter(
    ([name, value]) => name === 'seen' || name === 'parents' || (value !== null && value !== 0),
  )
  return Object.fromEntries(kept)
}

function copyNumbers(from: unknown, to: Record<string, unknown>): void {
  if (!isRecord(from)) return
  for (const name of Object.keys(to)) if (typeof from[name] === 'number') to[name] = from[name]
}

function rangeOf(raw: unknown): Range | null {
  return isRecord(raw) && typeof raw.min === 'number' && typeof raw.max === 'number'
    ? { min: raw.min, max: raw.max }
    : null
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Sets a member whatever its name is; `__proto__` is a key like any other. */
export function setOwn(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })
}
