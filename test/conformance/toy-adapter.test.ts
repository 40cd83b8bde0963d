/** The adapters of the guide to writing one pass the suites, under this runner and under node's own. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { certify } from '../../examples/toy-adapter/certify.js'
import { ToyStorage } from '../../examples/toy-adapter/storage.js'
import { queueConformance, storageConformance } from '../../src/testkit/index.js'
import { contract } from '../../src/testkit/storage/harness.js'
import { bundle, start } from './child.js'
import { temporaryDirectory } from './harnesses.js'

const skipped: string[] = []
describe('the toy adapters', () => certify(it, (name) => skipped.push(name)))

describe('what certifies an adapter', () => {
  it('names what each case that it leaves out needs', () => {
    expect(skipped.length).toBeGreaterThan(5)
    for (const name of skipped) expect(name).toMatch(/ \(needs .+\)$/)
  })

  it('runs under node:test as well', async () => {
    const directory = await temporaryDirectory()
    onTestFinished(directory.remove)
    const child = start([
      process.execPath,
      '--test-reporter=tap',
      await bundle('toy-adapter-child.ts', directory.path),
    ])
    const { code, lines, errors } = await child.ended
    const summary = (name: string) =>
      Number(lines.find((line) => line.startsWith(`# ${name} `))?.split(' ')[2])
    expect({ code, errors, fail: summary('fail') }).toEqual({ code: 0, errors: '', fail: 0 })
    expect(summary('tests')).toBe(storageConformance.length + queueConformance.length)
    expect(summary('skipped')).toBe(skipped.length)
  })
})

describe('the journal of the toy storage', () => {
  it('is read again by the next process, but for a line that was cut off', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'toy-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const journal = join(folder, 'journal')
    const first = new ToyStorage(journal)
    await first.open()
    await first.commit([contract('a', { tags: ['x'] })])
    await first.commit([contract('b')])
    expect(await first.nextIds('events', 2)).toBe(1)
    const whole = await readFile(journal, 'latin1')
    await first.commit([contract('c')])
    const cut = (await readFile(journal, 'latin1')).slice(0, whole.length + 20)
    await writeFile(journal, cut)

    const second = new ToyStorage(journal)
    await second.open()
    expect(await second.get('contracts', 'acme', 'a')).toEqual(await first.get('contracts', 'acme', 'a'))
    expect(await second.get('contracts', 'acme', 'b')).not.toBeNull()
    expect(await second.get('contracts', 'acme', 'c')).toBeNull()
    expect(await second.nextIds('events', 1)).toBe(3)
  })
})
