/**
 * What a schema with combinations says of one type of value. A value that is an object meets `anyOf` only
 * through the alternatives that allow objects: where that is one, it simply applies. What remains ambiguous
 * is named, and never passes for decided.
 */
import { DrifthookError } from '../errors.js'
import { isRecord } from './evidence.js'
import { type JsonType, jsonTypes } from './profile.js'
import { follow, type ReadContext } from './references.js'
import type { ContractSchema } from './report.js'

export type Container = 'object' | 'array'

/** The plain schemas that all apply to the objects (arrays) of a node, and what else may be said of them. */
export interface Parts {
  parts: { schema: ContractSchema; context: ReadContext }[]
  undecided: string[]
}

const annotations =
  `$schema $id $comment $defs $anchor $vocabulary $dynamicAnchor definitions title description
  default examples deprecated readOnly writeOnly contentEncoding contentMediaType contentSchema type nullable
  then else`.split(/\s+/)
const aboutScalars = `format pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength
  maxLength`.split(/\s+/)
const about: Readonly<Record<Container, readonly string[]>> = {
  object:
    `properties required additionalProperties patternProperties propertyNames minProperties maxProperties
    dependentRequired dependentSchemas dependencies unevaluatedProperties`.split(/\s+/),
  array: `items prefixItems minItems maxItems uniqueItems contains minContains maxContains
    unevaluatedItems`.split(/\s+/),
}
/** Keywords of containers whose meaning is not worked out. */
const beyond: Readonly<Record<Container, readonly string[]>> = {
  object: ['dependentSchemas', 'dependencies', 'unevaluatedProperties', '$dynamicRef'],
  array: ['contains', 'unevaluatedItems', '$dynamicRef'],
}
const combinations = ['enum', 'const', 'allOf', 'anyOf', 'oneOf', 'not', 'if', '$ref', '$dynamicRef']
/** Every keyword that has a meaning here; others are reported. */
export const knownKeywords: ReadonlySet<string> = new Set([
  ...annotations,
  ...aboutScalars,
  ...about.object,
  ...about.array,
  ...combinations,
])

/** The parts of a schema that apply to its objects, or to its arrays. */
export function partsOf(raw: unknown, container: Container, context: ReadContext): Parts {
  const found: Parts = { parts: [], undecided: [] }
  collect(raw, container, context, found)
  return { ...found, undecided: [...new Set(found.undecided)] }
}

function collect(raw: unknown, container: Container, context: ReadContext, found: Parts): void {
  if (!isRecord(raw)) return
  found.parts.push({ schema: raw, context })
  const { undecided } = found
  for (const keyword of beyond[container]) {
    if (raw[keyword] !== undefined) undecided.push(keyword)
  }
  if (raw.$ref !== undefined) {
    const next = follow(raw.$ref, context)
    if (next) collect(next.target, container, next.context, found)
    else undecided.push('$ref')
  }
  for (const part of listOf(raw.allOf)) collect(part, container, context, found)
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const open = listOf(raw[keyword]).filter((part) => mayBe(part, container, context))
    if (open.length === 1) collect(open[0], container, context, found)
    else if (open.length > 1 && !(keyword === 'anyOf' && open.some((part) => acceptsAll(part, container)))) {
      undecided.push(keyword)
    }
  }
  const denied = raw.not
  if (denied !== undefined && mayBe(denied, container, context) && !isTypeOnly(denied)) undecided.push('not')
  if (raw.if !== undefined && (raw.then !== undefined || raw.else !== undefined)) {
    if (!mayBe(raw.if, container, context)) collect(raw.else, container, context, found)
    else if (acceptsAll(raw.if, container)) collect(raw.then, container, context, found)
    else undecided.push('if')
  }
  for (const keyword of ['enum', 'const'] as const) {
    const values = keyword === 'enum' ? listOf(raw.enum) : [raw.const]
    if (values.some((value) => value !== undefined && typeOfValue(value) === container))
      undecided.push(keyword)
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function mayBe(raw: unknown, type: JsonType, context: ReadContext): boolean {
  const types = typesOfSchema(raw, context)
  return types === null || types.has(type)
}

/** Whether every object (array) passes a schema, going by the keywords that are there. */
export function acceptsAll(raw: unknown, container: Container): boolean {
  if (!isRecord(raw)) return raw === true
  const other = about[container === 'object' ? 'array' : 'object']
  const harmless = new Set([...annotations, ...aboutScalars, ...other])
  const types = raw.type
  const allowed = types === undefined || types === container || listOf(types).includes(container)
  return allowed && Object.keys(raw).every((keyword) => raw[keyword] === undefined || harmless.has(keyword))
}

/** Schemas that say a type and nothing else: what they deny is a type. */
function isTypeOnly(raw: unknown): boolean {
  return !isRecord(raw) || Object.keys(raw).every((keyword) => annotations.includes(keyword))
}

/**
 * The types a schema may accept; null: any. `number` includes `integer`. Wider than the truth where
 * combinations leave it open, never narrower.
 */
export function typesOfSchema(
  raw: unknown,
  context: ReadContext,
  pointer = '#',
): ReadonlySet<JsonType> | null {
  if (!isRecord(raw)) return raw === false ? new Set() : null
  let types = ownTypes(raw, pointer)
  const narrow = (more: ReadonlySet<JsonType> | null) => {
    types = meet(types, more)
  }
  const next = raw.$ref === undefined ? null : follow(raw.$ref, context)
  if (next) narrow(typesOfSchema(next.target, next.context, pointer))
  for (const part of listOf(raw.allOf)) narrow(typesOfSchema(part, context, pointer))
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    if (!Array.isArray(raw[keyword])) continue
    const alternatives = listOf(raw[keyword]).map((part) => typesOfSchema(part, context, pointer))
    if (alternatives.every((part) => part !== null))
      narrow(new Set(alternatives.flatMap((part) => [...part])))
  }
  if (raw.not !== undefined && isTypeOnly(raw.not)) {
    const denied =
      raw.not === false ? new Set<JsonType>() : (typesOfSchema(raw.not, context, pointer) ?? null)
    narrow(
      new Set(
        jsonTypes.filter(
          (type) => denied !== null && !denied.has(type) && !(type === 'integer' && denied.has('number')),
        ),
      ),
    )
  }
  return types
}

function ownTypes(raw: ContractSchema, pointer: string): ReadonlySet<JsonType> | null {
  const values = raw.const !== undefined ? [raw.const] : raw.enum
  if (values !== undefined && !Array.isArray(values)) throw unsupported(pointer, '`enum` is a list')
  const listed = values ? new Set(values.map(typeOfValue)) : null
  if (raw.type === undefined) return listed
  const list: unknown[] = Array.isArray(raw.type) ? raw.type : [raw.type]
  if (list.length === 0 || !list.every((type) => jsonTypes.includes(type as JsonType))) {
    throw unsupported(pointer, '`type` is one or several of the JSON types')
  }
  const types = new Set(meet(new Set(list as JsonType[]), listed))
  // `nullable` is OpenAPI 3.0's spelling.
  if (raw.nullable === true) types.add('null')
  return types
}

function meet(
  a: ReadonlySet<JsonType> | null,
  b: ReadonlySet<JsonType> | null,
): ReadonlySet<JsonType> | null {
  if (a === null || b === null) return a ?? b
  const has = (types: ReadonlySet<JsonType>, type: JsonType) =>
    types.has(type) || (type === 'integer' && types.has('number'))
  return new Set(jsonTypes.filter((type) => has(a, type) && has(b, type)))
}

export function typeOfValue(value: unknown): JsonType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value === 'boolean' ? 'boolean' : typeof value === 'string' ? 'string' : 'object'
}

export function unsupported(pointer: string, message: string): DrifthookError {
  return new DrifthookError('SCHEMA_UNSUPPORTED', `${message} (at ${pointer.slice(0, 200)}).`)
}
