import type { Write } from '../../ports/storage.js'
import type { Row } from '../../ports/tables.js'
import type { Context } from '../context.js'

/** What one step of a job did. Its writes and the job's own progress are one commit: all of it counts, or none. */
export interface JobStep {
  writes: Write[]
  /** Where the next step goes on. */
  state: Record<string, unknown>
  /** What is shown. */
  progress: Record<string, unknown>
  /** Null: it is done. Else when the next step is due, in milliseconds since 1970. */
  nextAt: number | null
  /** Deliveries the writes made due. */
  wake?: readonly string[]
}

/**
 * Brings a job one bounded step further. It may run again for the same state: after a crash, or when somebody
 * else changed what it read.
 */
export type JobKind = (context: Context, job: Row<'jobs'>) => Promise<JobStep>

/** How many records a step looks at. */
export const recordsPerStep = 100
