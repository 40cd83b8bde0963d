/** What every queue adapter must do: the sentences of `ports/queue.ts`, as cases. */
import assert from 'node:assert/strict'
import type { Queue, WakeUp } from '../ports/queue.js'
import type { ConformanceCase } from './conformance.js'

export interface QueueHarness {
  /** A fresh, empty, opened queue. */
  open(): Promise<Queue>
  /** Another opened adapter on what `open` opened last, as another process would have. */
  openTwin?(): Promise<Queue>
  /** The queue's time. */
  now(): number
  /** Lets that much of it pass. */
  advance(ms: number): Promise<void>
  /** Closes and removes all that was opened. */
  close(): Promise<void>
}

export type QueueCase = ConformanceCase<QueueHarness>

/** How long an engine may take to hand over what is due, in real time. */
const patienceMs = 5000

/** Waits in real time until `reached`: engines other than memory need some. */
async function until(reached: () => boolean, what: string): Promise<void> {
  for (const giveUpAt = Date.now() + patienceMs; !reached(); ) {
    if (Date.now() > giveUpAt) assert.fail(`not within ${patienceMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** A consumer that notes what it was woken with. */
function consumer(queue: Queue, concurrency = 10, handle: (id: string) => Promise<void> = async () => {}) {
  const woken: string[] = []
  const controller = new AbortController()
  const ended = queue.consume(
    (id) => {
      woken.push(id)
      return handle(id)
    },
    { concurrency, signal: controller.signal },
  )
  return {
    woken,
    async stop() {
      controller.abort()
      await ended
    },
  }
}

const wakeUps = (n: number): WakeUp[] => Array.from({ length: n }, (_, i) => ({ id: `w${i}` }))

const topic = (name: string, cases: Omit<QueueCase, 'topic'>[]): QueueCase[] =>
  cases.map((each) => ({ topic: name, ...each }))

/** Run it with `runConformance`. */
export const queueConformance: readonly QueueCase[] = [
  ...topic('wake-ups', [
    {
      name: 'each is handed over once, before and after a consumer has come',
      async run(harness) {
        const queue = await harness.open()
        await queue.enqueue(wakeUps(5))
        const { woken, stop } = consumer(queue)
        await until(() => woken.length === 5, 'the five that waited')
        await queue.enqueue([{ id: 'late' }])
        await until(() => woken.includes('late'), 'the one that came later')
        assert.deepEqual([...woken].sort(), ['late', 'w0', 'w1', 'w2', 'w3', 'w4'])
        await stop()
      },
    },
    {
      name: 'none before its time',
      async run(harness) {
        const queue = await harness.open()
        const { woken, stop } = consumer(queue)
        await queue.enqueue([
          { id: 'later', runAt: harness.now() + 60_000 },
          { id: 'soon', runAt: harness.now() + 2_000 },
          { id: 'past', runAt: harness.now() - 60_000 },
        ])
        await until(() => woken.includes('past'), 'what is overdue')
        await harness.advance(500)
        assert.deepEqual(woken, ['past'])
        await harness.advance(2_500)
        await until(() => woken.includes('soon'), 'what has become due')
        assert.deepEqual(woken, ['past', 'soon'])
        await stop()
      },
    },
    {
      name: 'an earlier one is not held up by a later one that came first',
      async run(harness) {
        const queue = await harness.open()
        const { woken, stop } = consumer(queue)
        await queue.enqueue([{ id: 'b', runAt: harness.now() + 60_000 }])
        await harness.advance(10)
        await queue.enqueue([{ id: 'a', runAt: harness.now() + 1_000 }])
        await harness.advance(1_500)
        await until(() => woken.includes('a'), 'the earlier one')
        assert.deepEqual(woken, ['a'])
        await stop()
      },
    },
    {
      name: 'one that waits already is not added again; one that was handed over may come again',
      async run(harness) {
        const queue = await harness.open()
        const runAt = harness.now() + 1_000
        await queue.enqueue([
          { id: 'a', runAt },
          { id: 'a', runAt },
        ])
        await queue.enqueue([{ id: 'a', runAt }])
        assert.equal((await queue.stats()).waiting, 1)
        const { woken, stop } = consumer(queue)
        await harness.advance(2_000)
        await until(() => woken.length > 0, 'the wake-up')
        await queue.enqueue([{ id: 'end' }])
        await until(() => woken.includes('end'), 'the last one')
        assert.deepEqual(woken, ['a', 'end'])
        await stop()
      },
    },
    {
      name: 'several consumers share them',
      async run(harness) {
        const queue = await harness.open()
        const other = harness.openTwin ? await harness.openTwin() : queue
        const consumers = [consumer(queue), consumer(other)]
        await queue.enqueue(wakeUps(50))
        const all = () => consumers.flatMap(({ woken }) => woken)
        await until(() => all().length >= 50, 'all fifty')
        assert.equal(new Set(all()).size, 50)
        for (const { stop } of consumers) await stop()
      },
    },
    {
      name: 'what waits is counted',
      async run(harness) {
        const queue = await harness.open()
        assert.equal((await queue.stats()).waiting, 0)
        await queue.enqueue([...wakeUps(3), { id: 'later', runAt: harness.now() + 60_000 }])
        assert.equal((await queue.stats()).waiting, 4)
        await queue.enqueue([])
      },
    },
  ]),
  ...topic('consuming', [
    {
      name: 'never more handlers at once than asked for, and as many as asked for',
      async run(harness) {
        const queue = await harness.open()
        let running = 0
        let most = 0
        const { woken, stop } = consumer(queue, 3, async () => {
          most = Math.max(most, ++running)
          await new Promise((resolve) => setTimeout(resolve, 5))
          running--
        })
        await queue.enqueue(wakeUps(20))
        await until(() => woken.length === 20, 'all twenty')
        await stop()
        assert.equal(most, 3)
      },
    },
    {
      name: 'a throwing handler loses its own wake-up only',
      async run(harness) {
        const queue = await harness.open()
        const { woken, stop } = consumer(queue, 1, async (id) => {
          if (id === 'w1') throw new Error('expected')
        })
        await queue.enqueue(wakeUps(4))
        await until(() => new Set(woken).size === 4, 'all four')
        await stop()
      },
    },
    {
      name: 'an abort ends it when its running handlers have ended, and takes nothing more',
      async run(harness) {
        const queue = await harness.open()
        let release = () => {}
        const held = new Promise<void>((resolve) => {
          release = resolve
        })
        let ended = false
        const { woken, stop } = consumer(queue, 1, () => held)
        await queue.enqueue(wakeUps(3))
        await until(() => woken.length === 1, 'the first')
        const stopping = stop().then(() => {
          ended = true
        })
        await new Promise((resolve) => setTimeout(resolve, 20))
        assert.equal(ended, false)
        release()
        await stopping
        assert.equal(woken.length, 1)
      },
    },
    {
      name: 'an abort ends a consumer that waits, or that was aborted before it began',
      async run(harness) {
        const queue = await harness.open()
        await queue.enqueue([{ id: 'later', runAt: harness.now() + 60_000 }])
        const waiting = consumer(queue)
        await new Promise((resolve) => setTimeout(resolve, 5))
        await waiting.stop()
        await queue.consume(() => assert.fail('woken after the abort'), {
          concurrency: 1,
          signal: AbortSignal.abort(),
        })
        assert.deepEqual(waiting.woken, [])
      },
    },
  ]),
  ...topic('open and close', [
    {
      name: 'both may be called twice',
      async run(harness) {
        const queue = await harness.open()
        await Promise.all([queue.open(), queue.open()])
        await queue.enqueue(wakeUps(1))
        await queue.close()
        await queue.close()
      },
    },
  ]),
]
