import type { Drifthook } from '../drifthook.js'

/**
 * Works everything that is due, to its end: deliveries are sent, recorded, and retried as far as their time
 * has come. With a fake clock this is the whole of drifthook's background work, without a timer or a sleep.
 * @returns how many attempts were made
 */
export const settle = (drifthook: Pick<Drifthook, 'runDue'>): Promise<number> => drifthook.runDue()
