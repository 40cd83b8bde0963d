/**
 * Measures drifthook against what one would write by hand, and prints one table.
 *
 *   npm run bench                      every row
 *   npm run bench -- json csv          these rows
 *   npm run bench -- --write           also into docs/performance.md
 *   npm run bench -- --rounds=5        the best of 5; 3 unless given
 */
import { writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { deliveriesRow } from './deliveries.js'
import { measure } from './measure.js'
import { profileRows } from './profile.js'
import { uploadsRow } from './uploads.js'

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, write: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const rounds = Number(values.rounds)
const all = [...profileRows, deliveriesRow, uploadsRow]
const unknown = positionals.filter((id) => !all.some((row) => row.id === id))
if (unknown.length > 0)
  throw new Error(`There is no row ${unknown.join(', ')}: ${all.map((row) => row.id).join(', ')}`)
// The document shows every row or none.
if (values.write && positionals.length > 0) throw new Error('--write takes all rows')

const format = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })
const lines = ['| what | against | ours | theirs | ratio | reach | |', '|---|---|--:|--:|--:|--:|---|']
console.log(lines.join('\n'))
for (const row of all.filter(({ id }) => positionals.length === 0 || positionals.includes(id))) {
  const { ours, theirs, ratio } = await measure(row, rounds)
  const unit = row.unit === '/s' ? '/s' : ` ${row.unit}`
  const figures = [
    `${format.format(ours)}${unit}`,
    `${format.format(theirs)}${unit}`,
    `${ratio.toFixed(2)} ×`,
  ]
  const verdict = row.reach.holds(ratio) ? 'met' : 'missed'
  const line = `| ${[row.what, row.against, ...figures, row.reach.text, verdict].join(' | ')} |`
  lines.push(line)
  console.log(line)
}

const model = cpus()[0]?.model.trim() ?? 'unknown processor'
const facts = `Node ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} × ${model}. Best of ${rounds} rounds, both sides in turn.`
console.log(`\n${facts}`)

if (values.write) {
  const text = `# Performance

Made by \`npm run bench -- --write\`. Both sides run in one go on one machine: read the ratio, not the figures.
For bytes the ratio is the time ours takes over the time theirs takes (less is better); for rates it is our rate
over theirs (more is better).

${lines.join('\n')}

${facts}
`
  await writeFile(join(import.meta.dirname, '../../docs/performance.md'), text)
}
