/** What the check consists of. */
import { join } from 'node:path'
import { checkout, readJson, single, succeeds, vitest } from './stages.js'

/**
 * A program that writes its count to the file it is given.
 * @param {string} title
 * @param {readonly [string, ...string[]]} program and its arguments
 * @param {number} [deadlineMs]
 * @returns {import('./stages.js').Stage}
 */
export const counting = (title, [program, ...args], deadlineMs = 10 * 60_000) => ({
  title,
  run: async (scratch) => {
    const file = join(scratch, `${title.replaceAll(' ', '-')}.json`)
    await succeeds([process.execPath, join(checkout, program), ...args, `--report=${file}`], { deadlineMs })
    const count = /** @type {import('./stages.js').Count | null} */ (await readJson(file))
    return count ?? { passed: 0, failed: 1 }
  },
})

export const checkStages = [
  single('types', ['npm', 'run', '--silent', 'types']),
  single('lint', ['npm', 'run', '--silent', 'lint']),
  single('build', ['npm', 'run', '--silent', 'build']),
  // Not `npm test`, which would build again.
  vitest('tests', 'test/vitest.config.ts'),
  vitest('combinations', 'test/tools/vitest.combinations.config.ts'),
  vitest('crash and fuzz', 'test/tools/vitest.crash.config.ts'),
  counting('kill -9', ['test/chaos/run.js', '--short']),
  counting('package', ['test/package/run.js']),
]
