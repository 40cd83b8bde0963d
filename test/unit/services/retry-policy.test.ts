import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  maxRetryAfterMs,
  nextAttemptAt,
  policyOf,
  type RetryPolicy,
  type RetryPreset,
  retryPresets,
} from '../../../src/services/deliveries/retry-policy.js'

const presets = Object.keys(retryPresets) as RetryPreset[]
const minutes = 60_000
const hours = 60 * minutes

/** A schedule as the receiver of nothing but failures would see it, without jitter. */
function schedule(preset: RetryPreset): (number | null)[] {
  const policy = policyOf(preset)
  return [
    ...policy.delays.map((_, n) => nextAttemptAt(policy, n + 1, 0, 0)),
    nextAttemptAt(policy, policy.delays.length + 1, 0, 0),
  ]
}

describe('the presets', () => {
  it('are the documented schedules', () => {
    const late = [30 * minutes, 2 * hours, 5 * hours, 10 * hours, 14 * hours, 20 * hours]
    expect(schedule('default')).toEqual([5_000, 25_000, 5 * minutes, ...late, null])
    expect(schedule('standard-webhooks')).toEqual([5_000, 5 * minutes, ...late, 24 * hours, null])
    expect(schedule('driftguard')).toEqual([5_000, 25_000, null])
    expect(schedule('infraaudit')).toEqual([5 * minutes, 30 * minutes, 2 * hours, null])
  })

  it('take the 75 h 35 min 5 s that Standard Webhooks adds up to', () => {
    const total = retryPresets['standard-webhooks'].reduce((sum: number, delay) => sum + delay, 0)
    expect(total).toBe(75 * hours + 35 * minutes + 5_000)
  })

  it('keep their seconds where a document promises them, and spread where none does', () => {
    const jitter = presets.map((preset) => [preset, policyOf(preset).jitter])
    expect(Object.fromEntries(jitter)).toEqual({
      default: 0.1,
      driftguard: 0,
      infraaudit: 0,
      'standard-webhooks': 0.1,
    })
  })
})

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const policy: fc.Arbitrary<RetryPolicy> = fc.oneof(
  fc.constantFrom(...presets).map((preset) => policyOf(preset)),
  fc.array(fc.nat(72 * hours), { maxLength: 12 }).map((delays) => policyOf(delays)),
)
const retryAfterMs = fc.option(fc.nat(Number.MAX_SAFE_INTEGER))

describe('the next attempt', () => {
  it('is never early, and later by no more than the jitter', () => {
    fc.assert(
      fc.property(policy, fc.integer({ min: 1, max: 12 }), fc.nat(), random, (policy, n, now, random) => {
        const delay = policy.delays[n - 1]
        fc.pre(delay !== undefined)
        const at = nextAttemptAt(policy, n, now, random)
        expect(at).toBeGreaterThanOrEqual(now + delay)
        expect(at).toBeLessThanOrEqual(now + delay * (1 + policy.jitter) + 1)
      }),
    )
  })

  it('comes to the millisecond with a schedule of one’s own', () => {
    expect(nextAttemptAt(policyOf([7]), 1, 1_000, 0.999)).toBe(1_007)
    expect(nextAttemptAt(policyOf([]), 1, 1_000, 0)).toBeNull()
  })

  it('is only ever delayed by Retry-After, and to no more than a day', () => {
    const failures = fc.integer({ min: 1, max: 12 })
    fc.assert(
      fc.property(
        policy,
        failures,
        fc.nat(),
        random,
        retryAfterMs,
        (policy, n, now, random, retryAfterMs) => {
          const scheduled = nextAttemptAt(policy, n, now, random)
          fc.pre(scheduled !== null)
          const asked = nextAttemptAt(policy, n, now, random, retryAfterMs)
          expect(asked).toBeGreaterThanOrEqual(scheduled)
          expect(asked).toBeLessThanOrEqual(Math.max(scheduled, now + maxRetryAfterMs))
          if (retryAfterMs !== null)
            expect(asked).toBeGreaterThanOrEqual(now + Math.min(retryAfterMs, maxRetryAfterMs))
        },
      ),
    )
    expect(nextAttemptAt(policyOf('default'), 1, 0, 0, hours)).toBe(hours)
    expect(nextAttemptAt(policyOf('default'), 1, 0, 0, 1_000)).toBe(5_000)
  })

  it('is made as often as the schedule says, whatever the receiver asks for', () => {
    fc.assert(
      fc.property(policy, random, fc.infiniteStream(retryAfterMs), (policy, random, asked) => {
        let attempts = 1
        let now = 0
        for (;;) {
          const at = nextAttemptAt(policy, attempts, now, random, asked.next().value)
          if (at === null) break
          now = at
          attempts++
        }
        expect(attempts).toBe(policy.delays.length + 1)
      }),
    )
  })
})
