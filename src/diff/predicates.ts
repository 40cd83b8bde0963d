/**
 * What a JSON Schema says of one value that is not a container, exactly: every keyword of the 2020-12
 * validation and applicator vocabularies that can reject such a value. The keywords about objects and arrays
 * hold for it by definition (Validation §6), so combinations (`anyOf`, `not`, …) are decided too.
 */
import { patternTest } from './ecma-pattern.js'
import { isRecord } from './evidence.js'
import { follow, type ReadContext } from './references.js'
import type { ContractSchema } from './report.js'
import { formatTest } from './value-formats.js'

export type Scalar = string | number | boolean | null
/** Null: not decided. */
export type Verdict = boolean | null
/** @param spelling the number as it stands in the file: more digits than a JavaScript number keeps */
export type Predicate = (value: Scalar, spelling: string) => Verdict

/** One keyword that a value can fail. */
export interface KeywordTest {
  /** Where the keyword stands, from its node: `pattern`, `allOf/0/pattern`. */
  id: string
  keyword: string
  /** The keyword's value. */
  limit: unknown
  test: Predicate
}

/** The tests of a schema. `allOf` and `$ref` are looked into; the type is compared by counts, elsewhere. */
export function keywordTests(
  raw: unknown,
  context: ReadContext,
  path: readonly string[] = [],
): KeywordTest[] {
  if (!isRecord(raw)) return []
  const tests: KeywordTest[] = []
  for (const [keyword, limit] of Object.entries(raw)) {
    const here = [...path, keyword]
    if (keyword === 'type') continue
    if (keyword === 'allOf' && Array.isArray(limit)) {
      for (const [i, part] of limit.entries()) tests.push(...keywordTests(part, context, [...here, `${i}`]))
      continue
    }
    const next = keyword === '$ref' ? follow(limit, context) : null
    if (next) {
      tests.push(...keywordTests(next.target, next.context, here))
      continue
    }
    const test = keywordPredicate(keyword, limit, raw, context)
    if (test) tests.push({ id: here.join('/'), keyword, limit, test })
  }
  return tests
}

/** A whole schema as one predicate. */
export function schemaPredicate(raw: unknown, context: ReadContext): Predicate {
  if (!isRecord(raw)) return () => (typeof raw === 'boolean' ? raw : null)
  const tests = Object.entries(raw).flatMap(([keyword, limit]) => {
    const test = keywordPredicate(keyword, limit, raw, context)
    return test ? [test] : []
  })
  return every(tests)
}

function keywordPredicate(
  keyword: string,
  limit: unknown,
  raw: ContractSchema,
  context: ReadContext,
): Predicate | null {
  const make = Object.hasOwn(keywords, keyword) ? keywords[keyword]! : null
  return make ? make(limit, raw, context) : null
}

type Maker = (limit: unknown, raw: ContractSchema, context: ReadContext) => Predicate | null

const undecided: Predicate = () => null
const numeric =
  (holds: (value: number, limit: number) => boolean): Maker =>
  (limit) =>
    typeof limit === 'number' ? (value) => typeof value !== 'number' || holds(value, limit) : () => null
const textual =
  (holds: (length: number, limit: number) => boolean): Maker =>
  (limit) =>
    typeof limit === 'number'
      ? (value) => typeof value !== 'string' || holds([...value].length, limit)
      : () => null
const listed =
  (join: (alternatives: readonly Predicate[]) => Predicate): Maker =>
  (list, _, context) =>
    Array.isArray(list) ? join(list.map((part) => schemaPredicate(part, context))) : () => null

const keywords: Readonly<Record<string, Maker>> = {
  type: (types, raw) => {
    const list = Array.isArray(types) ? types : [types]
    return (value) =>
      typesOfScalar(value).some((type) => list.includes(type)) || (value === null && raw.nullable === true)
  },
  enum: (values) => (Array.isArray(values) ? (value) => values.includes(value) : undecided),
  const: (expected) => (value) => value === expected,
  minimum: numeric((value, limit) => value >= limit),
  maximum: numeric((value, limit) => value <= limit),
  exclusiveMinimum: numeric((value, limit) => value > limit),
  exclusiveMaximum: numeric((value, limit) => value < limit),
  multipleOf: (step) =>
    typeof step === 'number' && step > 0
      ? (value, spelling) => typeof value !== 'number' || isMultiple(value, spelling, step)
      : undecided,
  minLength: textual((length, limit) => length >= limit),
  maxLength: textual((length, limit) => length <= limit),
  pattern: (pattern) => {
    const test = typeof pattern === 'string' ? patternTest(pattern) : null
    return (value) => typeof value !== 'string' || (test ? test(value) : null)
  },
  format: (name) => {
    const test = typeof name === 'string' ? formatTest(name) : undefined
    return (value) => typeof value !== 'string' || (test ? test(value) : null)
  },
  allOf: listed(every),
  anyOf: listed(some),
  oneOf: listed(exactlyOne),
  not: (part, _, context) => {
    const test = schemaPredicate(part, context)
    return (value, spelling) => negate(test(value, spelling))
  },
  if: (part, raw, context) => {
    const test = schemaPredicate(part, context)
    const [yes, no] = [raw.then, raw.else].map((branch) =>
      branch === undefined ? null : schemaPredicate(branch, context),
    )
    return (value, spelling) => {
      const holds = test(value, spelling)
      const branches = holds === null ? [yes, no] : [holds ? yes : no]
      const verdicts = branches.map((branch) => (branch ? branch(value, spelling) : true))
      return verdicts.every((verdict) => verdict === verdicts[0]) ? verdicts[0]! : null
    }
  },
  $ref: (ref, _, context) => {
    const next = follow(ref, context)
    return next ? schemaPredicate(next.target, next.context) : undecided
  },
  $dynamicRef: () => undecided,
}

function typesOfScalar(value: Scalar): readonly string[] {
  if (value === null) return ['null']
  if (typeof value === 'number') return Number.isInteger(value) ? ['integer', 'number'] : ['number']
  return [typeof value]
}

/** In decimals, as both are written (Validation §6.2.1): 0.3 is a multiple of 0.1. */
function isMultiple(value: number, spelling: string, step: number): Verdict {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(step)) return value % step === 0
  const [a, b] = [decimal(spelling), decimal(String(step))]
  if (!a || !b) return null
  const scale = Math.max(a.scale, b.scale)
  return (a.digits * 10n ** BigInt(scale - a.scale)) % (b.digits * 10n ** BigInt(scale - b.scale)) === 0n
}

function decimal(text: string): { digits: bigint; scale: number } | null {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text)
  if (!parts || text.length > 400) return null
  const [, sign, whole = '', fraction = '', exponent = '0'] = parts
  const scale = fraction.length - Number(exponent)
  const digits = BigInt(`${whole}${fraction}` || '0') * (sign === '-' ? -1n : 1n)
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 }
}

function negate(verdict: Verdict): Verdict {
  return verdict === null ? null : !verdict
}

/** Kleene's strong logic: what is not decided matters only where nothing else decides. */
function every(tests: readonly Predicate[]): Predicate {
  return (value, spelling) => {
    let result: Verdict = true
    for (const test of tests) {
      const verdict = test(value, spelling)
      if (verdict === false) return false
      if (verdict === null) result = null
    }
    return result
  }
}

function some(tests: readonly Predicate[]): Predicate {
  const none = every(tests.map((test) => (value, spelling) => negate(test(value, spelling))))
  return (value, spelling) => negate(none(value, spelling))
}

function exactlyOne(tests: readonly Predicate[]): Predicate {
  return (value, spelling) => {
    const verdicts = tests.map((test) => test(value, spelling))
    if (verdicts.filter((verdict) => verdict === true).length > 1) return false
    return verdicts.includes(null) ? null : verdicts.includes(true)
  }
}
