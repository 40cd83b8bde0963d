/** The worker threads' file, published as `drifthook/analysis-worker` so that it can be found by name. */
import { isDrifthookError } from '../errors.js'
import { analyze, type Task } from './analyze.js'
import { loadFormats } from './load-formats.js'
import { type PackedError, pack } from './packed-error.js'

export interface Job {
  task: Task | { kind: 'probe' }
  formats: readonly string[]
}

/** A thread answers with a value either way: class instances do not survive the way back. */
export type Answer = { value: ReturnType<typeof analyze> } | { fault: PackedError } | { value: 'ready' }

/** One task of the pool, with the host's format modules; `probe` only answers that they and this were found. */
export default async function work({ task, formats }: Job): Promise<Answer> {
  try {
    const loaded = await loadFormats(formats)
    return task.kind === 'probe' ? { value: 'ready' } : { value: analyze(task, loaded) }
  } catch (error) {
    if (isDrifthookError(error)) return { fault: pack(error) }
    // A format of the host's may throw anything. What is no Error is not told from success by the pool (null),
    // or does not survive the way back (a function).
    throw error instanceof Error ? error : new Error(`a format threw ${typeof error}, which is no Error`)
  }
}
