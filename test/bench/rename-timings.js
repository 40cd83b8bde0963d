/** How long a comparison takes that has so many candidates on each side. */
import { performance } from 'node:perf_hooks'
import { compare, profile, toSchema } from 'drifthook/diff'
import { random } from './rename-pairs.js'

const words =
  `order customer invoice ship bill tax net gross line item unit price stock ware house vendor region
  store batch lot plant route driver truck stop load pallet crate seal port vessel voyage berth crane gate yard
  customs duty quota permit broker agent carrier lane rate fuel toll weight volume height depth colour grade`.split(
    /\s+/,
  )

/** @param {number} count @param {(i: number) => string} name */
function schemaOf(count, name) {
  const next = random(count)
  /** @type {Record<string, unknown>} */
  const properties = {}
  // In parts: a table has at most a thousand columns, a schema any number.
  for (let from = 0; from < count; from += 500) {
    const size = Math.min(500, count - from)
    const rows = Array.from({ length: 20 }, () =>
      Array.from({ length: size }, (_, i) =>
        i % 3 === 0 ? Math.floor(next() * 1e6) : next().toString(36).slice(2, 8),
      ),
    )
    const names = Array.from({ length: size }, (_, i) => name(from + i))
    const text = [names, ...rows].map((row) => row.join(',')).join('\n')
    const part = /** @type {any} */ (toSchema(profile(new TextEncoder().encode(text), { format: 'csv' })))
    Object.assign(properties, part.items.properties)
  }
  const rows = new TextEncoder().encode('a,b\n1,2\n3,4\n')
  const schema = /** @type {any} */ (toSchema(profile(rows, { format: 'csv' })))
  schema.items.properties = properties
  schema.items.required = Object.keys(properties)
  return schema
}

/** @param {number} i */
const phrase = (i) =>
  [i % 59, Math.floor(i / 59) % 53, Math.floor(i / 3127)].map((n) => words[n % words.length]).join('_')

export function timings() {
  const lines = ['| candidates a side | all renamed | unrelated |', '|--:|--:|--:|']
  for (const count of [10, 100, 200, 300, 1_000, 5_000]) {
    const before = schemaOf(count, phrase)
    const renamed = schemaOf(count, (i) => `${phrase(i).replaceAll(/(?<=[a-z]{2})[aeiou]/g, '')}`)
    const unrelated = schemaOf(count, (i) => `x${(i * 7_919 + 13).toString(36)}q`)
    lines.push(`| ${count} | ${time(before, renamed)} | ${time(before, unrelated)} |`)
  }
  return lines.join('\n')
}

/** @param {any} before @param {any} after */
function time(before, after) {
  const off = best(() => compare(before, after, { renames: { enabled: false } }))
  const on = best(() => compare(before, after))
  const { summary } = compare(before, after)
  return `${(on - off).toFixed(0)} ms (${summary.renames} found)`
}

/** @param {() => unknown} run */
function best(run) {
  const times = Array.from({ length: 3 }, () => {
    const start = performance.now()
    run()
    return performance.now() - start
  })
  return Math.min(...times)
}
