/** What the check consists of. */
import { join } from 'node:path'
import { checkout, readJson, single, succeeds, vitest } from './stages.js'

/** @type {import('./stages.js').Stage} */
const packed = {
  title: 'package',
  run: async (scratch) => {
    const file = join(scratch, 'package.json')
    await succeeds([process.execPath, join(checkout, 'test/package/run.js'), `--report=${file}`])
    const count = /** @type {import('./stages.js').Count | null} */ (await readJson(file))
    return count ?? { passed: 0, failed: 1 }
  },
}

export const checkStages = [
  single('types', ['npm', 'run', '--silent', 'types']),
  single('lint', ['npm', 'run', '--silent', 'lint']),
  single('build', ['npm', 'run', '--silent', 'build']),
  // Not `npm test`, which would build again.
  vitest('tests', 'test/vitest.config.ts'),
  vitest('crash and fuzz', 'test/tools/vitest.crash.config.ts'),
  packed,
]
