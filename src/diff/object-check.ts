/** What a contract may demand of an object as a whole: how many keys, which, and which together. */
import type { ContractNode } from './contract.js'
import { isRecord } from './evidence.js'
import { type Predicate, schemaPredicate, type Verdict } from './predicates.js'
import type { PathProfile } from './profile.js'

/** One demand, for one object or for all objects of a path. */
export interface ObjectTest {
  id: string
  keyword: string
  limit: unknown
  /** One object, by how many keys it has and which. */
  fails: (keys: number, has: (key: string) => boolean) => boolean
  /** All objects of a path; null: what is known of them does not decide it. */
  holds: (file: PathProfile) => Verdict
}

/** The demands of a node (Validation §6.5). */
export function objectTests(node: ContractNode): ObjectTest[] {
  if (node.evidence) return []
  return node.parts.object.flatMap(({ schema }, i) => {
    const id = (keyword: string) => (i === 0 ? `{}/${keyword}` : `{}/${i}/${keyword}`)
    const { minProperties: least, maxProperties: most, dependentRequired } = schema
    const tests: ObjectTest[] = []
    if (typeof least === 'number') tests.push(atLeast(id('minProperties'), least))
    if (typeof most === 'number') tests.push(atMost(id('maxProperties'), most))
    for (const [key, needed] of Object.entries(isRecord(dependentRequired) ? dependentRequired : {})) {
      if (Array.isArray(needed)) tests.push(together(id(`dependentRequired/${key}`), key, needed.map(String)))
    }
    return tests
  })
}

function atLeast(id: string, limit: number): ObjectTest {
  return {
    id,
    keyword: 'minProperties',
    limit,
    fails: (keys) => keys < limit,
    holds: (file) => {
      const { least, most } = keyCounts(file)
      return least >= limit ? true : most < limit ? false : null
    },
  }
}

function atMost(id: string, limit: number): ObjectTest {
  return {
    id,
    keyword: 'maxProperties',
    limit,
    fails: (keys) => keys > limit,
    holds: (file) => {
      const { least, most } = keyCounts(file)
      return most <= limit ? true : least > limit ? false : null
    },
  }
}

function together(id: string, key: string, needed: readonly string[]): ObjectTest {
  return {
    id,
    keyword: 'dependentRequired',
    limit: key,
    fails: (_, has) => has(key) && !needed.every(has),
    holds: (file) => {
      if (file.rest) return null
      const objects = file.types.object
      const counts = needed.map((name) => file.children.get(name)?.seen ?? 0)
      const having = file.children.get(key)?.seen ?? 0
      if (having === 0 || counts.every((count) => count >= objects)) return true
      return counts.some((count) => count < having) ? false : null
    },
  }
}

/** Between how many keys the objects of a path have: exact for a single object. */
function keyCounts({ children, rest, types }: PathProfile): { least: number; most: number } {
  if (rest) return { least: 0, most: Number.POSITIVE_INFINITY }
  const always = [...children.values()].filter((child) => child.seen >= types.object)
  return { least: always.length, most: children.size }
}

/** `propertyNames` of all parts (Applicator §10.3.2.4); null where a node has none. */
export function nameTest(node: ContractNode): Predicate | null {
  const tests = node.parts.object.flatMap(({ schema: { propertyNames }, context }) =>
    propertyNames === undefined ? [] : [schemaPredicate(propertyNames, context)],
  )
  if (tests.length === 0) return null
  return (value, spelling) => {
    const verdicts = tests.map((test) => test(value, spelling))
    return verdicts.includes(false) ? false : verdicts.includes(null) ? null : true
  }
}
