/**
 * A schema read back as the contract a comparison needs. Inferred schemas and hand-written ones are read
 * alike; what a hand-written one says beyond what can be decided is kept as undecided, never as passed.
 */
import {
  type Container,
  knownKeywords,
  type Parts,
  partsOf,
  typesOfSchema,
  unsupported,
} from './contract-parts.js'
import { patternTest } from './ecma-pattern.js'
import { readElements } from './elements.js'
import { isRecord, readEvidence, readOrigin } from './evidence.js'
import { type KeywordTest, keywordTests } from './predicates.js'
import type { JsonType, PathProfile } from './profile.js'
import { type ReadContext, readContext } from './references.js'
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
  /** Where in the document; the same for the same schema. */
  pointer: string
  context: ReadContext
  /** The schema fragment as it stands. */
  schema: ContractSchema
  /** What was seen when it was inferred; null for a hand-written node. */
  evidence: PathProfile | null
  /** In how many parents the path could have been. */
  parents: number
  /** Null: any. `number` includes `integer`. */
  types: ReadonlySet<JsonType> | null
  enum: readonly unknown[] | null
  /** What values that are no containers must pass beside their type. None on inferred nodes. */
  tests: readonly KeywordTest[]
  /** The schemas that together describe the objects, and the arrays, of this node. */
  parts: Readonly<Record<Container, Parts['parts']>>
  properties: ReadonlyMap<string, { node: ContractNode; required: boolean }>
  /** What `patternProperties` say of a key that is not listed; null: nothing. */
  patterned: (key: string) => ContractNode | null
  /** Keys that are neither: allowed, forbidden, described, or not decidable. */
  rest: 'open' | 'closed' | 'undecided' | ContractNode
  items: ContractNode | null
  /** Keywords whose meaning is not decided here: for any value, or for containers only. */
  undecided: Readonly<Record<'any' | Container, readonly string[]>>
  /** The URI of an XML name that is in a namespace, where the contract says so. */
  namespace?: string
  /** The path may stand several times in one parent. Only where the format has no arrays, see `elements.ts`. */
  many?: boolean
  /** An XML element, not an attribute or a text. */
  isElement?: boolean
  /** An XML element that holds nothing but text: the node of the text. */
  simple?: ContractNode
}

/**
 * Reads a JSON Schema as a contract.
 * @param format of the files it is for, where the schema itself does not say
 * @throws DrifthookError `SCHEMA_UNSUPPORTED` when it is not a JSON Schema object or a keyword has a value
 *   that JSON Schema does not allow
 */
export function readContract(schema: ContractSchema, format = 'json'): Contract {
  if (!isRecord(schema)) throw unsupported('$', 'A contract is a JSON Schema object')
  const origin = readOrigin(schema)
  const root = readNode(schema, '#', readContext(schema))
  const written = origin.format ?? format
  if (!repeatsKeys(written)) return { ...origin, root }
  return { ...origin, root: readElements(root, written === 'xml') }
}

/** An XML document as deep as allowed has three steps per level: `properties`, a name, `items`. */
const maxDepth = 2_000

function readNode(raw: unknown, pointer: string, context: ReadContext): ContractNode {
  if (pointer.length > 65_536 || pointer.split('/').length > maxDepth)
    throw unsupported('#', 'The schema is too deep')
  if (--context.budget.nodes < 0)
    throw unsupported('#', 'The schema is too large once its references are followed')
  if (typeof raw === 'boolean')
    return { ...anything(pointer, context), ...(raw ? {} : { types: new Set<JsonType>() }) }
  if (!isRecord(raw)) throw unsupported(pointer, 'Expected a schema: an object, true or false')
  const evidence = readEvidence(raw)
  const types = typesOfSchema(raw, context, pointer)
  const objects = partsOf(raw, 'object', context)
  const arrays = partsOf(raw, 'array', context)
  const values = raw.const !== undefined ? [raw.const] : raw.enum
  const unknown = Object.keys(raw).filter((name) => !knownKeywords.has(name) && !name.startsWith('x-'))
  const keys = readKeys(objects, evidence !== null, pointer, context)
  return {
    pointer,
    context,
    schema: raw,
    evidence: evidence?.path ?? null,
    parents: evidence?.parents ?? 0,
    types,
    enum: (values as unknown[] | undefined) ?? null,
    tests: evidence ? [] : keywordTests(raw, context),
    parts: { object: objects.parts, array: arrays.parts },
    ...keys,
    items: readItems(arrays, pointer, context),
    undecided: { any: unknown, object: objects.undecided, array: arrays.undecided },
    ...(evidence?.path.namespace === undefined ? {} : { namespace: evidence.path.namespace }),
  }
}

function anything(pointer: string, context: ReadContext): ContractNode {
  return {
    pointer,
    context,
    schema: {},
    evidence: null,
    parents: 0,
    types: null,
    enum: null,
    tests: [],
    parts: { object: [], array: [] },
    properties: new Map(),
    patterned: () => null,
    rest: 'undecided',
    items: null,
    undecided: { any: [], object: [], array: [] },
  }
}

type Part = Parts['parts'][number]
/** A schema below a part, still to be read. */
type Below = { schema: unknown; context: ReadContext; pointer: string }

/** Several schemas for one value are one that demands all of them. */
function readAll(found: readonly Below[], pointer: string, context: ReadContext): ContractNode {
  const telling = found.filter(({ schema }) => schema !== true && !isEmpty(schema))
  const [first, ...more] = telling.length > 0 ? telling : found
  if (!first) return anything(pointer, context)
  if (more.length === 0) return readNode(first.schema, first.pointer, first.context)
  // A circle in one is a circle in all: references are noticed by where they point.
  const refs = [first, ...more].flatMap(({ context }) => context.refs)
  return readNode({ allOf: telling.map(({ schema }) => schema) }, pointer, { ...first.context, refs })
}

function isEmpty(schema: unknown): boolean {
  return isRecord(schema) && Object.keys(schema).length === 0
}

/** `properties`, `patternProperties` and `additionalProperties` of all parts (Applicator §10.3.2). */
function readKeys(
  { parts, undecided }: Parts,
  inferred: boolean,
  pointer: string,
  context: ReadContext,
): Pick<ContractNode, 'properties' | 'patterned' | 'rest'> {
  const readers = parts.map((part, i) => keyReader(part, `${pointer}${i === 0 ? '' : `/${i}`}`))
  const properties = new Map<string, { node: ContractNode; required: boolean }>()
  const hasPatterns = readers.some((reader) => reader.hasPatterns)
  const required = new Set(readers.flatMap((reader) => reader.required))
  const read = (key: string) =>
    readAll(
      readers.flatMap((reader) => reader.below(key)),
      `${pointer}/keys/${key}`,
      context,
    )
  for (const key of new Set([...readers.flatMap((reader) => reader.listed), ...required])) {
    properties.set(key, { node: read(key), required: required.has(key) })
  }
  const matched = new Map<string, ContractNode | null>()
  const patterned = (key: string) => {
    if (!hasPatterns) return null
    let node = matched.get(key)
    if (node === undefined) {
      node = readers.some((reader) => reader.matches(key)) ? read(key) : null
      matched.set(key, node)
    }
    return node
  }
  return { properties, patterned, rest: restOf(readers, undecided, inferred, pointer, context) }
}

interface KeyReader {
  listed: readonly string[]
  required: readonly string[]
  matches: (key: string) => boolean
  hasPatterns: boolean
  /** The schemas one part has for a key. */
  below: (key: string) => Below[]
  additional: Below | null
  /** A pattern could not be read, so other keys may or may not be described. */
  undecided: boolean
  /** Whether it speaks of keys at all. */
  silent: boolean
}

function keyReader({ schema, context }: Part, pointer: string): KeyReader {
  const required = schema.required ?? []
  if (!Array.isArray(required) || !required.every((name) => typeof name === 'string')) {
    throw unsupported(pointer, '`required` is a list of names')
  }
  const properties = schemasOf(schema, 'properties', pointer)
  const patterns = Object.entries(schemasOf(schema, 'patternProperties', pointer)).map(([pattern, raw]) => ({
    test: patternTest(pattern),
    below: { schema: raw, context, pointer: `${pointer}/patternProperties/${pattern}` },
  }))
  const rest = schema.additionalProperties
  if (rest !== undefined && typeof rest !== 'boolean' && !isRecord(rest)) {
    throw unsupported(pointer, '`additionalProperties` is a schema')
  }
  const undecided = patterns.some(({ test }) => test === null)
  const additional =
    rest === undefined || rest === true
      ? null
      : { schema: rest, context, pointer: `${pointer}/additionalProperties` }
  const matching = (key: string) => patterns.filter(({ test }) => test?.(key)).map(({ below }) => below)
  return {
    listed: Object.keys(properties),
    required,
    matches: (key) => matching(key).length > 0,
    hasPatterns: patterns.length > 0,
    below: (key) => {
      const own = Object.hasOwn(properties, key)
        ? [{ schema: properties[key], context, pointer: `${pointer}/properties/${key}` }]
        : []
      const found = [...own, ...matching(key)]
      return found.length === 0 && additional && !undecided ? [additional] : found
    },
    additional,
    undecided,
    silent: schema.properties === undefined && patterns.length === 0,
  }
}

function schemasOf(schema: ContractSchema, keyword: string, pointer: string): Record<string, unknown> {
  const raw = schema[keyword] ?? {}
  if (!isRecord(raw)) throw unsupported(pointer, `\`${keyword}\` is an object of schemas`)
  return raw
}

function restOf(
  readers: readonly KeyReader[],
  undecided: readonly string[],
  inferred: boolean,
  pointer: string,
  context: ReadContext,
): ContractNode['rest'] {
  const described = readers.filter((reader) => reader.additional !== null)
  if (described.some(({ additional, undecided: unsure }) => additional!.schema === false && !unsure))
    return 'closed'
  if (readers.some((reader) => reader.undecided)) return 'undecided'
  if (described.length > 0) {
    return readAll(
      described.map(({ additional }) => additional!),
      `${pointer}/additionalProperties`,
      context,
    )
  }
  if (undecided.length > 0) return 'undecided'
  // An object described by nothing but its type may hold anything.
  return !inferred && readers.every((reader) => reader.silent) ? 'undecided' : 'open'
}

/** `prefixItems` describe single positions, and a profile knows only all of them together. */
function readItems({ parts }: Parts, pointer: string, context: ReadContext): ContractNode | null {
  const found = parts.flatMap(({ schema, context: within }, i): Below[] =>
    schema.items === undefined || schema.prefixItems !== undefined
      ? []
      : [{ schema: schema.items, context: within, pointer: `${pointer}${i === 0 ? '' : `/${i}`}/items` }],
  )
  return found.length === 0 ? null : readAll(found, `${pointer}/items`, context)
}

/** What a node expects of the value of a key; null when it says nothing of it. */
export function nodeOfKey(node: ContractNode, key: string): ContractNode | null {
  const described = node.properties.get(key)?.node ?? node.patterned(key)
  return described ?? (typeof node.rest === 'object' ? node.rest : null)
}

/** The node with another fragment in its place. */
export function withSchema({ pointer, context }: ContractNode, schema: ContractSchema): ContractNode {
  return readNode(schema, pointer, { ...context, budget: { refs: 10_000, nodes: 100_000 } })
}
