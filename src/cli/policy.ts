/** A policy from a file, checked strictly: a misspelt field would silently judge differently. */
import { aspects, changeKinds, impacts, type Override, type Policy } from '../diff/index.js'
import { Failure, within } from './failure.js'
import { type Input, nameOf, readJson } from './input.js'

/** Says what is wrong with a value, or null. */
type Rule = (value: unknown, at: string) => string | null

const wrong = (at: string, wanted: string) => `${at} is ${wanted}`

const text: Rule = (value, at) => (typeof value === 'string' && value !== '' ? null : wrong(at, 'a text'))
const boolean: Rule = (value, at) => (typeof value === 'boolean' ? null : wrong(at, 'true or false'))
const share: Rule = (value, at) =>
  typeof value === 'number' && value >= 0 && value <= 1 ? null : wrong(at, 'a number from 0 to 1')
const instant: Rule = (value, at) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value))
    ? null
    : wrong(at, 'an RFC 3339 time')

/** Every name of a union, of which none may be missing. */
function oneOf<T extends string>(names: readonly T[] | Record<T, true>): Rule {
  const all: readonly unknown[] = Array.isArray(names) ? names : Object.keys(names)
  return (value, at) => (all.includes(value) ? null : wrong(at, `one of ${all.join(', ')}`))
}

function list(rule: Rule): Rule {
  return (value, at) => {
    if (!Array.isArray(value)) return wrong(at, 'a list')
    return first(value.map((item, i) => rule(item, `${at}[${i}]`)))
  }
}

function record<T extends object>(
  rules: Record<keyof T & string, Rule>,
  required: readonly (keyof T & string)[],
): Rule {
  return (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(at, 'an object')
    const prefix = at === policyName ? '' : `${at}.`
    const missing = required.find((name) => !Object.hasOwn(value, name))
    if (missing !== undefined) return `${prefix}${missing} is missing`
    return first(
      Object.entries(value).map(([name, member]) =>
        Object.hasOwn(rules, name)
          ? rules[name as keyof T & string](member, `${prefix}${name}`)
          : `${prefix}${name} is not known`,
      ),
    )
  }
}

const first = (faults: (string | null)[]) => faults.find((fault) => fault !== null) ?? null

const policyName = 'the policy'

const override = record<Override>(
  {
    path: text,
    kind: oneOf(changeKinds),
    aspect: oneOf(aspects),
    impact: oneOf(impacts),
    reason: text,
    expiresAt: instant,
  },
  ['path', 'impact', 'reason'],
)

const policy = record<Policy>(
  {
    profile: oneOf<NonNullable<Policy['profile']>>({
      strict: true,
      'by-name': true,
      lenient: true,
      positional: true,
    }),
    ignore: list(text),
    overrides: list(override),
    renames: record<NonNullable<Policy['renames']>>({ enabled: boolean, threshold: share }, []),
    aliases: list(record<NonNullable<Policy['aliases']>[number]>({ from: text, to: text }, ['from', 'to'])),
    mode: oneOf<NonNullable<Policy['mode']>>({ matrix: true, score: true }),
  },
  [],
)

/** @throws Failure `POLICY_INVALID`, naming the first field that is wrong */
export function readPolicy(input: Input): Policy {
  const value = readJson(input, 'POLICY_INVALID')
  return within(nameOf(input.name), () => {
    const fault = policy(value, policyName)
    if (fault !== null) throw new Failure('POLICY_INVALID', `${fault}.`)
    return value as Policy
  })
}
