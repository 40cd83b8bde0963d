/** What a file may at most be made of. Every limit is named in the error it raises. */
import { DrifthookError, type Place } from '../errors.js'

export interface DiffLimits {
  /** Size of the file. */
  bytes: number
  /** Containers inside containers (JSON), loops inside loops (X12). */
  depth: number
  /** Distinct paths, counted after maps have been collapsed. */
  paths: number
  /** Bytes of one key or column name. */
  keyLength: number
  /** Fields of one record (CSV), elements of one segment (X12). */
  columns: number
  /** Records (CSV), documents (JSON lines) or segments (X12) of one file. */
  records: number
}

export const defaultLimits: Readonly<DiffLimits> = Object.freeze({
  bytes: 30 * 1024 * 1024,
  depth: 512,
  paths: 10_000,
  keyLength: 1_024,
  columns: 1_000,
  records: 5_000_000,
})

/** An object with more distinct keys than this is a map: its children share one path, `{*}`. */
export const maxChildren = 1_000

const units: Record<keyof DiffLimits, string> = {
  bytes: 'bytes',
  depth: 'levels of nesting',
  paths: 'distinct paths',
  keyLength: 'bytes in one key',
  columns: 'columns',
  records: 'records',
}

/** The error for a limit that was hit: it names the limit, its value, and the place. */
export function limitExceeded(name: keyof DiffLimits, limits: DiffLimits, place?: Place): DrifthookError {
  const value = limits[name]
  return new DrifthookError('FILE_LIMIT_EXCEEDED', `The file has more than ${value} ${units[name]}.`, {
    limit: { name, value },
    ...(place ? { place } : {}),
  })
}
