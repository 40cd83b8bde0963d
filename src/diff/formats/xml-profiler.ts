/** Profiles a document while it is read: one node per path, however often its element occurs. */
import { type BuilderContext, PathBuilder } from '../builder.js'
import { repeats, textKey } from '../elements.js'
import { limitExceeded } from '../limits.js'
import { byShortName } from '../names.js'
import { childPath, itemPath, mapPath, root } from '../paths.js'
import { packPlace, unpackPlace } from '../place.js'
import type { Finding, PathProfile, Profile } from '../profile.js'
import { TextToken } from './text-token.js'
import { instanceUri, type XmlName } from './xml-names.js'
import type { XmlAttribute, XmlSink } from './xml-reader.js'

/** One path. */
interface Node {
  builder: PathBuilder
  /** By the keys of their names. */
  children: Map<string, Node>
  text: PathBuilder | null
  /** All children, once they were too many to tell apart. */
  rest: Node | null
  /** The place of the first text between elements, packed. */
  mixed: { at: number; count: number } | null
}

/** One element that is open. */
interface Frame {
  node: Node
  serial: number
  /** Distinct children so far, the positions of the next ones. */
  count: number
  at: number
  text: string
  /** White space and nothing else. */
  blank: boolean
  hasElements: boolean
  /** Counted as an object: not nil, or with attributes beside that. */
  isObject: boolean
  nil: boolean
}

export class XmlProfiler implements XmlSink {
  readonly #root: Node
  /** Frames are used again: a document is a million elements, but few levels deep. */
  readonly #frames: Frame[] = []
  readonly #token = new TextToken()
  #depth = 0
  #serial = 0

  constructor(readonly context: BuilderContext) {
    const start = packPlace(1, 1)
    this.#root = newNode(new PathBuilder(context))
    this.#root.builder.seen = 1
    this.#root.builder.object(start)
    this.#push(this.#root, start)
  }

  open(name: XmlName, attributes: readonly XmlAttribute[], at: number): void {
    const parent = this.#frames[this.#depth - 1]!
    parent.hasElements = true
    const child = this.#child(parent, name.key, at)
    const { builder } = child
    if (child === parent.node.rest) builder.seen++
    else if (builder.occur(parent.serial, parent.count, at)) parent.count++
    const frame = this.#push(child, at)
    let data = 0
    for (const attribute of attributes) if (!isHint(attribute, frame)) data++
    frame.isObject = !frame.nil || data > 0
    if (frame.isObject) builder.object(at)
    else builder.null(at)
    if (data > 0) for (const attribute of attributes) this.#attribute(frame, attribute)
  }

  text(text: string): void {
    const frame = this.#frames[this.#depth - 1]!
    if (frame.text === '' && isBlank(text)) frame.blank = true
    else frame.text += text
  }

  close(): void {
    const frame = this.#frames[--this.#depth]!
    const { node, at, hasElements } = frame
    const text = trim(frame.text)
    if (!frame.isObject) {
      if (!hasElements && text === '') return
      // It says that it is nil, and is not.
      node.builder.object(at)
    }
    if (text !== '' || !hasElements) this.#text(frame, text)
    node.builder.objectEnd(frame.serial, frame.count, at)
    if (hasElements && text !== '') {
      if (node.mixed) node.mixed.count++
      else node.mixed = { at, count: 1 }
    }
  }

  finish(): { root: Profile['root']; findings: Finding[] } {
    const findings: Finding[] = []
    const profile = this.#root.builder.finish(unpackPlace)
    finishNames(profile, this.#root, root, findings)
    return { root: profile, findings }
  }

  #push(node: Node, at: number): Frame {
    const depth = this.#depth++
    let frame = this.#frames[depth]
    if (!frame) {
      frame = {
        node,
        serial: 0,
        count: 0,
        at,
        text: '',
        blank: false,
        hasElements: false,
        isObject: false,
        nil: false,
      }
      this.#frames[depth] = frame
    }
    frame.node = node
    frame.serial = ++this.#serial
    frame.at = at
    frame.count = 0
    frame.text = ''
    frame.blank = frame.hasElements = frame.isObject = frame.nil = false
    return frame
  }

  #child(parent: Frame, key: string, at: number): Node {
    const { node: above } = parent
    const known = above.rest ?? above.children.get(key)
    if (known) return known
    const { limits, seed } = this.context
    if (key.length > limits.keyLength) throw limitExceeded('keyLength', limits, unpackPlace(at))
    this.#token.write(key, seed)
    const builder = above.builder.child(this.#token, false, () => unpackPlace(at))
    const made = newNode(builder)
    if (builder === above.builder.rest) {
      above.rest = made
      above.text = builder
      above.children.clear()
    } else {
      above.children.set(key, made)
    }
    return made
  }

  #attribute(frame: Frame, { name, value }: XmlAttribute): void {
    if (name.uri === instanceUri && hints.has(name.local)) return
    const { builder } = this.#child(frame, name.key, frame.at)
    this.#present(frame, builder)
    this.#token.write(value, this.context.seed)
    builder.field(this.#token, frame.at)
  }

  #text(frame: Frame, text: string): void {
    const { node, at } = frame
    let { text: builder } = node
    if (builder === null) {
      this.#token.write(textKey, this.context.seed)
      // The text of an element is not one more path.
      this.context.paths--
      builder = node.builder.child(this.#token, false, () => unpackPlace(at))
      node.text = builder
    }
    this.#present(frame, builder)
    if (frame.nil && text === '') {
      builder.null(at)
      return
    }
    this.#token.write(text === '' && frame.blank ? ' ' : text, this.context.seed)
    builder.field(this.#token, at)
  }

  #present(frame: Frame, builder: PathBuilder): void {
    if (builder === frame.node.builder.rest) builder.seen++
    else if (builder.present(frame.serial, frame.count)) frame.count++
  }
}

/** Attributes that say how to read a document, not what is in it (XML Schema 1.1 part 1 §2.7); `xsi:type` is data. */
const hints = new Set(['nil', 'schemaLocation', 'noNamespaceSchemaLocation'])

function isHint({ name, value }: XmlAttribute, frame: Frame): boolean {
  if (name.uri !== instanceUri || !hints.has(name.local)) return false
  if (name.local === 'nil') frame.nil = /^\s*(true|1)\s*$/.test(value)
  return true
}

function newNode(builder: PathBuilder): Node {
  return { builder, children: new Map(), text: null, rest: null, mixed: null }
}

/** Gives a profile its local names, and the findings their paths. Bounded by the depth limit. */
function finishNames(profile: PathProfile, node: Node | null, path: string, findings: Finding[]): void {
  if (node?.mixed) {
    const { at, count } = node.mixed
    findings.push({ code: 'mixed-content', path, count, first: unpackPlace(at) })
  }
  const nodes = new Map<PathProfile, Node>()
  for (const [key, child] of profile.children) {
    const uri = /\{(.*)\}$/s.exec(key)?.[1]
    if (uri !== undefined) child.namespace = uri
    const below = node?.children.get(key)
    if (below) nodes.set(child, below)
  }
  profile.children = byShortName(profile.children)
  for (const [key, child] of profile.children) {
    const at = childPath(path, key)
    finishNames(child, nodes.get(child) ?? null, repeats(child) ? itemPath(at) : at, findings)
  }
  if (profile.rest) finishNames(profile.rest, node?.rest ?? null, mapPath(path), findings)
}

function isBlank(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isSpace(text.charCodeAt(i))) return false
  return true
}

/** Without the white space around it, which is layout (as the `collapse` of XML Schema part 2 §4.3.6 has it). */
function trim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return start === 0 && end === text.length ? text : text.slice(start, end)
}

function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 9 || code === 13
}
