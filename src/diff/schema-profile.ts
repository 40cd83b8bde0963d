/** A schema in the place of a file: what a file that follows it would show. */
import type { Contract, ContractNode } from './contract.js'
import { emptyPath, type PathProfile, type Profile } from './profile.js'
import { emptySketch, type SketchEntry } from './sketch.js'
import { type TextFormat, textFormats } from './text-format.js'

/** Enough for every rule to apply: a hand-written schema is not a small sample. */
const typical = 100

/** The profile a schema stands for. Inferred ones give back their evidence, hand-written ones one made up. */
export function profileOfContract(contract: Contract, format: string): Profile {
  const dialect = Object.entries(contract.dialect).filter(([, value]) =>
    ['string', 'boolean'].includes(typeof value),
  )
  return {
    format: contract.format ?? format,
    dialect: Object.fromEntries(dialect) as Profile['dialect'],
    root: treeOf(contract.root, contract.root.evidence?.seen ?? 1),
    findings: [],
  }
}

/** What was seen at a node and below it. Sketches are left out: their order is not part of a schema. */
export function treeOf(node: ContractNode, seen: number): PathProfile {
  const path = node.evidence ? { ...node.evidence, places: {} } : declared(node, seen)
  path.sketch = node.enum ? sketchOf(node.enum, path.text.count) : { ...emptySketch, partial: true }
  const parents = path.types.object
  path.children = new Map()
  for (const [key, { node: child, required }] of node.properties) {
    path.children.set(key, treeOf(child, required ? parents : Math.max(0, parents - 1)))
  }
  if (node.items) path.items = treeOf(node.items, path.types.array)
  if (typeof node.rest === 'object') path.rest = treeOf(node.rest, parents)
  return path
}

function declared(node: ContractNode, seen: number): PathProfile {
  const path = emptyPath()
  path.declared = node
  path.seen = seen
  const count = Math.max(seen, typical)
  for (const type of node.types ?? []) path.types[type] = count
  if (node.isElement || node.many) path.length = { min: 1, max: node.many ? 2 : 1 }
  const { format } = node.schema
  if (path.types.string > 0 && !node.enum) {
    const known = textFormats.includes(format as TextFormat) ? (format as TextFormat) : 'text'
    path.text.count = count
    path.text.formats = { [known]: count }
  }
  path.number.count = path.types.integer + path.types.number
  path.number.integral = path.types.integer
  return path
}

/** An enumeration as the sketch of values seen evenly. */
function sketchOf(values: readonly unknown[], count: number): PathProfile['sketch'] {
  const literals = values.filter((value) => typeof value === 'string' && value !== '') as string[]
  const each = Math.max(2, Math.floor(count / Math.max(1, literals.length)))
  const entries = literals.map(
    (literal, order): SketchEntry => ({ order, mac: '', count: each, shape: '', literal }),
  )
  return { entries, partial: false }
}
