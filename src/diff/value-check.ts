/**
 * Asks a contract's predicates of the values of one path. While a file is profiled against a contract every
 * distinct value is asked once; of a profile made without one the values of small sketches are asked. Only
 * counts and places remain.
 */
import { createHash } from 'node:crypto'
import type { Place } from '../errors.js'
import type { Contract, ContractNode } from './contract.js'
import { literalsOf } from './inference.js'
import { objectTests } from './object-check.js'
import { earlierOf } from './place.js'
import type { KeywordTest, Scalar } from './predicates.js'
import type { JsonType, PathProfile } from './profile.js'
import type { ContractSchema } from './report.js'
import { classify, textFormats } from './text-format.js'
import { Token } from './token.js'

/** What the predicates of one contract node said of the values of one path. */
export interface Checked {
  /** The node: {@link ContractNode.pointer}. */
  pointer: string
  failed: { [id: string]: { count: number; first?: Place } }
  /** The tests that could not decide on some value. */
  unknown: string[]
  /** How many objects were asked as a whole. */
  objects: number
}

/** Which contract a profile was checked against. */
export function contractHash(schema: ContractSchema): string {
  return createHash('sha256').update(JSON.stringify(schema)).digest('hex')
}

/** The node that describes what a format's builder starts with: of a table it is the record. */
export function startingNode({ root }: Contract, table: boolean): ContractNode {
  return table && !root.types?.has('object') && root.items ? root.items : root
}

interface Outcome {
  failed: readonly KeywordTest[]
  unknown: readonly KeywordTest[]
}
const clean: Outcome = { failed: [], unknown: [] }

interface Reading {
  value: Scalar
  type: JsonType
}

/** One value against the tests of a node. */
function outcomeOf(node: ContractNode, value: Scalar, spelling: string): Outcome {
  const failed: KeywordTest[] = []
  const unknown: KeywordTest[] = []
  for (const test of node.tests) {
    const verdict = test.test(value, spelling)
    if (verdict === false) failed.push(test)
    else if (verdict === null) unknown.push(test)
  }
  return failed.length + unknown.length === 0 ? clean : { failed, unknown }
}

/** A value of another type than the node has is told by its type alone. */
function accepts(node: ContractNode, { value, type }: Reading): boolean {
  if (node.types === null || node.types.has(type)) return true
  if (type === 'integer') return node.types.has('number')
  return type === 'number' && node.types.has('integer') && Number.isInteger(value)
}

/**
 * A text of a format that has nothing but texts may be meant as a text or as what it reads like: under a
 * type it must pass as one of those the type allows, without one as each of them.
 */
function outcomeOfText(node: ContractNode, text: string): Outcome {
  const readings = readingsOf(text).filter((reading) => accepts(node, reading))
  const outcomes = readings.map(({ value }) => outcomeOf(node, value, text))
  if (node.types !== null) return outcomes.find((outcome) => outcome === clean) ?? outcomes[0] ?? clean
  return {
    failed: outcomes.flatMap((outcome) => outcome.failed),
    unknown: outcomes.flatMap((outcome) => outcome.unknown),
  }
}

function readingsOf(text: string): Reading[] {
  const readings: Reading[] = [{ value: text, type: 'string' }]
  const token = new Token()
  token.bytes = Buffer.from(text)
  token.end = token.bytes.length
  token.measure(0)
  if (token.length === 0 || text.trim() === '') return readings
  const format = textFormats[classify(token)]
  if (format === 'boolean') readings.unshift({ value: text.toLowerCase() === 'true', type: 'boolean' })
  if (format === 'digits' || format === 'decimal') readings.unshift(numberReading(text))
  return readings
}

function numberReading(spelling: string): Reading {
  return { value: Number(spelling), type: /^-?\d+$/.test(spelling) ? 'integer' : 'number' }
}

const memoSize = 2_048
const bounds: ReadonlySet<string> = new Set(['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'])

/** Collects outcomes value by value while a file is read. */
export class ValueCheck {
  readonly #failed = new Map<string, { count: number; at: number }>()
  readonly #unknown = new Set<string>()
  /** What was said of a text, a number and a field, each by its spelling. */
  readonly #memo = [new Map<string, Outcome>(), new Map<string, Outcome>(), new Map<string, Outcome>()]

  readonly #objectTests
  #objects = 0

  constructor(readonly node: ContractNode) {
    this.#objectTests = objectTests(node)
  }

  /** Whether there is anything to ask at a node. */
  static of(node: ContractNode | null): ValueCheck | null {
    if (!node) return null
    // Of numbers the range that is kept anyway decides.
    const typed = node.types !== null && !node.types.has('string')
    const asked = node.tests.some(({ keyword }) => !(typed && bounds.has(keyword)))
    return asked || objectTests(node).length > 0 ? new ValueCheck(node) : null
  }

  /** The end of an object with so many keys. */
  object(keys: number, has: (key: string) => boolean, at: number): void {
    this.#objects++
    for (const { id, fails } of this.#objectTests) if (fails(keys, has)) this.#fail(id, at)
  }

  string(token: Token, at: number): void {
    this.#spelt(0, token, at, (text) => this.#scalar({ value: text, type: 'string' }, text))
  }

  number(token: Token, at: number): void {
    this.#spelt(1, token, at, (text) => this.#scalar(numberReading(text), text))
  }

  /** A text in a format of texts. */
  field(token: Token, at: number): void {
    this.#spelt(2, token, at, (text) => outcomeOfText(this.node, text))
  }

  /** A field without content is a null where the contract has one. */
  emptyField(at: number): void {
    if (!this.node.types?.has('null')) this.#note(outcomeOfText(this.node, ''), at)
  }

  boolean(value: boolean | undefined, at: number): void {
    if (value === undefined) this.unsure(this.node.tests)
    else this.#note(this.#scalar({ value, type: 'boolean' }, ''), at)
  }

  null(at: number): void {
    this.#note(this.#scalar({ value: null, type: 'null' }, ''), at)
  }

  positions(): number[] {
    return [...this.#failed.values()].map(({ at }) => at)
  }

  unsure(tests: readonly KeywordTest[]): void {
    for (const { id } of tests) this.#unknown.add(id)
  }

  finish(toPlace: (at: number) => Place): Checked {
    const failed = [...this.#failed].map(([id, { count, at }]) => [id, { count, first: toPlace(at) }])
    return {
      pointer: this.node.pointer,
      failed: Object.fromEntries(failed),
      unknown: [...this.#unknown],
      objects: this.#objects,
    }
  }

  #scalar(reading: Reading, spelling: string): Outcome {
    return accepts(this.node, reading) ? outcomeOf(this.node, reading.value, spelling) : clean
  }

  #spelt(kind: 0 | 1 | 2, token: Token, at: number, decide: (text: string) => Outcome): void {
    const memo = this.#memo[kind]!
    const text = token.text()
    let outcome = memo.get(text)
    if (outcome === undefined) {
      outcome = decide(text)
      if (memo.size < memoSize) memo.set(text, outcome)
    }
    if (outcome !== clean) this.#note(outcome, at)
  }

  #note({ failed, unknown }: Outcome, at: number): void {
    for (const { id } of failed) this.#fail(id, at)
    this.unsure(unknown)
  }

  #fail(id: string, at: number): void {
    const known = this.#failed.get(id)
    if (known) known.count++
    else this.#failed.set(id, { count: 1, at })
  }
}

/** Whether a contract demands anything that only the values themselves can tell, here or below. */
export function asksValues(node: ContractNode): boolean {
  return somewhere(node, (at) => ValueCheck.of(at) !== null || hasPatterns(at))
}

/** Whether some of a contract is read only when a file shows the keys it is about. */
export function readsKeysLate(node: ContractNode): boolean {
  return somewhere(node, hasPatterns)
}

const hasPatterns = ({ parts }: ContractNode) =>
  parts.object.some(({ schema }) => schema.patternProperties !== undefined)

function somewhere(node: ContractNode, holds: (node: ContractNode) => boolean): boolean {
  return (
    holds(node) ||
    [...node.properties.values()].some((child) => somewhere(child.node, holds)) ||
    (typeof node.rest === 'object' && somewhere(node.rest, holds)) ||
    (node.items !== null && somewhere(node.items, holds))
  )
}

/** What the node's tests say of a path: as it was profiled, else by the values that are known; else null. */
export function checkedValues(
  node: ContractNode,
  file: PathProfile,
  textual: boolean,
  trusted: boolean,
): Checked | null {
  if (trusted && file.checked?.pointer === node.pointer) return file.checked
  return checkLiterals(node, file, textual)
}

/** A profile keeps the values of a path while they are few and short. */
function checkLiterals(node: ContractNode, file: PathProfile, textual: boolean): Checked | null {
  const literals = literalsOf(file.sketch)
  const { types } = file
  const mixed = file.text.count > 0 && types.integer + types.number > 0
  if (literals === null || file.blank > 0 || (mixed && !textual)) return null
  const checked: Checked = { pointer: node.pointer, failed: {}, unknown: [], objects: 0 }
  const note = (outcome: Outcome, count: number, place?: Place) => {
    for (const { id } of outcome.failed) {
      const known = checked.failed[id] ?? { count: 0 }
      checked.failed[id] = { ...known, count: known.count + count }
      const first = earlierOf(known.first, place)
      if (first) checked.failed[id].first = first
    }
    checked.unknown.push(...outcome.unknown.map(({ id }) => id))
  }
  const scalar = (reading: Reading, spelling: string) =>
    accepts(node, reading) ? outcomeOf(node, reading.value, spelling) : clean
  for (const { literal = '', count, place } of file.sketch.entries) {
    if (textual) note(outcomeOfText(node, literal), count, place)
    else if (file.text.count > 0) note(scalar({ value: literal, type: 'string' }, literal), count, place)
    else note(scalar(numberReading(literal), literal), count, place)
  }
  if (file.empty > 0 && !(textual && node.types?.has('null')))
    note(outcomeOfText(node, ''), file.empty, file.places.empty)
  if (textual) return checked
  if (types.null > 0) note(scalar({ value: null, type: 'null' }, ''), types.null, file.places.null)
  if (types.boolean > 0) noteBooleans(node, file, note)
  return checked
}

/** Which of the two occurred is not kept: what both have in common is certain. */
function noteBooleans(
  node: ContractNode,
  file: PathProfile,
  note: (outcome: Outcome, count: number, place?: Place) => void,
): void {
  if (!accepts(node, { value: true, type: 'boolean' })) return
  const [yes, no] = [outcomeOf(node, true, ''), outcomeOf(node, false, '')]
  const failed = yes.failed.filter((test) => no.failed.includes(test))
  const either = [...yes.failed, ...no.failed, ...yes.unknown, ...no.unknown]
  const unknown = either.filter((test) => !failed.includes(test))
  note({ failed, unknown }, file.types.boolean, file.places.boolean)
}

/** Joins what was said of two parts of a path; null unless the same node was asked of both. */
export function mergeChecked(a: Checked | undefined, b: Checked | undefined): Checked | undefined {
  if (!a || !b || a.pointer !== b.pointer) return undefined
  const failed = { ...a.failed }
  for (const [id, { count, first }] of Object.entries(b.failed)) {
    const known = failed[id]
    const place = earlierOf(known?.first, first)
    failed[id] = { count: (known?.count ?? 0) + count, ...(place ? { first: place } : {}) }
  }
  const unknown = [...new Set([...a.unknown, ...b.unknown])]
  return { pointer: a.pointer, failed, unknown, objects: a.objects + b.objects }
}
