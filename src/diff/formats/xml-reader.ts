/** Reads XML with saxes and says what is in it: names in their namespaces, places packed as line and column. */
import { SaxesParser } from 'saxes'
import { DrifthookError, type Place } from '../../errors.js'
import { type DiffLimits, limitExceeded } from '../limits.js'
import { packPlace } from '../place.js'
import { NamespaceScope, type XmlName } from './xml-names.js'

/** What an attribute is, with its value. */
export interface XmlAttribute {
  name: XmlName
  value: string
}

/** Takes the content of a document in its order. `at` is a packed place. */
export interface XmlSink {
  /** Attributes without the declarations of namespaces. */
  open(name: XmlName, attributes: readonly XmlAttribute[], at: number): void
  /** A piece of text, never empty. */
  text(text: string): void
  close(): void
}

/**
 * Reads one document.
 * @throws DrifthookError `FILE_MALFORMED`, `XML_DOCTYPE_REFUSED`, `FILE_EMPTY`, `FILE_LIMIT_EXCEEDED`, with line and column
 */
export function readXml(text: Iterable<string>, sink: XmlSink, limits: DiffLimits): void {
  const reader = new Reader(sink, limits)
  for (const piece of text) reader.write(piece)
  reader.write(null)
}

const none: readonly XmlAttribute[] = []

class Reader {
  // No positions in its messages: errors have a place of their own.
  readonly parser = new SaxesParser({ position: false })
  readonly #scope = new NamespaceScope()
  #depth = 0
  /** The attributes of the tag that is being read, as written. */
  #given: { name: string; value: string }[] = []
  #at = 0

  constructor(
    readonly sink: XmlSink,
    readonly limits: DiffLimits,
  ) {
    const { parser } = this
    // Without a handler for errors it throws them. One handler more and V8 keeps the parser's properties in a
    // hash table (more than twelve were added by computed names), which makes it five times slower.
    parser.on('doctype', (text) => this.#refuseDoctype(text))
    parser.on('opentagstart', (tag) => this.#start(tag.name))
    parser.on('attribute', (attribute) => this.#given.push(attribute))
    parser.on('opentag', (tag) => this.#open(tag.name))
    parser.on('closetag', () => this.#close())
    const onText = (text: string) => {
      if (this.#depth > 0 && text !== '') sink.text(text)
    }
    parser.on('text', onText)
    parser.on('cdata', onText)
  }

  /** The next piece; null: there is no more. */
  write(piece: string | null): void {
    try {
      this.parser.write(piece)
    } catch (error) {
      // The parser's own are plain errors.
      if (!(error instanceof Error) || error.constructor !== Error) throw error
      this.#fail(messageOf(error))
    }
  }

  #start(name: string): void {
    const { line, column } = this.parser
    // Behind the name and one more character. A name that ends its line is placed at the next one.
    this.#at = packPlace(line, Math.max(1, column - name.length - 1))
    if (++this.#depth > this.limits.depth) throw limitExceeded('depth', this.limits, this.#place())
  }

  #open(tag: string): void {
    const attributes = this.#given.length === 0 ? none : this.#attributes()
    const name = this.#scope.element(tag)
    if (name === null) this.#fail('The name is malformed or its prefix is not declared')
    this.sink.open(name, attributes, this.#at)
  }

  /** Declarations hold for all of their element, so they go first. */
  #attributes(): readonly XmlAttribute[] {
    const given = this.#given
    this.#given = []
    for (const { name, value } of given) {
      const error = isDeclaration(name) ? this.#scope.declare(name, value, this.#depth) : null
      if (error !== null) this.#fail(error)
    }
    const attributes: XmlAttribute[] = []
    let prefixed = 0
    for (const { name: raw, value } of given) {
      if (isDeclaration(raw)) continue
      const name = this.#scope.attribute(raw)
      if (name === null) this.#fail('The name of an attribute is malformed or its prefix is not declared')
      if (name.uri !== '') prefixed++
      attributes.push({ name, value })
    }
    // Equal names were refused; two prefixes of one namespace make equal ones too (§6.3).
    if (prefixed > 1 && new Set(attributes.map(({ name }) => name.key)).size < attributes.length) {
      this.#fail('The element has an attribute twice')
    }
    return attributes
  }

  #close(): void {
    this.#scope.leave(this.#depth--)
    this.sink.close()
  }

  #refuseDoctype(text: string): never {
    const lines = text.split(/\r\n?|\n/).length - 1
    const { line, column } = this.parser
    const place = { line: line - lines, column: lines > 0 ? 1 : Math.max(1, column - text.length - 9) }
    const message = 'A document type is not read: it can define entities, which are not expanded.'
    throw new DrifthookError('XML_DOCTYPE_REFUSED', message, { place })
  }

  #fail(message: string): never {
    const { line, column } = this.parser
    const place = { line, column: Math.max(1, column) }
    throw new DrifthookError('FILE_MALFORMED', `The file is not well-formed XML: ${message}.`, { place })
  }

  #place(): Place {
    const { line, column } = this.parser
    return { line, column: Math.max(1, column) }
  }
}

function isDeclaration(name: string): boolean {
  return name.startsWith('xmlns') && (name.length === 5 || name[5] === ':')
}

/** The parser's words without what they quote of the file. */
function messageOf(error: Error): string {
  return error.message.replace(/:.*$/s, '').replace(/\.$/, '')
}
