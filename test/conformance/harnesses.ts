/** Harnesses of the adapters in this package. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryQueue } from '../../src/adapters/memory/queue.js'
import { memoryStorage } from '../../src/adapters/memory/storage.js'
import { snake } from '../../src/adapters/sql/names.js'
import type { DriverName } from '../../src/adapters/sqlite/driver.js'
import { sqliteStorage } from '../../src/adapters/sqlite/index.js'
import type { Storage } from '../../src/ports/storage.js'
import { declaration } from '../../src/ports/tables.js'
import { fakeClock } from '../../src/testkit/fake-clock.js'
import type { QueueHarness } from '../../src/testkit/queue-conformance.js'
import type { StorageHarness } from '../../src/testkit/storage-conformance.js'
import { openRaw } from './sqlite-drivers.js'

/** A directory of its own for a test, and how to remove it. */
export async function temporaryDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'drifthook-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

export const memoryHarness = (make: () => Storage = memoryStorage): StorageHarness => {
  let opened: Storage | null = null
  return {
    capabilities: memoryStorage().capabilities,
    async open() {
      opened = make()
      await opened.open()
      return opened
    },
    async close() {
      await opened?.close()
    },
  }
}

export const sqliteHarness = (driver: DriverName = 'libsql'): StorageHarness => {
  const opened: Storage[] = []
  const directories: Awaited<ReturnType<typeof temporaryDirectory>>[] = []
  const filename = () => join(directories.at(-1)!.path, 'drifthook.db')
  const openTwin = async () => {
    const storage = sqliteStorage({ filename: filename(), driver })
    opened.push(storage)
    await storage.open()
    return storage
  }
  return {
    capabilities: sqliteStorage({ filename: 'unused' }).capabilities,
    async open() {
      directories.push(await temporaryDirectory())
      return openTwin()
    },
    openTwin,
    async readRaw(table, tenantId, id) {
      const raw = openRaw(filename(), driver)
      const sql = `SELECT * FROM "drifthook_${snake(table)}" WHERE tenant_id = ? AND id = ?`
      const [row] = raw.prepare(sql).all([tenantId, id])
      raw.close()
      const names = Object.keys(declaration(table).columns)
      return row ? Object.fromEntries(names.map((name) => [name, row[snake(name)]])) : null
    },
    async close() {
      for (const storage of opened.splice(0)) await storage.close()
      for (const directory of directories.splice(0)) await directory.remove()
    },
  }
}

export const memoryQueueHarness = (): QueueHarness => {
  const clock = fakeClock()
  return {
    open: async () => memoryQueue({ clock }),
    now: clock.now,
    advance: clock.advance,
    close: async () => {},
  }
}
