/** What accepting a change would write into the contract. */
import { checkNode, type Issue } from './checks.js'
import { type ContractNode, withSchema } from './contract.js'
import { acceptsAll, partsOf, typesOfSchema } from './contract-parts.js'
import { written } from './elements.js'
import { isRecord } from './evidence.js'
import { enumerationOf, typesOf } from './inference.js'
import { type JsonType, jsonTypes, mergePaths, type PathProfile } from './profile.js'
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
  if (!tree) return amendedByHand(contract, written(file), issues, textual)
  const before = valueTypes(tree, textual)
  const now = valueTypes(file, textual)
  if (now.length > 0 && !now.some((type) => before.includes(type)))
    return newFragment(file, file.seen, textual)
  // Another namespace is another name: both together would be two.
  if (tree.namespace !== file.namespace) return newFragment(file, file.seen, textual)
  const schema = writeNode(mergePaths(tree, file), tree.seen + file.seen, { textual, wide: true })
  // Values of another type are not held against the list, and are outside of it.
  const widened = issues.some(({ aspect }) => aspect === 'enum' || aspect === 'type')
  const shown = written(file)
  const more = enumerationOf(shown)
  if (contract.enum && (more || !widened)) schema.enum = union(contract.enum, more ?? [])
  if (contract.enum && shown.types.null > 0 && schema.enum)
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
  let schema = inlined(structuredClone(contract.schema), contract.context)
  let left = issues
  const extra = issues.flatMap((issue) => (issue.aspect === 'structure' ? (issue.extra ?? []) : []))
  const hidden = (['object', 'array'] as const).some(
    (container) =>
      extra.includes(container) &&
      !partsOf(schema, container, contract.context).parts.every((part) =>
        acceptsAll({ ...part.schema, type: container, allOf: undefined }, container),
      ),
  )
  // What the contract says of such values was not compared: the file's shape stands beside it.
  if (hidden) {
    const types = Object.fromEntries(
      jsonTypes.map((type) => [type, extra.includes(type) ? file.types[type] : 0]),
    )
    const shown = newFragment({ ...file, types: types as PathProfile['types'] }, file.seen, textual)
    schema = { anyOf: [schema, shown] }
    left = left.filter((issue) => issue.aspect !== 'structure')
  }
  for (let round = 0; round < 4 && left.length > 0; round++) {
    for (const issue of left) open(schema, issue, file, textual, contract)
    left = checkNode(withSchema(contract, schema), file, { textual, checked: false }).issues
  }
  return left.length === 0 ? schema : newFragment(file, file.seen, textual)
}

function open(
  schema: ContractSchema,
  { keyword, limit, extra }: Issue,
  file: PathProfile,
  textual: boolean,
  contract: ContractNode,
): void {
  if (keyword === undefined) {
    for (const part of partsBelow(schema)) openTypes(part, typesOf(file, textual), contract)
    addShape(schema, extra ?? [], file, textual)
    return
  }
  const inTheWay = (['object', 'array'] as const).flatMap((container) =>
    partsOf(schema, container, contract.context).parts.map((part) => part.schema),
  )
  for (const part of new Set([...partsBelow(schema), ...inTheWay])) {
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

/** Lets more types in. What the contract says of their values was never compared, so it goes. */
function openTypes(
  part: ContractSchema,
  types: readonly JsonType[],
  { context, types: known }: ContractNode,
): void {
  const has = (set: ReadonlySet<JsonType>, type: JsonType) =>
    set.has(type) || (type === 'integer' && set.has('number'))
  const fresh = known === null ? [] : types.filter((type) => !has(known, type))
  if (part.type !== undefined) part.type = union([part.type].flat(), types)
  const listed = part.const !== undefined ? [part.const] : part.enum
  if (Array.isArray(listed)) {
    delete part.const
    delete part.enum
    // One more type is more than a list can say; a null is one more member.
    if (fresh.every((type) => type === 'null')) part.enum = union(listed, fresh.length > 0 ? [null] : [])
  }
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const list: unknown = part[keyword]
    const listing = Array.isArray(list) ? typesOfSchema({ [keyword]: list }, context) : null
    if (fresh.some((type) => listing === null || has(listing, type))) delete part[keyword]
    else if (fresh.length > 0) part[keyword] = [...(list as unknown[]), { type: fresh }]
  }
  if (fresh.length === 0) return
  const spoken = [
    ...(fresh.includes('string') ? ['pattern', 'format', 'minLength', 'maxLength'] : []),
    ...(fresh.some((type) => type === 'integer' || type === 'number') ? aboutNumbers : []),
  ]
  for (const keyword of ['not', 'if', 'then', 'else', ...spoken]) delete part[keyword]
}

const aboutNumbers = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']

/** What has become an object or a list is described as the file shows it. */
function addShape(
  schema: ContractSchema,
  extra: readonly JsonType[],
  file: PathProfile,
  textual: boolean,
): void {
  const names = [
    ...(extra.includes('object') ? ['properties', 'additionalProperties', 'required'] : []),
    ...(extra.includes('array') ? ['items'] : []),
  ]
  const shown = names.length > 0 ? newFragment(file, file.seen, textual) : {}
  for (const name of names) {
    if (schema[name] === undefined && shown[name] !== undefined) schema[name] = shown[name]
  }
}

function valueTypes(path: PathProfile, textual: boolean): string[] {
  return typesOf(path, textual).filter((type) => type !== 'null')
}

function union(a: readonly unknown[], b: readonly unknown[]): unknown[] {
  return [...new Set([...a, ...b])]
}
