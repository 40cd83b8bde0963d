/** What a contract's node and a file's path show that can be compared when their names differ. */

import type { ContractNode } from './contract.js'
import { contentOfOne } from './elements.js'
import { evidenceKey, isRecord } from './evidence.js'
import { columnType, literalsOf } from './inference.js'
import type { JsonType, NumberFacts, PathProfile, TextFacts } from './profile.js'
import { normaliseName } from './rename-name.js'
import type { TextFormat } from './text-format.js'

export interface Traits {
  /** `number` includes integers; null: no value was seen, or several types are allowed. */
  type: Exclude<JsonType, 'null' | 'integer'> | null
  /** Values that are neither null nor empty; 0 for what is only declared. */
  count: number
  /** Share of the parents that have such a value; null: not known. */
  filled: number | null
  text: TextFacts | null
  number: NumberFacts | null
  /** Format of nearly all texts, or that a hand-written schema demands. */
  format: TextFormat | null
  /** Kinds of shapes with their shares: runs of letters and digits count as one. */
  shapes: ReadonlyMap<string, number>
  /** Keyed hashes of the first distinct values in their common order. */
  values: readonly string[]
  /** How many distinct values there are; null: more than a sketch holds, or not known. */
  distinct: number | null
  /** Members of an enumeration, where they are known. */
  codes: readonly string[] | null
  /** Objects: names below, with their types. Arrays: those of the items. */
  inner: ReadonlyMap<string, string>
  /** Arrays of scalars: what the items are like. */
  items: Traits | null
}

const shapesCompared = 8
const valuesCompared = 32
const innerDepth = 3
const innerNames = 200

export function traitsOfNode(element: ContractNode): Traits {
  // An XML element that holds nothing but text is known by that text.
  const node = element.simple ?? element
  const { evidence, items } = node
  const raw = node.schema[evidenceKey]
  const stored = isRecord(raw) ? raw : {}
  const facts = evidence ? factsOf(evidence, node.parents) : declared(node)
  return {
    ...facts,
    shapes: kindsOf(isRecord(stored.shapes) ? Object.entries(stored.shapes) : []),
    values: valuesOfNode(node).slice(0, valuesCompared),
    distinct: typeof stored.distinct === 'number' ? stored.distinct : null,
    codes: node.enum?.filter((code): code is string => typeof code === 'string' && code !== '') ?? null,
    inner: innerOfNode(facts.type === 'array' ? items : node),
    items: facts.type === 'array' && items ? traitsOfNode(items) : null,
  }
}

/** @param parents how many parents could have had the path */
export function traitsOfFile(element: PathProfile, parents: number): Traits {
  const file = contentOfOne(element)
  const facts = factsOf(file, parents)
  const { entries, partial } = file.sketch
  const shapes = new Map<string, number>()
  for (const { shape, count } of entries) shapes.set(shape, (shapes.get(shape) ?? 0) + count)
  // The same cut as the evidence of a contract has, so that both sides see alike.
  const common = [...shapes].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, shapesCompared)
  return {
    ...facts,
    shapes: kindsOf(common),
    values: valuesOfFile(file).slice(0, valuesCompared),
    distinct: partial || entries.length === 0 ? null : entries.length,
    codes: literalsOf(file.sketch),
    inner: innerOfFile(facts.type === 'array' ? file.items : file),
    items: facts.type === 'array' && file.items ? traitsOfFile(file.items, file.items.seen) : null,
  }
}

export function valuesOfNode(node: ContractNode): string[] {
  return (node.simple ?? node).evidence?.sketch.entries.map(({ mac }) => mac) ?? []
}

export function valuesOfFile(file: PathProfile): string[] {
  return contentOfOne(file).sketch.entries.flatMap(({ mac }) => (mac === '' ? [] : [mac]))
}

type Facts = Pick<Traits, 'type' | 'count' | 'filled' | 'text' | 'number' | 'format'>

function factsOf(path: PathProfile, parents: number): Facts {
  const { types, text, number } = path
  const count = Math.max(text.count, number.count) + types.boolean * Number(text.count === 0)
  const held = types.object + types.array > 0 ? types.object + types.array : count
  return {
    type: mainType(types),
    count,
    filled: parents > 0 ? Math.min(1, held / parents) : null,
    text: text.count > 0 && text.length ? text : null,
    number: number.count > 0 ? number : null,
    format: mainFormat(text),
  }
}

function declared(node: ContractNode): Facts {
  const types = new Set([...(node.types ?? [])].map((type) => (type === 'integer' ? 'number' : type)))
  types.delete('null')
  const [type, ...others] = types as Set<Traits['type']>
  const { format } = node.schema
  return {
    type: others.length > 0 ? null : (type ?? null),
    count: 0,
    filled: null,
    text: null,
    number: null,
    format: typeof format === 'string' ? (format as TextFormat) : null,
  }
}

function mainFormat({ formats, count }: TextFacts): TextFormat | null {
  const [main] = Object.entries(formats).sort((x, y) => y[1] - x[1])
  return main && main[1] >= 0.9 * count ? (main[0] as TextFormat) : null
}

function mainType(types: PathProfile['types']): Traits['type'] {
  if (types.object + types.array > 0) return types.object >= types.array ? 'object' : 'array'
  const type = columnType(types)
  return type === 'integer' ? 'number' : (type as Traits['type'])
}

/** `AAA-99` and `AAAA-999` are one kind, `A-9`. Shares add up to 1. */
function kindsOf(shapes: readonly (readonly [string, unknown])[]): Map<string, number> {
  const kinds = new Map<string, number>()
  let total = 0
  for (const [shape, count] of shapes) {
    if (typeof count !== 'number') continue
    const kind = shape.replace(/(.)\1+/gu, '$1')
    kinds.set(kind, (kinds.get(kind) ?? 0) + count)
    total += count
  }
  for (const [kind, count] of kinds) kinds.set(kind, count / total)
  return kinds
}

function innerOfNode(node: ContractNode | null, prefix = '', depth = 0): Map<string, string> {
  const inner = new Map<string, string>()
  for (const [key, { node: child }] of node?.properties ?? []) {
    if (inner.size >= innerNames) break
    const name = `${prefix}${normaliseName(key)}`
    const types = [...(child.types ?? [])].filter((type) => type !== 'null')
    inner.set(name, types.length === 1 ? (types[0] === 'integer' ? 'number' : types[0]!) : '')
    if (depth < innerDepth) addAll(inner, innerOfNode(child.items ?? child, `${name}.`, depth + 1))
  }
  return inner
}

function innerOfFile(file: PathProfile | null, prefix = '', depth = 0): Map<string, string> {
  const inner = new Map<string, string>()
  for (const [key, child] of file?.children ?? []) {
    if (inner.size >= innerNames) break
    const name = `${prefix}${normaliseName(key)}`
    inner.set(name, mainType(child.types) ?? '')
    if (depth < innerDepth) addAll(inner, innerOfFile(child.items ?? child, `${name}.`, depth + 1))
  }
  return inner
}

function addAll(target: Map<string, string>, source: ReadonlyMap<string, string>): void {
  for (const [name, type] of source) target.set(name, type)
}
