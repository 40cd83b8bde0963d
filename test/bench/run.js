/**
 * Measures drifthook against what one would write by hand, or take instead, and prints tables.
 *
 *   npm run bench                      everything: the rows, value differs, renames, growth, memory
 *   npm run bench -- json csv          these rows only
 *   npm run bench -- --write           also into docs/performance.md
 *   npm run bench -- --rounds=5        the best of 5; 3 unless given
 */
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { deliveriesRow } from './deliveries.js'
import { durableRows } from './durable.js'
import { hangingRow } from './hanging.js'
import { measure } from './measure.js'
import { profileRows } from './profile.js'
import { uploadsRow } from './uploads.js'

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, write: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const rounds = Number(values.rounds)
const all = [...profileRows, deliveriesRow, hangingRow, ...durableRows, uploadsRow]
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

/** Measurements of their own shape, each a program that prints its table. */
const programs = [
  { title: 'Two files: drift, and every value', file: 'delta.js', args: ['--peers', '--megabytes=30'] },
  {
    title: 'The same with one record inserted at the head',
    file: 'delta.js',
    args: ['--peers', '--megabytes=30', '--insert'],
  },
  { title: 'Many uploads at once', file: 'load.js', args: [] },
  { title: 'Renames', file: 'renames.js', args: [] },
  { title: 'Ten times as many subscriptions, ten times the history', file: 'growth.js', args: [] },
  { title: 'What durability costs', file: 'persistence.js', args: [] },
  { title: 'From publish to the wire, PostgreSQL', file: 'wire.js', args: [] },
  { title: 'Memory after many deliveries', file: 'soak.js', args: [] },
]
const sections = (positionals.length > 0 ? [] : programs).map(({ title, file, args }) => {
  const output = execFileSync(process.execPath, [join(import.meta.dirname, file), ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const section = `## ${title}\n\n\`node test/bench/${[file, ...args].join(' ')}\`\n\n${output.trim()}\n`
  console.log(`\n${section}`)
  return section
})

if (values.write) {
  const text = `# Performance

Made by \`npm run bench -- --write\`. Both sides run in one go on one machine: read the ratio, not the figures.
For bytes and for durations the ratio is the time ours takes over the time theirs takes (less is better); for
rates it is our rate over theirs (more is better).

${lines.join('\n')}

${facts}

${sections.join('\n')}`
  await writeFile(join(import.meta.dirname, '../../docs/performance.md'), text)
}
