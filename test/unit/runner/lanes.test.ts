import { describe, expect, it } from 'vitest'
import type { RateLimit } from '../../../src/model.js'
import type { LaneOptions, LaneResult } from '../../../src/runner/lane.js'
import { Lanes } from '../../../src/runner/lanes.js'

const options = { breakerFailures: 3, openMs: 1_000, maxOpenMs: 4_000, maxThrottleMs: 60_000 }
const alive: LaneResult = { kind: 'alive' }
const down: LaneResult = { kind: 'down' }
const none: LaneResult = { kind: 'none' }
const tooMany = (retryAfterMs: number | null = null): LaneResult => ({
  kind: 'overloaded',
  down: false,
  retryAfterMs,
})
const unavailable = (retryAfterMs: number | null = null): LaneResult => ({
  kind: 'overloaded',
  down: true,
  retryAfterMs,
})

/** Lanes, with whole attempts that enter and leave in one instant. */
function lanesWith(given: Partial<LaneOptions> = {}) {
  const lanes = new Lanes({ ...options, ...given })
  return {
    lanes,
    enter: (now: number, lane = 'a', limit: RateLimit | null = null) => lanes.enter(lane, now, limit),
    leave: (now: number, result: LaneResult, lane = 'a') => lanes.leave(lane, now, result),
    attempt(now: number, result: LaneResult, lane = 'a') {
      const until = lanes.enter(lane, now, null)
      if (until === null) lanes.leave(lane, now, result)
      return until
    },
  }
}

/** A lane whose breaker opened at 0. */
function opened(given: Partial<LaneOptions> = {}) {
  const world = lanesWith(given)
  for (let n = 0; n < options.breakerFailures; n++) world.attempt(0, down)
  return world
}

describe('the breaker of a lane', () => {
  it('opens at the given number of failures in a row', () => {
    const { lanes, attempt } = lanesWith()
    expect([1, 2, 3].map(() => attempt(0, down))).toEqual([null, null, null])
    expect(attempt(0, down)).toBe(1_000)
    expect(lanes.closed(999)).toEqual(['a'])
    expect(lanes.nextOpen(999)).toBe(1_000)
    expect(lanes.closed(1_000)).toEqual([])
    expect(lanes.nextOpen(1_000)).toBeNull()
  })

  it('starts to count anew when somebody answers', () => {
    const { lanes, attempt } = lanesWith()
    for (const result of [down, down, alive, down, down]) attempt(0, result)
    expect(lanes.closed(0)).toEqual([])
  })

  it('never opens when told so', () => {
    const { attempt } = lanesWith({ breakerFailures: 0 })
    for (let n = 0; n < 1_000; n++) expect(attempt(0, down)).toBeNull()
  })

  it('lets one probe through and holds the others', () => {
    const { lanes, enter, leave } = opened()
    expect(enter(1_000)).toBeNull()
    expect(enter(1_000)).toBe(2_000)
    expect(enter(5_000)).toBe(6_000)
    expect(lanes.closed(5_000)).toEqual(['a'])
    // Only the probe's end opens it, and that wakes the runner.
    expect(lanes.nextOpen(5_000)).toBeNull()
    leave(6_000, alive)
    expect(lanes.closed(6_000)).toEqual([])
    expect([enter(6_000), enter(6_000)]).toEqual([null, null])
  })

  it('stays open twice as long after each failed probe, up to the maximum', () => {
    const { enter, leave } = opened()
    let now = 1_000
    for (const openMs of [2_000, 4_000, 4_000]) {
      expect(enter(now)).toBeNull()
      leave(now + 10, down)
      expect(enter(now + 10)).toBe(now + 10 + openMs)
      now += 10 + openMs
    }
  })

  it('begins with the short time again once it has closed', () => {
    const { attempt } = opened()
    attempt(1_000, down)
    attempt(3_000, alive)
    for (let n = 0; n < 3; n++) expect(attempt(4_000, down)).toBeNull()
    expect(attempt(4_000, down)).toBe(5_000)
  })

  it('probes again at once when a probe never got out', () => {
    const { attempt } = opened()
    expect(attempt(1_000, none)).toBeNull()
    expect(attempt(1_000, none)).toBeNull()
  })

  it('does not count what set out before it opened and fails meanwhile', () => {
    const { enter, leave } = lanesWith()
    for (let n = 0; n < 8; n++) enter(0)
    for (let n = 0; n < 8; n++) leave(n, down)
    expect(enter(8)).toBe(1_002)
    expect(enter(1_002)).toBeNull()
  })

  it('takes what set out before it opened and still runs for the probe', () => {
    const { enter, leave } = lanesWith()
    for (let n = 0; n < 4; n++) enter(0)
    for (let n = 0; n < 3; n++) leave(0, down)
    expect(enter(1_500)).toBe(2_500)
    leave(1_600, down)
    expect(enter(1_600)).toBe(3_600)
  })

  it('closes when any of them is answered', () => {
    const { enter, leave } = lanesWith()
    for (let n = 0; n < 4; n++) enter(0)
    for (let n = 0; n < 3; n++) leave(0, down)
    expect(enter(10)).toBe(1_000)
    leave(10, alive)
    expect(enter(10)).toBeNull()
  })
})

describe('the throttle of a lane', () => {
  it('pauses for as long as the receiver asks, up to the maximum', () => {
    const { lanes, attempt } = lanesWith()
    attempt(0, tooMany(5_000))
    expect(attempt(0, alive)).toBe(5_000)
    expect(lanes.nextOpen(0)).toBe(5_000)
    attempt(5_000, tooMany(3_600_000))
    expect(attempt(5_000, alive)).toBe(65_000)
  })

  it('pauses twice as long each time in a row when the receiver does not say', () => {
    const { attempt } = lanesWith()
    let now = 0
    for (const pause of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
      expect(attempt(now, tooMany())).toBeNull()
      expect(attempt(now, tooMany())).toBe(now + pause)
      now += pause
    }
    attempt(now, alive)
    attempt(now, tooMany())
    expect(attempt(now, alive)).toBe(now + 1_000)
  })

  it('takes the refusals of attempts that ran side by side for one', () => {
    const { enter, leave } = lanesWith()
    for (let n = 0; n < 8; n++) enter(0)
    for (let n = 0; n < 8; n++) leave(0, tooMany())
    expect(enter(0)).toBe(1_000)
    enter(1_000)
    leave(1_000, tooMany())
    expect(enter(1_000)).toBe(3_000)
  })

  it('keeps the longest pause that one of them asks for', () => {
    const { enter, leave } = lanesWith()
    for (let n = 0; n < 4; n++) enter(0)
    for (const pause of [2_000, 9_000, 3_000]) leave(0, tooMany(pause))
    leave(0, alive)
    expect(enter(0)).toBe(9_000)
  })

  it('does not wait where the receiver says 0', () => {
    const { attempt } = lanesWith()
    for (let n = 0; n < 100; n++) expect(attempt(0, tooMany(0))).toBeNull()
  })

  it('is no failure with 429, and one with 503', () => {
    const { lanes, attempt } = lanesWith()
    for (const result of [down, down, tooMany(0), down, down]) attempt(0, result)
    expect(lanes.closed(0)).toEqual([])
    attempt(0, unavailable(0))
    expect(attempt(0, alive)).toBe(1_000)
  })

  it('holds a lane as long as the longer of pause and breaker', () => {
    const short = opened()
    short.attempt(1_000, unavailable(500))
    expect(short.enter(1_000)).toBe(3_000)
    const long = opened()
    long.attempt(1_000, unavailable(10_000))
    expect(long.enter(1_000)).toBe(11_000)
  })
})

describe('the rate limit of a lane', () => {
  const limit = { points: 2, durationMs: 1_000 }

  it('slides', () => {
    const { lanes, enter } = lanesWith()
    expect(enter(0, 'a', limit)).toBeNull()
    expect(lanes.closed(0)).toEqual([])
    expect(enter(600, 'a', limit)).toBeNull()
    expect(lanes.closed(600)).toEqual(['a'])
    expect(lanes.nextOpen(600)).toBe(1_000)
    expect(enter(999, 'a', limit)).toBe(1_000)
    expect(enter(1_000, 'a', limit)).toBeNull()
    expect(enter(1_000, 'a', limit)).toBe(1_600)
  })

  it('outlives attempts, a failure of our own and a reset', () => {
    const { lanes, enter, leave } = lanesWith()
    for (const result of [alive, none]) {
      enter(0, 'a', limit)
      leave(0, result)
    }
    lanes.reset('a')
    expect(enter(0, 'a', limit)).toBe(1_000)
  })

  it('that others have used up closes the lane, and what was not sent is not counted', () => {
    const { lanes, enter, leave } = lanesWith()
    expect(enter(0, 'a', limit)).toBeNull()
    expect(enter(10, 'a', limit)).toBeNull()
    leave(20, { kind: 'full', until: 700, enteredAt: 10 })
    leave(20, alive)
    expect(lanes.closed(20)).toEqual(['a'])
    expect(lanes.nextOpen(20)).toBe(700)
    lanes.reset('a')
    expect(enter(699, 'a', limit)).toBe(700)
    // Of the two before, one was sent: at 0.
    expect(enter(700, 'a', limit)).toBeNull()
    expect(enter(700, 'a', limit)).toBe(1_000)
  })

  it('that others have used up is remembered until the window ends, and no longer', () => {
    const { lanes, enter, leave } = lanesWith()
    enter(0, 'a', limit)
    leave(0, { kind: 'full', until: 700, enteredAt: 0 })
    expect(lanes.closed(699)).toEqual(['a'])
    expect(lanes.closed(700)).toEqual([])
    // Once the limit is lifted its window is no matter.
    expect(enter(1, 'a', limit)).toBe(700)
    expect(enter(1, 'a', null)).toBeNull()
  })

  it('that others have used up says nothing of the receiver', () => {
    const { enter, leave } = opened()
    expect(enter(1_000, 'a', limit)).toBeNull()
    leave(1_000, { kind: 'full', until: 1_500, enteredAt: 1_000 })
    // Still one at a time, as the breaker wants it.
    expect(enter(1_500, 'a', limit)).toBeNull()
    expect(enter(1_500, 'a', limit)).toBe(2_500)
  })

  it('follows its changes', () => {
    const { enter } = lanesWith()
    enter(0, 'a', limit)
    enter(1, 'a', limit)
    expect(enter(2, 'a', limit)).toBe(1_000)
    expect(enter(2, 'a', { points: 3, durationMs: 1_000 })).toBeNull()
    expect(enter(3, 'a', { points: 1, durationMs: 1_000 })).toBe(1_002)
    expect(enter(3, 'a', null)).toBeNull()
  })
})

describe('a lane whose receiver keeps us waiting', () => {
  it('is closed until one of its attempts ends, well or badly', () => {
    for (const result of [alive, down, none, tooMany(0)]) {
      const { lanes, enter, leave } = lanesWith()
      enter(0)
      enter(0)
      lanes.late('a')
      expect(lanes.closed(300)).toEqual(['a'])
      expect(lanes.nextOpen(300)).toBeNull()
      expect(enter(300)).toBe(1_300)
      leave(400, result)
      expect(lanes.closed(400)).toEqual([])
      expect(enter(400)).toBeNull()
    }
  })

  it('is open again when reset', () => {
    const { lanes, enter } = lanesWith()
    enter(0)
    lanes.late('a')
    lanes.reset('a')
    expect(lanes.closed(0)).toEqual([])
    expect(enter(0)).toBeNull()
  })

  it('may be unknown', () => {
    const { lanes, enter } = lanesWith()
    lanes.late('a')
    expect(lanes.closed(0)).toEqual([])
    expect(enter(0)).toBeNull()
  })
})

describe('lanes', () => {
  it('are failing from a failure until somebody answers', () => {
    const { lanes, attempt } = lanesWith({ breakerFailures: 0 })
    expect(lanes.failing()).toEqual([])
    attempt(0, down, 'a')
    attempt(0, unavailable(0), 'b')
    for (const result of [alive, none, tooMany()]) attempt(0, result, 'c')
    expect(lanes.failing()).toEqual(['a', 'b'])
    attempt(0, none, 'a')
    expect(lanes.failing()).toEqual(['b', 'a'])
    attempt(0, tooMany(0), 'a')
    lanes.reset('b')
    expect(lanes.failing()).toEqual([])
  })

  it('open again when reset, at once and with all they had', () => {
    const { lanes, enter, attempt } = opened()
    attempt(1_000, unavailable(9_000))
    expect(enter(1_000)).toBe(10_000)
    lanes.reset('a')
    expect(lanes.closed(1_000)).toEqual([])
    expect(lanes.nextOpen(1_000)).toBeNull()
    expect([enter(1_000), enter(1_000)]).toEqual([null, null])
  })

  it('may be reset and left unknown', () => {
    const { lanes, enter } = lanesWith()
    lanes.reset('a')
    lanes.leave('a', 0, down)
    expect(enter(0)).toBeNull()
  })

  it('tell the first of several to open', () => {
    const { lanes, attempt } = lanesWith()
    attempt(0, tooMany(7_000), 'a')
    attempt(0, tooMany(5_000), 'b')
    attempt(0, tooMany(9_000), 'c')
    expect(lanes.closed(0)).toEqual(['a', 'b', 'c'])
    expect(lanes.nextOpen(0)).toBe(5_000)
    expect(lanes.closed(7_000)).toEqual(['c'])
    expect(lanes.nextOpen(7_000)).toBe(9_000)
  })

  it('are not forgotten for healthy ones, however many', () => {
    const { lanes, attempt } = opened()
    for (let n = 0; n < 20_000; n++) attempt(0, alive, `healthy ${n}`)
    expect(lanes.closed(0)).toEqual(['a'])
  })

  it('are forgotten, untouched for longest first, beyond 10,000, unless they run', () => {
    const { lanes, enter, attempt } = lanesWith({ breakerFailures: 1 })
    enter(0, 'runs')
    for (let n = 0; n < 10_000; n++) attempt(0, down, `broken ${n}`)
    expect(lanes.closed(0)).toHaveLength(1_000)
    expect(lanes.failing()).toHaveLength(1_000)
    expect(enter(0, 'broken 1')).toBe(1_000)
    expect(enter(0, 'broken 0')).toBeNull()
    lanes.leave('runs', 0, down)
    expect(enter(0, 'runs')).toBe(1_000)
  })
})
