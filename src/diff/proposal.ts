/** What accepting a change would write into the contract. */
import { checkNode, type Issue } from './checks.js'
import { type ContractNode, withSchema } from './contract.js'
import { partsOf, typeOfValue, typesOfSchema } from './contract-parts.js'
import { isRecord } from './evidence.js'
import { enumerationOf, typesOf } from './inference.js'
import { type JsonType, mergePaths, type PathProfile } from './profile.js'
import type { ContractSchema } from './report.js'
import { writeNode } from './schema.js'
import { inlined } from './schema-edit.js'

/** The fragment for a path that is new: what the file shows. */
export function newFragment(file: PathProfile, parents: number, textual: boolean): ContractSchema {
  return writeNode(file, parents, { textual, wide: true })
}

/**
 * The fragment under which the file passes. Inferred: what both saw together, or the file alone when the two
 * have no type in common. By hand: the author's fragment with the keywords opened that were in the way.
 * @param tree what the contract saw at the path and below; null for hand-written ones
 */
export function amendedFragment(
  contract: ContractNode,
  tree: PathProfile | null,
  file: PathProfile,
  issues: readonly Issue[],
  textual: boolean,
): ContractSchema {
  if (!tree) return amendedByHand(contract, file, issues, textual)
  const before = valueTypes(tree, textual)
  const now = valueTypes(file, textual)
  if (now.length > 0 && !now.some((type) => before.includes(type)))
    return newFragment(file, file.seen, textual)
  const schema = writeNode(mergePaths(tree, file), tree.seen + file.seen, { textual, wide: true })
  const widened = issues.some(({ aspect }) => aspect === 'enum')
  const more = enumerationOf(file)
  if (contract.enum && (more || !widened)) schema.enum = union(contract.enum, more ?? [])
  if (contract.enum && file.types.null > 0 && schema.enum)
    schema.enum = union(schema.enum as unknown[], [null])
  return schema
}

/**
 * Opens what is in the way and looks again: with a type come the keywords that speak of it.
 */
function amendedByHand(
  contract: ContractNode,
  file: PathProfile,
  issues: readonly Issue[],
  textual: boolean,
): ContractSchema {
  const schema = inlined(structuredClone(contract.schema), contract.context)
  let left = issues
  for (let round = 0; round < 4 && left.length > 0; round++) {
    for (const issue of left) open(schema, issue, file, textual, contract)
    left = checkNode(withSchema(contract, schema), file, { textual, checked: false }).issues
  }
  return left.length === 0 ? schema : newFragment(file, file.seen, textual)
}

function open(
  schema: ContractSchema,
  { aspect, keyword, limit }: Issue,
  file: PathProfile,
  textual: boolean,
  contract: ContractNode,
): void {
  if (keyword === undefined) {
    for (const part of partsBelow(schema)) openTypes(part, typesOf(file, textual), contract)
    if (aspect === 'structure') addShape(schema, file, textual)
    return
  }
  const inTheWay = [
    ...partsBelow(schema),
    ...partsOf(schema, 'object', contract.context).parts.map((p) => p.schema),
  ]
  for (const part of inTheWay) {
    if (
      part[keyword] === undefined ||
      (limit !== undefined && JSON.stringify(part[keyword]) !== JSON.stringify(limit))
    )
      continue
    const more = keyword === 'enum' || keyword === 'const' ? enumerationOf(file) : null
    const listed = Array.isArray(part[keyword]) ? part[keyword] : [part[keyword]]
    delete part[keyword]
    if (more) part.enum = union(listed, more)
  }
}

/** A schema and all that `allOf` adds to it. */
function partsBelow(schema: ContractSchema): ContractSchema[] {
  const parts = Array.isArray(schema.allOf) ? schema.allOf.filter(isRecord) : []
  return [schema, ...parts.flatMap(partsBelow)]
}

function openTypes(part: ContractSchema, types: readonly JsonType[], { context }: ContractNode): void {
  if (part.type !== undefined) part.type = union([part.type].flat(), types)
  const listed = part.const !== undefined ? [part.const] : part.enum
  if (Array.isArray(listed)) {
    delete part.const
    delete part.enum
    // One more type is more than a list can say; a null is one more member.
    const kinds = new Set([...listed.map(typeOfValue), 'null'])
    if (types.every((type) => kinds.has(type)))
      part.enum = types.includes('null') ? union(listed, [null]) : listed
  }
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const list: unknown = part[keyword]
    const known = Array.isArray(list) ? typesOfSchema({ [keyword]: list }, context) : null
    const missing = known
      ? types.filter((type) => !known.has(type) && !(type === 'integer' && known.has('number')))
      : []
    if (missing.length > 0) part[keyword] = [...(list as unknown[]), { type: missing }]
  }
  const denied = part.not === undefined ? null : typesOfSchema({ not: part.not }, context)
  if (denied && !types.every((type) => denied.has(type))) delete part.not
}

/** What has become an object or a list is described as the file shows it. */
function addShape(schema: ContractSchema, file: PathProfile, textual: boolean): void {
  const shown = newFragment(file, file.seen, textual)
  for (const name of ['properties', 'items', 'additionalProperties', 'required']) {
    if (schema[name] === undefined && shown[name] !== undefined) schema[name] = shown[name]
  }
}

function valueTypes(path: PathProfile, textual: boolean): string[] {
  return typesOf(path, textual).filter((type) => type !== 'null')
}

function union(a: readonly unknown[], b: readonly unknown[]): unknown[] {
  return [...new Set([...a, ...b])]
}
