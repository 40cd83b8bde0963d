/** What accepting a change would write into the contract. */
import type { Issue } from './checks.js'
import type { ContractNode } from './contract.js'
import { written } from './elements.js'
import { enumerationOf, typesOf } from './inference.js'
import { mergePaths, type PathProfile } from './profile.js'
import type { ContractSchema } from './report.js'
import { writeNode } from './schema.js'

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
  const widened = issues.some(({ aspect }) => aspect === 'enum')
  const shown = written(file)
  const more = enumerationOf(shown)
  if (contract.enum && (more || !widened)) schema.enum = union(contract.enum, more ?? [])
  if (contract.enum && shown.types.null > 0 && schema.enum)
    schema.enum = union(schema.enum as unknown[], [null])
  return schema
}

function amendedByHand(
  contract: ContractNode,
  file: PathProfile,
  issues: readonly Issue[],
  textual: boolean,
): ContractSchema {
  const schema = { ...contract.schema }
  for (const { aspect, keyword } of issues) {
    if (aspect === 'type' || aspect === 'structure' || aspect === 'nullability') {
      const none = aspect === 'nullability' ? ['null'] : []
      schema.type = union([...(contract.types ?? [])], [...typesOf(file, textual), ...none])
    }
    if (aspect === 'structure') {
      const shown = newFragment(file, file.seen, textual)
      for (const name of ['properties', 'items', 'additionalProperties', 'required']) {
        if (schema[name] === undefined && shown[name] !== undefined) schema[name] = shown[name]
      }
    }
    if (aspect === 'enum') {
      const more = enumerationOf(file)
      delete schema.const
      delete schema.enum
      if (more) schema.enum = union(contract.enum ?? [], more)
    }
    if (aspect === 'nullability' && contract.enum && schema.enum)
      schema.enum = union(schema.enum as unknown[], [null])
    if (keyword) delete schema[keyword]
  }
  return schema
}

function valueTypes(path: PathProfile, textual: boolean): string[] {
  return typesOf(path, textual).filter((type) => type !== 'null')
}

function union(a: readonly unknown[], b: readonly unknown[]): unknown[] {
  return [...new Set([...a, ...b])]
}
