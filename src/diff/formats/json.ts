import { BuilderContext, PathBuilder } from '../builder.js'
import { childPath, itemPath, root } from '../paths.js'
import { placeAt, placesAt } from '../place.js'
import { emptyPath, type Finding, type Profile } from '../profile.js'
import type { Token } from '../token.js'
import { type JsonSink, scanJson } from './json-scanner.js'
import type { Detection, Format, ProfileOptions } from './registry.js'

export const json: Format = { name: 'json', detect, profile }

const decoder = new TextDecoder()

/** JSON shows itself by how its first container starts; a lone scalar could be anything. */
function detect(head: Uint8Array): Detection | null {
  const text = decoder.decode(head.subarray(0, 4_096)).trimStart()
  if (/^\{\s*("|\}|$)/.test(text)) return { confidence: 0.95, evidence: 'starts like a JSON object' }
  if (/^\[\s*(["{[\]-]|\d|true|false|null|$)/.test(text)) {
    return { confidence: 0.95, evidence: 'starts like a JSON array' }
  }
  if (/^[{[]/.test(text))
    return { confidence: 0.3, evidence: 'starts with a bracket, but not as JSON goes on' }
  if (/^("[^"\n]*"|true|false|null|-?\d+)\s*$/.test(text))
    return { confidence: 0.3, evidence: 'a lone value' }
  return null
}

function profile(bytes: Uint8Array, options: ProfileOptions): Profile {
  const context = new BuilderContext(options.key, options.limits, undefined, options.expected)
  const sink = new ProfilingSink(bytes, context)
  scanJson(bytes, sink, { limits: options.limits, seed: context.seed, lines: true })
  return sink.finish()
}

class ProfilingSink implements JsonSink {
  readonly #root: PathBuilder
  #documents = 0
  /** The node of the value that comes next. */
  #node: PathBuilder
  /** The open containers; beside them what belongs to each. */
  #open: PathBuilder[] = []
  #starts: number[] = []
  #serials: number[] = []
  #counts: number[] = []
  /** The key before, in the innermost object: what followed it last time is expected again. */
  #previous: (PathBuilder | null)[] = []
  #depth = -1
  #serial = 0
  /** Keys that occurred twice in one object. */
  #twice = new Map<PathBuilder, { path: string; count: number; at: number }>()

  constructor(
    readonly bytes: Uint8Array,
    readonly context: BuilderContext,
  ) {
    this.#root = new PathBuilder(context)
    this.#node = this.#root
  }

  document(): void {
    this.#documents++
    this.#node = this.#root
    this.#root.seen++
  }

  expectKey(bytes: Uint8Array, start: number): number {
    const previous = this.#previous[this.#depth]
    const guess = previous ? previous.next : this.#open[this.#depth]!.children[0]
    if (!guess?.plain) return -1
    const { key } = guess
    const size = key.length
    if (bytes[start + size] !== 34) return -1
    for (let i = 0; i < size; i++) if (key[i] !== bytes[start + i]) return -1
    this.#enter(guess, start - 1)
    return size
  }

  key(token: Token, plain: boolean, at: number): void {
    const depth = this.#depth
    const parent = this.#open[depth]!
    const child = parent.child(token, plain, () => placeAt(this.bytes, at))
    if (child === parent.rest) {
      child.seen++
      this.#previous[depth] = null
      this.#node = child
      return
    }
    const previous = this.#previous[depth]
    if (previous) previous.next = child
    this.#enter(child, at)
  }

  #enter(child: PathBuilder, at: number): void {
    const depth = this.#depth
    this.#previous[depth] = child
    if (child.present(this.#serials[depth]!, this.#counts[depth]!)) this.#counts[depth]!++
    else this.#repeated(at, child)
    this.#node = child
  }

  string(token: Token, at: number): void {
    this.#value().string(token, at)
  }

  number(token: Token, at: number): void {
    this.#value().number(token, at)
  }

  boolean(value: boolean, at: number): void {
    this.#value().boolean(at, value)
  }

  null(at: number): void {
    this.#value().null(at)
  }

  openObject(at: number): void {
    const node = this.#value()
    node.object(at)
    this.#push(node, at, ++this.#serial)
  }

  closeObject(): void {
    const depth = this.#depth--
    this.#open[depth]!.objectEnd(this.#serials[depth]!, this.#counts[depth]!, this.#starts[depth]!)
  }

  openArray(at: number): void {
    const node = this.#value()
    node.array(at)
    this.#push(node, at, 0)
  }

  closeArray(): void {
    const depth = this.#depth--
    this.#open[depth]!.arrayEnd(this.#counts[depth]!)
  }

  finish(): Profile {
    const positions = this.#root.positions()
    for (const { at } of this.#twice.values()) positions.push(at)
    const toPlace = placesAt(this.bytes, positions)
    const seen = this.#root.finish(toPlace)
    const findings = [...this.#twice.values()].map(
      ({ path, count, at }): Finding => ({ code: 'duplicate-key', path, count, first: toPlace(at) }),
    )
    const lines = this.#documents > 1
    if (!lines) return { format: 'json', dialect: { lines }, root: seen, findings }
    // JSON lines are profiled like the array of their documents: the same records, the same paths.
    const array = emptyPath()
    array.seen = 1
    array.types.array = 1
    array.length = { min: this.#documents, max: this.#documents }
    array.items = seen
    array.places = { array: { line: 1, column: 1, byte: 0 } }
    const moved = findings.map((f) => ({
      ...f,
      path: f.path.startsWith('[]') ? `[]${f.path}` : `[].${f.path}`,
    }))
    return { format: 'json', dialect: { lines }, root: array, findings: moved }
  }

  /** The node a value belongs to; inside an array it is the item, which is counted here. */
  #value(): PathBuilder {
    const depth = this.#depth
    if (depth < 0 || this.#serials[depth] !== 0) return this.#node
    const array = this.#open[depth]!
    this.#counts[depth]!++
    const items = array.items ?? this.#firstItem(array, this.#starts[depth]!)
    items.seen++
    return items
  }

  #firstItem(array: PathBuilder, at: number): PathBuilder {
    return array.itemNode(() => placeAt(this.bytes, at))
  }

  #push(node: PathBuilder, at: number, serial: number): void {
    const depth = ++this.#depth
    this.#open[depth] = node
    this.#starts[depth] = at
    this.#serials[depth] = serial
    this.#counts[depth] = 0
    this.#previous[depth] = null
  }

  /** RFC 8259 §4 leaves it to the reader which of two equal keys counts: both are profiled, and it is noted. */
  #repeated(at: number, child: PathBuilder): void {
    const known = this.#twice.get(child)
    if (known) {
      known.count++
      return
    }
    let path = root
    for (let depth = 0; depth <= this.#depth; depth++) {
      const isArray = this.#serials[depth] === 0
      const node = depth === this.#depth ? child : this.#open[depth + 1]!
      const parent = this.#open[depth]!
      if (isArray) path = itemPath(path)
      else if (node === parent.rest) path = path === root ? '{*}' : `${path}.{*}`
      else path = childPath(path, Buffer.from(node.key).toString())
    }
    this.#twice.set(child, { path, count: 1, at })
  }
}
