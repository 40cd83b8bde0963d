/** Writing into a schema at a path: the one place that knows where in a JSON Schema a path of a file lives. */
import { type Parts, partsOf } from './contract-parts.js'
import { patternTest } from './ecma-pattern.js'
import { evidenceKey, isRecord, setOwn } from './evidence.js'
import { anyKey, escapeKey, root, splitPath } from './paths.js'
import { follow, type ReadContext, readContext } from './references.js'
import type { ContractSchema } from './report.js'
import { isTable } from './schema.js'

type Step = { kind: 'key'; key: string } | { kind: 'items' } | { kind: 'rest' }

/** A path as the steps from the root of a file; the root itself is no step. */
export function stepsOf(path: string): Step[] {
  if (path === root) return []
  return splitPath(path).flatMap((segment): Step[] => {
    const [, name = '', lists = ''] = /^(.*?)((?:\[\])*)$/s.exec(segment) ?? []
    const items = Array.from({ length: lists.length / 2 }, (): Step => ({ kind: 'items' }))
    if (name === '') return items
    if (name === anyKey) return [{ kind: 'rest' }, ...items]
    return [{ kind: 'key', key: name === '""' ? '' : name.replace(/\\(.)/gs, '$1') }, ...items]
  })
}

/** A copy of a schema that is written to. */
export class SchemaEdit {
  readonly document: ContractSchema
  readonly #context: ReadContext

  constructor(
    schema: ContractSchema,
    readonly format: string | null,
  ) {
    this.document = structuredClone(schema)
    this.#context = readContext(this.document)
  }

  /** The fragment at a path; null when the schema describes none there. */
  get(path: string): ContractSchema | null {
    return this.#walk(this.#steps(path))
  }

  /** Puts a fragment at a path whose parent is there. False when it is not. */
  set(path: string, fragment: ContractSchema): boolean {
    const steps = this.#steps(path)
    const last = steps.pop()
    const { items } = this.document
    if (last === undefined && this.#isTable() && isRecord(items) && fragment.type === 'object') {
      // What is said of a table is said of its records.
      this.document.items = fragment
      return true
    }
    if (last === undefined) {
      const origin = this.document[evidenceKey]
      for (const key of Object.keys(this.document)) if (!kept.has(key)) delete this.document[key]
      Object.assign(this.document, fragment)
      // Format and dialect are the document's, whatever the evidence at its root.
      if (isRecord(origin)) {
        const { version, format, dialect } = origin
        this.document[evidenceKey] = { version, format, dialect, ...(fragment[evidenceKey] as object) }
      }
      return true
    }
    const parent = this.#walk(steps)
    if (parent) this.#put(parent, last, fragment)
    return parent !== null
  }

  /** Takes a key out. False when it was not there. */
  remove(path: string): boolean {
    const steps = this.#steps(path)
    const last = steps.pop()
    const parent = this.#walk(steps)
    if (!parent || last?.kind !== 'key') return false
    let found = this.#require(parent, last.key, false)
    for (const { schema } of partsOf(parent, 'object', this.#context).parts) {
      if (!isRecord(schema.properties) || !Object.hasOwn(schema.properties, last.key)) continue
      delete schema.properties[last.key]
      found = true
    }
    return found
  }

  require(path: string, required: boolean): void {
    const steps = this.#steps(path)
    const last = steps.pop()
    const parent = this.#walk(steps)
    if (parent && last?.kind === 'key') this.#require(parent, last.key, required)
  }

  /** Whether the key was required. */
  #require(parent: ContractSchema, key: string, required: boolean): boolean {
    const parts = partsOf(parent, 'object', this.#context).parts
    const lists = parts.filter(
      ({ schema }) => Array.isArray(schema.required) && schema.required.includes(key),
    )
    if (required && lists.length === 0) {
      parent.required = [...(Array.isArray(parent.required) ? parent.required : []), key]
    }
    if (!required) {
      for (const { schema } of lists) {
        const left = (schema.required as unknown[]).filter((name) => name !== key)
        if (left.length > 0) schema.required = left
        else delete schema.required
      }
    }
    return lists.length > 0
  }

  /** The columns of a table have bare names: what they stand in is the record, or the list of records. */
  #steps(path: string): Step[] {
    const steps = stepsOf(path)
    const flat = steps[0] !== undefined && steps[0].kind !== 'items'
    return flat && this.#isTable() ? [{ kind: 'items' }, ...steps] : steps
  }

  /** The paths of a table's columns. */
  columns(): string[] {
    const record = this.#isTable() ? this.document.items : this.document
    const properties = isRecord(record) ? record.properties : null
    return isRecord(properties) ? Object.keys(properties).map(escapeKey) : []
  }

  #isTable(): boolean {
    const { items, properties } = this.document
    return isRecord(items) && !isRecord(properties) && (this.format === null || isTable(this.format))
  }

  #walk(steps: readonly Step[]): ContractSchema | null {
    let node: ContractSchema | null = inlined(this.document, this.#context)
    for (const step of steps) {
      const next: unknown = node && this.#below(node, step)
      node = isRecord(next) ? inlined(next, this.#context) : null
    }
    return node
  }

  /** What describes a step, as one schema that can be written to. */
  #below(parent: ContractSchema, step: Step): unknown {
    const { parts } = partsOf(parent, step.kind === 'items' ? 'array' : 'object', this.#context)
    if (step.kind === 'key') spellOut(parts, step)
    const found = parts.flatMap(({ schema }) => holdersOf(schema, step))
    const [first, ...more] = found
    if (!first) return undefined
    const schemas = found.map(({ holder, name }) => asObject(holder[name]))
    setOwn(first.holder, first.name, more.length > 0 ? { allOf: schemas } : schemas[0])
    for (const { holder, name } of more) setOwn(holder, name, true)
    return first.holder[first.name]
  }

  #put(parent: ContractSchema, step: Step, fragment: ContractSchema): void {
    const { parts } = partsOf(parent, step.kind === 'items' ? 'array' : 'object', this.#context)
    const [first, ...more] = parts.flatMap(({ schema }) => holdersOf(schema, step))
    if (first) setOwn(first.holder, first.name, fragment)
    else if (step.kind === 'items') parent.items = fragment
    else if (step.kind === 'rest') parent.additionalProperties = fragment
    else setOwn(propertiesOf(parent), step.key, fragment)
    for (const { holder, name } of more) setOwn(holder, name, true)
    if (step.kind !== 'key') return
    // Whoever lists the keys there may be has to list the new one.
    for (const { schema } of parts) {
      const { additionalProperties: rest } = schema
      const closed = rest !== undefined && rest !== true && holdersOf(schema, step).length === 0
      if (closed) setOwn(propertiesOf(schema), step.key, true)
    }
  }
}

/** What the root keeps when its fragment is replaced. */
const kept = new Set(['$schema', '$id', '$defs', 'definitions', 'title', 'description', 'x-drift'])

function propertiesOf(schema: ContractSchema): ContractSchema {
  if (!isRecord(schema.properties)) schema.properties = {}
  return schema.properties as ContractSchema
}

/** Where one schema describes a step: the object and the member that hold its fragment. */
function holdersOf(schema: ContractSchema, step: Step): { holder: ContractSchema; name: string }[] {
  if (step.kind === 'items') return schema.items === undefined ? [] : [{ holder: schema, name: 'items' }]
  if (step.kind === 'rest') {
    return isRecord(schema.additionalProperties) ? [{ holder: schema, name: 'additionalProperties' }] : []
  }
  const { properties, patternProperties } = schema
  const own =
    isRecord(properties) && Object.hasOwn(properties, step.key)
      ? [{ holder: properties, name: step.key }]
      : []
  const patterns = isRecord(patternProperties)
    ? Object.keys(patternProperties)
        .filter((pattern) => patternTest(pattern)?.(step.key))
        .map((name) => ({ holder: patternProperties, name }))
    : []
  return [...own, ...patterns]
}

/** The schema itself, with what it refers to written into it, so that a change stays its own. */
export function inlined(schema: ContractSchema, context: ReadContext, depth = 0): ContractSchema {
  if (depth > 10) return schema
  for (let i = 0; i < 20 && schema.$ref !== undefined; i++) {
    const next = follow(schema.$ref, context)
    if (!next) break
    delete schema.$ref
    schema.allOf = [...(Array.isArray(schema.allOf) ? schema.allOf : []), structuredClone(next.target)]
  }
  if (Array.isArray(schema.allOf)) {
    for (const part of schema.allOf) if (isRecord(part)) inlined(part, context, depth + 1)
  }
  return schema
}

/** A key that is required and not listed is listed, with what is said of all that are not. */
function spellOut(parts: Parts['parts'], step: Step & { kind: 'key' }): void {
  const needed = parts.some(
    ({ schema }) => Array.isArray(schema.required) && schema.required.includes(step.key),
  )
  if (!needed) return
  for (const [i, { schema }] of parts.entries()) {
    if (holdersOf(schema, step).length > 0) continue
    const rest = schema.additionalProperties
    if (rest !== undefined && rest !== true) setOwn(propertiesOf(schema), step.key, structuredClone(rest))
    else if (i === 0) setOwn(propertiesOf(schema), step.key, {})
  }
}

function asObject(schema: unknown): unknown {
  return schema === true ? {} : schema === false ? { not: {} } : schema
}
