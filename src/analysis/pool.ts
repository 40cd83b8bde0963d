import { once } from 'node:events'
import { existsSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Piscina } from 'piscina'
import { builtInFormats } from '../diff/index.js'
import { DrifthookError, isDrifthookError } from '../errors.js'
import type { Analyzer, Check, Content, Inference } from '../ports/analyzer.js'
import type { Clock } from '../ports/clock.js'
import { type CheckTask, check, type InferTask, infer } from './analyze.js'
import { ContractCache } from './contract-cache.js'
import { unpack } from './packed-error.js'
import type { Answer, Job } from './worker.js'

export interface PoolOptions {
  /** The worker's file, where it cannot be found by name: in a bundled host. */
  workerFile: string | null
  /** Files up to so many bytes are analysed on the calling thread: cheaper than the way to another. */
  inlineBytes: number
  threads: number
  /** The modules of the host's own formats. */
  formats: readonly string[]
  clock: Clock
  /** Told of threads that die without a task. */
  onError: (error: unknown) => void
}

/** An Analyzer that keeps large files off the host's event loop, in a pool of worker threads. */
export function analysisPool(options: PoolOptions): Analyzer {
  const contracts = new ContractCache()
  let pool: Piscina | null = null
  const threads = () => {
    if (pool !== null) return pool
    pool = new Piscina({
      filename: existing(options.workerFile ?? workerByName()),
      minThreads: 0,
      maxThreads: options.threads,
      idleTimeout: 10_000,
    })
    // A thread that dies between tasks must not take the host with it.
    pool.on('error', (error) => options.onError(error))
    return pool
  }
  // The host's formats are ES modules, which only the worker can be sure to load: it always is one itself.
  const mayInline = (bytes: number) => bytes <= options.inlineBytes && options.formats.length === 0

  async function inThread(task: Job['task']): Promise<Inference | Check | 'ready'> {
    const job: Job = { task, formats: options.formats }
    const answer = (await threads().run(job)) as Answer
    if ('fault' in answer) throw unpack(answer.fault)
    return answer.value
  }

  return {
    async open() {
      try {
        // A file that throws when it is loaded fails the pool, not the task.
        const broken = once(threads(), 'error').then(([error]) => Promise.reject(error))
        await Promise.race([inThread({ kind: 'probe' }), broken])
      } catch (cause) {
        throw isDrifthookError(cause) ? cause : workerNotFound(cause)
      }
    },
    async close() {
      await pool?.close()
      pool = null
    },
    async infer(samples, { key }) {
      const bytes = samples.reduce((sum, sample) => sum + sample.bytes.byteLength, 0)
      const task: InferTask = { kind: 'infer', samples, key }
      return mayInline(bytes) ? infer(task, builtInFormats) : ((await inThread(task)) as Inference)
    },
    async check({ content }, { schemaId, schema, policy, format, key }) {
      const bytes = bytesOf(content)
      const task: Omit<CheckTask, 'schema'> = {
        kind: 'check',
        file: { bytes },
        policy,
        format,
        key,
        now: options.clock.now(),
      }
      if (mayInline(bytes.byteLength))
        return check(task, await contracts.get(schemaId, schema), builtInFormats)
      return (await inThread({ ...task, schema: await schema() })) as Check
    },
  }
}

function bytesOf(content: Content): Uint8Array {
  if (content instanceof Uint8Array) return content
  const bytes = Buffer.allocUnsafeSlow(content.size)
  readSync(content.fd, bytes, 0, content.size, 0)
  return bytes
}

/** By the package's own name, so that it does not matter into which file this code was built. */
function workerByName(): string {
  try {
    return createRequire(import.meta.url).resolve('drifthook/analysis-worker')
  } catch (cause) {
    throw workerNotFound(cause)
  }
}

function existing(file: string): string {
  if (existsSync(file)) return file
  throw workerNotFound(new Error(`${file} does not exist`))
}

const workerNotFound = (cause: unknown) =>
  new DrifthookError(
    'WORKER_NOT_FOUND',
    'The file drifthook/analysis-worker could not be loaded. In a bundled application mark drifthook as ' +
      'external, or copy that file and name it in the option analysis.workerFile.',
    { cause },
  )
