/**
 * XML elements (and the keys of flat files) repeat without being arrays, and hold text beside children. While
 * profiles are counted and compared every element is the same thing: an object with its attributes (`@id`),
 * its children, its text (`#text`), and a `length`, how often one parent has it. So one line and many lines,
 * an element with and without attributes differ by counts, and profiles of them add up.
 *
 * In a schema they look like the JSON one would expect: an element that was seen twice in one parent is an
 * array, one that holds nothing but text is that text. {@link written} and {@link readElements} translate.
 */
import type { Issue } from './checks.js'
import type { ContractNode } from './contract.js'
import { anyKey } from './paths.js'
import { emptyPath, type PathProfile, valuesSeen } from './profile.js'

export const textKey = '#text'

/** The text of an element; undefined for what is no element, and for those that only ever held elements. */
function textOf(path: PathProfile): PathProfile | undefined {
  if (path.types.array > 0 || path.length === null) return undefined
  const text = path.children.get(textKey)
  // A key of a flat file may have this name. It may repeat, the text of an element does not.
  return text?.length === null ? text : undefined
}

/** A path that stands more than once in one parent, though it is not an array. */
export function repeats(path: PathProfile): boolean {
  return path.types.array === 0 && path.length !== null && path.length.max > 1
}

/** One node as a schema shows it; what is below it stays as it was counted. */
export function written(path: PathProfile): PathProfile {
  if (repeats(path)) return asArray(path)
  const text = textOf(path)
  if (text === undefined || path.rest) return path
  if (path.children.size === 1 && valuesSeen({ ...path, seen: 0 }) === path.types.object + path.types.null)
    return asText(path, text)
  if (!isHollow(text)) return path
  const children = new Map(path.children)
  children.delete(textKey)
  return { ...path, children }
}

function asArray(path: PathProfile): PathProfile {
  const array = { ...emptyPath(), seen: path.seen, length: path.length, items: oneOf(path) }
  array.types.array = path.seen
  return array
}

/** One of the elements that repeat. */
export function oneOf(path: PathProfile): PathProfile {
  return { ...path, seen: valuesSeen(path), length: { min: 1, max: 1 } }
}

/** What an element holds, as a schema would show one of them; any other path as it is. */
export function contentOfOne(path: PathProfile): PathProfile {
  return path.types.array === 0 && path.length !== null ? written(oneOf(path)) : path
}

function asText(path: PathProfile, text: PathProfile): PathProfile {
  const { seen, length, position, places } = path
  const types = { ...text.types, null: text.types.null + path.types.null }
  const simple = { ...text, seen, length, position, types, places: { ...places, ...text.places } }
  return path.namespace === undefined ? simple : { ...simple, namespace: path.namespace }
}

/** Whether a text that was possible was never there: `<lines/>` is not a text. */
function isHollow({ types, blank, text }: PathProfile): boolean {
  return text.count + blank + types.null === 0
}

/** The same, of a contract. */
export function wasNever({ evidence, types, isElement }: ContractNode): boolean {
  return isElement === false && evidence !== null && types === null
}

/** What holds children and text of a file, without texts that never were. */
export function childrenOf(path: PathProfile, contract: ContractNode): Map<string, PathProfile> {
  const text = textOf(path)
  if (!text || !isHollow(text) || contract.properties.has(textKey)) return path.children
  return new Map([...path.children].filter(([key]) => key !== textKey))
}

/** Whether all that an element of the file holds is text. */
export function isSimple(path: PathProfile): boolean {
  return path.children.size === 1 && textOf(path) !== undefined
}

/**
 * A contract read from a schema as it was counted.
 * @param elements whether text stands inside elements, as in XML; else only arrays are undone
 */
export function readElements(node: ContractNode, elements: boolean, key = ''): ContractNode {
  const isArray = node.items !== null && node.types !== null && only(node.types, 'array')
  if (isArray) return many(node, readElements(node.items!, elements, key))
  const properties = new Map(
    [...node.properties].map(([name, { node: child, required }]) => [
      name,
      { node: readElements(child, elements, name), required },
    ]),
  )
  const rest = typeof node.rest === 'object' ? readElements(node.rest, elements, anyKey) : node.rest
  const isElement = elements && key !== '' && key !== textKey && !key.startsWith('@')
  const read = { ...node, properties, rest, ...(elements ? { isElement } : {}) }
  return isElement && isText(read) ? simple(read) : read
}

function only(types: ReadonlySet<string>, type: string): boolean {
  return [...types].every((name) => name === type || name === 'null') && types.has(type)
}

function many(array: ContractNode, node: ContractNode): ContractNode {
  const bounds = ['minItems', 'maxItems'].filter((name) => array.schema[name] !== undefined)
  const undecided = {
    any: [...array.undecided.any, ...array.undecided.array, ...bounds, ...node.undecided.any],
    object: node.undecided.object,
    array: node.undecided.array,
  }
  const { parents, evidence: outer } = array
  const evidence =
    node.evidence && outer ? { ...node.evidence, seen: outer.seen, length: outer.length } : null
  return { ...node, parents, evidence, undecided, many: true }
}

function isText({ evidence, types, properties, rest }: ContractNode): boolean {
  if (properties.size > 0 || typeof rest === 'object') return false
  return evidence
    ? evidence.types.object === 0 && evidence.length !== null
    : types !== null && !types.has('object')
}

/** An element that held only text: inferred, or written by hand as if it were a value. */
function simple(node: ContractNode): ContractNode {
  const text: ContractNode = { ...node, many: false, isElement: false }
  delete text.namespace
  const types = new Set<'object' | 'null'>(['object'])
  let evidence: PathProfile | null = null
  if (node.evidence) {
    const { seen, length, position, namespace, types: counts, ...values } = node.evidence
    evidence = { ...emptyPath(), seen, length, position, ...(namespace === undefined ? {} : { namespace }) }
    text.evidence = { ...values, seen: 0, length: null, position: null, types: { ...counts, null: 0 } }
    text.evidence.seen = valuesSeen(text.evidence) + values.empty + values.blank
    text.parents = text.evidence.seen
    evidence.types.object = text.evidence.seen
    evidence.types.null = counts.null
    if (values.empty + values.blank === 0 && text.types) text.types = without(text.types, 'null')
  }
  if (node.evidence ? node.evidence.types.null > 0 : node.types?.has('null')) types.add('null')
  const properties = new Map([[textKey, { node: text, required: !wasNever(text) }]])
  return {
    ...node,
    evidence,
    types,
    enum: null,
    tests: [],
    parts: { object: [], array: [] },
    patterned: () => null,
    properties,
    rest: 'open',
    undecided: { any: [], object: [], array: [] },
    simple: text,
  }
}

function without<T>(set: ReadonlySet<T>, value: T): ReadonlySet<T> {
  return new Set([...set].filter((other) => other !== value))
}

/** What was an element and is an attribute now, or the other way round: the values of both. */
export function valuesOf(node: ContractNode, file: PathProfile): { node: ContractNode; file: PathProfile } {
  if (node.simple && !node.many && file.length === null) return { node: node.simple, file }
  if (node.isElement === false && !repeats(file) && isSimple(file)) return { node, file: textOf(file)! }
  return { node, file }
}

/** The part of a contract that is about one of the elements that repeat. */
export function oneExpected(node: ContractNode): ContractNode {
  const evidence = node.evidence && { ...node.evidence, length: { min: 1, max: 1 } }
  return { ...node, evidence, many: false }
}

/** The name is in another namespace. Prefixes do not matter. */
export function namespaceIssue(contract: ContractNode, file: PathProfile): Issue | null {
  if (!contract.evidence || contract.namespace === file.namespace) return null
  const spell = (uri: string | undefined) => (uri === undefined ? 'no namespace' : `namespace ${uri}`)
  const evidence = { contract: contract.namespace ?? null, file: file.namespace ?? null }
  return structureIssue(spell(contract.namespace), spell(file.namespace), evidence, file)
}

/** Elements where there was text, or text where there were elements. */
export function contentIssue(contract: ContractNode, file: PathProfile): Issue | null {
  if (file.length === null) return null
  const expected = contract.properties.get(textKey)?.node
  const before = contentOf(contract.properties.keys(), expected !== undefined && !wasNever(expected))
  const text = textOf(file)
  const now = contentOf(file.children.keys(), text !== undefined && text.text.count > 0)
  if (before === null || now === null || before === now) return null
  return { ...structureIssue(before, now, {}, file), whole: true }
}

function contentOf(keys: Iterable<string>, text: boolean): 'elements' | 'text' | null {
  const elements = [...keys].some((key) => key !== textKey && !key.startsWith('@'))
  return elements === text ? null : elements ? 'elements' : 'text'
}

function structureIssue(
  from: string,
  to: string,
  evidence: Record<string, unknown>,
  file: PathProfile,
): Issue {
  return { aspect: 'structure', from, to, facts: {}, evidence, witness: file.places.object }
}

/** What was at most once in a parent is there several times. */
export function cardinalityIssue(contract: ContractNode, file: PathProfile): Issue | null {
  if (!repeats(file) || contract.many || contract.types === null) return null
  const witness = file.places.repeated
  return {
    aspect: 'cardinality',
    from: 'at most once',
    to: 'several times',
    facts: {},
    evidence: { contract: contract.evidence ? contract.evidence.seen : 'declared', most: file.length!.max },
    ...(witness ? { witness } : {}),
  }
}
