/**
 * X12. The root is an object of transaction sets (`850`); below are loops and segments, below them elements:
 * `850.PO1[].PO102`. Codes that carry the meaning are part of the path: `850.N1[ST].N102`,
 * `850.PO1[].(VN)` for the value of a pair. An element without content is absent, as X12 spells both alike
 * (X12.6: what is empty at the end of a segment is left out).
 */
import type { Place } from '../../errors.js'
import { BuilderContext, PathBuilder } from '../builder.js'
import { limitExceeded } from '../limits.js'
import { earlier, placesAt } from '../place.js'
import type { PathProfile, Profile } from '../profile.js'
import { chars, classOf } from '../token.js'
import type { Detection, Format, ProfileOptions } from './registry.js'
import { codeName, ElementProfiler } from './x12-elements.js'
import { Envelope } from './x12-envelope.js'
import { LoopStack } from './x12-loops.js'
import { readHeader, SegmentReader, startsInterchange, unpackName, unpackPosition } from './x12-reader.js'
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

/** Outside of transaction sets: acknowledgements and security. */
const service: ReadonlySet<string> = new Set(['TA1', 'TA3', 'ISB', 'ISE'])

class InterchangeProfiler {
  readonly #root: PathBuilder
  readonly #file: Occurrence
  readonly #envelope: Envelope
  readonly #elements: ElementProfiler
  readonly #versions: Profile['dialect'] = {}
  readonly #place = (): Place => unpackPosition(this.reader.at)
  /** What the segments of the envelope do. Each of them ends a transaction set that is still open. */
  readonly #turns: ReadonlyMap<string, () => void> = new Map([
    ['ISA', () => this.#openInterchange()],
    ['GS', () => this.#envelope.openGroup()],
    ['ST', () => this.#openSet()],
    ['SE', () => this.#envelope.closeSet()],
    ['GE', () => this.#envelope.closeGroup()],
    ['IEA', () => this.#envelope.closeInterchange()],
  ])
  #loops: LoopStack | null = null

  constructor(
    readonly reader: SegmentReader,
    readonly options: ProfileOptions,
  ) {
    const context = new BuilderContext(options.key, options.limits, unpackPosition)
    this.#root = new PathBuilder(context)
    this.#root.seen = 1
    this.#file = new Occurrence(new TreeNode(this.#root), 0)
    this.#envelope = new Envelope(reader)
    this.#elements = new ElementProfiler(reader, context.seed, this.#place)
  }

  read(): void {
    const { reader } = this
    let over = false
    while (reader.next()) {
      const name = reader.id < 0 ? '' : unpackName(reader.id)
      if (over && name !== 'ISA') {
        this.#envelope.note('trailing-data')
        break
      }
      if (name === '') throw reader.error('A segment has no identifier')
      over = name === 'IEA'
      if (!reader.terminated && !over) throw reader.error('The file is cut off inside a segment')
      this.#segment(name)
    }
    this.#leaveSet()
    this.#envelope.end()
  }

  finish(): Profile {
    this.#file.close()
    const positions = [...this.#root.positions(), ...this.#envelope.positions()]
    const places = placesAt(
      this.reader.bytes,
      positions.map((at) => unpackPosition(at).byte),
    )
    const toPlace = (at: number): Place => {
      const { segment, byte } = unpackPosition(at)
      return segment === 0 ? places(byte) : { ...places(byte), segment }
    }
    const seen = this.#root.finish(toPlace)
    joinNumbers(seen)
    return { format: 'x12', dialect: this.#versions, root: seen, findings: this.#envelope.findings(toPlace) }
  }

  #segment(name: string): void {
    const turn = this.#turns.get(name)
    if (turn) {
      this.#leaveSet()
      turn()
    } else if (this.#envelope.inSet || !service.has(name)) {
      this.#envelope.segment(name)
      this.#body(ruleOf(this.reader.id), this.#loops!)
    }
  }

  #openInterchange(): void {
    this.#envelope.openInterchange()
    this.#elements.interchange()
  }

  #openSet(): void {
    const { id, version } = this.#envelope.openSet()
    const dialect = `version ${id}`
    this.#versions[dialect] = (this.#versions[dialect] ?? version) === version ? version : null
    const node = this.#file.node.named(packSet(id), false, unpackName, this.#place)
    const { at } = this.reader
    this.#file.has(node, at, false)
    this.#loops = new LoopStack(id, new Occurrence(node, at))
  }

  #leaveSet(): void {
    this.#loops?.closeAll()
    this.#loops = null
  }

  /** A segment of a transaction set. */
  #body(rule: SegmentRule, loops: LoopStack): void {
    const { reader } = this
    if (rule.id === 'LE') {
      loops.leave()
      return
    }
    const isLevel = rule.id === 'HL'
    const parent = loops.place(rule, isLevel ? reader.text(2) : '')
    const encloses = isLevel || rule.id === 'LS'
    const { at } = reader
    const code = rule.qualifier === 0 ? 0 : this.#elements.code(rule.qualifier)
    const node = parent.node.named(reader.id * codeBase + code, rule.repeats, segmentName, this.#place)
    parent.has(node, at, !encloses)
    const segment = new Occurrence(node, at)
    this.#elements.profile(rule, segment)
    if (!encloses && loops.opens(rule) === null) {
      segment.close()
      return
    }
    loops.push(rule, segment, isLevel ? reader.text(1) : '')
    if (loops.depth > this.options.limits.depth) {
      throw limitExceeded('depth', this.options.limits, this.#place())
    }
  }
}

/** Above the four characters of a code stands the identifier of its segment: 49 bits in all. */
const codeBase = 2 ** 28

function segmentName(packed: number): string {
  const { id, qualifier } = ruleOf(Math.floor(packed / codeBase))
  return qualifier === 0 ? id : `${id}[${codeName(packed % codeBase)}]`
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
