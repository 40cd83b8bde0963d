import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Piscina } from 'piscina'
import { DrifthookError } from '../errors.js'
import type { Analyzer, Check, Inference } from '../ports/analyzer.js'
import type { Clock } from '../ports/clock.js'
import { analyze, type Task } from './analyze.js'
import { unpack } from './packed-error.js'
import type { Answer } from './worker.js'

export interface PoolOptions {
  /** The worker's file, where it cannot be found by name: in a bundled host. */
  workerFile: string | null
  /** Files up to so many bytes are analysed on the calling thread: cheaper than the way to another. */
  inlineBytes: number
  threads: number
  clock: Clock
}

/** An Analyzer that keeps large files off the host's event loop, in a pool of worker threads. */
export function analysisPool(options: PoolOptions): Analyzer {
  let pool: Piscina | null = null
  const threads = () => {
    pool ??= new Piscina({
      filename: options.workerFile ?? findWorker(),
      minThreads: 0,
      maxThreads: options.threads,
      idleTimeout: 10_000,
    })
    return pool
  }

  async function run(task: Task, bytes: number): Promise<Inference | Check> {
    if (bytes <= options.inlineBytes) return analyze(task)
    const answer = (await threads().run(task)) as Answer
    if ('fault' in answer) throw unpack(answer.fault)
    return answer.value as Inference | Check
  }

  return {
    async open() {
      try {
        await threads().run({ kind: 'probe' })
      } catch (cause) {
        throw cause instanceof DrifthookError ? cause : workerNotFound(cause)
      }
    },
    async close() {
      await pool?.close()
      pool = null
    },
    async infer(samples, { key }) {
      const bytes = samples.reduce((sum, sample) => sum + sample.bytes.byteLength, 0)
      return (await run({ kind: 'infer', samples, key }, bytes)) as Inference
    },
    async check(file, contract) {
      const task: Task = { kind: 'check', file, contract, now: options.clock.now() }
      return (await run(task, file.bytes.byteLength)) as Check
    },
  }
}

/** By the package's own name, so that it does not matter into which file this code was built. */
function findWorker(): string {
  try {
    const file = createRequire(import.meta.url).resolve('drifthook/analysis-worker')
    if (existsSync(file)) return file
    throw new Error(`${file} does not exist`)
  } catch (cause) {
    throw workerNotFound(cause)
  }
}

const workerNotFound = (cause: unknown) =>
  new DrifthookError(
    'WORKER_NOT_FOUND',
    'The file drifthook/analysis-worker could not be loaded. In a bundled application mark drifthook as ' +
      'external, or copy that file and name it in the option analysis.workerFile.',
    { cause },
  )
