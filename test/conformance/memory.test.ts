import { describe, expect, it } from 'vitest'
import { memoryQueue } from '../../src/adapters/memory/queue.js'
import { memoryStorage } from '../../src/adapters/memory/storage.js'
import { runConformance } from '../../src/testkit/conformance.js'
import { fakeClock } from '../../src/testkit/fake-clock.js'
import { queueConformance } from '../../src/testkit/queue-conformance.js'
import { delivery, lease, request, start } from '../../src/testkit/storage/harness.js'
import { storageConformance } from '../../src/testkit/storage-conformance.js'
import { memoryHarness, memoryQueueHarness } from './harnesses.js'

describe('memoryStorage', () => {
  runConformance({ cases: storageConformance, harness: memoryHarness(), test: it, skip: it.skip })

  it('is a store of its own each time', async () => {
    await memoryStorage().commit([delivery('d')])
    expect(await memoryStorage().get('deliveries', 'acme', 'd')).toBeNull()
  })

  it('claims from one lane as fast among 10,000 idle lanes as among none', async () => {
    const timed = async (idle: number) => {
      const storage = memoryStorage()
      for (let i = 0; i < idle; i++)
        await storage.commit([delivery(`i${i}`, { lane: `i${i}`, dueAt: start + lease })])
      for (let i = 0; i < 2000; i++) await storage.commit([delivery(`d${i}`, { lane: 'busy' })])
      const began = performance.now()
      for (let i = 0; i < 2000; i++) await storage.claim('deliveries', request({ limit: 1, perLane: 3000 }))
      return performance.now() - began
    }
    await timed(0)
    const none = Math.min(await timed(0), await timed(0))
    const many = Math.min(await timed(10_000), await timed(10_000))
    expect(many).toBeLessThan(none * 4 + 20)
  })
})

describe('memoryQueue', () => {
  runConformance({ cases: queueConformance, harness: memoryQueueHarness(), test: it, skip: it.skip })

  it('keeps 100,000 wake-ups and drops what comes beyond', async () => {
    const clock = fakeClock()
    const queue = memoryQueue({ clock })
    await queue.enqueue(Array.from({ length: 100_010 }, (_, i) => ({ id: `w${i}`, runAt: clock.now() + i })))
    expect(await queue.stats()).toEqual({ waiting: 100_000 })
  })

  it('wakes at the instants of the clock it is given, in their order', async () => {
    const clock = fakeClock()
    const queue = memoryQueue({ clock })
    const woken: [string, number][] = []
    const stop = new AbortController()
    const began = clock.now()
    const consumed = queue.consume(
      async (id) => {
        woken.push([id, clock.now() - began])
      },
      { concurrency: 2, signal: stop.signal },
    )
    const distant = 90 * 86_400_000
    await queue.enqueue([distant, 3000, 1000, 2000].map((ms) => ({ id: String(ms), runAt: began + ms })))
    await clock.advance(distant)
    expect(woken).toEqual([1000, 2000, 3000, distant].map((ms) => [String(ms), ms]))
    stop.abort()
    await consumed
  })

  it('follows the time of the machine by default', async () => {
    const queue = memoryQueue()
    const stop = new AbortController()
    const began = Date.now()
    await queue.enqueue([{ id: 'a', runAt: began + 30 }])
    // The clock's timers keep no process alive, so something else must.
    const alive = setInterval(() => {}, 1000)
    await queue.consume(async () => stop.abort(), { concurrency: 1, signal: stop.signal })
    clearInterval(alive)
    expect(Date.now() - began).toBeGreaterThanOrEqual(29)
  })
})

describe('fakeClock', () => {
  it('wakes in order of time, those who wait again included, and ends at the instant asked for', async () => {
    const clock = fakeClock(1000)
    const heard: string[] = []
    const { signal } = new AbortController()
    const tick = async (name: string, ms: number, times: number) => {
      for (let i = 0; i < times; i++) {
        await clock.wait(ms, signal)
        heard.push(`${name}${clock.now()}`)
      }
    }
    const ticking = Promise.all([tick('a', 10, 3), tick('b', 15, 2)])
    await clock.advance(29)
    expect(heard).toEqual(['a1010', 'b1015', 'a1020'])
    expect(clock.now()).toBe(1029)
    await clock.set(1030)
    await ticking
    expect(heard).toEqual(['a1010', 'b1015', 'a1020', 'b1030', 'a1030'])
  })

  it('resolves an aborted wait at once', async () => {
    const clock = fakeClock()
    const controller = new AbortController()
    const waiting = clock.wait(1000, controller.signal)
    controller.abort()
    await waiting
    await clock.wait(1000, controller.signal)
    expect(clock.now()).toBe(fakeClock().now())
  })
})
