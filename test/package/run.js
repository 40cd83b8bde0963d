/**
 * Packs the package as it would be published, installs it into small programs outside of the checkout, and
 * runs them. `--report=<file>` writes how many passed and failed.
 */
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkout } from '../tools/stages.js'
import { typeChecks } from './type-checks.js'

const consumers = join(import.meta.dirname, 'consumers')
const bin = (/** @type {string} */ name) => join(checkout, 'node_modules/.bin', name)

/** A program that hangs is a failure: whatever it started keeps it alive. */
const deadlineMs = 120_000

const manifest = /** @type {{ devDependencies: Record<string, string> }} */ (
  JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8'))
)
/** The version this checkout is developed with. */
const ours = (/** @type {string[]} */ ...names) =>
  names.map((name) => `${name}@${manifest.devDependencies[name]}`)

/**
 * Which packages live beside the tarball. Installing is what takes the time, so consumers that can share do.
 * @type {Record<string, string[]>}
 */
const installations = {
  express5: [
    ...ours(
      'express',
      '@types/express',
      '@types/node',
      '@types/pg',
      'ioredis',
      'libsql',
      'pg',
      'supertest',
      'typescript',
    ),
    'jest@30.5.2',
  ],
  express4: ['express@4.22.3'],
  // Without its peers: drifthook must not bring Express along, nor need its types.
  'no-express': [...ours('@types/node', 'typescript'), '--legacy-peer-deps'],
}

/**
 * @typedef {object} Consumer
 * @property {string} name
 * @property {string} installation where it runs
 * @property {(directory: string) => [string, ...string[]]} command
 */

/** @type {(name: string, installation: string, ...args: string[]) => Consumer} */
const node = (name, installation, ...args) => ({
  name,
  installation,
  command: () => [process.execPath, ...args],
})

/** @type {Consumer[]} */
const programs = [
  node('esm', 'express5', 'esm/main.mjs'),
  node('cjs', 'express5', 'cjs/main.cjs'),
  node('sqlite', 'express5', 'sqlite/main.mjs'),
  node('jest', 'express5', 'node_modules/jest/bin/jest.js', '--rootDir=jest', '--runInBand'),
  node('express4-esm', 'express4', 'esm/main.mjs'),
  node('express4-cjs', 'express4', 'cjs/main.cjs'),
  node('no-express', 'no-express', 'no-express/main.mjs'),
  node('cli', 'no-express', 'cli/main.mjs'),
  ...typeChecks.map(({ name, installation }) =>
    node(name, installation, 'node_modules/typescript/bin/tsc', '-p', `types/${name}.json`),
  ),
]

/**
 * @param {readonly string[]} command
 * @param {string} cwd
 * @returns {Promise<{ ok: boolean, stdout: string, output: string }>}
 */
function run([program = '', ...args], cwd) {
  return new Promise((resolve) => {
    // What npm tells the script it runs must not steer the npm that we run.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^(npm_(package|lifecycle)_|npm_config_local_prefix$|NODE_)/.test(name),
      ),
    )
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      stdout += chunk
      output += chunk
    })
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      output += chunk
    })
    const timer = setTimeout(() => {
      output += `\nstill running after ${deadlineMs / 1000} s: stopped\n`
      child.kill('SIGKILL')
    }, deadlineMs)
    child.once('error', (error) => {
      output += error.message
    })
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ ok: code === 0, stdout, output })
    })
  })
}

const count = { passed: 0, failed: 0 }

/**
 * Prints one line, and what was said when it went wrong.
 * @param {string} name
 * @param {() => Promise<{ ok: boolean, output: string }>} check
 */
async function judge(name, check) {
  const started = performance.now()
  const { ok, output } = await check()
  const seconds = `${((performance.now() - started) / 1000).toFixed(1)} s`
  console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(26)} ${seconds.padStart(7)}`)
  if (!ok) console.log(output.replaceAll(/^/gm, '        '))
  count[ok ? 'passed' : 'failed'] += 1
  return ok
}

/**
 * @param {readonly (() => Promise<unknown>)[]} tasks
 * @param {number} limit how many at once
 */
async function together(tasks, limit) {
  const waiting = [...tasks]
  await Promise.all(
    Array.from({ length: limit }, async () => {
      for (let task = waiting.shift(); task; task = waiting.shift()) await task()
    }),
  )
}

/**
 * @param {string} directory
 * @returns {Promise<string | null>} the tarball's path
 */
async function pack(directory) {
  let tarball = null
  await judge('pack', async () => {
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', directory]
    const packed = await run(['npm', ...args], checkout)
    if (!packed.ok) return packed
    const [{ filename, files, size }] =
      /** @type {[{ filename: string, files: { path: string }[], size: number }]} */ (
        JSON.parse(packed.stdout)
      )
    tarball = join(directory, filename)
    const stray = files
      .map((file) => file.path)
      .filter((path) => !/^(dist\/|(package\.json|README\.md|LICENSE|CHANGELOG\.md)$)/.test(path))
    console.log(`        ${filename}: ${files.length} files, ${Math.round(size / 1024)} kB`)
    return { ok: stray.length === 0, output: `does not belong into the package: ${stray.join(', ')}` }
  })
  return tarball
}

/**
 * @param {string} directory
 * @param {string} tarball
 * @param {readonly string[]} packages
 */
async function install(directory, tarball, packages) {
  await cp(consumers, directory, { recursive: true })
  await writeFile(join(directory, 'package.json'), '{ "private": true }\n')
  // One text for both module systems: the ending decides which the compiler reads it as.
  for (const ending of ['mts', 'cts']) {
    for (const name of ['host', 'pure']) {
      await cp(join(directory, `types/${name}.ts`), join(directory, `types/${name}.${ending}`))
    }
  }
  for (const { name, config } of typeChecks) {
    await writeFile(join(directory, `types/${name}.json`), JSON.stringify(config))
  }
  return run(
    ['npm', 'install', tarball, ...packages, '--prefer-offline', '--no-audit', '--no-fund'],
    directory,
  )
}

/** @param {string} tarball */
async function areTheTypesWrong(tarball) {
  // Node 10 knows no `exports`; every version of Node the package supports does.
  const { ok, output } = await run(
    // The worker is loaded by threads, which import: it is an ES module for everybody.
    [
      bin('attw'),
      tarball,
      '--profile',
      'node16',
      '--format',
      'ascii',
      '--exclude-entrypoints',
      'analysis-worker',
    ],
    checkout,
  )
  // It finds nothing wrong with types that are not there.
  return { ok: ok && !output.includes('does not contain types'), output }
}

/** @param {string} scratch */
async function runAll(scratch) {
  const tarball = await pack(scratch)
  if (tarball === null) return
  /** @type {string[]} */
  const installed = []
  await together(
    [
      ...Object.entries(installations).map(([name, packages]) => async () => {
        const directory = join(scratch, name)
        await mkdir(directory)
        if (await judge(`install ${name}`, () => install(directory, tarball, packages))) installed.push(name)
      }),
      () => judge('publint', () => run([bin('publint'), 'run', tarball, '--strict'], checkout)),
      () => judge('attw', () => areTheTypesWrong(tarball)),
    ],
    availableParallelism(),
  )
  await together(
    programs.map(
      ({ name, installation, command }) =>
        () =>
          judge(name, async () => {
            const directory = join(scratch, installation)
            if (!installed.includes(installation))
              return { ok: false, output: `${installation} was not installed` }
            return run(command(directory), directory)
          }),
    ),
    Math.min(2, availableParallelism()),
  )
}

const scratch = await mkdtemp(join(tmpdir(), 'drifthook-package-'))
try {
  await runAll(scratch)
} finally {
  await rm(scratch, { recursive: true, force: true })
}
console.log(`\n${count.passed} passed, ${count.failed} failed`)
if (count.failed > 0) process.exitCode = 1
const report = process.argv.find((arg) => arg.startsWith('--report='))?.slice('--report='.length)
if (report) await writeFile(report, JSON.stringify(count))
