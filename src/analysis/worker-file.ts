import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { DrifthookError } from '../errors.js'

/**
 * The file that worker threads run.
 * @param named by the host; null: found by the package's own name, so that it does not matter into which file
 *   this code was built
 * @throws DrifthookError `WORKER_NOT_FOUND`
 */
export function workerFile(named: string | null): string {
  const file = named ?? byName()
  if (existsSync(file)) return file
  throw workerNotFound(new Error(`${file} does not exist`))
}

function byName(): string {
  try {
    return createRequire(import.meta.url).resolve('drifthook/analysis-worker')
  } catch (cause) {
    throw workerNotFound(cause)
  }
}

export const workerNotFound = (cause: unknown) =>
  new DrifthookError(
    'WORKER_NOT_FOUND',
    'The file drifthook/analysis-worker could not be loaded. In a bundled application mark drifthook as ' +
      'external, or copy that file and name it in the option analysis.workerFile.',
    { cause },
  )
