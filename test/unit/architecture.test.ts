/** The rooms of `src` and which doors are open, read from the imports themselves. */
import { readdir, readFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { faults, importsOf, loadedBy, packageOf, type Rules, type Sources } from '../support/imports.js'

const kernel = ['model.ts', 'errors.ts', 'url.ts', 'within.ts']

const rooms: Rules['rooms'] = {
  'errors.ts': [],
  'url.ts': [],
  'within.ts': [],
  'model.ts': ['errors.ts', 'type diff/report.ts', 'type signing/index.ts'],
  'options.ts': ['analysis/settings.ts', 'services/', 'ports/', 'type http/request.ts', ...kernel],
  'life.ts': ['ports/', ...kernel],
  'diff/': ['errors.ts', 'url.ts'],
  'signing/': ['errors.ts'],
  'ports/': [...kernel, 'type diff/report.ts'],
  'services/': ['ports/', 'diff/', 'signing/', ...kernel],
  'analysis/': ['ports/', 'diff/', ...kernel],
  'delivery/': ['ports/', ...kernel],
  'adapters/shared/': ['ports/', ...kernel],
  'adapters/memory/': ['adapters/shared/', 'ports/', ...kernel],
  'adapters/sql/': ['adapters/shared/', 'ports/', ...kernel],
  'adapters/sqlite/': ['adapters/shared/', 'adapters/sql/', 'ports/', ...kernel],
  'adapters/postgres/': ['adapters/shared/', 'adapters/sql/', 'ports/', ...kernel],
  'adapters/redis/': ['adapters/shared/', 'ports/', ...kernel],
  'adapters/bullmq/': ['adapters/shared/', 'ports/', ...kernel],
  'adapters/graphile/': ['adapters/shared/', 'ports/', ...kernel],
  'runner/': ['services/', 'ports/', 'signing/', ...kernel],
  'http/': ['services/', 'ports/', 'diff/', 'options.ts', ...kernel],
  // The command line: no Express, no storage, nothing but the comparison.
  'cli/': ['diff/', 'errors.ts'],
  'cli.ts': ['cli/'],
  // Loads where express is not installed.
  'testkit/': ['ports/', 'signing/', 'adapters/memory/', 'delivery/', 'type drifthook.ts', ...kernel],
  'drifthook.ts': [
    'services/',
    'analysis/',
    'delivery/',
    'adapters/memory/',
    'runner/',
    'http/',
    'ports/',
    'diff/',
    'signing/',
    'options.ts',
    'life.ts',
    ...kernel,
  ],
  // The face: it may show whatever the composition root wires.
  'index.ts': [
    'drifthook.ts',
    'options.ts',
    'services/',
    'delivery/',
    'adapters/memory/',
    'http/',
    'ports/',
    'diff/',
    ...kernel,
  ],
}

const packages: Rules['packages'] = {
  zod: ['services/', 'http/', 'options.ts', 'analysis/settings.ts'],
  // Compiles schemas to code: only the host's own, which are options.
  ajv: ['services/catalogue/'],
  'ajv-formats': ['services/catalogue/'],
  undici: ['delivery/'],
  'ipaddr.js': ['delivery/', 'services/'],
  'csv-parse': ['diff/'],
  'fast-xml-parser': ['diff/'],
  jsondiffpatch: ['diff/delta/'],
  re2js: ['diff/'],
  saxes: ['diff/'],
  piscina: ['analysis/'],
  'rate-limiter-flexible': ['services/', 'adapters/'],
  multer: ['http/'],
  express: ['http/express.ts'],
  'better-sqlite3': ['adapters/sqlite/'],
  libsql: ['adapters/sqlite/'],
  bullmq: ['adapters/bullmq/'],
  ioredis: ['adapters/bullmq/'],
  'graphile-worker': ['adapters/graphile/'],
}

/** Built into `dist` and so not installed with this package; each with its notice. */
const bundled = ['jsondiffpatch']

const rules: Rules = {
  rooms,
  packages,
  pure: ['diff/', 'signing/'],
  // Hosts name formats, and drivers are looked for: a loader there takes a name it is given.
  computed: ['adapters/', 'analysis/'],
}

/** The package's entries that must load without express. */
const withoutExpress = [
  'diff/index.ts',
  'signing/index.ts',
  'testkit/index.ts',
  'analysis/worker.ts',
  'adapters/postgres/index.ts',
  'adapters/sqlite/index.ts',
  'adapters/redis/index.ts',
  'adapters/bullmq/index.ts',
  'adapters/graphile/index.ts',
  'cli.ts',
]

const checkout = join(dirname(fileURLToPath(import.meta.url)), '../..')

async function readSources(): Promise<Sources> {
  const root = join(checkout, 'src')
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  return Object.fromEntries(
    await Promise.all(
      files.map(async (entry) => {
        const path = join(entry.parentPath, entry.name)
        return [relative(root, path).split(sep).join('/'), await readFile(path, 'utf8')] as const
      }),
    ),
  )
}

describe('the imports of src', async () => {
  const sources = await readSources()
  const manifest = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
    peerDependencies: Record<string, string>
    devDependencies: Record<string, string>
    tsup: { noExternal: string[] }
  }
  const used = new Set(
    Object.entries(sources).flatMap(([file, text]) =>
      importsOf(file, text).flatMap(({ specifier }) =>
        specifier === null || specifier.startsWith('.') || isBuiltin(specifier) ? [] : [packageOf(specifier)],
      ),
    ),
  )
  used.delete('drifthook')

  it('go one way', () => {
    expect(Object.keys(sources).length).toBeGreaterThan(10)
    expect(faults(sources, rules)).toEqual([])
  })

  it('name only packages that are installed with this one', () => {
    const installed = { ...manifest.dependencies, ...manifest.peerDependencies }
    expect([...used].filter((name) => !(name in installed) && !bundled.includes(name))).toEqual([])
  })

  it('bundle what is not', () => {
    expect(manifest.tsup.noExternal).toEqual(bundled)
    expect(bundled.filter((name) => !used.has(name) || !(name in manifest.devDependencies))).toEqual([])
    for (const name of bundled) {
      // esbuild keeps these comments, and so the licence of what it bundles.
      const users = Object.entries(sources).filter(([file, text]) =>
        importsOf(file, text).some(({ specifier }) => specifier !== null && packageOf(specifier) === name),
      )
      for (const [, text] of users)
        expect(text).toMatch(new RegExp(`/\\*! ${name}\\b[^/]*//[\\s\\S]*Copyright`))
    }
  })

  it('use every dependency', () => {
    expect(Object.keys(manifest.dependencies).filter((name) => !used.has(name))).toEqual([])
  })

  it.each(withoutExpress)('do not lead from %s to express', (entry) => {
    expect(sources).toHaveProperty([entry])
    expect([...loadedBy(entry, sources)]).not.toContain('express')
  })

  it('lead from index.ts to express', () => {
    expect([...loadedBy('index.ts', sources)]).toContain('express')
  })
})

describe('the files of src', async () => {
  const sources = await readSources()

  it('stay within 300 lines', () => {
    const long = Object.entries(sources)
      .map(([file, text]) => ({ file, lines: text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > 300)
    expect(long).toEqual([])
  })

  it('leave the process to the host', () => {
    const owning =
      /process\s*\.\s*(exit|kill|abort|exitCode)\b|process\s*\.\s*(on|once|addListener|prependListener)\s*\(/
    // The command line is a process of its own.
    expect(Object.keys(sources).filter((file) => owning.test(sources[file] ?? ''))).toEqual(['cli.ts'])
  })
})

describe('this checker', () => {
  const world = {
    'errors.ts': '',
    'diff/index.ts': '',
    'diff/report.ts': '',
    'services/a.ts': '',
    'drifthook.ts': '',
    'http/express.ts': `import express from 'express'`,
    'adapters/sql/a.ts': '',
    'adapters/memory/a.ts': '',
  }
  const faultsOf = (file: string, text: string) => faults({ ...world, [file]: text }, rules)

  it.each([
    ['a static import', 'diff/b.ts', `import { a } from '../services/a.js'`, 'may not import services/a.ts'],
    ['an import for its effect', 'diff/b.ts', `import '../services/a.js'`, 'may not import services/a.ts'],
    [
      'a type',
      'services/b.ts',
      `import type { A } from '../http/express.js'`,
      'may not import http/express.ts',
    ],
    ['a type in place', 'diff/b.ts', `let a: import('../services/a.js').A`, 'may not import services/a.ts'],
    ['a dynamic import', 'ports/b.ts', `await import('../services/a.js')`, 'may not import services/a.ts'],
    ['a re-export', 'signing/b.ts', `export * from '../services/a.js'`, 'may not import services/a.ts'],
    ['a require', 'runner/b.ts', `require('../http/express.js')`, 'may not import http/express.ts'],
    ['a computed import', 'services/b.ts', 'await import(name)', 'loads a computed module'],
    ['another adapter', 'adapters/memory/b.ts', `import '../sql/a.js'`, 'may not import adapters/sql/a.ts'],
    [
      'a value of a type room',
      'ports/b.ts',
      `import { A } from '../diff/report.js'`,
      'may import only types of diff/report.ts',
    ],
    [
      'the face as a value',
      'testkit/b.ts',
      `import { A } from '../drifthook.js'`,
      'may import only types of drifthook.ts',
    ],
    [
      'a package of another room',
      'services/b.ts',
      `import { request } from 'undici'`,
      'may not import undici',
    ],
    ['express beside express.ts', 'http/b.ts', `import express from 'express'`, 'may not import express'],
    [
      'an unknown package',
      'http/b.ts',
      `import x from '@scope/x/y'`,
      'imports @scope/x/y, which this test does not know',
    ],
    ['a file that is not there', 'http/b.ts', `import './c.js'`, 'imports ./c.js, which is not there'],
    [
      'a room without rules',
      'attic/b.ts',
      `import '../errors.js'`,
      'belongs to no room: give it one in this test',
    ],
    [
      'input and output in a pure room',
      'diff/b.ts',
      `import 'node:fs/promises'`,
      'is pure and imports node:fs/promises',
    ],
    ['a bare builtin', 'http/b.ts', `import 'fs'`, 'imports fs without node:'],
  ])('flags %s', (_, file, text, message) => {
    expect(faultsOf(file, text)).toEqual([`src/${file} ${message}`])
  })

  it.each([
    [
      'what is open',
      'services/b.ts',
      `import { a } from '../diff/index.js'; export { b } from '../errors.js'`,
    ],
    ['its own room', 'services/b.ts', `import { a } from './a.js'`],
    [
      'types of a type room',
      'ports/b.ts',
      `import type { A } from '../diff/report.js'; import { type B } from '../diff/report.js'`,
    ],
    ['types of the face', 'testkit/b.ts', `export type { A } from '../drifthook.js'`],
    ['what the SQL adapters share', 'adapters/sqlite/b.ts', `import '../sql/a.js'; await import(driver)`],
    [
      'its packages and builtins',
      'delivery/b.ts',
      `import { request } from 'undici'; import 'node:dns/promises'`,
    ],
    [
      'text that looks like an import',
      'diff/b.ts',
      `// import '../services/a.js'\nconst a = "import '../services/a.js'"`,
    ],
  ])('lets %s pass', (_, file, text) => {
    expect(faultsOf(file, text)).toEqual([])
  })

  it('follows what is loaded, not what is only typed', () => {
    const loading = {
      ...world,
      'testkit/index.ts': `import './b.js'`,
      'testkit/b.ts': `import '../http/express.js'`,
    }
    expect([...loadedBy('testkit/index.ts', loading)]).toEqual(['express'])
    const typing = { ...loading, 'testkit/b.ts': `import type { A } from '../http/express.js'` }
    expect([...loadedBy('testkit/index.ts', typing)]).toEqual([])
  })
})
