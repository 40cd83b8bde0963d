import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Limiter } from '../../../src/ports/limiter.js'
import { sharedLimiter } from '../../../src/services/shared-limiter.js'
import { recordingLogger } from '../../support/app.js'

const limit = { points: 2, durationMs: 60_000 }
const answer = { allowed: true, remaining: 1, resetMs: 60_000 }

/** A limiter that does what `now.take` does, and how often it was asked. */
function scene(take: Limiter['take']) {
  const now = { take, asked: 0 }
  const logger = recordingLogger()
  const shared = sharedLimiter(
    {
      take(key, limit) {
        now.asked++
        return now.take(key, limit)
      },
    },
    logger,
  )
  return { now, logger, take: () => shared.take('key', limit) }
}

describe('counting in the storage', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is nobody’s business where the storage cannot', async () => {
    expect(await sharedLimiter(undefined, recordingLogger()).take('key', limit)).toBeNull()
  })

  it('passes the answer on, and leaves no timer behind', async () => {
    const { take, logger } = scene(async () => answer)
    expect(await take()).toEqual(answer)
    expect(logger.lines).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is waited for 300 ms', async () => {
    const late = (ms: number) => () =>
      new Promise<typeof answer>((resolve) => setTimeout(() => resolve(answer), ms))
    const { now, take } = scene(late(299))
    const first = take()
    await vi.advanceTimersByTimeAsync(299)
    expect(await first).toEqual(answer)
    now.take = late(301)
    const second = take()
    await vi.advanceTimersByTimeAsync(301)
    expect(await second).toBeNull()
  })

  it('pauses for a second after a failure, and says when it begins and ends', async () => {
    const { now, logger, take } = scene(() => Promise.reject(new Error('gone')))
    expect(await Promise.all([take(), take()])).toEqual([null, null])
    now.take = async () => answer
    vi.advanceTimersByTime(999)
    expect(await take()).toBeNull()
    expect(now.asked).toBe(2)
    vi.advanceTimersByTime(1)
    expect(await take()).toEqual(answer)
    expect(await take()).toEqual(answer)
    expect(logger.lines.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'rate limits are counted per process: the storage does not count'],
      ['info', 'rate limits are counted in the storage again'],
    ])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('says once that it fails, however long', async () => {
    const { now, logger, take } = scene(() => Promise.reject(new Error('gone')))
    for (let n = 0; n < 5; n++) {
      await take()
      vi.advanceTimersByTime(1_000)
    }
    expect(now.asked).toBe(5)
    expect(logger.lines).toHaveLength(1)
  })

  it('survives a limiter that throws', async () => {
    const { take } = scene(() => {
      throw new Error('gone')
    })
    expect(await take()).toBeNull()
  })
})
