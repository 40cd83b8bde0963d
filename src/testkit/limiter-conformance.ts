/** What every limiter must do: the sentences of `ports/limiter.ts`, as cases. Windows are real time: some take half a second. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Limiter, Taken } from '../ports/limiter.js'
import type { ConformanceCase } from './conformance.js'

export interface LimiterHarness {
  /** A fresh limiter that has counted nothing. */
  open(): Promise<Limiter>
  /** Another one that counts in what `open` opened last, as another process would have. */
  openTwin?(): Promise<Limiter>
  /** Closes and removes all that was opened. */
  close(): Promise<void>
}

export type LimiterCase = ConformanceCase<LimiterHarness>

const minute = 60_000

const times = <T>(n: number, make: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: n }, make))

const allowed = (answers: readonly Taken[]): number => answers.filter((answer) => answer.allowed).length

/** Run it with `runConformance`. */
export const limiterConformance: readonly LimiterCase[] = [
  {
    name: 'points are counted down, and what is beyond them is refused',
    async run(harness: LimiterHarness) {
      const limiter = await harness.open()
      const answers: Taken[] = []
      for (let n = 0; n < 4; n++) answers.push(await limiter.take('key', { points: 2, durationMs: minute }))
      assert.deepEqual(
        answers.map((answer) => [answer.allowed, answer.remaining]),
        [
          [true, 1],
          [true, 0],
          [false, 0],
          [false, 0],
        ],
      )
      for (const { resetMs } of answers) assert.ok(resetMs > minute / 2 && resetMs <= minute, String(resetMs))
    },
  },
  {
    name: 'each key has a window of its own',
    async run(harness: LimiterHarness) {
      const limiter = await harness.open()
      const limit = { points: 1, durationMs: minute }
      assert.equal((await limiter.take('a', limit)).allowed, true)
      assert.equal((await limiter.take('b:ü 1', limit)).allowed, true)
      assert.equal((await limiter.take('a', limit)).allowed, false)
    },
  },
  {
    name: 'of many at once exactly so many are allowed as the window has points',
    async run(harness: LimiterHarness) {
      const limiter = await harness.open()
      const answers = await times(30, () => limiter.take('key', { points: 7, durationMs: minute }))
      assert.equal(allowed(answers), 7)
    },
  },
  {
    name: 'of many at once in several processes exactly so many are allowed',
    needs: (harness: LimiterHarness) =>
      harness.openTwin ? null : 'needs a second limiter that counts in the same',
    async run(harness: LimiterHarness) {
      const one = await harness.open()
      const other = (await harness.openTwin?.()) as Limiter
      for (const key of ['a', 'b', 'c']) {
        const limit = { points: 7, durationMs: minute }
        const answers = await Promise.all([one, other].map((each) => times(15, () => each.take(key, limit))))
        assert.equal(allowed(answers.flat()), 7)
      }
    },
  },
  {
    name: 'a window opens with its first point, is not extended by refused ones, and the next opens after it',
    async run(harness: LimiterHarness) {
      const limiter = await harness.open()
      const limit = { points: 1, durationMs: 400 }
      let left = limit.durationMs
      const first = await limiter.take('key', limit)
      assert.ok(first.allowed && first.resetMs <= left)
      for (let refusals = 0; ; refusals++) {
        const next = await limiter.take('key', limit)
        if (next.allowed) {
          assert.ok(refusals > 0, 'nothing was refused')
          assert.ok(next.resetMs > 0 && next.resetMs <= limit.durationMs)
          return
        }
        assert.ok(next.resetMs <= left, `${left} ms were left, now ${next.resetMs}`)
        assert.ok(refusals < 500, 'the window never ends')
        left = next.resetMs
        await sleep(20)
      }
    },
  },
  {
    name: 'a window need not last whole seconds',
    async run(harness: LimiterHarness) {
      const limiter = await harness.open()
      const resets: number[] = []
      // Several, for a machine that stops for a moment between asking and being told.
      for (let n = 0; n < 5; n++) {
        resets.push((await limiter.take(`key${n}`, { points: 1, durationMs: 59_999 })).resetMs)
      }
      const longest = Math.max(...resets)
      assert.ok(longest > 59_000 && longest <= 59_999, String(longest))
    },
  },
  {
    name: 'another limit counts at once, in the window that is open',
    async run(harness: LimiterHarness) {
      const limiter = await harness.open()
      await times(3, () => limiter.take('key', { points: 3, durationMs: minute }))
      const raised = await limiter.take('key', { points: 5, durationMs: 1_000_000 })
      assert.deepEqual([raised.allowed, raised.remaining], [true, 1])
      assert.ok(raised.resetMs <= minute)
      assert.equal((await limiter.take('key', { points: 4, durationMs: minute })).allowed, false)
    },
  },
].map((each) => ({ topic: 'limits', ...each }))
