/**
 * A profile: what was seen at each path of one file, or of several. Counts, never booleans, so that profiles
 * add up: {@link mergeProfiles} is commutative and associative. Plain data, safe for `structuredClone`.
 *
 * A profile lives in memory only. It may hold values (the literals of small sketches, numeric ranges); a
 * schema and a report never do.
 */
import { DrifthookError, type Place } from '../errors.js'
import type { ContractNode } from './contract.js'
import { maxChildren } from './limits.js'
import { byIdentity, byShortName } from './names.js'
import { earlier } from './place.js'
import type { FormatName } from './report.js'
import { emptySketch, mergeSketches, type Sketch } from './sketch.js'
import type { TextFormat } from './text-format.js'
import { type Checked, mergeChecked } from './value-check.js'

export const jsonTypes = ['null', 'boolean', 'integer', 'number', 'string', 'object', 'array'] as const
export type JsonType = (typeof jsonTypes)[number]

export interface Profile {
  format: FormatName
  /** How the format was spelt: delimiter, header, encoding (CSV); lines (JSON). `null`: several ways. */
  dialect: Record<string, string | boolean | null>
  root: PathProfile
  findings: Finding[]
  /** The contract whose predicates were asked of the values on the way, by its hash. */
  checkedBy?: string
}

export interface Range {
  min: number
  max: number
}

/** What was seen at one path. */
export interface PathProfile {
  /** How many parents have it. How many parents there are is the parent's `types.object`. */
  seen: number
  /** The URI of an XML name that is in a namespace. */
  namespace?: string
  types: Record<JsonType, number>
  /** Texts of no characters (and CSV fields without content), and of white space only. */
  empty: number
  blank: number
  /** Texts that are neither empty nor blank. In CSV every value is text. */
  text: TextFacts
  number: NumberFacts
  sketch: Sketch
  /** Lengths of arrays; of a path that repeats without being one (XML): how often a parent has it. */
  length: Range | null
  /** X12: how often one parent had what is no list, at most; 0 for once. */
  times: number
  /** Where among its siblings: columns count from 0, keys too. */
  position: Range | null
  children: Map<string, PathProfile>
  /** All children together, when they were too many to tell apart (`{*}`). */
  rest: PathProfile | null
  items: PathProfile | null
  /** The first place of each thing worth pointing at: a type, a text format, `empty`, `missing`. */
  places: { [what: string]: Place }
  /** What the contract's predicates said of the values, if they were asked. */
  checked?: Checked
  /** Made up from a hand-written schema that stands in a file's place: what that schema says here. */
  declared?: ContractNode
}

export interface TextFacts {
  count: number
  /** Each text has one format; the ones not listed were not seen. */
  formats: { [format in TextFormat]?: number }
  length: Range | null
  /** Bits of `chars`: every class of character that occurred. */
  mask: number
}

export interface NumberFacts {
  count: number
  /** Mathematically integers: `1.0` and `1e2` too. */
  integral: number
  negative: number
  /** Written with an exponent. */
  exponent: number
  /** Beyond ±(2^53 − 1): a JavaScript number cannot hold it. */
  unsafe: number
  /** Most digits before and after the point. */
  digits: number
  scale: number
  range: Range | null
}

/** Something wrong with the file itself that did not stop it from being read. */
export interface Finding {
  code:
    | 'duplicate-key'
    | 'duplicate-column'
    | 'short-record'
    | 'long-record'
    | 'stray-quote'
    | 'preamble'
    | 'interchange-width'
    | 'control-number'
    | 'segment-count'
    | 'line-count'
    | 'set-count'
    | 'group-count'
    | 'missing-trailer'
    | 'trailing-data'
    | 'mixed-content'
  path: string
  count: number
  first: Place
}

export function emptyPath(): PathProfile {
  return {
    seen: 0,
    types: { null: 0, boolean: 0, integer: 0, number: 0, string: 0, object: 0, array: 0 },
    empty: 0,
    blank: 0,
    text: { count: 0, formats: {}, length: null, mask: 0 },
    number: { count: 0, integral: 0, negative: 0, exponent: 0, unsafe: 0, digits: 0, scale: 0, range: null },
    sketch: { ...emptySketch },
    length: null,
    times: 0,
    position: null,
    children: new Map(),
    rest: null,
    items: null,
    places: {},
  }
}

/**
 * Joins what was seen in two files, in whatever order.
 * @throws DrifthookError `FORMAT_MISMATCH` when they have different formats
 */
export function mergeProfiles(a: Profile, b: Profile): Profile {
  if (a.format !== b.format) {
    throw new DrifthookError(
      'FORMAT_MISMATCH',
      `A ${a.format} profile and a ${b.format} profile do not merge.`,
    )
  }
  const merged = {
    format: a.format,
    dialect: mergeDialects(a.dialect, b.dialect),
    root: mergePaths(a.root, b.root),
    findings: mergeFindings(a.findings, b.findings),
  }
  return a.checkedBy !== undefined && a.checkedBy === b.checkedBy
    ? { ...merged, checkedBy: a.checkedBy }
    : merged
}

/** Joins what was seen at two paths; recursion is bounded by the depth limit of the formats. */
export function mergePaths(a: PathProfile, b: PathProfile): PathProfile {
  let children = new Map(byIdentity(a.children))
  for (const [key, child] of byIdentity(b.children)) {
    const known = children.get(key)
    children.set(key, known ? mergePaths(known, child) : child)
  }
  children = byShortName(children)
  let rest = mergeOptional(a.rest, b.rest, mergePaths)
  if (rest || children.size > maxChildren) {
    rest = asRest([...children.values()].reduce(mergePaths, rest ?? emptyPath()))
    children.clear()
  }
  const namespace = a.namespace ?? b.namespace
  // A path that nothing was seen at has been asked nothing.
  const checked = a.seen === 0 ? b.checked : b.seen === 0 ? a.checked : mergeChecked(a.checked, b.checked)
  return {
    seen: a.seen + b.seen,
    ...(namespace === undefined ? {} : { namespace }),
    types: add(a.types, b.types),
    empty: a.empty + b.empty,
    blank: a.blank + b.blank,
    text: {
      count: a.text.count + b.text.count,
      formats: add(a.text.formats, b.text.formats),
      length: mergeRanges(a.text.length, b.text.length),
      mask: a.text.mask | b.text.mask,
    },
    number: mergeNumbers(a.number, b.number),
    sketch: mergeSketches(a.sketch, b.sketch),
    length: mergeRanges(a.length, b.length),
    times: Math.max(a.times, b.times),
    position: mergeRanges(a.position, b.position),
    children,
    rest,
    items: mergeOptional(a.items, b.items, mergePaths),
    places: mergePlaces(a.places, b.places),
    ...(checked ? { checked } : {}),
  }
}

/** The keys of a map do not repeat, each is another one. */
export function asRest(path: PathProfile): PathProfile {
  return path.types.array === 0 && path.length !== null ? { ...path, length: { min: 1, max: 1 } } : path
}

/** How many values stand at a path: more than parents have it, where it repeats. */
export function valuesSeen({ seen, types }: PathProfile): number {
  return Math.max(
    seen,
    jsonTypes.reduce((sum, type) => sum + types[type], 0),
  )
}

function mergeNumbers(a: NumberFacts, b: NumberFacts): NumberFacts {
  return {
    count: a.count + b.count,
    integral: a.integral + b.integral,
    negative: a.negative + b.negative,
    exponent: a.exponent + b.exponent,
    unsafe: a.unsafe + b.unsafe,
    digits: Math.max(a.digits, b.digits),
    scale: Math.max(a.scale, b.scale),
    range: mergeRanges(a.range, b.range),
  }
}

function mergeRanges(a: Range | null, b: Range | null): Range | null {
  return mergeOptional(a, b, (x, y) => ({ min: Math.min(x.min, y.min), max: Math.max(x.max, y.max) }))
}

function mergeOptional<T>(a: T | null, b: T | null, join: (a: T, b: T) => T): T | null {
  return a === null ? b : b === null ? a : join(a, b)
}

function add<T extends { [key: string]: number }>(a: T, b: T): T {
  const sum: { [key: string]: number } = { ...a }
  for (const [key, count] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + count
  return sum as T
}

function mergeDialects(a: Profile['dialect'], b: Profile['dialect']): Profile['dialect'] {
  const merged = { ...a }
  for (const [name, value] of Object.entries(b)) merged[name] = name in a && a[name] !== value ? null : value
  return merged
}

function mergeFindings(a: readonly Finding[], b: readonly Finding[]): Finding[] {
  const merged = new Map<string, Finding>()
  for (const finding of [...a, ...b]) {
    const id = `${finding.code} ${finding.path}`
    const known = merged.get(id)
    merged.set(id, known ? joinFindings(known, finding) : finding)
  }
  return [...merged.keys()].sort().map((id) => merged.get(id)!)
}

function joinFindings(a: Finding, b: Finding): Finding {
  return { ...a, count: a.count + b.count, first: earlier(a.first, b.first) }
}

function mergePlaces(a: PathProfile['places'], b: PathProfile['places']): PathProfile['places'] {
  const merged = { ...a }
  for (const [what, place] of Object.entries(b)) {
    const known = merged[what]
    merged[what] = known ? earlier(known, place) : place
  }
  return merged
}
