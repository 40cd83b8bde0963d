import { describe, expect, it } from 'vitest'
import { type ConformanceCase, runConformance } from '../../src/testkit/conformance.js'
import { limiterConformance } from '../../src/testkit/limiter-conformance.js'
import { queueConformance } from '../../src/testkit/queue-conformance.js'
import { needsTwin } from '../../src/testkit/storage/harness.js'
import { storageConformance } from '../../src/testkit/storage-conformance.js'
import { bundle, start } from './child.js'
import { memoryHarness, temporaryDirectory } from './harnesses.js'

describe('the conformance kit', () => {
  it('runs under node:test as well', async () => {
    const directory = await temporaryDirectory()
    const child = start([
      process.execPath,
      '--test-reporter=tap',
      await bundle('node-test-child.ts', directory.path),
    ])
    const { code, lines, errors } = await child.ended
    await directory.remove()
    const summary = (name: string) =>
      Number(lines.find((line) => line.startsWith(`# ${name} `))?.split(' ')[2])
    expect({ code, errors, fail: summary('fail') }).toEqual({ code: 0, errors: '', fail: 0 })
    expect(summary('tests')).toBe(storageConformance.length + queueConformance.length)
    expect(summary('skipped')).toBe(storageConformance.filter(({ needs }) => needs?.(memoryHarness())).length)
  })

  it('names each case once', () => {
    for (const cases of [storageConformance, queueConformance, limiterConformance]) {
      const names = (cases as readonly { topic: string; name: string }[]).map(
        (each) => `${each.topic}: ${each.name}`,
      )
      expect(new Set(names).size).toBe(names.length)
    }
  })

  it('names what is missing for a case it leaves out, and closes after one that fails', async () => {
    let closed = 0
    const harness = { ...memoryHarness(), close: async () => void closed++ }
    const cases: ConformanceCase<typeof harness>[] = [
      { topic: 'a', name: 'left out', needs: needsTwin, run: async () => {} },
      { topic: 'a', name: 'failing', run: () => Promise.reject(new Error('expected')) },
    ]
    const skipped: string[] = []
    const tests: (() => Promise<void>)[] = []
    runConformance({ cases, harness, test: (_, run) => tests.push(run), skip: (name) => skipped.push(name) })
    expect(skipped).toEqual([
      'a: left out (needs a second adapter on the same store: capability crossProcess)',
    ])
    expect(tests).toHaveLength(1)
    await expect(tests[0]?.()).rejects.toThrow('expected')
    expect(closed).toBe(1)
  })
})
