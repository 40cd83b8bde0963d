import { DrifthookError } from '../../errors.js'
import type { Capabilities } from '../../ports/storage.js'
import type { Database } from './database.js'

/**
 * What the server keeps of what it confirms: without `fsync` or `synchronous_commit` a power failure takes some.
 * @throws DrifthookError `STORAGE_INCOMPATIBLE` if it cannot keep every text
 */
export async function survives(database: Database): Promise<Capabilities['durable']> {
  const [server] = await database.query(`SELECT current_setting('fsync') AS "fsync",
    current_setting('synchronous_commit') AS "commit", current_setting('server_encoding') AS "encoding"`)
  if (server?.encoding !== 'UTF8') {
    throw new DrifthookError(
      'STORAGE_INCOMPATIBLE',
      `The PostgreSQL database is encoded in ${String(server?.encoding)}; drifthook needs UTF8.`,
    )
  }
  return server.fsync === 'on' && server.commit !== 'off' ? 'disk' : 'process'
}
