/** The SQLite drivers there are, and those this Node can load. */
import { type Driver, type DriverName, driverNames, loadDriver } from '../../src/adapters/sqlite/driver.js'

const loaded = await Promise.all(
  driverNames.map(async (name) => ({
    name,
    open: await loadDriver(name).catch((error: Error) => error),
  })),
)

export const driversHere = loaded.flatMap(({ name, open }) => (open instanceof Error ? [] : [name]))

export const driversMissing = loaded.flatMap(({ name, open }) =>
  open instanceof Error ? [{ name, reason: open.message }] : [],
)

/** A driver used directly, to look at a database without the adapter. */
export type RawDatabase = Driver

/**
 * Give it the driver by which the adapter has the file open: locks are the process's, so that a second copy of
 * SQLite in it does not see those of the first, and drops them when it closes the file.
 */
export function openRaw(filename: string, driver: DriverName = 'libsql'): RawDatabase {
  const open = loaded.find(({ name }) => name === driver)?.open
  if (typeof open !== 'function') throw open ?? new Error(driver)
  return open(filename)
}
