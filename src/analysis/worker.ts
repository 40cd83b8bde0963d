/** The worker threads' file, published as `drifthook/analysis-worker` so that it can be found by name. */
import { isDrifthookError } from '../errors.js'
import { analyze, type Task } from './analyze.js'
import { type PackedError, pack } from './packed-error.js'

/** A thread answers with a value either way: class instances do not survive the way back. */
export type Answer = { value: ReturnType<typeof analyze> } | { fault: PackedError } | { value: 'ready' }

/** One task of the pool; `probe` only answers that the file was found. */
export default function work(task: Task | { kind: 'probe' }): Answer {
  if (task.kind === 'probe') return { value: 'ready' }
  try {
    return { value: analyze(task) }
  } catch (error) {
    if (isDrifthookError(error)) return { fault: pack(error) }
    throw error
  }
}
