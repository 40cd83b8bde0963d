/** The option `analysis`, and what it comes to. */
import { z } from 'zod'

export interface AnalysisOptions {
  /** The file of `drifthook/analysis-worker`, in a host that bundles its dependencies. */
  workerFile?: string
  /** Worker threads at most. Default 2. */
  threads?: number
  /** Files that wait for a thread, a tenant's a quarter of them; beyond that uploads come again. Default 100. */
  queue?: number
  /** How long one file may take once it has a thread, in milliseconds. Default 60,000. */
  timeoutMs?: number
  /** Heap of one thread, in MiB. Default 512. */
  memoryMb?: number
}

const positive = z.number().int().positive()

export const analysisField = z
  .strictObject({
    workerFile: z.string().min(1).nullable().default(null),
    threads: positive.max(64).default(2),
    queue: positive.max(100_000).default(100),
    timeoutMs: positive.max(3_600_000).default(60_000),
    memoryMb: positive.min(64).max(65_536).default(512),
  })
  .prefault({})

/** As {@link AnalysisOptions}, with every default filled in. */
export type AnalysisSettings = z.output<typeof analysisField>
