/** The check, and after it the suites that take too long for it: `*.long.test.ts` in test/chaos and test/fuzz. */
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { checkStages } from './check-stages.js'
import { checkout, runStages, vitest } from './stages.js'

/** @param {string} folder */
async function longSuitesIn(folder) {
  const root = join(checkout, 'test', folder)
  try {
    const entries = await readdir(root, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.long.test.ts'))
      .map((entry) => relative(checkout, join(entry.parentPath, entry.name)))
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return []
    throw error
  }
}

const suites = (await Promise.all(['chaos', 'fuzz'].map(longSuitesIn))).flat().sort()
console.log(
  suites.length === 0
    ? 'There are no long suites: this is the check alone.'
    : `Long suites:\n${suites.map((suite) => `- ${suite}`).join('\n')}`,
)

const long =
  suites.length === 0 ? [] : [vitest('long suites', 'test/tools/vitest.long.config.ts', 4 * 3_600_000)]
await runStages([...checkStages, ...long])
