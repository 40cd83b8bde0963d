/** From what was seen to what is expected: a profile as a JSON Schema 2020-12 with its evidence. */

import { written } from './elements.js'
import { evidenceKey, setOwn, writeEvidence, writeOrigin } from './evidence.js'
import { enumerationOf, formatClaim, typesOf } from './inference.js'
import { mergePaths, type PathProfile, type Profile } from './profile.js'
import type { ContractSchema } from './report.js'
import { standardFormats } from './text-format.js'

export const jsonSchemaDialect = 'https://json-schema.org/draft/2020-12/schema'

const textual = new Set(['csv', 'key-value', 'x12', 'xml'])

/** Formats whose values are all text, so that an empty field is their null. */
export function isTextual(format: string): boolean {
  return textual.has(format)
}

/** Formats that are one table of records: their paths are bare column names, and columns have an order. */
export function isTable(format: string): boolean {
  return format === 'csv'
}

/** Formats in which a name may stand several times in one parent: what is an array shows by counting. */
export function repeatsKeys(format: string): boolean {
  return format === 'xml' || format === 'key-value'
}

/**
 * The contract a profile amounts to. It holds no value of the file except the codes of a saturated
 * enumeration. Paths that no parent lacked are `required`; how well that is founded stands beside it in
 * `x-drift`.
 * @returns JSON Schema 2020-12, plain JSON
 */
export function toSchema(profile: Profile): ContractSchema {
  const context = { textual: isTextual(profile.format), wide: countPaths(profile.root) > 500 }
  const node = writeNode(profile.root, profile.root.seen, context)
  const evidence = { ...writeOrigin(profile.format, profile.dialect), ...(node[evidenceKey] as object) }
  return { $schema: jsonSchemaDialect, ...node, [evidenceKey]: evidence }
}

export interface WriteContext {
  textual: boolean
  wide: boolean
}

/** One node and all below it. Recursion is bounded by the depth limit of the formats. */
export function writeNode(counted: PathProfile, parents: number, context: WriteContext): ContractSchema {
  const path = written(counted)
  const schema: ContractSchema = {}
  const types = typesOf(path, context.textual)
  // Only ever null, or an empty column: nothing is known about the type, so nothing is claimed.
  const known = types.filter((type) => type !== 'null')
  if (known.length > 0) schema.type = types.length === 1 ? types[0] : types
  if (known.includes('string')) writeText(schema, path, types.includes('null'))
  if (known.includes('object')) writeObject(schema, path, context)
  if (known.includes('array') && path.items) schema.items = writeNode(path.items, path.items.seen, context)
  schema[evidenceKey] = writeEvidence(path, parents, context.wide)
  return schema
}

function writeText(schema: ContractSchema, path: PathProfile, nullable: boolean): void {
  const codes = enumerationOf(path)
  if (codes) {
    schema.enum = [...codes, ...(nullable ? [null] : []), ...(path.empty > 0 ? [''] : [])]
    return
  }
  const claim = formatClaim(path.text)
  if (!claim?.firm || path.empty + path.blank > 0) return
  if (standardFormats.has(claim.name)) schema.format = claim.name
  else if (claim.name === 'code') schema.pattern = `^[0-9]{${claim.width}}$`
  else if (claim.name === 'digits') schema.pattern = '^[0-9]+$'
}

function writeObject(schema: ContractSchema, path: PathProfile, context: WriteContext): void {
  const parents = path.types.object
  const rest = path.rest ?? (context.textual ? null : mapOf(path.children))
  if (rest) {
    schema.additionalProperties = writeNode(rest, rest.seen, context)
    return
  }
  const properties = {}
  const required: string[] = []
  for (const [key, child] of path.children) {
    setOwn(properties, key, writeNode(child, parents, context))
    if (child.seen >= parents) required.push(key)
  }
  schema.properties = properties
  if (required.length > 0) schema.required = required
}

const dataKeys = [
  /^\d+$/,
  /^\d{4}-\d\d(-\d\d)?([T ].*)?$/,
  /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i,
  /^(?=.*\d)[0-9a-f]{16,}$/i,
  /^[^\s@]+@[^\s@]+\.[^\s@]+$/,
]

/** All children as one, when their keys are data (ids, dates) and their values are alike; else null. */
export function mapOf(children: ReadonlyMap<string, PathProfile>): PathProfile | null {
  if (children.size < 3) return null
  const keys = [...children.keys()]
  if (!dataKeys.some((pattern) => keys.every((key) => pattern.test(key)))) return null
  const values = [...children.values()]
  const kinds = new Set(
    values.map((value) =>
      typesOf(value, false)
        .filter((type) => type !== 'null')
        .join(),
    ),
  )
  kinds.delete('')
  if (kinds.size > 1 && !(kinds.size === 2 && kinds.has('integer') && kinds.has('number'))) return null
  return values.reduce(mergePaths)
}

function countPaths(path: PathProfile): number {
  let count = 1
  for (const child of path.children.values()) count += countPaths(child)
  if (path.items) count += countPaths(path.items)
  if (path.rest) count += countPaths(path.rest)
  return count
}
