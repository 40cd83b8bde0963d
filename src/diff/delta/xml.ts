/**
 * XML as values: an element is an object of its attributes (`@name`), its children by name, and `#text`; an
 * element with text alone is that text. Names are as written, prefixes included; text is not interpreted:
 * `007` and `1.10` stay, and so do entities (`&amp;`). The order of differently named children, comments and
 * processing instructions are not compared.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { DrifthookError } from '../../errors.js'
import { toUtf8 } from '../formats/csv-encoding.js'
import type { DiffLimits } from '../limits.js'
import { isObject } from './json.js'
import type { JsonObject, JsonValue } from './model.js'

/** Reads one document; what repeats in it is a list, what does not is not: see {@link alikeLists}. */
export function readXml(bytes: Uint8Array, limits: DiffLimits): JsonValue {
  const text = new TextDecoder().decode(toUtf8(bytes).bytes)
  if (hasDoctype(text)) {
    throw new DrifthookError(
      'XML_DOCTYPE_REFUSED',
      'The document has a DOCTYPE, which is refused: it can define entities.',
    )
  }
  const valid = XMLValidator.validate(text)
  if (valid !== true) {
    // The validator's own message may quote the file.
    const { line, col: column } = valid.err
    throw new DrifthookError('FILE_MALFORMED', 'The document is not well-formed XML.', {
      place: { line, column },
    })
  }
  const document = unmark(parse(text, limits))
  const roots = isObject(document) ? Object.values(document) : []
  if (roots.length !== 1 || Array.isArray(roots[0])) {
    throw new DrifthookError('FILE_MALFORMED', 'The document has not exactly one root element.')
  }
  return document
}

/** No name has a `<`: one or two in front keep the parser from refusing `constructor` and `__proto__`. */
const mark = '<'

function parse(text: string, limits: DiffLimits): JsonValue {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    textNodeName: '#text',
    parseTagValue: false,
    parseAttributeValue: false,
    processEntities: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
    // Deeper ones are refused with the limit's name when the document is checked.
    maxNestedTags: limits.depth + 1,
    transformTagName: (name) => mark + name,
  })
  try {
    return parser.parse(text) as JsonValue
  } catch {
    throw new DrifthookError(
      'FILE_MALFORMED',
      `The document could not be read as XML of ${limits.depth} levels.`,
    )
  }
}

function unmark(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(unmark)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name.replace(/^<+/, ''), unmark(inner)]),
  )
}

/** The first markup that is no comment, instruction or declaration decides: a DOCTYPE stands before the root. */
function hasDoctype(text: string): boolean {
  for (let i = text.indexOf('<'); i >= 0; ) {
    if (text.startsWith('<!--', i)) i = after(text, '-->', i)
    else if (text.startsWith('<?', i)) i = after(text, '?>', i)
    else return /^<!DOCTYPE/i.test(text.slice(i, i + 9))
  }
  return false
}

function after(text: string, end: string, from: number): number {
  const closed = text.indexOf(end, from)
  return closed < 0 ? -1 : text.indexOf('<', closed)
}

/** Where children of one name are a list, anywhere in any of the documents. */
interface Shape {
  list: boolean
  children: Map<string, Shape>
}

/**
 * An element that repeats somewhere is a list everywhere: one line item instead of two is a line item less,
 * not a change of structure.
 */
export function alikeLists(documents: readonly JsonValue[]): JsonValue[] {
  const shape: Shape = { list: false, children: new Map() }
  for (const document of documents) learn(shape, document)
  return documents.map((document) => shaped(shape, document))
}

function learn(shape: Shape, value: JsonValue): void {
  if (Array.isArray(value)) {
    shape.list = true
    for (const item of value) learn(shape, item)
  } else if (isObject(value)) {
    for (const [name, inner] of Object.entries(value)) {
      const child = shape.children.get(name) ?? { list: false, children: new Map() }
      shape.children.set(name, child)
      learn(child, inner)
    }
  }
}

function shaped(shape: Shape, value: JsonValue): JsonValue {
  if (!shape.list) return shapedItem(shape, value)
  return (Array.isArray(value) ? value : [value]).map((item) => shapedItem(shape, item))
}

function shapedItem(shape: Shape, value: JsonValue): JsonValue {
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(([name, inner]) => [
    name,
    shaped(shape.children.get(name)!, inner),
  ])
  return Object.fromEntries(entries) as JsonObject
}
