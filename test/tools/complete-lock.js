/**
 * Completes package-lock.json: `node test/tools/complete-lock.js [file]`.
 *
 * Packages with native parts name one optional dependency per platform. When a registry cannot answer for one
 * of them, `npm install` leaves it out of the lock file without a word, and from then on `npm ci` refuses the
 * file as out of step, on every platform. Run this after changing dependencies; a test says when it is needed.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { completed, missingFrom } from './lock.js'
import { checkout } from './stages.js'

const file = process.argv[2] ?? join(checkout, 'package-lock.json')
const lock = /** @type {import('./lock.js').Lock} */ (JSON.parse(await readFile(file, 'utf8')))
const missing = missingFrom(lock)
if (missing.length > 0) await writeFile(file, `${JSON.stringify(completed(lock), null, 2)}\n`)
console.log(
  missing.length === 0 ? 'nothing is missing' : missing.map(({ name }) => `added ${name}`).join('\n'),
)
