/** The elements of one segment: qualifiers, pairs, repetitions, composites; each value typed as it reads. */
import type { Place } from '../../errors.js'
import { chars, classOf, special, Token } from '../token.js'
import { packName, type SegmentReader, unpackName } from './x12-reader.js'
import type { SegmentRule } from './x12-rules.js'
import { Occurrence, type TreeNode } from './x12-tree.js'

/** Whether a component separator is one: never in prose, and a composite is one even without. */
type ElementKind = SegmentRule['kind'] | 'composite'

export class ElementProfiler {
  readonly #token = new Token()
  #scratch = new Uint8Array(256)
  /** The character classes of the separators: texts without them need no search. */
  #componentMask = 0
  #repetitionMask = 0

  constructor(
    readonly reader: SegmentReader,
    readonly seed: number,
    readonly place: () => Place,
  ) {}

  /** A new interchange has its own separators. */
  interchange(): void {
    const { component, repetition } = this.reader.header!
    this.#componentMask = maskOf(component)
    this.#repetitionMask = maskOf(repetition)
  }

  /** The code in an element, packed; 0 when it is missing or not shaped like a code. */
  code(i: number): number {
    const { bytes, starts, count } = this.reader
    return i < count ? Math.max(0, packName(bytes, starts[i]!, starts[i + 1]! - 1, 4)) : 0
  }

  /** All elements of the current segment. What is empty is absent. */
  profile(rule: SegmentRule, segment: Occurrence): void {
    const { count, starts } = this.reader
    const { qualifier, pairs, volatile, composite, kind, elementName } = rule
    for (let i = 1; i < count; i++) {
      const start = starts[i]!
      const end = starts[i + 1]! - 1
      if (start === end || i === qualifier || volatile.has(i)) continue
      if (pairs !== null && i >= pairs[0] && i <= pairs[1]) {
        // The code names the value behind it; where the pair stands says nothing.
        if ((i - pairs[0]) % 2 === 0) continue
        this.#element(
          segment,
          segment.node.named(this.code(i - 1), false, pairName, this.place),
          kind,
          start,
          end,
        )
      } else {
        // The locations and quantities of SDQ are a list of pairs of data.
        const position = rule.id === 'SDQ' && i > 4 ? 4 - (i % 2) : i
        const node = segment.node.element(position, elementName, this.place)
        this.#element(segment, node, composite.has(i) ? 'composite' : kind, start, end)
      }
    }
  }

  /** One element, which may be repeated. */
  #element(segment: Occurrence, node: TreeNode, kind: ElementKind, start: number, end: number): void {
    this.#fill(start, end)
    if (this.#token.length === 0) return
    segment.has(node, segment.at, false)
    if ((this.#token.mask & this.#repetitionMask) === 0) {
      this.#value(node, kind, start, end, segment.at)
      return
    }
    const { bytes, header } = this.reader
    let repetitions = 0
    for (let from = start, to = 0; from <= end; from = to + 1) {
      to = indexIn(bytes, header!.repetition, from, end)
      if (to === from) continue
      this.#fill(from, to)
      this.#value(node, kind, from, to, segment.at)
      repetitions++
    }
    if (repetitions > 1) node.builder.occurred(repetitions)
  }

  /** One value, already in the token, or the components it is made of. */
  #value(node: TreeNode, kind: ElementKind, start: number, end: number, at: number): void {
    const { bytes, header } = this.reader
    const { component } = header!
    const suspect = kind === 'plain' && (this.#token.mask & this.#componentMask) !== 0
    const separated = suspect && indexIn(bytes, component, start, end) < end
    if (kind !== 'composite' && !separated) {
      node.builder.field(this.#token, at)
      return
    }
    const whole = new Occurrence(node, at)
    for (let from = start, to = 0, i = 1; from <= end; from = to + 1, i++) {
      to = indexIn(bytes, component, from, end)
      if (to === from) continue
      this.#fill(from, to)
      const part = node.element(i, String, this.place)
      whole.has(part, at, false)
      part.builder.field(this.#token, at)
    }
    whole.close()
  }

  /** Puts a stretch of the file into the token; line breaks in it are from wrapping the file. */
  #fill(start: number, end: number): void {
    const { bytes } = this.reader
    this.#measure(bytes, start, end)
    if ((this.#token.mask & chars.space) === 0) return
    if (indexIn(bytes, 10, start, end) < end || indexIn(bytes, 13, start, end) < end) {
      const unwrapped = this.#unwrap(start, end)
      this.#measure(this.#scratch, 0, unwrapped)
    }
  }

  #measure(bytes: Uint8Array, start: number, end: number): void {
    const token = this.#token
    token.bytes = bytes
    token.start = start
    token.end = end
    token.measure(this.seed)
  }

  /** Copies without line breaks; how many bytes are left. */
  #unwrap(start: number, end: number): number {
    if (this.#scratch.length < end - start) this.#scratch = new Uint8Array((end - start) * 2)
    let size = 0
    for (let i = start; i < end; i++) {
      const byte = this.reader.bytes[i]!
      if (byte !== 10 && byte !== 13) this.#scratch[size++] = byte
    }
    return size
  }
}

function pairName(code: number): string {
  return `(${codeName(code)})`
}

/** What is no code is not shown: it could be any value. */
export function codeName(code: number): string {
  return code === 0 ? '?' : unpackName(code)
}

function maskOf(delimiter: number): number {
  return delimiter < 0 ? 0 : classOf[delimiter]! & ~special
}

/** The first position of a byte from `start` on, or `end`. */
function indexIn(bytes: Uint8Array, byte: number, start: number, end: number): number {
  let i = start
  while (i < end && bytes[i] !== byte) i++
  return i
}
