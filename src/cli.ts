#!/usr/bin/env node
/** The command `drifthook`. All it does is in `cli/`; here it meets the process, which it owns. */
import { readFileSync } from 'node:fs'
import { main } from './cli/main.js'

/** Who reads us may stop reading, as `head` does, and has what it wanted. A full disk is another matter. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return
  process.exitCode = 2
  process.stderr.write(`drifthook: ${error.code}: The output could not be written.\n`)
})
process.stderr.on('error', () => {})

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

void main(process.argv.slice(2), {
  version: manifest.version,
  stdin: process.stdin,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
}).then((code) => {
  process.exitCode ||= code
})
