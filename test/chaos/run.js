/**
 * Kills processes and servers while they work, and looks whether anything was lost.
 *
 *   npm run chaos                        every durable combination, and every saboteur
 *   npm run chaos -- --short             as in the check: in less than 40 s
 *   npm run chaos -- --long              10,000 deliveries through 200 kills in each combination
 *   npm run chaos -- --long --write      and its table into docs/reliability.md
 *   npm run chaos -- --combination=postgres+bullmq --deliveries=500 --kills=20 --seed=7
 *   npm run chaos -- --sabotage=lose-settle
 *
 * A seed decides what is published, who dies where, and how receivers answer; not how long any of it takes. What
 * failed leaves the journals and logs of its processes.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runCampaign } from './harness/campaign.js'
import { combinations } from './harness/combinations.js'
import { makePlan } from './harness/plan.js'
import { describe, documentWith, table } from './harness/report.js'
import { sabotages } from './harness/sabotage.js'

/** @typedef {import('./harness/sabotage.js').Sabotage} Sabotage */

const sizes = {
  short: { deliveries: 150, kills: 5, restarts: 1, fanOuts: 0, apis: 1, workers: 2 },
  moderate: { deliveries: 2_500, kills: 50, restarts: 3, fanOuts: 1, apis: 2, workers: 3 },
  long: { deliveries: 10_000, kills: 200, restarts: 8, fanOuts: 4, apis: 2, workers: 3 },
}

/** A saboteur needs nobody's help. */
const sabotaged = { deliveries: 200, kills: 0, restarts: 0, fanOuts: 0, apis: 1, workers: 2 }
/** For how long work that never ends is waited for there, in milliseconds. */
const sabotagedPatience = 5_000

const sabotageNames = /** @type {Sabotage[]} */ (Object.keys(sabotages))

const { values } = parseArgs({
  options: {
    combination: { type: 'string', multiple: true },
    deliveries: { type: 'string' },
    kills: { type: 'string' },
    long: { type: 'boolean', default: false },
    report: { type: 'string' },
    sabotage: { type: 'string', multiple: true },
    seed: { type: 'string', default: '1' },
    short: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})

const { seed } = values
const isAll = values.combination === undefined && values.sabotage === undefined
if (values.write && !isAll) throw new Error('--write takes all combinations')
const size = {
  ...sizes[values.short ? 'short' : values.long ? 'long' : 'moderate'],
  ...(values.deliveries === undefined ? {} : { deliveries: Number(values.deliveries) }),
  ...(values.kills === undefined ? {} : { kills: Number(values.kills) }),
}

const count = { passed: 0, failed: 0 }
/** @type {import('./harness/campaign.js').Result[]} */
const results = []

/** @param {boolean} passed @param {string} line */
const tell = (passed, line) => {
  count[passed ? 'passed' : 'failed']++
  console.log(`${passed ? 'ok    ' : 'FAILED'}  ${line}`)
}

/** @param {string} combination */
async function endure(combination) {
  const result = await runCampaign(makePlan(combination, seed, size))
  results.push(result)
  console.log(`\n${describe(result)}`)
  for (const { says, faults } of result.checks) {
    tell(faults.length === 0, says)
    for (const fault of faults.slice(0, 5)) console.log(`          ${fault}`)
    if (faults.length > 5) console.log(`          and ${faults.length - 5} more`)
  }
  if (result.kept !== null) console.log(`          journals and logs: ${result.kept}`)
}

/** @param {string} name */
async function expose(name) {
  const sabotage = sabotageNames.find((known) => known === name)
  if (sabotage === undefined) throw new Error(`there is no sabotage ${name}: ${sabotageNames.join(', ')}`)
  const plan = makePlan('sqlite+memory', seed, sabotaged)
  const { checks } = await runCampaign(plan, { sabotage, patience: sabotagedPatience, keeps: false })
  const finder = checks.find(({ id }) => id === sabotages[sabotage].check)
  const [fault = 'not found'] = finder?.faults ?? []
  console.log(`\na storage with the fault ${sabotage}`)
  tell(finder !== undefined && finder.faults.length > 0, `is found out: ${fault}`)
}

const exposed =
  values.sabotage ?? (isAll ? (values.short ? ['drop-commit', 'lose-settle'] : sabotageNames) : [])
const endured = values.combination ?? (isAll ? combinations : [])
const left = [
  ...endured.map((combination) => () => endure(combination)),
  ...exposed.map((sabotage) => () => expose(sabotage)),
]
const row = async () => {
  for (let next = left.shift(); next !== undefined; next = left.shift()) await next()
}
// A short run mostly waits for the leases of the dead: several do so at once.
await Promise.all(Array.from({ length: values.short ? 3 : 1 }, row))

if (results.length > 0) {
  results.sort((a, b) => combinations.indexOf(a.plan.combination) - combinations.indexOf(b.plan.combination))
  const summary = table(results)
  console.log(`\n${summary}\n`)
  if (values.write) {
    const document = join(import.meta.dirname, '../../docs/reliability.md')
    await writeFile(document, documentWith(await readFile(document, 'utf8'), summary))
  }
}
if (values.report !== undefined) await writeFile(values.report, JSON.stringify(count))
if (count.failed > 0 || count.passed === 0) process.exitCode = 1
console.log(`${count.passed} passed, ${count.failed} failed`)
