/** Whatever goes wrong becomes one line: the code, the place, what happened. Never a stack. */

import { placeText, plain } from '../diff/render/shared.js'
import { isDrifthookError } from '../errors.js'

/** A fault of how the command was called, or of a file beside the data. */
export class Failure extends Error {
  constructor(
    readonly code: 'USAGE' | 'CONTRACT_INVALID' | 'POLICY_INVALID',
    message: string,
  ) {
    super(message)
  }
}

/** Adds to an error which file it is about. */
export class InFile extends Error {
  constructor(
    readonly file: string,
    override readonly cause: unknown,
  ) {
    super()
  }
}

/** Runs work on a file; its errors name the file. */
export function within<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new InFile(file, error)
  }
}

export function errorLine(error: unknown): string {
  const file = error instanceof InFile ? error.file : null
  const cause = error instanceof InFile ? error.cause : error
  const { code, message, place } = factsOf(cause)
  const where = [file, place].filter((part) => part !== null).join(', ')
  return plain([code, ...(where === '' ? [] : [where]), message].join(': '))
}

function factsOf(error: unknown): { code: string; message: string; place: string | null } {
  if (isDrifthookError(error)) {
    return { code: error.code, message: error.message, place: placeText(error.place) }
  }
  if (error instanceof Failure) return { code: error.code, message: error.message, place: null }
  const { code } = error as NodeJS.ErrnoException
  if (typeof code === 'string')
    return { code, message: reasons[code] ?? 'The file cannot be used.', place: null }
  // Not foreseen: the message may quote the file.
  return { code: 'INTERNAL', message: 'An internal fault of drifthook.', place: null }
}

/** Errors of the operating system (errno(3)). */
const reasons: Record<string, string> = {
  ENOENT: 'There is no such file.',
  EACCES: 'Permission denied.',
  EPERM: 'Permission denied.',
  EISDIR: 'This is a directory.',
  ENOTDIR: 'A part of the path is not a directory.',
  ENOSPC: 'No space left.',
  EROFS: 'The file system is read-only.',
}
