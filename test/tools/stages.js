/** Runs stages one after the other, shows their output as it comes, and adds up what they say. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const checkout = join(dirname(fileURLToPath(import.meta.url)), '../..')

/**
 * @typedef {{ passed: number, failed: number, notes?: string[] }} Count `notes`: more to say in the summary
 * @typedef {{ title: string, run: (scratch: string) => Promise<Count> }} Stage `scratch`: a directory of its own
 */

/**
 * Runs every stage whatever the ones before it said, and sets the exit code: 1 when anything failed, or when
 * nothing passed.
 * @param {readonly Stage[]} stages
 */
export async function runStages(stages) {
  const scratch = await mkdtemp(join(tmpdir(), 'drifthook-check-'))
  const total = { passed: 0, failed: 0 }
  const lines = []
  try {
    for (const { title, run } of stages) {
      console.log(`\n=== ${title} ===\n`)
      const started = performance.now()
      const { passed, failed, notes = [] } = await run(scratch)
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      total.passed += passed
      total.failed += failed
      lines.push(
        `${failed === 0 ? 'ok    ' : 'FAILED'}  ${title}: ${passed} passed, ${failed} failed (${seconds} s)`,
        ...notes.map((note) => `        ${note}`),
      )
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  console.log(`\n=== summary ===\n\n${lines.join('\n')}\n`)
  if (total.failed > 0 || total.passed === 0) process.exitCode = 1
  console.log(`${total.passed} passed, ${total.failed} failed`)
}

/**
 * Runs a program of the checkout with its output going straight to ours.
 * @param {readonly [string, ...string[]]} command
 * @param {object} [options]
 * @param {number} [options.deadlineMs] after which it is ended, with all it started: a test that never yields is
 *   beyond any timeout of the test runner. Default: ten minutes
 * @param {string} [options.cwd] default: the checkout
 * @param {NodeJS.ProcessEnv} [options.env] beside what is set already
 * @returns {Promise<boolean>} whether it ended with 0
 */
export function succeeds([program, ...args], { deadlineMs = 10 * 60_000, cwd = checkout, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    // A process group of its own, which can be ended as one.
    const options = { cwd, env: { ...process.env, ...env }, detached: true }
    const child = spawn(program, args, { ...options, stdio: 'inherit' })
    const end = () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL')
    const timer = setTimeout(() => {
      console.error(`\nstill running after ${deadlineMs / 60_000} minutes: stopped`)
      end()
    }, deadlineMs)
    const interrupted = () => {
      end()
      process.exit(130)
    }
    for (const signal of signals) process.once(signal, interrupted)
    const settle = () => {
      clearTimeout(timer)
      for (const signal of signals) process.off(signal, interrupted)
    }
    child.once('error', (error) => {
      settle()
      reject(error)
    })
    child.once('exit', (code) => {
      settle()
      resolve(code === 0)
    })
  })
}

const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/**
 * A stage that counts as one check.
 * @param {string} title
 * @param {readonly [string, ...string[]]} command
 * @param {number} [deadlineMs]
 * @returns {Stage}
 */
export const single = (title, command, deadlineMs = 10 * 60_000) => ({
  title,
  run: async () =>
    (await succeeds(command, { deadlineMs })) ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 },
})

/**
 * A vitest run; each test counts.
 * @param {string} title
 * @param {string} config
 * @param {number} [deadlineMs]
 * @returns {Stage}
 */
export const vitest = (title, config, deadlineMs) => ({
  title,
  run: async (scratch) => {
    const file = join(scratch, `${title.replaceAll(' ', '-')}.json`)
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const program = join(checkout, 'node_modules/.bin/vitest')
    const ended = await succeeds(
      [program, 'run', '--config', config, ...reporters],
      deadlineMs === undefined ? {} : { deadlineMs },
    )
    return countTests(await readJson(file), ended)
  },
})

/**
 * @typedef {{ status: string, title: string, ancestorTitles: string[] }} TestResult
 * @typedef {object} VitestReport
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {{ name: string, status: string, assertionResults: TestResult[] }[]} testResults
 */

/**
 * @param {unknown} report null if the run left none
 * @param {boolean} ended whether vitest ended with 0
 * @returns {Count}
 */
export function countTests(report, ended) {
  if (report === null) {
    console.error('vitest left no report: it did not come to its end')
    return { passed: 0, failed: 1 }
  }
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } =
    /** @type {VitestReport} */ (report)
  // A file that cannot be loaded has no tests to fail.
  const unloaded = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  )
  for (const { name } of unloaded) console.error(`not run: ${name}`)
  const skipped = numPendingTests + numTodoTests
  if (skipped > 0) console.warn(`${skipped} tests were skipped`)
  let failed = numFailedTests + unloaded.length
  // An unhandled rejection, or no tests at all: no test failed, yet the run did.
  if (!ended && failed === 0) failed = 1
  return { passed: numPassedTests, failed }
}

/**
 * @param {string} file
 * @returns {Promise<unknown>} null if there is no such file
 */
export async function readJson(file) {
  let text
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return null
    throw error
  }
  return JSON.parse(text)
}
