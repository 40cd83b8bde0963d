/** The event types there are, and which of them a subscription's patterns match. */
import type { FieldError } from '../errors.js'
import { builtInTypes } from './catalogue/built-in.js'
import { type JsonSchema, type SchemaCheck, schemaCompiler } from './catalogue/json-schema.js'

/** One of the host's own event types, as the option `eventTypes` says it. */
export interface EventTypeDefinition {
  /** What has happened when it is published, for those who subscribe. */
  description?: string | undefined
  /** JSON Schema 2020-12 of a message's `data`; publishing refuses what breaks it. */
  schema?: object | undefined
  /** A `data` as it could be. */
  example?: unknown
}

export interface EventType {
  description: string | null
  schema: JsonSchema | null
  example: unknown
  builtIn: boolean
  /** What of a message's `data`, as JSON, breaks the schema. */
  faults(data: Uint8Array): FieldError[]
}

/** Every event type by its name, the built-in ones first. */
export type Catalogue = ReadonlyMap<string, EventType>

/** A subscription may also ask by result; each matches the messages of a comparison that had this result. */
export const resultPatterns = ['breaking', 'warning', 'pass'] as const

const comparisons: readonly string[] = ['drift.detected', 'check.repeated', 'check.passed']

/** The grammar of an event type: dot-separated words of lower-case letters, digits and `_`. */
export const typeGrammar = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/
const maxTypeLength = 200

/** A test is sent to whom it tests, whatever that one subscribes to, and to nobody else. */
export const isSubscribable = (type: string): boolean => type !== 'ping'

/**
 * Whether a subscription may ask for this: a known type, a result, `*`, or `<first words of a known one>.*`.
 */
export function isKnownPattern(pattern: string, catalogue: Catalogue): boolean {
  const types = [...catalogue.keys()].filter(isSubscribable)
  if (pattern === '*' || (resultPatterns as readonly string[]).includes(pattern)) return true
  if (pattern.endsWith('.*')) return types.some((type) => type.startsWith(pattern.slice(0, -1)))
  return types.includes(pattern)
}

/**
 * Every pattern that matches a message: its type, `*`, `<its first words>.*`, and a comparison's result. So `a.*`
 * matches `a.b` and `a.b.c`.
 */
export function patternsOf({ type, result }: { type: string; result: string | null }): string[] {
  if (!isSubscribable(type)) return []
  const words = type.split('.')
  const prefixes = words.slice(1).map((_, n) => `${words.slice(0, n + 1).join('.')}.*`)
  return [type, '*', ...prefixes, ...(result !== null && comparisons.includes(type) ? [result] : [])]
}

/**
 * The built-in types and the host's.
 * @param report is told each fault of the host's: where in `given`, and what
 */
export function createCatalogue(
  given: Readonly<Record<string, EventTypeDefinition>>,
  report: (path: string[], message: string) => void,
): Catalogue {
  const compile = schemaCompiler()
  const catalogue = new Map<string, EventType>()
  for (const [type, known] of Object.entries(builtInTypes)) {
    catalogue.set(type, { ...known, builtIn: true, faults: () => [] })
  }
  for (const [type, definition] of Object.entries(given)) {
    const fault = nameFault(type)
    const reportOf = (at: string, message: string) => report([type, at], message)
    if (fault !== null) report([type], fault)
    else catalogue.set(type, hostType(definition, compile, reportOf))
  }
  return catalogue
}

function nameFault(type: string): string | null {
  if (Object.hasOwn(builtInTypes, type)) return 'is built in; choose another name'
  const named = type.length <= maxTypeLength && typeGrammar.test(type)
  return named ? null : 'an event type looks like contact.created'
}

function hostType(
  definition: EventTypeDefinition,
  compile: (schema: JsonSchema) => SchemaCheck,
  report: (at: string, message: string) => void,
): EventType {
  const attempt = <T>(member: string, make: () => T): T | undefined => {
    try {
      return make()
    } catch (error) {
      report(member, error instanceof Error ? error.message : String(error))
      return undefined
    }
  }
  const schema = attempt('schema', () => asJson(definition.schema) as JsonSchema | undefined)
  const check = attempt('schema', () => (schema === undefined ? undefined : compile(schema)))
  const example = attempt('example', () => asJson(definition.example))
  const faults = (json: Uint8Array, root: string) => check?.(json, root) ?? []
  if (example !== undefined) {
    const found = faults(Buffer.from(JSON.stringify(example)), 'example')
    for (const { path, message } of found) report(path, `breaks the schema: ${message}`)
  }
  return {
    description: definition.description ?? null,
    schema: schema ?? null,
    example: example ?? null,
    builtIn: false,
    faults: (data) => faults(data, 'data'),
  }
}

/** A copy: what the host does with its object later changes nothing here. */
const asJson = (value: unknown): unknown =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value))
