/** What holds of lanes whatever happens to them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RateLimit } from '../../../src/model.js'
import type { LaneResult } from '../../../src/runner/lane.js'
import { Lanes } from '../../../src/runner/lanes.js'

const options = { breakerFailures: 3, openMs: 1_000, maxOpenMs: 8_000, maxThrottleMs: 5_000 }
const names = ['a', 'b', 'c'] as const

type Step =
  | { op: 'enter'; lane: string }
  | { op: 'leave'; lane: string; result: LaneResult }
  | { op: 'wait'; ms: number }
  | { op: 'reset'; lane: string }
  | { op: 'late'; lane: string }

const lane = fc.constantFrom(...names)
const retryAfterMs = fc.option(fc.nat(10_000))
const overloaded = fc.record({ kind: fc.constant('overloaded' as const), down: fc.boolean(), retryAfterMs })
const alive = fc.constant({ kind: 'alive' as const })
const down = fc.constant({ kind: 'down' as const })
const none = fc.constant({ kind: 'none' as const })
const enter = fc.record({ op: fc.constant('enter' as const), lane })
const leave = (result: fc.Arbitrary<LaneResult>) =>
  fc.record({ op: fc.constant('leave' as const), lane, result })
const wait = fc.record({ op: fc.constant('wait' as const), ms: fc.nat(3_000) })
const reset = fc.record({ op: fc.constant('reset' as const), lane })

const late = fc.record({ op: fc.constant('late' as const), lane })

const stepsWith = (result: fc.Arbitrary<LaneResult>) =>
  fc.array(
    fc.oneof(
      { arbitrary: enter, weight: 5 },
      { arbitrary: leave(result), weight: 5 },
      { arbitrary: wait, weight: 3 },
    ),
    { maxLength: 200, size: 'max' },
  )
const anyResult = fc.oneof(alive, down, down, overloaded, none)
const anySteps = fc.array(
  fc.oneof(
    { arbitrary: enter, weight: 10 },
    { arbitrary: leave(anyResult), weight: 10 },
    { arbitrary: wait, weight: 6 },
    { arbitrary: reset, weight: 1 },
  ),
  { maxLength: 200, size: 'max' },
)
const lateSteps = anySteps.chain((steps) =>
  fc.array(late, { maxLength: 20 }).chain((more) => fc.shuffledSubarray([...steps, ...more])),
)
const anyLimit = fc.option(
  fc.record({ points: fc.integer({ min: 1, max: 5 }), durationMs: fc.integer({ min: 1, max: 4_000 }) }),
)

const isFailure = (result: LaneResult) =>
  result.kind === 'down' || (result.kind === 'overloaded' && result.down)

/** Plays a history, and keeps what an onlooker sees of it. */
class World {
  readonly lanes = new Lanes(options)
  now = 1_000_000
  readonly running = new Map<string, number>()
  readonly starts = new Map<string, number[]>(names.map((name) => [name, []]))
  readonly answers: (number | null)[] = []

  constructor(readonly limit: RateLimit | null = null) {}

  play(step: Step): void {
    if (step.op === 'wait') this.now += step.ms
    else if (step.op === 'reset') this.lanes.reset(step.lane)
    else if (step.op === 'enter') this.enter(step.lane)
    else if (this.runs(step.lane) === 0) return
    else if (step.op === 'late') this.lanes.late(step.lane)
    else this.leave(step.lane, step.result)
  }

  runs(name: string): number {
    return this.running.get(name) ?? 0
  }

  enter(name: string): number | null {
    const until = this.lanes.enter(name, this.now, this.limit)
    this.answers.push(until)
    if (until !== null) return until
    this.running.set(name, this.runs(name) + 1)
    this.starts.get(name)?.push(this.now)
    return null
  }

  leave(name: string, result: LaneResult): void {
    this.running.set(name, this.runs(name) - 1)
    this.lanes.leave(name, this.now, result)
  }
}

describe('lanes', () => {
  it('never start more than the limit in any span of its length', () => {
    fc.assert(
      fc.property(anySteps, anyLimit, (steps, limit) => {
        fc.pre(limit !== null)
        const world = new World(limit)
        for (const step of steps) world.play(step)
        for (const starts of world.starts.values())
          starts.forEach((start, n) => {
            const before = starts[n - limit.points]
            if (before !== undefined) expect(start - before).toBeGreaterThanOrEqual(limit.durationMs)
          })
      }),
    )
  })

  it('are told as closed exactly when they turn an attempt away, and until later than now', () => {
    fc.assert(
      fc.property(lateSteps, anyLimit, (steps, limit) => {
        const world = new World(limit)
        for (const step of steps) {
          if (step.op === 'enter') {
            const { now, lanes } = world
            const told = lanes.closed(now).includes(step.lane)
            const until = world.enter(step.lane)
            expect(until !== null).toBe(told)
            if (until !== null) expect(until).toBeGreaterThan(now)
          } else world.play(step)
        }
      }),
    )
  })

  it('never send two probes at once, nor before their time', () => {
    fc.assert(
      fc.property(stepsWith(anyResult), (steps) => {
        const world = new World()
        // The breakers as one who only watches the attempts would know them.
        const seen = new Map<string, { failures: number; openedAt: number }>()
        for (const step of steps) {
          if (step.op === 'enter') {
            const { failures = 0, openedAt = 0 } = seen.get(step.lane) ?? {}
            if (world.enter(step.lane) !== null || failures < options.breakerFailures) continue
            expect(world.runs(step.lane)).toBe(1)
            expect(world.now - openedAt).toBeGreaterThanOrEqual(options.openMs)
          } else if (step.op === 'leave' && world.runs(step.lane) > 0) {
            world.leave(step.lane, step.result)
            const { failures = 0, openedAt = 0 } = seen.get(step.lane) ?? {}
            if (isFailure(step.result))
              seen.set(step.lane, {
                failures: failures + 1,
                openedAt: failures + 1 === options.breakerFailures ? world.now : openedAt,
              })
            else if (step.result.kind !== 'none') seen.delete(step.lane)
          } else world.play(step)
        }
      }),
    )
  })

  it('ask a dead receiver at most once for each time the breaker is open', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(3_000), fc.nat(500)), { maxLength: 200, size: 'max' }),
        (tries) => {
          const world = new World()
          for (let n = 0; n < options.breakerFailures; n++) {
            world.enter('a')
            world.leave('a', { kind: 'down' })
          }
          let openMs = options.openMs
          let openUntil = world.now + openMs
          for (const [pause, takes] of tries) {
            world.now += pause
            const until = world.enter('a')
            expect(until).toBe(world.now < openUntil ? openUntil : null)
            if (until !== null) continue
            world.now += takes
            world.leave('a', { kind: 'down' })
            openMs = Math.min(openMs * 2, options.maxOpenMs)
            openUntil = world.now + openMs
          }
        },
      ),
    )
  })

  it('always open again, no later than the longest of their times', () => {
    fc.assert(
      fc.property(lateSteps, anyLimit, anyResult, (steps, limit, last) => {
        const world = new World(limit)
        for (const step of steps) world.play(step)
        for (const name of names) while (world.runs(name) > 0) world.leave(name, last)
        const longest = Math.max(options.maxOpenMs, options.maxThrottleMs, limit?.durationMs ?? 0)
        const closed = world.lanes.closed(world.now)
        const opens = new Map(names.map((name) => [name, world.lanes.enter(name, world.now, limit)]))
        expect(names.filter((name) => opens.get(name) !== null).sort()).toEqual([...closed].sort())
        const instants = [...opens.values()].filter((until) => until !== null)
        if (limit === null) {
          expect(world.lanes.nextOpen(world.now)).toBe(instants.length === 0 ? null : Math.min(...instants))
        }
        for (const [name, until] of opens) {
          if (until === null) continue
          expect(until - world.now).toBeLessThanOrEqual(longest)
          expect(world.lanes.enter(name, until, limit)).toBeNull()
        }
      }),
    )
  })

  it('wait at most a second at a time for a probe, and not at all when it has ended', () => {
    fc.assert(
      fc.property(fc.nat(100_000), anyResult, (takes, result) => {
        const world = new World()
        for (let n = 0; n < options.breakerFailures; n++) {
          world.enter('a')
          world.leave('a', { kind: 'down' })
        }
        world.now += options.openMs
        expect(world.enter('a')).toBeNull()
        world.now += takes
        expect(world.enter('a')).toBe(world.now + 1_000)
        world.leave('a', result)
        const until = world.enter('a')
        if (result.kind === 'alive' || result.kind === 'none') expect(until).toBeNull()
      }),
    )
  })

  it('know nothing of each other', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const world = new World()
        for (const step of steps) {
          world.play(step)
          expect(world.lanes.closed(world.now)).not.toContain('healthy')
          expect(world.enter('healthy')).toBeNull()
          world.leave('healthy', { kind: 'alive' })
        }
      }),
    )
  })

  it('are never opened by 429 alone: without a pause asked for, none is closed', () => {
    const busy = (down: boolean) => fc.constant({ kind: 'overloaded' as const, down, retryAfterMs: 0 })
    fc.assert(
      fc.property(stepsWith(fc.oneof(busy(false), alive, none)), (steps) => {
        const world = new World()
        for (const step of steps) world.play(step)
        expect(world.answers.filter((until) => until !== null)).toEqual([])
      }),
    )
    // 503 does open them.
    const world = new World()
    for (let n = 0; n < options.breakerFailures; n++) {
      world.enter('a')
      world.leave('a', { kind: 'overloaded', down: true, retryAfterMs: 0 })
    }
    expect(world.enter('a')).toBe(world.now + options.openMs)
  })

  it('are the same with and without attempts that say nothing', () => {
    fc.assert(
      fc.property(anySteps, fc.infiniteStream(fc.boolean()), (steps, more) => {
        const plain = new World()
        const disturbed = new World()
        for (const step of steps) {
          const [name = 'a'] = names.filter((name) => disturbed.runs(name) > 0)
          if (more.next().value && disturbed.lanes.enter(name, disturbed.now, null) === null)
            disturbed.lanes.leave(name, disturbed.now, { kind: 'none' })
          plain.play(step)
          disturbed.play(step)
          expect(disturbed.lanes.closed(disturbed.now).toSorted()).toEqual(
            plain.lanes.closed(plain.now).toSorted(),
          )
        }
        expect(disturbed.answers).toEqual(plain.answers)
      }),
    )
  })
})
