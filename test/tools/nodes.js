/**
 * The suites that meet a storage, on each Node we support and with each SQLite driver it can load: `npm run nodes`, or for
 * some `npm run nodes -- 22`.
 *
 * The Nodes and the driver that is no dependency of ours come from the npm registry, into a folder outside of the
 * checkout. There a copy of the checkout runs, with links to the packages installed here: so that the driver is
 * found as a host's would be, by its name.
 */
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { checkout, countTests, readJson, runStages, succeeds } from './stages.js'

/** @typedef {import('./stages.js').VitestReport} VitestReport */
/** @typedef {{ node: string, driver: string, suites: string[] }} Line a version of Node, and of better-sqlite3 */

const all = ['test/conformance/', 'test/http/']
const sqlite = ['test/conformance/sqlite']

/** @type {Line[]} */
const lines = [
  { node: '20.19.0', driver: '12.11.1', suites: all },
  // Which would crash it: the storage has to refuse.
  { node: '20.19.0', driver: '13.2.0', suites: sqlite },
  // The oldest whose own SQLite is used, and the oldest for that driver.
  { node: '22.13.0', driver: '12.11.1', suites: sqlite },
  { node: '22.14.0', driver: '13.2.0', suites: sqlite },
  { node: '22', driver: '13.2.0', suites: all },
  { node: '24', driver: '13.2.0', suites: all },
]

const copied = ['src', 'test', 'dist', 'package.json', 'tsconfig.json']

const platform = process.platform === 'win32' ? 'win' : process.platform
const nodePackage = `node-${platform}-${process.arch}`

/**
 * Installs a package into a directory of its own.
 * @param {string} directory
 * @param {string} specifier
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<string>} its `node_modules`
 */
async function install(directory, specifier, env = {}) {
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'package.json'), '{ "private": true }')
  const command = /** @type {const} */ (['npm', 'install', '--no-audit', '--no-fund', '--loglevel=error'])
  if (!(await succeeds([...command, specifier], { cwd: directory, env }))) {
    throw new Error(`npm could not install ${specifier}`)
  }
  return join(directory, 'node_modules')
}

/**
 * A copy of the checkout in which a driver is installed as well.
 * @param {string} directory
 * @param {string} drivers the `node_modules` it is in
 */
async function workspace(directory, drivers) {
  const modules = join(directory, 'node_modules')
  await mkdir(modules, { recursive: true })
  for (const name of copied) await cp(join(checkout, name), join(directory, name), { recursive: true })
  for (const name of await readdir(join(checkout, 'node_modules'))) {
    if (name === 'better-sqlite3' || name === '.vite') continue
    await symlink(join(checkout, 'node_modules', name), join(modules, name), 'junction')
  }
  await symlink(join(drivers, 'better-sqlite3'), join(modules, 'better-sqlite3'), 'junction')
}

/**
 * What became of each driver, as the titles of the tests tell.
 * @param {VitestReport} report
 */
function drivers({ testResults }) {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  /** @type {Map<string, { passed: number, failed: number }>} */
  const counts = new Map()
  const notes = []
  for (const { ancestorTitles, title, status } of tests) {
    const name = /^with (\S+)$/.exec(ancestorTitles[0] ?? '')?.[1]
    if (name !== undefined) {
      const count = counts.get(name) ?? { passed: 0, failed: 0 }
      if (status === 'passed' || status === 'failed') count[status]++
      counts.set(name, count)
    } else if (/^with \S+: /.test(title)) notes.push(title.replace('with ', ''))
  }
  const found = [...counts].map(([name, { passed, failed }]) => `${name}: ${passed} passed, ${failed} failed`)
  return [...found, ...notes]
}

/**
 * @param {Line} line
 * @returns {import('./stages.js').Stage}
 */
const stage = ({ node, driver, suites }) => ({
  title: `Node ${node} with better-sqlite3 ${driver}`,
  run: async (scratch) => {
    const place = join(scratch, `${node}-${driver}`)
    const home = join(await install(join(place, 'node'), `${nodePackage}@${node}`), nodePackage)
    // npm runs on the Node it installs for: what it fetches or compiles has to fit that one.
    const env = {
      PATH: `${join(home, 'bin')}${delimiter}${process.env.PATH}`,
      npm_config_nodedir: home,
      NODE_OPTIONS: '',
    }
    const installed = await install(join(place, 'driver'), `better-sqlite3@${driver}`, env)
    const cwd = join(place, 'drifthook')
    await workspace(cwd, installed)
    const file = join(place, 'report.json')
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts']
    const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${file}`]
    const command = /** @type {const} */ ([join(home, 'bin/node'), ...vitest, ...reporters, ...suites])
    const ended = await succeeds(command, { cwd, env })
    const report = await readJson(file)
    const notes = report === null ? [] : drivers(/** @type {VitestReport} */ (report))
    return { ...countTests(report, ended), notes }
  },
})

const [only = ''] = process.argv.slice(2)
await runStages(lines.filter(({ node }) => node.startsWith(only)).map(stage))
