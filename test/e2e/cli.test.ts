/** The command `drifthook` as it is published: the built file, in a process of its own. */
import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { SaxesParser } from 'saxes'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sarifFaults } from '../unit/diff/fixtures/sarif.js'

const root = join(import.meta.dirname, '../..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string
  bin: { drifthook: string }
}
const bin = join(root, manifest.bin.drifthook)
const directory = mkdtempSync(join(tmpdir(), 'drifthook-cli-'))
const page = readFileSync(join(root, 'docs/reference/cli.md'), 'utf8')

interface Ended {
  code: number | null
  out: string
  err: string
}

function run(command: string, args: readonly string[], input?: string): Promise<Ended> {
  const path = `${join(directory, '.bin')}${delimiter}${process.env.PATH}`
  const child = spawn(command, args, { cwd: directory, env: { ...process.env, PATH: path } })
  const ended = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk) => (ended.out += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk) => (ended.err += chunk))
  // A command that refuses its arguments does not read.
  child.stdin.on('error', () => {}).end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, ...ended }))
  })
}

const drifthook = (args: string, input?: string) => run(process.execPath, [bin, ...args.split(' ')], input)
const shell = (script: string) => run('bash', ['-c', script])
const write = (name: string, value: unknown) => writeFileSync(join(directory, name), JSON.stringify(value))

beforeAll(() => {
  cpSync(join(root, 'examples/quickstart/files'), directory, { recursive: true })
  mkdirSync(join(directory, '.bin'))
  symlinkSync(bin, join(directory, '.bin/drifthook'))
  write('a.json', [{ id: 1, qty: 2 }])
  write('added.json', [{ id: 1, qty: 2, note: 'x' }])
  write('broken.json', [{ id: 'x', qty: 2 }])
  writeFileSync(join(directory, 'table.csv'), 'id,qty\n1,2\n2,3\n')
  writeFileSync(join(directory, 'malformed.json'), '[\n  {"id": 1,,}\n]\n')
  writeFileSync(join(directory, 'empty.json'), '')
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('exit codes', () => {
  it.each([
    ['diff a.json a.json', 0],
    ['diff a.json added.json', 0],
    ['diff a.json broken.json', 1],
    ['diff a.json added.json --fail-on breaking', 0],
    ['diff a.json added.json --fail-on warning', 1],
    ['diff a.json broken.json --fail-on warning', 1],
    ['diff a.json added.json --fail-on any', 1],
    ['diff a.json a.json --fail-on any', 0],
    ['--fail-on=any diff a.json added.json', 1],
  ])('%s: %i', async (args, code) => {
    expect(await drifthook(args)).toMatchObject({ code, err: '' })
  })

  it('follow the policy', async () => {
    write('lenient.json', { profile: 'lenient', ignore: ['[].id'] })
    expect(await drifthook('diff a.json broken.json --policy lenient.json --fail-on any')).toMatchObject({
      code: 0,
      out: 'No drift.\n',
    })
    expect(await drifthook('diff a.json added.json --policy lenient.json --fail-on warning')).toMatchObject({
      code: 0,
    })
    expect(await drifthook('diff a.json added.json --policy lenient.json --fail-on any')).toMatchObject({
      code: 1,
    })
  })
})

describe('formats', () => {
  const render = async (format: string) => (await drifthook(`diff a.json broken.json --format ${format}`)).out

  it('text, Markdown and HTML', async () => {
    expect(await render('text')).toBe(
      'Drift: 1 changed (major; breaking).\n  ~ [].id: type: integer -> string [breaking] (line 1, column 8)\n',
    )
    expect(await render('markdown')).toContain('| breaking | `[].id` | type: `integer` → `string` |')
    expect(await render('html')).toMatch(
      /^<section class="drifthook-report drifthook-breaking">[\s\S]*<\/section>\n$/,
    )
  })

  it('JSON, Slack, Teams and SARIF', async () => {
    expect(JSON.parse(await render('json'))).toMatchObject({ hasDrift: true, result: 'breaking' })
    expect(JSON.parse(await render('slack'))).toHaveProperty('blocks')
    expect(JSON.parse(await render('teams'))).toHaveProperty('attachments')
    const sarif = JSON.parse(await render('sarif'))
    expect(sarifFaults(sarif)).toEqual([])
    expect(sarif.runs[0].results[0].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'broken.json' },
      region: { startLine: 1, startColumn: 8 },
    })
  })

  it('JUnit', async () => {
    const seen: string[] = []
    const parser = new SaxesParser()
    parser.on('error', (error) => expect.unreachable(error.message))
    parser.on('opentag', ({ name, attributes }) => seen.push(`${name} ${attributes.name ?? ''}`.trim()))
    parser.write(await render('junit')).close()
    expect(seen).toEqual(['testsuites Schema drift', 'testsuite Schema drift', 'testcase [].id', 'failure'])
  })
})

describe('infer and check', () => {
  it('learn from one sample', async () => {
    const { code, out } = await drifthook('infer a.json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ type: 'array', items: { required: ['id', 'qty'] } })
  })

  it('learn from several: what only some have is optional', async () => {
    expect(await drifthook('infer a.json added.json --out contract.json')).toEqual({
      code: 0,
      out: '',
      err: '',
    })
    expect(await drifthook('check contract.json a.json --fail-on any')).toMatchObject({ code: 0 })
    expect(await drifthook('check contract.json added.json --fail-on any')).toMatchObject({ code: 0 })
    expect(await drifthook('check contract.json broken.json')).toMatchObject({ code: 1 })
  })

  it('take a contract written by hand', async () => {
    write('hand.json', {
      type: 'array',
      items: { required: ['id'], properties: { id: { type: 'integer' } } },
    })
    expect(await drifthook('check hand.json broken.json')).toMatchObject({ code: 1 })
    expect(await drifthook('check hand.json a.json')).toMatchObject({ code: 0 })
  })

  it('let the contract decide what the content leaves open', async () => {
    writeFileSync(join(directory, 'one.csv'), 'name\nAnn\nBob\n')
    expect(await drifthook('infer one.csv --input-format csv --out one.json')).toMatchObject({
      code: 0,
      err: '',
    })
    expect(await drifthook('check one.json one.csv')).toMatchObject({ code: 0, err: '' })
  })
})

describe('standard input', () => {
  const sample = '[{"id":"x","qty":2}]'

  it('can be any file', async () => {
    expect(await drifthook('diff a.json -', sample)).toMatchObject({ code: 1 })
    expect(await drifthook('diff - a.json', sample)).toMatchObject({ code: 1 })
    expect((await drifthook('infer -', sample)).out).toContain('"$schema"')
    expect(await drifthook('diff a.json broken.json --policy -', '{"ignore":["**"]}')).toMatchObject({
      code: 0,
    })
  })

  it('has no name in SARIF', async () => {
    const { out } = await drifthook('diff a.json - --format sarif', sample)
    expect(JSON.parse(out).runs[0].results[0].locations[0]).not.toHaveProperty('physicalLocation')
  })

  it('can be only one of them', async () => {
    expect(await drifthook('diff - -', sample)).toMatchObject({ code: 2, out: '' })
    expect(await drifthook('diff a.json - --policy -', sample)).toMatchObject({ code: 2, out: '' })
  })
})

describe('what cannot be compared', () => {
  it.each([
    ['diff a.json nowhere.json', 'ENOENT: nowhere.json: There is no such file.'],
    ['diff a.json .', 'EISDIR: .: This is a directory.'],
    ['diff a.json malformed.json', /^FILE_MALFORMED: malformed\.json, line 2, column 12: /],
    ['diff malformed.json a.json', /^FILE_MALFORMED: malformed\.json, line 2, column 12: /],
    ['diff a.json empty.json', /^FILE_EMPTY: empty\.json: /],
    ['diff a.json table.csv', /^FORMAT_MISMATCH: table\.csv: /],
    ['infer a.json table.csv', 'FORMAT_MISMATCH: table.csv: The samples before are json; this one is csv.'],
    ['infer a.json --out no/where.json', 'ENOENT: no/where.json: There is no such file.'],
    ['check malformed.json a.json', 'CONTRACT_INVALID: malformed.json: This is not a JSON object.'],
    ['check a.json a.json', 'CONTRACT_INVALID: a.json: This is not a JSON object.'],
    ['check unsupported.json a.json', /^SCHEMA_UNSUPPORTED: unsupported\.json: /],
    ['diff a.json a.json --policy misspelt.json', 'POLICY_INVALID: misspelt.json: ignored is not known.'],
    ['diff a.json a.json --input-format yaml', /^USAGE: --input-format is one of json, csv/],
    ['diff a.json', 'USAGE: diff takes two files: the one before and the one after.'],
    ['check a.json', 'USAGE: check takes a contract and a file.'],
    ['infer', 'USAGE: infer takes one file or several.'],
    ['infer a.json --format json', 'USAGE: infer has no option --format.'],
    ['diff a.json a.json --out x', 'USAGE: diff has no option --out.'],
    ['diff a.json a.json --format xml', /^USAGE: --format is one of text, json, /],
    ['diff a.json a.json --fail-on never', 'USAGE: --fail-on is one of breaking, warning, any.'],
    ['diff a.json a.json --formta json', "USAGE: Unknown option '--formta'. See drifthook --help."],
    ['compare a.json a.json', 'USAGE: There is no command "compare"; there are diff, check, infer.'],
  ])('%s', async (args, line) => {
    write('unsupported.json', { type: 'spreadsheet' })
    write('misspelt.json', { ignored: ['id'] })
    const { code, out, err } = await drifthook(args)
    expect({ code, out, lines: err.split('\n').length }).toEqual({ code: 2, out: '', lines: 2 })
    const said = err.replace(/^drifthook: /, '').trimEnd()
    if (typeof line === 'string') expect(said).toBe(line)
    else expect(said).toMatch(line)
  })

  it('no command', async () => {
    const { code, err } = await run(process.execPath, [bin])
    expect([code, err]).toEqual([
      2,
      'drifthook: USAGE: Name a command: diff, check, infer. See drifthook --help.\n',
    ])
  })

  it('names that a terminal would act on', async () => {
    const { code, err } = await run(process.execPath, [bin, 'diff', 'a.json', '\u001b[2Jx\ny'])
    expect([code, err]).toEqual([2, 'drifthook: ENOENT: \ufffd[2Jx\ufffdy: There is no such file.\n'])
  })

  it('more than the limit, of which no more is read', async () => {
    writeFileSync(join(directory, 'big.json'), '')
    truncateSync(join(directory, 'big.json'), 31 * 1024 * 1024)
    expect((await drifthook('diff a.json big.json')).err).toMatch(
      /^drifthook: FILE_LIMIT_EXCEEDED: big\.json: /,
    )
    const endless = await shell('drifthook diff a.json - < /dev/zero')
    expect(endless).toMatchObject({ code: 2, out: '' })
    expect(endless.err).toMatch(/^drifthook: FILE_LIMIT_EXCEEDED: standard input: /)
  })
})

describe('the command', () => {
  it('says its version and how it is used', async () => {
    expect(await drifthook('--version')).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' })
    const help = await drifthook('--help')
    expect(await drifthook('diff --help')).toEqual(help)
    expect(help).toMatchObject({ code: 0, err: '' })
    expect(page).toContain(`\`\`\`text\n${help.out}\`\`\``)
  })

  it('is content with a reader that stops early', async () => {
    const wide = (prefix: string) => [
      Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`${prefix}${i}`, i])),
    ]
    write('wide-a.json', wide('alpha'))
    write('wide-b.json', wide('omega'))
    const { out, err } = await shell(
      'drifthook diff wide-a.json wide-b.json --fail-on any --format json | head -c 1; echo $PIPESTATUS',
    )
    expect([out, err]).toEqual(['{1\n', ''])
  })

  it.skipIf(!existsSync('/dev/full'))('does not pass what it could not say', async () => {
    expect(await shell('drifthook diff a.json a.json > /dev/full')).toEqual({
      code: 2,
      out: '',
      err: 'drifthook: ENOSPC: The output could not be written.\n',
    })
  })

  it('prints a large report in full', async () => {
    const { out } = await drifthook('diff wide-a.json wide-b.json --format json')
    expect(out.length).toBeGreaterThan(200_000)
    expect(JSON.parse(out).changes.length).toBeGreaterThan(100)
  })

  it('runs as CommonJS too', async () => {
    const cjs = bin.replace(/js$/, 'cjs')
    expect(await run(process.execPath, [cjs, 'diff', 'a.json', 'broken.json'])).toMatchObject({
      code: 1,
      err: '',
    })
  })
})

describe('the documentation', () => {
  it('of the command line shows what happens', async () => {
    const sessions = [...page.matchAll(/^```console\n(.*?)^```/gms)].map(([, session = '']) => session)
    expect(sessions.length).toBeGreaterThan(3)
    for (const session of sessions) {
      const commands = session.split('\n').filter((line) => line.startsWith('$ '))
      // One shell, for the sake of `$?`; each command is echoed as a terminal shows it.
      const script = commands
        .map((line) => `${say(line)}; (exit $last); ${line.slice(2)}; last=$?`)
        .join('\n')
      const { out } = await shell(`exec 2>&1\n${script}`)
      expect(out).toBe(session)
    }
  })

  it('of the report runs', async () => {
    const [, code = ''] =
      readFileSync(join(root, 'docs/reference/report.md'), 'utf8').match(/```ts\n(.*?)```/s) ?? []
    const scratch = join(root, 'test/.tmp/report')
    mkdirSync(scratch, { recursive: true })
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
    writeFileSync(join(scratch, 'report.mjs'), ts.transpileModule(code, { compilerOptions }).outputText)
    try {
      expect(await run(process.execPath, [join(scratch, 'report.mjs')])).toEqual({
        code: 0,
        out: '',
        err: '',
      })
    } finally {
      rmSync(scratch, { recursive: true, force: true })
    }
  })
})

const say = (line: string) => `printf '%s\\n' '${line.replaceAll("'", `'\\''`)}'`
