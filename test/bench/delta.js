/**
 * Two JSON files of records, 1 % of them changed, from bytes to what differs: `delta` and the packages one
 * would otherwise take. Each in a process of its own, so that its peak memory is its own.
 *
 *   node test/bench/delta.js                    3 MB; the peers that are installed
 *   node test/bench/delta.js --megabytes=30
 *   node test/bench/delta.js --peers            installs the peers into a temporary directory first
 *   node test/bench/delta.js --seconds=120      how long each may take
 *   node test/bench/delta.js --insert           besides, one record more at the head
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { jsonFile } from './data.js'

const versions = {
  microdiff: '1.6.0',
  'deep-diff': '1.0.2',
  'fast-json-patch': '3.1.1',
  'json-diff-ts': '4.10.4',
  jsondiffpatch: '0.7.7',
}

/** @typedef {(a: Uint8Array, b: Uint8Array) => number} Contender from bytes to the number of changes it reports */

/** @type {(bytes: Uint8Array) => any} */
const parse = (bytes) => JSON.parse(Buffer.from(bytes).toString())

/**
 * How each is used by who wants it to be right about records, where it can be.
 * @type {Record<string, (module: any) => Contender>}
 */
const contenders = {
  'drifthook, drift from the contract':
    ({ compare, profile, toSchema }) =>
    (a, b) => {
      const limits = { bytes: Number.MAX_SAFE_INTEGER }
      return compare(toSchema(profile(a, { limits })), profile(b, { limits })).changes.length
    },
  'drifthook, delta of the values':
    ({ delta }) =>
    (a, b) =>
      delta(a, b, { limits: { bytes: Number.MAX_SAFE_INTEGER } }).changes.length,
  microdiff:
    ({ default: diff }) =>
    (a, b) =>
      (diff.default ?? diff)(parse(a), parse(b), { cyclesFix: false }).length,
  'deep-diff':
    ({ default: { diff } }) =>
    (a, b) =>
      diff(parse(a), parse(b))?.length ?? 0,
  'fast-json-patch':
    ({ default: { compare } }) =>
    (a, b) =>
      compare(parse(a), parse(b)).length,
  'json-diff-ts':
    ({ atomizeChangeset, diff }) =>
    (a, b) =>
      atomizeChangeset(
        diff(parse(a), parse(b), { embeddedObjKeys: { orders: 'id', 'orders.lines': 'line' } }),
      ).length,
  jsondiffpatch:
    ({ DiffPatcher }) =>
    (a, b) => {
      const objectHash = (/** @type {any} */ item) => String(item.id ?? item.line)
      return leaves(new DiffPatcher({ objectHash }).diff(parse(a), parse(b)))
    },
}

/**
 * Of a delta of jsondiffpatch the changes in it.
 * @type {(delta: any) => number}
 */
const leaves = (delta) => {
  if (Array.isArray(delta)) return 1
  let count = 0
  for (const [key, inner] of Object.entries(delta ?? {})) if (key !== '_t') count += leaves(inner)
  return count
}

/**
 * One changed field in every hundredth record.
 * @param {number} size
 * @param {boolean} insert
 */
function files(size, insert) {
  const before = jsonFile(size)
  /** @type {{ orders: any[] }} */
  const document = JSON.parse(before.toString())
  for (let i = 0; i < document.orders.length; i += 100) document.orders[i].status = 'returned'
  if (insert) document.orders.unshift({ ...document.orders[0], id: 0, reference: 'PO-000000' })
  return { before, after: Buffer.from(JSON.stringify(document)) }
}

/**
 * The child's work: one contender, once, on the files the parent wrote.
 * @param {string} name
 * @param {string} at
 * @param {string} directory
 */
async function contend(name, at, directory) {
  const contender = contenders[name]?.(await import(at))
  if (!contender) throw new Error(`There is no ${name}`)
  const [before, after] = ['before', 'after'].map((file) => readFileSync(join(directory, `${file}.json`)))
  const started = performance.now()
  const changes = contender(/** @type {Buffer} */ (before), /** @type {Buffer} */ (after))
  const ms = performance.now() - started
  console.log(JSON.stringify({ ms, changes, megabytes: process.resourceUsage().maxRSS / 1024 }))
}

/** Where a contender's module is; null if it is not installed. */
function resolveFrom(/** @type {string} */ name, /** @type {string | null} */ directory) {
  if (name.startsWith('drifthook')) return 'drifthook/diff'
  try {
    const base = directory ? join(directory, 'main.js') : fileURLToPath(import.meta.url)
    return pathToFileURL(createRequire(base).resolve(name)).href
  } catch {
    return null
  }
}

async function main() {
  const { values, positionals } = parseArgs({
    options: {
      megabytes: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '120' },
      peers: { type: 'boolean', default: false },
      insert: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  const [name, at, from] = positionals
  if (name && at && from) return contend(name, at, from)

  const directory = await mkdtemp(join(tmpdir(), 'drifthook-bench-'))
  try {
    const { before, after } = files(Number(values.megabytes) * 1e6, values.insert)
    await writeFile(join(directory, 'before.json'), before)
    await writeFile(join(directory, 'after.json'), after)
    if (values.peers) {
      await writeFile(join(directory, 'package.json'), '{ "private": true }')
      const specs = Object.entries(versions).map(([peer, version]) => `${peer}@${version}`)
      execFileSync('npm', ['install', '--no-audit', '--no-fund', ...specs], {
        cwd: directory,
        stdio: 'ignore',
      })
    }
    const also = values.insert ? ', one inserted at the head' : ''
    console.log(`Two files of ${values.megabytes} MB JSON, 1 % of the records changed${also}\n`)
    console.log('| | time | peak memory | changes reported |\n|---|--:|--:|--:|')
    for (const contender of Object.keys(contenders)) {
      const module = resolveFrom(contender, values.peers ? directory : null)
      if (module !== null) console.log(row(contender, module, directory, Number(values.seconds)))
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/**
 * @param {string} name
 * @param {string} at
 * @param {string} directory
 * @param {number} seconds
 */
function row(name, at, directory, seconds) {
  const self = fileURLToPath(import.meta.url)
  const child = spawnSync(process.execPath, [self, name, at, directory], {
    encoding: 'utf8',
    timeout: seconds * 1000,
  })
  const version = versions[/** @type {keyof typeof versions} */ (name)]
  const label = version ? `${name} ${version}` : `**${name}**`
  if (child.status === 0) {
    const { ms, changes, megabytes } = JSON.parse(child.stdout)
    return `| ${label} | ${Math.round(ms)} ms | ${Math.round(megabytes)} MB | ${changes} |`
  }
  if (child.signal === 'SIGTERM') return `| ${label} | more than ${seconds} s | | |`
  if (/heap out of memory/.test(child.stderr)) return `| ${label} | out of memory | | |`
  throw new Error(`${name}: ${child.stderr}`)
}

await main()
