import { builtInFormats } from '../diff/index.js'
import type { Analyzer, Check, Inference, SampleFile } from '../ports/analyzer.js'
import type { Clock } from '../ports/clock.js'
import { type Comparison, infer, type Task } from './analyze.js'
import { ContractCache } from './contract-cache.js'
import { checkInline, inlineBytes } from './inline.js'
import { Line } from './line.js'
import type { AnalysisSettings } from './settings.js'
import { Threads } from './threads.js'

export interface PoolOptions extends AnalysisSettings {
  /** The modules of the host's own formats. */
  formats: readonly string[]
  clock: Clock
  /** Told of threads that die without a task. */
  onError: (error: unknown) => void
}

/** An Analyzer that keeps large files off the host's event loop: a fair line, and worker threads behind it. */
export function analysisPool(options: PoolOptions): Analyzer {
  const { clock, formats } = options
  const contracts = new ContractCache()
  const line = new Line({ places: options.threads, length: options.queue })
  const threads = new Threads(options)
  // The host's formats are ES modules, which only the worker can be sure to load: it always is one itself.
  const mayInline = (bytes: number) => bytes <= inlineBytes && formats.length === 0

  /** @param begin makes the task when its turn has come, so that what waits holds nothing twice */
  const inThread = (tenantId: string, begin: () => Promise<Sent>) =>
    line.run(tenantId, async () => {
      const { task, transfer } = await begin()
      return threads.run({ task, formats }, transfer)
    })

  return {
    open: () => threads.probe(formats),
    async close(drainMs) {
      line.close()
      await threads.close(drainMs)
    },
    async infer(samples, { key, tenantId }) {
      const bytes = samples.reduce((sum, sample) => sum + sample.bytes.byteLength, 0)
      if (mayInline(bytes)) return infer({ kind: 'infer', samples, key }, builtInFormats)
      return (await inThread(tenantId, async () => {
        const copies = samples.map((sample): SampleFile => ({ ...sample, bytes: copyOf(sample.bytes) }))
        return {
          task: { kind: 'infer', samples: copies, key },
          transfer: copies.map(({ bytes }) => bytes.buffer as ArrayBuffer),
        }
      })) as Inference
    },
    async check({ content, tenantId }, { schemaId, schema, policy, format, key }) {
      const comparison: Comparison = { content, policy, format, key, now: clock.now() }
      if (!('fd' in content) && mayInline(content.byteLength)) {
        const done = checkInline(comparison, await contracts.get(schemaId, schema))
        if (done !== null) return done
      }
      return (await inThread(tenantId, async () => {
        const { text } = await contracts.get(schemaId, schema)
        const sent = 'fd' in content ? content : copyOf(content)
        return {
          task: { ...comparison, kind: 'check', content: sent, schema: text },
          transfer: 'fd' in sent ? [] : [sent.buffer],
        }
      })) as Check
    },
  }
}

interface Sent {
  task: Task
  transfer: ArrayBuffer[]
}

/** The bytes are the caller's, and stay so: what is handed over to a thread is a copy. */
const copyOf = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes)
