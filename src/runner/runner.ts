import type { Clock } from '../ports/clock.js'
import type { Queue } from '../ports/queue.js'
import type { Storage } from '../ports/storage.js'
import type { Logger } from '../services/context.js'
import { clockWatch } from '../services/health.js'
import { type Trade, WorkLoop } from './loop.js'
import { Outage } from './outage.js'

export interface RunnerParts {
  storage: Storage
  queue: Queue
  clock: Clock
  logger: Logger
  deliveries: Trade<'deliveries'>
  jobs: Trade<'jobs'>
  /** Makes the jobs that come back by themselves, where they are not there already. */
  ensurePeriodic: () => Promise<void>
  /** Resolves when what finished attempts say of their subscriptions is written. */
  settled: () => Promise<void>
}

const compareClocksMs = 60_000

/** Everything that works in the background of one process: deliveries and jobs, woken by one queue. */
export class Runner {
  readonly #parts: RunnerParts
  readonly #deliveries: WorkLoop<'deliveries'>
  readonly #jobs: WorkLoop<'jobs'>
  readonly #stopping = new AbortController()
  #listening: Promise<void> | null = null
  #periodic: Promise<void> | null = null

  constructor(parts: RunnerParts) {
    this.#parts = parts
    const outage = new Outage(parts)
    const loopParts = { ...parts, outage, later: (id: string, runAt: number) => this.#later(id, runAt) }
    this.#deliveries = new WorkLoop(loopParts, parts.deliveries)
    this.#jobs = new WorkLoop(loopParts, parts.jobs)
  }

  /** Starts the loops and listens for wake-ups. Idempotent. */
  async start(): Promise<void> {
    await this.#ensurePeriodic()
    if (this.#listening !== null || this.#stopping.signal.aborted) return
    void this.#compareClocks(this.#stopping.signal)
    const { queue, logger } = this.#parts
    this.#listening = queue
      .consume(async () => this.#look(), { concurrency: 100, signal: this.#stopping.signal })
      .catch((error: unknown) =>
        logger.error('the queue cannot be listened to; the sweep goes on', { error }),
      )
    this.#deliveries.start()
    this.#jobs.start()
  }

  /** Stops claiming and waits for what runs, `drainMs` at most. */
  async stop(drainMs: number): Promise<void> {
    this.#stopping.abort()
    await Promise.all([this.#listening, this.#deliveries.stop(drainMs), this.#jobs.stop(drainMs)])
    await this.#parts.settled()
  }

  /** Works everything that is due now and returns how many deliveries were taken up. Also without `start`. */
  async runDue(): Promise<number> {
    await this.#ensurePeriodic()
    let attempted = 0
    for (;;) {
      const jobs = await this.#jobs.runDue()
      const deliveries = await this.#deliveries.runDue()
      await this.#parts.settled()
      attempted += deliveries
      if (jobs + deliveries === 0) return attempted
    }
  }

  async #compareClocks(signal: AbortSignal): Promise<void> {
    const compare = clockWatch(this.#parts)
    while (!signal.aborted) {
      await compare()
      await this.#parts.clock.wait(compareClocksMs, signal)
    }
  }

  /** Once; if it failed, whoever comes next tries again. */
  #ensurePeriodic(): Promise<void> {
    this.#periodic ??= this.#parts.ensurePeriodic().catch((error: unknown) => {
      this.#periodic = null
      throw error
    })
    return this.#periodic
  }

  #look(): void {
    this.#deliveries.look()
    this.#jobs.look()
  }

  async #later(id: string, runAt: number): Promise<void> {
    try {
      await this.#parts.queue.enqueue([{ id, runAt }])
    } catch (error) {
      this.#parts.logger.warn('the queue took no wake-up; the sweep will find the work', { error })
    }
  }
}
