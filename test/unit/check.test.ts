import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { countTests } from '../tools/stages.js'

const report = (testResults: { name: string; status: string; assertionResults: { status: string }[] }[]) => {
  const count = (status: string) =>
    testResults.flatMap((file) => file.assertionResults).filter((test) => test.status === status).length
  return {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending'),
    numTodoTests: 0,
    testResults,
  }
}
const good = { name: 'a.test.ts', status: 'passed', assertionResults: [{ status: 'passed' }] }
const bad = {
  name: 'b.test.ts',
  status: 'failed',
  assertionResults: [{ status: 'passed' }, { status: 'failed' }],
}
const unloaded = { name: 'c.test.ts', status: 'failed', assertionResults: [] }

describe('countTests', () => {
  it('counts each test', () => {
    expect(countTests(report([good]), true)).toEqual({ passed: 1, failed: 0 })
    expect(countTests(report([good, bad]), false)).toEqual({ passed: 2, failed: 1 })
  })

  it('counts a file that could not be loaded as a failure', () => {
    expect(countTests(report([good, unloaded]), false)).toEqual({ passed: 1, failed: 1 })
    expect(countTests(report([bad, unloaded]), false)).toEqual({ passed: 1, failed: 2 })
  })

  it('counts a run that failed without a failed test as a failure', () => {
    expect(countTests(report([good]), false)).toEqual({ passed: 1, failed: 1 })
    expect(countTests(report([]), false)).toEqual({ passed: 0, failed: 1 })
    expect(countTests(null, false)).toEqual({ passed: 0, failed: 1 })
  })
})

describe('runStages', () => {
  const stages = new URL('../tools/stages.js', import.meta.url).href
  const run = (list: string) => {
    const script = `import { runStages, single } from ${JSON.stringify(stages)}; await runStages(${list})`
    const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    return { status, last: stdout.trimEnd().split('\n').at(-1) }
  }

  it('ends with the sum and 0 when everything passed', () => {
    expect(run(`[single('a', ['true']), single('b', ['true'])]`)).toEqual({
      status: 0,
      last: '2 passed, 0 failed',
    })
  })

  it('runs what comes after a failure and ends with 1', () => {
    expect(run(`[single('a', ['false']), single('b', ['true'])]`)).toEqual({
      status: 1,
      last: '1 passed, 1 failed',
    })
  })

  it('stops what does not end, and what that started', () => {
    const endless = 'sleep 60 & wait'
    const script = `
      import { runStages, succeeds } from ${JSON.stringify(stages)}
      const run = async () => ({ passed: 0, failed: (await succeeds(['sh', '-c', ${JSON.stringify(endless)}], { deadlineMs: 300 })) ? 0 : 1 })
      await runStages([{ title: 'endless', run }])`
    const started = performance.now()
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    expect(status).toBe(1)
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('0 passed, 1 failed')
    expect(stderr).toContain('still running after 0.005 minutes: stopped')
    // The grandchild holds our end of its output: as long as it runs, this call does not return.
    expect(performance.now() - started).toBeLessThan(30_000)
  })

  it('ends with 1 when nothing ran', () => {
    expect(run('[]')).toEqual({ status: 1, last: '0 passed, 0 failed' })
  })
})
