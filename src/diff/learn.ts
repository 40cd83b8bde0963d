/**
 * Learning: one more sample for an inferred contract. The evidence a schema carries is a profile without
 * values, so it adds up with the profile of a file as two profiles do.
 *
 * What a schema does not keep cannot be added to: literals outside an enumeration, so that one emerges only
 * from a sample in which every code occurs; the ranks of sketched values beyond 32, so that a long sketch
 * stays a sample of both but not the exact one; counts of the rarer shapes.
 */
import { DrifthookError } from '../errors.js'
import { type ContractNode, readContract } from './contract.js'
import { evidenceKey, isRecord, mergeShapes, setOwn } from './evidence.js'
import { mergeProfiles, type PathProfile, type Profile } from './profile.js'
import type { ContractSchema } from './report.js'
import { toSchema } from './schema.js'
import { treeOf } from './schema-profile.js'
import { type Sketch, type SketchEntry, sketchSize } from './sketch.js'

/**
 * The contract after one more sample: the same as if it had been inferred from all samples at once, as far
 * as its evidence goes. Fragments written by hand stay as they are.
 * @param schema an inferred contract; the sample must have been profiled with the contract's key
 * @throws DrifthookError `SCHEMA_UNSUPPORTED` when the contract was not inferred, `FORMAT_MISMATCH`
 */
export function learn(schema: ContractSchema, sample: Profile): ContractSchema {
  const contract = readContract(schema)
  const { root, format } = contract
  if (!root.evidence || format === null) {
    throw new DrifthookError('SCHEMA_UNSUPPORTED', 'Only an inferred contract can learn from a sample.')
  }
  const known = treeOf(root, root.evidence.seen)
  align(known, root, sample.root)
  const dialect = contract.dialect as Profile['dialect']
  const merged = mergeProfiles({ format, dialect, root: known, findings: [] }, sample)
  const { [evidenceKey]: _, ...authored } = schema
  const learned = toSchema(merged)
  restore(learned, root)
  // What says nothing about the data is the author's: title, identifiers, definitions.
  const kept = Object.entries(authored).filter(([keyword]) => keptKeywords.has(keyword))
  return { ...Object.fromEntries(kept), ...learned }
}

const keptKeywords = new Set(['$id', '$comment', '$defs', 'title', 'description'])

/** Gives the sketched values of the contract the ranks they have in the sample, so that they meet. */
function align(known: PathProfile, node: ContractNode, sample: PathProfile | null | undefined): void {
  const stored = node.evidence?.sketch
  if (stored) known.sketch = ranked(node, stored, sample?.sketch)
  for (const [key, child] of known.children) {
    const expected = node.properties.get(key)
    if (expected) align(child, expected.node, sample?.children.get(key))
  }
  if (known.items && node.items) align(known.items, node.items, sample?.items)
  if (known.rest && typeof node.rest === 'object') align(known.rest, node.rest, sample?.rest)
}

function ranked(node: ContractNode, stored: Sketch, sample: Sketch | undefined): Sketch {
  const byMac = new Map(stored.entries.map((entry) => [entry.mac, entry]))
  const inSample = sample?.entries ?? []
  const last = inSample.at(-1)?.order ?? 0xffff_ffff
  // Between the ranks of the sample, in the order they are stored in; halves are nobody's rank.
  const spread = (i: number, of: number) => Math.floor(((i + 1) / (of + 1)) * last) + 0.5 + i / 1_024
  const codes = node.enum?.filter((code): code is string => typeof code === 'string' && code !== '')
  if (codes && !stored.partial) {
    const entries = codes.map((literal, i): SketchEntry => {
      const same = inSample.find((entry) => entry.literal === literal)
      const count = same ? byMac.get(same.mac)?.count : undefined
      const { order, mac } = same ?? { order: spread(i, codes.length), mac: '' }
      return { order, mac, count: count ?? 2, shape: '', literal }
    })
    return { entries: entries.sort((a, b) => a.order - b.order), partial: false }
  }
  const entries = stored.entries.map((entry, i): SketchEntry => {
    const same = inSample.find(({ mac }) => mac === entry.mac)
    const literal = same?.literal === undefined ? {} : { literal: same.literal }
    return { ...entry, ...literal, order: same?.order ?? spread(i, stored.entries.length) }
  })
  return { entries: entries.sort((a, b) => a.order - b.order).slice(0, sketchSize), partial: stored.partial }
}

/** Puts back what is not evidence: fragments written by hand, and the shapes seen so far. */
function restore(next: ContractSchema, node: ContractNode): void {
  const evidence = next[evidenceKey]
  const before = node.schema[evidenceKey]
  if (isRecord(evidence) && isRecord(before)) {
    const shapes = mergeShapes(evidence.shapes, before.shapes)
    if (shapes) evidence.shapes = shapes
  }
  const { properties } = next
  for (const [key, { node: child }] of node.properties) {
    if (!isRecord(properties)) break
    const fragment = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (child.evidence === null) setOwn(properties, key, structuredClone(child.schema))
    else if (isRecord(fragment)) restore(fragment, child)
  }
  if (node.items && isRecord(next.items)) {
    if (node.items.evidence) restore(next.items, node.items)
    else next.items = structuredClone(node.items.schema)
  }
  const { rest } = node
  if (typeof rest === 'object' && isRecord(next.additionalProperties))
    restore(next.additionalProperties, rest)
}
