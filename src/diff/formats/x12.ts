/**
 * X12. The root is an object of transaction sets (`850`); below are loops and segments, below them elements:
 * `850.PO1[].PO102`. Codes that carry the meaning are part of the path: `850.N1[ST].N102`,
 * `850.PO1[].(VN)` for the value of a pair. An element without content is absent, as X12 spells both alike
 * (X12.5: trailing separators are left out).
 */
import type { Place } from '../../errors.js'
import { BuilderContext, PathBuilder } from '../builder.js'
import { limitExceeded } from '../limits.js'
import { earlier, placesAt } from '../place.js'
import type { PathProfile, Profile } from '../profile.js'
import { chars, classOf, special, Token } from '../token.js'
import type { Detection, Format, ProfileOptions } from './registry.js'
import { Envelope } from './x12-envelope.js'
import { LoopStack } from './x12-loops.js'
import {
  packName,
  readHeader,
  SegmentReader,
  startsInterchange,
  unpackName,
  unpackPosition,
} from './x12-reader.js'
import { ruleOf, type SegmentRule } from './x12-rules.js'
import { Occurrence, TreeNode } from './x12-tree.js'

export const x12: Format = { name: 'x12', detect, profile }

/** X12 shows itself by its ISA segment. */
function detect(head: Uint8Array): Detection | null {
  let at = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0
  while (at < head.length && (classOf[head[at]!]! & chars.space) !== 0) at++
  if (!startsInterchange(head, at)) return null
  return readHeader(head, at)
    ? { confidence: 0.98, evidence: 'starts with an X12 interchange header' }
    : { confidence: 0.5, evidence: 'starts with ISA as X12 does, but not with all of its elements' }
}

function profile(bytes: Uint8Array, options: ProfileOptions): Profile {
  const profiler = new InterchangeProfiler(new SegmentReader(bytes, options.limits), options)
  profiler.read()
  return profiler.finish()
}

/** Between ISA and IEA, and outside of groups: acknowledgements and security. */
const service: ReadonlySet<string> = new Set(['TA1', 'TA3', 'ISB', 'ISE'])

class InterchangeProfiler {
  readonly #context: BuilderContext
  readonly #root: PathBuilder
  readonly #file: Occurrence
  readonly #envelope: Envelope
  readonly #token = new Token()
  readonly #versions: Profile['dialect'] = {}
  readonly #place = (): Place => unpackPosition(this.reader.at)
  #loops: LoopStack | null = null
  #serial = 1
  #scratch = new Uint8Array(256)
  /** The character classes of the component and repetition separators: texts without them need no search. */
  #componentMask = 0
  #repetitionMask = 0

  constructor(
    readonly reader: SegmentReader,
    readonly options: ProfileOptions,
  ) {
    this.#context = new BuilderContext(options.key, options.limits, unpackPosition)
    this.#root = new PathBuilder(this.#context)
    this.#root.seen = 1
    this.#file = new Occurrence(new TreeNode(this.#root), this.#serial, 0)
    this.#envelope = new Envelope(reader)
  }

  read(): void {
    const { reader } = this
    let over = false
    while (reader.next()) {
      if (reader.id < 0 || (over && unpackName(reader.id) !== 'ISA')) {
        if (!over) throw reader.error('A segment has no identifier')
        this.#envelope.note('trailing-data')
        break
      }
      const rule = ruleOf(reader.id)
      over = rule.id === 'IEA'
      if (!reader.terminated && !over) throw reader.error('The file is cut off inside a segment')
      this.#segment(rule)
    }
    this.#leaveSet()
    this.#envelope.end()
  }

  finish(): Profile {
    this.#file.close()
    const positions = [...this.#root.positions(), ...this.#envelope.positions()]
    const places = placesAt(this.reader.bytes, new Set(positions.map((at) => unpackPosition(at).byte)))
    const toPlace = (at: number): Place => {
      const { segment, byte } = unpackPosition(at)
      return segment === 0 ? places.get(byte)! : { ...places.get(byte)!, segment }
    }
    const seen = this.#root.finish(toPlace)
    joinNumbers(seen)
    return { format: 'x12', dialect: this.#versions, root: seen, findings: this.#envelope.findings(toPlace) }
  }

  #segment(rule: SegmentRule): void {
    const envelope = this.#envelope
    switch (rule.id) {
      case 'ISA':
        this.#leaveSet()
        envelope.openInterchange()
        this.#componentMask = maskOf(this.reader.header!.component)
        this.#repetitionMask = maskOf(this.reader.header!.repetition)
        break
      case 'GS':
        this.#leaveSet()
        envelope.openGroup()
        break
      case 'ST':
        this.#leaveSet()
        this.#openSet()
        break
      case 'SE':
        this.#leaveSet()
        envelope.closeSet()
        break
      case 'GE':
        this.#leaveSet()
        envelope.closeGroup()
        break
      case 'IEA':
        this.#leaveSet()
        envelope.closeInterchange()
        break
      default:
        if (!envelope.inSet && service.has(rule.id)) break
        envelope.segment(rule.id)
        this.#body(rule, this.#loops!)
    }
  }

  #openSet(): void {
    const { id, version } = this.#envelope.openSet()
    const dialect = `version ${id}`
    this.#versions[dialect] = (this.#versions[dialect] ?? version) === version ? version : null
    const node = this.#file.node.named(packSet(id), false, () => id, this.#place)
    const at = this.reader.at
    this.#file.has(node, at, false)
    this.#loops = new LoopStack(id, new Occurrence(node, ++this.#serial, at))
  }

  #leaveSet(): void {
    this.#loops?.closeAll()
    this.#loops = null
  }

  /** A segment of a transaction set. */
  #body(rule: SegmentRule, loops: LoopStack): void {
    const { reader } = this
    const isLevel = rule.id === 'HL'
    if (rule.id === 'LE') {
      loops.leave()
      return
    }
    const parent = loops.place(rule, isLevel ? reader.text(2) : '')
    const at = reader.at
    const node = this.#node(parent.node, rule)
    const opens = isLevel || rule.id === 'LS' || loops.opens(rule) !== null
    parent.has(node, at, !isLevel && rule.id !== 'LS')
    const occurrence = new Occurrence(node, ++this.#serial, at)
    this.#elements(rule, occurrence, at)
    if (!opens) {
      occurrence.close()
      return
    }
    loops.push(rule, occurrence, isLevel ? reader.text(1) : '')
    if (loops.depth > this.options.limits.depth) {
      throw limitExceeded('depth', this.options.limits, unpackPosition(at))
    }
  }

  #node(parent: TreeNode, rule: SegmentRule): TreeNode {
    const { reader } = this
    // Three characters of the identifier and four of the code: 49 bits.
    const id = reader.id * 2 ** 28
    if (rule.qualifier === 0) return parent.named(id, rule.repeats, () => rule.id, this.#place)
    const code = Math.max(0, this.#code(rule.qualifier))
    const name = () => `${rule.id}[${code === 0 ? '?' : unpackName(code)}]`
    return parent.named(id + code, false, name, this.#place)
  }

  /** An element as a code, packed; -1 when it is missing or none. */
  #code(i: number): number {
    const { reader } = this
    return i < reader.count ? packName(reader.bytes, reader.starts[i]!, reader.starts[i + 1]! - 1, 4) : -1
  }

  #elements(rule: SegmentRule, segment: Occurrence, at: number): void {
    const { count, starts } = this.reader
    const { qualifier, pairs, volatile, composite } = rule
    const name = (i: number) => rule.id + String(i).padStart(2, '0')
    for (let i = 1; i < count; i++) {
      const start = starts[i]!
      const end = starts[i + 1]! - 1
      if (start === end || i === qualifier || volatile.has(i)) continue
      if (pairs !== null && i >= pairs[0] && i <= pairs[1]) {
        // The code names the value behind it; where the pair stands says nothing.
        if ((i - pairs[0]) % 2 === 0) continue
        const code = Math.max(0, this.#code(i - 1))
        const pair = () => `(${code === 0 ? '?' : unpackName(code)})`
        this.#element(
          segment,
          segment.node.named(code, false, pair, this.#place),
          rule,
          false,
          start,
          end,
          at,
        )
      } else {
        // The locations and quantities of SDQ are a list of pairs of data.
        const position = rule.id === 'SDQ' && i > 4 ? 4 - (i % 2) : i
        const node = segment.node.element(position, name, this.#place)
        this.#element(segment, node, rule, composite.has(i), start, end, at)
      }
    }
  }

  /** One element, which may be repeated. */
  #element(
    segment: Occurrence,
    node: TreeNode,
    rule: SegmentRule,
    composite: boolean,
    start: number,
    end: number,
    at: number,
  ): void {
    const { bytes, header } = this.reader
    this.#fill(start, end)
    if (this.#token.length === 0) return
    segment.has(node, at, false)
    if ((this.#token.mask & this.#repetitionMask) === 0) {
      this.#value(node, rule, composite, start, end, at)
      return
    }
    let repetitions = 0
    for (let from = start, to = 0; from <= end; from = to + 1) {
      to = indexIn(bytes, header!.repetition, from, end)
      if (to === from) continue
      this.#fill(from, to)
      this.#value(node, rule, composite, from, to, at)
      repetitions++
    }
    if (repetitions > 1) node.builder.arrayEnd(repetitions)
  }

  /** One value, already in the token, or the components it is made of. */
  #value(
    node: TreeNode,
    rule: SegmentRule,
    composite: boolean,
    start: number,
    end: number,
    at: number,
  ): void {
    const { bytes, header } = this.reader
    const { component } = header!
    const separated =
      !rule.prose &&
      (this.#token.mask & this.#componentMask) !== 0 &&
      indexIn(bytes, component, start, end) < end
    if (!composite && !separated) {
      node.builder.field(this.#token, at)
      return
    }
    const whole = new Occurrence(node, ++this.#serial, at)
    for (let from = start, to = 0, i = 1; from <= end; from = to + 1, i++) {
      to = indexIn(bytes, component, from, end)
      if (to === from) continue
      this.#fill(from, to)
      const part = node.element(i, String, this.#place)
      whole.has(part, at, false)
      part.builder.field(this.#token, at)
    }
    whole.close()
  }

  /** Puts a stretch of the file into the token; line breaks in it are from wrapping the file. */
  #fill(start: number, end: number): void {
    const token = this.#token
    const { bytes } = this.reader
    token.bytes = bytes
    token.start = start
    token.end = end
    token.measure(this.#context.seed)
    if ((token.mask & chars.space) === 0) return
    if (indexIn(bytes, 10, start, end) < end || indexIn(bytes, 13, start, end) < end) this.#unwrap(start, end)
  }

  #unwrap(start: number, end: number): void {
    if (this.#scratch.length < end - start) this.#scratch = new Uint8Array((end - start) * 2)
    let size = 0
    for (let i = start; i < end; i++) {
      const byte = this.reader.bytes[i]!
      if (byte !== 10 && byte !== 13) this.#scratch[size++] = byte
    }
    this.#token.bytes = this.#scratch
    this.#token.start = 0
    this.#token.end = size
    this.#token.measure(this.#context.seed)
  }
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

function packSet(id: string): number {
  return [...id].reduce((code, char) => code * 128 + char.charCodeAt(0), 0)
}

/** X12 leaves a decimal point out where nothing follows it, so that integers are no type of their own. */
function joinNumbers(path: PathProfile): void {
  const { types, places } = path
  types.number += types.integer
  types.integer = 0
  if (places.integer) places.number = places.number ? earlier(places.integer, places.number) : places.integer
  delete places.integer
  for (const child of path.children.values()) joinNumbers(child)
  if (path.items) joinNumbers(path.items)
  if (path.rest) joinNumbers(path.rest)
}
