/** Qualified names resolved to namespaces while a document is read (Namespaces in XML 1.0). */

const xmlUri = 'http://www.w3.org/XML/1998/namespace'
const xmlnsUri = 'http://www.w3.org/2000/xmlns/'
export const instanceUri = 'http://www.w3.org/2001/XMLSchema-instance'

export interface XmlName {
  local: string
  /** Empty: none. */
  uri: string
  /** `line{urn:example:orders}`, or just the local name; `@` before those of attributes. */
  key: string
}

/** So many names are kept resolved; a document of more different ones is read, only slower. */
const remembered = 10_000

/**
 * The declarations in scope. Kept by prefix with what to go back to, so that looking one up costs the same
 * however deep the document is.
 */
export class NamespaceScope {
  readonly #uris = new Map([
    ['', ''],
    ['xml', xmlUri],
  ])
  /** What each open element that declares prefixes replaced. */
  readonly #undo: { depth: number; prefix: string; uri: string | undefined }[] = []
  readonly #elements = new Map<string, XmlName>()
  readonly #attributes = new Map<string, XmlName>()

  /** Takes one `xmlns` or `xmlns:prefix` attribute. An error in words, or null. */
  declare(name: string, value: string, depth: number): string | null {
    const prefix = name.slice(6)
    const uri = value.trim()
    if (prefix === 'xmlns' || uri === xmlnsUri) return 'The namespace of xmlns may not be declared'
    if ((prefix === 'xml') !== (uri === xmlUri)) return 'The namespace of xml may not be changed'
    const isDefault = name === 'xmlns'
    if (!isDefault && (uri === '' || !isNcName(prefix))) return 'A prefix needs a name and a namespace'
    this.#undo.push({ depth, prefix, uri: this.#uris.get(prefix) })
    this.#uris.set(prefix, uri)
    this.#forget()
    return null
  }

  /** The end of an element at a depth. */
  leave(depth: number): void {
    for (let last = this.#undo.at(-1); last?.depth === depth; last = this.#undo.at(-1)) {
      this.#undo.pop()
      if (last.uri === undefined) this.#uris.delete(last.prefix)
      else this.#uris.set(last.prefix, last.uri)
      this.#forget()
    }
  }

  /** Null: the name is malformed or its prefix is not declared. */
  element(name: string): XmlName | null {
    return this.#elements.get(name) ?? this.#resolve(name, this.#elements, '')
  }

  /** Attributes without a prefix are in no namespace (§6.2). */
  attribute(name: string): XmlName | null {
    return this.#attributes.get(name) ?? this.#resolve(name, this.#attributes, '@')
  }

  #resolve(name: string, known: Map<string, XmlName>, mark: string): XmlName | null {
    const colon = name.indexOf(':')
    const prefix = colon < 0 ? '' : name.slice(0, colon)
    const local = name.slice(colon + 1)
    if (colon === 0 || !isNcName(local)) return null
    const uri = prefix === '' && mark === '@' ? '' : this.#uris.get(prefix)
    if (uri === undefined) return null
    const resolved = { local, uri, key: mark + (uri === '' ? local : `${local}{${uri}}`) }
    if (known.size >= remembered) known.clear()
    known.set(name, resolved)
    return resolved
  }

  #forget(): void {
    if (this.#elements.size > 0) this.#elements.clear()
    if (this.#attributes.size > 0) this.#attributes.clear()
  }
}

/** What the parser took for a name, and is one without a colon too. */
function isNcName(name: string): boolean {
  return name !== '' && !name.includes(':') && !/^[-.\d\u00b7\u203f\u2040\p{M}]/u.test(name)
}
