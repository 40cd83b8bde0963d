/** `drifthook/sqlite`: a storage in one file, durable to the disk, shared by the processes of one machine. */
import { resolve } from 'node:path'
import { DrifthookError } from '../../errors.js'
import type { Storage } from '../../ports/storage.js'
import { type DriverName, driverNames } from './driver.js'
import { SqliteStorage } from './storage.js'

export interface SqliteOptions {
  /** Path of the database file. It and its directory are created if they are missing. */
  filename: string
  /** Default: the first of `node:sqlite`, `libsql` and `better-sqlite3` there is. */
  driver?: DriverName
  /** How long a write waits for another process's before it is `STORAGE_UNAVAILABLE`. Default 5000. */
  busyTimeoutMs?: number
}

const known: readonly string[] = ['filename', 'driver', 'busyTimeoutMs'] satisfies (keyof SqliteOptions)[]

const invalid = (name: string, sentence: string) =>
  new DrifthookError('OPTION_INVALID', `sqliteStorage: ${name} ${sentence}`)

/**
 * A storage in a SQLite file. Nothing is opened before `open()`.
 * @throws DrifthookError `OPTION_INVALID`
 */
export function sqliteStorage(options: SqliteOptions): Storage {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw invalid(name, `is not an option; there are ${known.join(', ')}.`)
  }
  const { filename, driver, busyTimeoutMs = 5000 } = options
  if (typeof filename !== 'string' || filename === '')
    throw invalid('filename', 'must be the path of a file.')
  if (filename.startsWith(':memory:') || filename.startsWith('file:')) {
    throw invalid('filename', 'must be the path of a file. To keep nothing, use memoryStorage().')
  }
  if (driver !== undefined && !driverNames.includes(driver)) {
    throw invalid('driver', `must be one of ${driverNames.join(', ')}.`)
  }
  if (!Number.isSafeInteger(busyTimeoutMs) || busyTimeoutMs < 0) {
    throw invalid('busyTimeoutMs', 'must be a number of milliseconds.')
  }
  // An absolute path: drivers read some relative names as URLs, and the working directory may change.
  return new SqliteStorage({ filename: resolve(filename), driver, busyTimeoutMs })
}
