/** The laws of the line in front of the threads, on random comings and goings. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Line } from '../../../src/analysis/line.js'

/** One after the other of what is ready runs to its next `await`. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

interface File {
  tenant: string
  /** Which one of its tenant's. */
  number: number
  end(): void
  fail(): void
}

/** A line, and what it did. */
function scene(places: number, length: number) {
  const line = new Line({ places, length })
  const running: File[] = []
  const started: File[] = []
  const outcomes: Promise<string>[] = []
  const counts = new Map<string, number>()
  const come = (tenant: string) => {
    const number = counts.get(tenant) ?? 0
    counts.set(tenant, number + 1)
    const work = () =>
      new Promise<string>((resolve, reject) => {
        const leave = (settled: () => void) => () => {
          running.splice(running.indexOf(file), 1)
          settled()
        }
        const file: File = {
          tenant,
          number,
          end: leave(() => resolve('done')),
          fail: leave(() => reject(new Error('failed'))),
        }
        running.push(file)
        started.push(file)
      })
    const outcome = line.run(tenant, work).catch((error) => error.code ?? error.message)
    outcomes.push(outcome)
    return outcome
  }
  return { line, running, started, outcomes, come }
}

const tenants = ['a', 'b', 'c', 'd'] as const
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ comes: fc.constantFrom(...tenants) }) },
  { weight: 2, arbitrary: fc.record({ leaves: fc.nat(), fails: fc.boolean() }) },
)

describe('the line', () => {
  it('keeps its laws whoever comes and goes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(step, { maxLength: 60 }),
        async (places, length, steps) => {
          const { line, running, started, outcomes, come } = scene(places, length)
          const share = Math.max(1, Math.floor(length / 4))
          /** Who waits, in the order in which they came, and how often others have started since. */
          const waiting: { tenant: string; ahead: number; passed: Map<string, number> }[] = []
          const ofTenant = (tenant: string) => waiting.filter((each) => each.tenant === tenant)
          for (const now of steps) {
            if ('comes' in now) {
              const { comes: tenant } = now
              const ahead = ofTenant(tenant).length
              const mayStart = running.length < places
              const mayWait = waiting.length < length && ahead < share
              const known = started.length
              const outcome = come(tenant)
              await settle()
              if (!mayStart && !mayWait) expect(await outcome).toBe('UPLOADS_BUSY')
              expect(started.length - known).toBe(mayStart ? 1 : 0)
              if (!mayStart && mayWait) waiting.push({ tenant, ahead, passed: new Map() })
            } else if (running.length > 0) {
              const known = started.length
              const file = running[now.leaves % running.length] as File
              now.fails ? file.fail() : file.end()
              await settle()
              // A place is never left empty while somebody waits.
              expect(started.length - known).toBe(waiting.length > 0 ? 1 : 0)
              const next = started[known]
              if (next !== undefined) {
                const own = waiting.findIndex(({ tenant }) => tenant === next.tenant)
                expect(own).toBeGreaterThanOrEqual(0)
                waiting.splice(own, 1)
                for (const each of waiting)
                  each.passed.set(next.tenant, (each.passed.get(next.tenant) ?? 0) + 1)
                // The n-th of a tenant's waiting files is passed by at most n of each other tenant's.
                for (const { tenant, ahead, passed } of waiting)
                  for (const [other, times] of passed)
                    if (other !== tenant) expect(times).toBeLessThanOrEqual(ahead + 1)
              }
            }
            expect(running.length).toBeLessThanOrEqual(places)
            expect(line.waiting).toBe(waiting.length)
          }
          while (running.length > 0) {
            running[0]?.end()
            await settle()
          }
          const known = new Set(['done', 'failed', 'UPLOADS_BUSY'])
          expect((await Promise.all(outcomes)).every((outcome) => known.has(outcome))).toBe(true)
          // Nothing is left behind: all places are free, and the tenants' files started in their order.
          expect(line.waiting).toBe(0)
          for (const tenant of tenants) {
            const numbers = started.filter((file) => file.tenant === tenant).map(({ number }) => number)
            expect(numbers).toEqual([...numbers].sort((one, other) => one - other))
          }
          for (let n = 0; n < places; n++) void come('e')
          await settle()
          expect(running).toHaveLength(places)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('lets the one file of a tenant pass the hundred of another', async () => {
    const { come, running, started } = scene(1, 400)
    for (let n = 0; n < 101; n++) void come('many')
    void come('one')
    await settle()
    for (let n = 0; n < 2; n++) {
      running[0]?.end()
      await settle()
    }
    expect(started.map(({ tenant }) => tenant)).toEqual(['many', 'many', 'one'])
  })

  it('says what is full, and when to come again', async () => {
    const { line, come } = scene(1, 4)
    void come('a')
    void come('a')
    const refusal = { code: 'UPLOADS_BUSY', status: 503, limit: { name: 'analysis.queue', value: 4 } }
    await expect(line.run('a', async () => {})).rejects.toMatchObject({ ...refusal, retryAfterSeconds: 5 })
    for (const tenant of ['b', 'c', 'd']) void come(tenant)
    await expect(line.run('e', async () => {})).rejects.toMatchObject(refusal)
  })

  it('refuses those who wait when it closes, and not those who run', async () => {
    const { line, come, running, outcomes } = scene(1, 100)
    for (const tenant of ['a', 'a', 'b']) void come(tenant)
    line.close()
    expect(await outcomes[1]).toBe('STOPPED')
    expect(await outcomes[2]).toBe('STOPPED')
    expect(await come('c')).toBe('STOPPED')
    running[0]?.end()
    expect(await outcomes[0]).toBe('done')
  })
})
