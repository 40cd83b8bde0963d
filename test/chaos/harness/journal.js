/** What a process did, written down as it happens, so that it survives the process. */
import { openSync, readFileSync, writeSync } from 'node:fs'

/**
 * @typedef {{ what: 'claim', table: string, id: string, fence: number, now: number, leaseUntil: number }} Claimed
 * @typedef {{ what: 'attempt', token: string, id: string, fence: number }} AttemptBegun
 * @typedef {{ what: 'end', token: string, succeeded: boolean, error: string | null }} AttemptEnded
 * @typedef {{ what: 'settle', table: string, id: string, fence: number, kind: string, result: string }} Settled
 *   `result`: as the storage answered, or `threw`
 * @typedef {{ what: 'dropped' }} Dropped a wake-up
 * @typedef {{ what: 'dies', point: string }} Dies
 * @typedef {Claimed | AttemptBegun | AttemptEnded | Settled | Dropped | Dies} Entry
 * @typedef {(entry: Entry) => void} Journal
 */

/**
 * Each entry is handed to the kernel before this returns: SIGKILL takes none.
 * @param {string} file
 * @returns {Journal}
 */
export function openJournal(file) {
  const handle = openSync(file, 'a')
  return (entry) => {
    writeSync(handle, `${JSON.stringify({ at: Date.now(), ...entry })}\n`)
  }
}

/**
 * @param {string} file
 * @returns {(Entry & { at: number })[]} none if the process died before it wrote any
 */
export function readJournal(file) {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return []
    throw error
  }
}

/**
 * The point at which a process died; null: at none.
 * @param {ReturnType<typeof readJournal>} entries
 */
export function lastPoint(entries) {
  const last = entries.at(-1)
  return last?.what === 'dies' ? last.point : null
}
