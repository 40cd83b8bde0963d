import { Piscina } from 'piscina'
import { DrifthookError, isDrifthookError, type Limit } from '../errors.js'
import { stopped } from './line.js'
import { unpack } from './packed-error.js'
import type { Answer, Job } from './worker.js'
import { workerFile, workerNotFound } from './worker-file.js'

export interface ThreadsOptions {
  /** The worker's file, where it cannot be found by name: in a bundled host. */
  workerFile: string | null
  threads: number
  /** How long one job may take, the start of a thread included. */
  timeoutMs: number
  /** Heap of one thread, in MiB. */
  memoryMb: number
  /** Told of threads that die without a job. */
  onError: (error: unknown) => void
}

interface UnderWay {
  answer: Promise<unknown>
  /** Ends the thread; the answer is then the error given. */
  end(error: DrifthookError): void
}

/**
 * Worker threads with limits. One that breaks a limit or dies otherwise is replaced: that costs its own job and
 * no other.
 */
export class Threads {
  readonly #options: ThreadsOptions
  readonly #underWay = new Set<UnderWay>()
  #pool: Piscina | null = null
  #closed = false

  constructor(options: ThreadsOptions) {
    this.#options = options
  }

  /** @throws DrifthookError `WORKER_NOT_FOUND`, or `OPTION_INVALID` naming a format module */
  async probe(formats: readonly string[]): Promise<void> {
    const { answer, end } = this.#begin({ task: { kind: 'probe' }, formats }, [])
    // A file that throws when it is loaded fails the pool, not the job.
    const failed = (cause: unknown) => end(workerNotFound(cause))
    const pool = this.#pool?.once('error', failed)
    try {
      await answer
    } catch (error) {
      const told = isDrifthookError(error) && ['OPTION_INVALID', 'STOPPED'].includes(error.code)
      throw told ? error : workerNotFound(error)
    } finally {
      pool?.off('error', failed)
    }
  }

  /**
   * @param transfer buffers of the job that the thread takes over
   * @throws DrifthookError what the job threw; `FILE_LIMIT_EXCEEDED` for time or memory; `STOPPED`; `INTERNAL` if
   *   the thread died
   */
  async run(job: Job, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    if (this.#closed) throw stopped()
    const underWay = this.#begin(job, transfer)
    this.#underWay.add(underWay)
    try {
      return await underWay.answer
    } finally {
      this.#underWay.delete(underWay)
    }
  }

  /** Waits `drainMs` at most for what runs, then ends it. Final. */
  async close(drainMs: number): Promise<void> {
    this.#closed = true
    const late = setTimeout(() => {
      for (const each of this.#underWay) each.end(stopped())
    }, drainMs)
    await Promise.allSettled([...this.#underWay].map(({ answer }) => answer))
    clearTimeout(late)
    await this.#pool?.destroy()
    this.#pool = null
  }

  #begin(job: Job, transfer: readonly ArrayBuffer[]): UnderWay {
    const { timeoutMs } = this.#options
    const ended = new AbortController()
    const timer = setTimeout(() => ended.abort(tooSlow(timeoutMs)), timeoutMs)
    const answer = this.#threads()
      .run(job, { signal: ended.signal, transferList: [...transfer] })
      .then((answered: Answer) => {
        if ('fault' in answered) throw unpack(answered.fault)
        return answered.value
      })
      .catch((error) => {
        throw ended.signal.aborted ? ended.signal.reason : this.#faultOf(error)
      })
      .finally(() => clearTimeout(timer))
    return { answer, end: (error) => ended.abort(error) }
  }

  #threads(): Piscina {
    if (this.#pool !== null) return this.#pool
    const { threads, memoryMb } = this.#options
    const pool = new Piscina({
      filename: workerFile(this.#options.workerFile),
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: 10_000,
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    })
    // A thread that dies between jobs must not take the host with it.
    pool.on('error', (error) => this.#options.onError(error))
    this.#pool = pool
    return pool
  }

  #faultOf(error: unknown): DrifthookError {
    if (isDrifthookError(error)) return error
    if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY')
      return tooLarge(this.#options.memoryMb)
    return new DrifthookError('INTERNAL', 'The thread that read the file failed.', { cause: error })
  }
}

const exceeded = (message: string, limit: Limit) =>
  new DrifthookError('FILE_LIMIT_EXCEEDED', `${message} Split the file, or ask for a higher limit.`, {
    limit,
  })

const tooSlow = (value: number) =>
  exceeded(`Comparing the file took longer than ${value} ms.`, { name: 'analysis.timeoutMs', value })

const tooLarge = (value: number) =>
  exceeded(`Comparing the file took more than ${value} MiB of memory.`, { name: 'analysis.memoryMb', value })
