/**
 * A schema read back as the contract a comparison needs. Inferred schemas and hand-written ones are read
 * alike; what a hand-written one says beyond that is kept as undecided, never as passed.
 */
import { DrifthookError } from '../errors.js'
import { readElements } from './elements.js'
import { isRecord, readEvidence, readOrigin } from './evidence.js'
import { type JsonType, jsonTypes, type PathProfile } from './profile.js'
import type { ContractSchema } from './report.js'
import { repeatsKeys } from './schema.js'

export interface Contract {
  /** Null when the schema does not say which format it came from. */
  format: string | null
  dialect: Record<string, unknown>
  root: ContractNode
}

/** What is expected at one path. */
export interface ContractNode {
  /** The schema fragment as it stands. */
  schema: ContractSchema
  /** What was seen when it was inferred; null for a hand-written node. */
  evidence: PathProfile | null
  /** In how many parents the path could have been. */
  parents: number
  /** Null: any. `number` includes `integer`. */
  types: ReadonlySet<JsonType> | null
  enum: readonly unknown[] | null
  properties: ReadonlyMap<string, { node: ContractNode; required: boolean }>
  /** Keys that are not listed: allowed, forbidden, described, or not decidable. */
  rest: 'open' | 'closed' | 'undecided' | ContractNode
  items: ContractNode | null
  /** Keywords whose meaning is not decided here. */
  undecided: string[]
  /** The URI of an XML name that is in a namespace, where the contract says so. */
  namespace?: string
  /** The path may stand several times in one parent. Only where the format has no arrays, see `elements.ts`. */
  many?: boolean
  /** An XML element, not an attribute or a text. */
  isElement?: boolean
  /** An XML element that holds nothing but text: the node of the text. */
  simple?: ContractNode
}

const understood = new Set(
  `$schema $id $comment $defs $anchor definitions title description default examples deprecated readOnly
  writeOnly x-drift type properties required items enum const format pattern minimum maximum exclusiveMinimum
  exclusiveMaximum minLength maxLength minItems maxItems additionalProperties nullable $ref`.split(/\s+/),
)
/** Keywords that may say something about keys; a key next to them is not simply new. */
const aboutKeys = new Set(
  `$dynamicRef allOf anyOf oneOf not if then else dependentSchemas dependencies patternProperties
  propertyNames unevaluatedProperties`.split(/\s+/),
)

/**
 * Reads a JSON Schema as a contract.
 * @param format of the files it is for, where the schema itself does not say
 * @throws DrifthookError `SCHEMA_UNSUPPORTED` when it is not a JSON Schema object or a keyword has a value
 *   that JSON Schema does not allow
 */
export function readContract(schema: ContractSchema, format = 'json'): Contract {
  if (!isRecord(schema)) throw unsupported('$', 'A contract is a JSON Schema object')
  const origin = readOrigin(schema)
  const root = readNode(schema, '#', { document: schema, refs: [] })
  const written = origin.format ?? format
  if (!repeatsKeys(written)) return { ...origin, root }
  return { ...origin, root: readElements(root, written === 'xml') }
}

interface ReadContext {
  document: ContractSchema
  /** The references being followed, to notice a circle. */
  refs: string[]
}

/** An XML document as deep as allowed has three steps per level: `properties`, a name, `items`. */
const maxDepth = 2_000

function readNode(raw: unknown, pointer: string, context: ReadContext): ContractNode {
  if (pointer.length > 65_536 || pointer.split('/').length > maxDepth)
    throw unsupported('#', 'The schema is too deep')
  if (raw === true) return anything({})
  if (raw === false) return { ...anything({}), undecided: ['false'] }
  if (!isRecord(raw)) throw unsupported(pointer, 'Expected a schema: an object, true or false')
  if (raw.$ref !== undefined) return readReference(raw, pointer, context)
  const evidence = readEvidence(raw)
  const undecided = Object.keys(raw).filter((name) => !understood.has(name) && !name.startsWith('x-'))
  const values = raw.const !== undefined ? [raw.const] : raw.enum
  if (values !== undefined && !Array.isArray(values)) throw unsupported(pointer, '`enum` is a list')
  return {
    schema: raw,
    evidence: evidence?.path ?? null,
    parents: evidence?.parents ?? 0,
    types: readTypes(raw, values, pointer),
    enum: values ?? null,
    properties: readProperties(raw, pointer, context),
    rest: readRest(raw, pointer, context, undecided),
    items: raw.items === undefined ? null : readNode(raw.items, `${pointer}/items`, context),
    undecided,
    ...(evidence?.path.namespace === undefined ? {} : { namespace: evidence.path.namespace }),
  }
}

function anything(schema: ContractSchema): ContractNode {
  return {
    schema,
    evidence: null,
    parents: 0,
    types: null,
    enum: null,
    properties: new Map(),
    rest: 'undecided',
    items: null,
    undecided: [],
  }
}

/** Local references without circles are followed; what stands beside `$ref` adds to it. */
function readReference(raw: ContractSchema, pointer: string, context: ReadContext): ContractNode {
  const { $ref: ref, ...beside } = raw
  const target =
    typeof ref === 'string' && !context.refs.includes(ref) ? resolve(ref, context.document) : undefined
  if (!isRecord(target)) return { ...anything(raw), undecided: ['$ref'] }
  return readNode({ ...target, ...beside }, pointer, { ...context, refs: [...context.refs, ref as string] })
}

function resolve(ref: string, document: ContractSchema): unknown {
  if (ref === '#') return document
  if (!ref.startsWith('#/')) return undefined
  let node: unknown = document
  for (const part of ref.slice(2).split('/')) {
    const name = decodePart(part)
    if (!isRecord(node) || !Object.hasOwn(node, name)) return undefined
    node = node[name]
  }
  return node
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part).replace(/~1/g, '/').replace(/~0/g, '~')
  } catch {
    return part
  }
}

function readTypes(
  raw: ContractSchema,
  values: readonly unknown[] | undefined,
  pointer: string,
): ContractNode['types'] {
  const given = raw.type ?? (values ? values.map(typeOfValue) : undefined)
  if (given === undefined) return null
  const list: unknown[] = Array.isArray(given) ? given : [given]
  if (list.length === 0 || !list.every((type) => jsonTypes.includes(type as JsonType))) {
    throw unsupported(pointer, '`type` is one or several of the JSON types')
  }
  const types = new Set(list as JsonType[])
  // `nullable` is OpenAPI 3.0's spelling.
  if (raw.nullable === true) types.add('null')
  return types
}

function typeOfValue(value: unknown): JsonType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value === 'boolean' ? 'boolean' : typeof value === 'string' ? 'string' : 'object'
}

function readProperties(
  raw: ContractSchema,
  pointer: string,
  context: ReadContext,
): ContractNode['properties'] {
  const properties = new Map<string, { node: ContractNode; required: boolean }>()
  const required = raw.required ?? []
  if (!Array.isArray(required) || !required.every((name) => typeof name === 'string')) {
    throw unsupported(pointer, '`required` is a list of names')
  }
  if (raw.properties !== undefined && !isRecord(raw.properties)) {
    throw unsupported(pointer, '`properties` is an object of schemas')
  }
  const names = new Set<string>(required)
  for (const [name, child] of Object.entries(raw.properties ?? {})) {
    const node = readNode(child, `${pointer}/properties/${name}`, context)
    properties.set(name, { node, required: names.has(name) })
  }
  for (const name of names) {
    if (!properties.has(name)) properties.set(name, { node: anything({}), required: true })
  }
  return properties
}

function readRest(
  raw: ContractSchema,
  pointer: string,
  context: ReadContext,
  undecided: readonly string[],
): ContractNode['rest'] {
  if (undecided.some((name) => aboutKeys.has(name))) return 'undecided'
  const rest = raw.additionalProperties
  if (rest === false) return 'closed'
  if (isRecord(rest)) return readNode(rest, `${pointer}/additionalProperties`, context)
  if (rest !== undefined && rest !== true) throw unsupported(pointer, '`additionalProperties` is a schema')
  // An object described by nothing but its type may hold anything.
  return raw.properties === undefined && readEvidence(raw) === null ? 'undecided' : 'open'
}

function unsupported(pointer: string, message: string): DrifthookError {
  return new DrifthookError('SCHEMA_UNSUPPORTED', `${message} (at ${pointer.slice(0, 200)}).`)
}
