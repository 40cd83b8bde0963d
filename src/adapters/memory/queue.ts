/** The queue port in memory: wake-ups in order of when they are due, each id once. */
import { type Clock, systemClock } from '../../ports/clock.js'
import type { ConsumeOptions, Queue, WakeUp } from '../../ports/queue.js'
import { compareValues } from './order.js'
import { Sorted } from './sorted.js'

/** More are dropped: the runner's sweep finds what they would have announced. */
const waitingLimit = 100_000

/** Timers overflow above it. */
const longestWaitMs = 2 ** 31 - 1

interface Waiting {
  id: string
  runAt: number
}

class MemoryQueue implements Queue {
  readonly #clock: Clock
  readonly #waiting = new Sorted<Waiting>((a, b) => a.runAt - b.runAt || compareValues(a.id, b.id))
  readonly #ids = new Set<string>()
  /** Rung when something has come: one bell per consumer. */
  readonly #bells = new Set<Bell>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  async enqueue(wakeUps: readonly WakeUp[]): Promise<void> {
    for (const { id, runAt = this.#clock.now() } of wakeUps) {
      if (this.#ids.has(id) || this.#ids.size >= waitingLimit) continue
      this.#ids.add(id)
      this.#waiting.add({ id, runAt })
    }
    for (const bell of this.#bells) bell.ring()
  }

  async consume(
    handler: (id: string) => Promise<void>,
    { concurrency, signal }: ConsumeOptions,
  ): Promise<void> {
    const running = new Set<Promise<void>>()
    const bell = new Bell()
    const start = (id: string) => {
      // A throwing handler loses its wake-up, no more: the store still knows what must happen.
      const run: Promise<void> = Promise.resolve(id)
        .then(handler)
        .catch(() => {})
        .finally(() => {
          running.delete(run)
          bell.ring()
        })
      running.add(run)
    }
    const ring = () => bell.ring()
    signal.addEventListener('abort', ring, { once: true })
    this.#bells.add(bell)
    while (!signal.aborted) {
      const id = running.size < concurrency ? this.#takeDue() : null
      if (id !== null) start(id)
      else await this.#pause(bell, running.size < concurrency)
    }
    this.#bells.delete(bell)
    signal.removeEventListener('abort', ring)
    await Promise.all(running)
  }

  async stats(): Promise<{ waiting: number }> {
    return { waiting: this.#waiting.size }
  }

  #takeDue(): string | null {
    const first = this.#waiting.first
    if (!first || first.runAt > this.#clock.now()) return null
    this.#waiting.remove(first)
    this.#ids.delete(first.id)
    return first.id
  }

  /** Until the bell rings or, if there is room for it, the next wake-up is due. */
  async #pause(bell: Bell, room: boolean): Promise<void> {
    const next = room ? this.#waiting.first : undefined
    if (!next) return bell.rung()
    const cancel = new AbortController()
    const wait = this.#clock.wait(Math.min(next.runAt - this.#clock.now(), longestWaitMs), cancel.signal)
    void wait.then(() => cancel.signal.aborted || bell.ring())
    await bell.rung()
    // Without a reason it would make an error, stack and all, for nobody to read.
    cancel.abort('rung')
  }
}

/** Wakes a loop. A ring while nobody listens is remembered. */
class Bell {
  #rang = false
  #listener: (() => void) | null = null

  ring(): void {
    this.#rang = true
    this.#listener?.()
  }

  async rung(): Promise<void> {
    if (!this.#rang) {
      await new Promise<void>((resolve) => {
        this.#listener = resolve
      })
    }
    this.#rang = false
    this.#listener = null
  }
}

export interface MemoryQueueOptions {
  /** Default: the machine's own time. */
  clock?: Clock
}

/** A queue within this process. What waits in it is gone with the process, as the port allows. */
export const memoryQueue = ({ clock = systemClock }: MemoryQueueOptions = {}): Queue => new MemoryQueue(clock)
