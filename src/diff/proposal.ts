/** What accepting a change would write into the contract. */
import type { ContractNode } from './contract.js'
import { enumerationOf, typesOf } from './inference.js'
import { mergePaths, type PathProfile } from './profile.js'
import type { Aspect, ContractSchema } from './report.js'
import { writeNode } from './schema.js'

/** The fragment for a path that is new: what the file shows. */
export function newFragment(file: PathProfile, parents: number, textual: boolean): ContractSchema {
  return writeNode(file, parents, { textual, wide: true })
}

/**
 * The fragment under which the file passes. Inferred: what both saw together, or the file alone when the two
 * have no type in common. By hand: the author's fragment with the one keyword opened that was in the way.
 */
export function amendedFragment(
  contract: ContractNode,
  tree: PathProfile | null,
  file: PathProfile,
  aspects: readonly Aspect[],
  textual: boolean,
): ContractSchema {
  if (!tree) return amendByHand(contract, file, aspects, textual)
  const before = typesOf(tree, textual).filter((type) => type !== 'null')
  const now = typesOf(file, textual).filter((type) => type !== 'null')
  const overlap = before.some((type) => now.includes(type)) || now.length === 0
  const keep = textual || overlap
  const replaced = textual && aspects.includes('type') && !overlap
  if (!keep || replaced) return newFragment(file, file.seen, textual)
  const merged = mergePaths(tree, file)
  const schema = writeNode(merged, tree.seen + file.seen, { textual, wide: true })
  const more = enumerationOf(file)
  if (contract.enum && (more || !aspects.includes('enum'))) {
    schema.enum = [...new Set([...contract.enum, ...(more ?? [])])]
  }
  return schema
}

function amendByHand(
  contract: ContractNode,
  file: PathProfile,
  aspects: readonly Aspect[],
  textual: boolean,
): ContractSchema {
  const schema = { ...contract.schema }
  if (aspects.includes('type') || aspects.includes('structure') || aspects.includes('nullability')) {
    const types = new Set([...(contract.types ?? []), ...typesOf(file, textual)])
    schema.type = [...types]
  }
  if (aspects.includes('structure')) {
    const shown = newFragment(file, file.seen, textual)
    for (const keyword of ['properties', 'items', 'additionalProperties', 'required']) {
      if (schema[keyword] === undefined && shown[keyword] !== undefined) schema[keyword] = shown[keyword]
    }
  }
  if (aspects.includes('enum')) {
    const more = enumerationOf(file)
    if (more) schema.enum = [...new Set([...(contract.enum ?? []), ...more])]
    else delete schema.enum
    delete schema.const
  }
  if (aspects.includes('format')) delete schema.format
  if (aspects.includes('constraint')) {
    for (const keyword of boundKeywords) delete schema[keyword]
  }
  return schema
}

const boundKeywords = `minimum maximum exclusiveMinimum exclusiveMaximum minLength maxLength minItems maxItems
  pattern`.split(/\s+/)
