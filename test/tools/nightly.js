/**
 * The check, and after it what takes too long for it: `*.long.test.ts` in test/chaos and test/fuzz, the long chaos, and
 * the suites of the storages on other versions of Node.
 */
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { checkStages, counting } from './check-stages.js'
import { checkout, runStages, single, vitest } from './stages.js'

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
const chaos = counting('kill -9, long', ['test/chaos/run.js', '--long'], 2 * 3_600_000)
const nodes = single('nodes', ['npm', 'run', '--silent', 'nodes'], 3_600_000)
await runStages([...checkStages, ...long, chaos, nodes])
