/** Storages on a real PostgreSQL, in a schema that nobody else uses and that is dropped at the end. */
import { Pool } from 'pg'
import { postgresStorage } from '../../src/adapters/postgres/index.js'
import { snake } from '../../src/adapters/sql/names.js'
import type { Storage } from '../../src/ports/storage.js'
import { declaration, tables } from '../../src/ports/tables.js'
import type { StorageHarness } from '../../src/testkit/storage-conformance.js'
import { postgres, type TestPostgres } from '../support/services.js'

export interface PostgresHarness extends StorageHarness {
  /** The server, found or started when first asked for. */
  server(): Promise<TestPostgres>
  /** A pool of its own, closed by `end`. */
  pool(): Promise<Pool>
  /** Drops the schema and lets go of the server. */
  end(): Promise<void>
}

const allTables = [...Object.keys(tables), 'counters', 'rate_windows'].map(snake)

export function postgresHarness(): PostgresHarness {
  let found: Promise<TestPostgres> | null = null
  const pools: Pool[] = []
  const opened: Storage[] = []
  let raw: Pool | null = null

  const server = () => {
    found ??= postgres()
    return found
  }
  const pool = async () => {
    const made = new Pool({ connectionString: (await server()).url, max: 6 })
    pools.push(made)
    return made
  }
  const openTwin = async () => {
    const { schema } = await server()
    const storage = postgresStorage({ pool: await pool(), schema })
    opened.push(storage)
    await storage.open()
    return storage
  }
  return {
    capabilities: { durable: 'disk', crossProcess: true, hostTransactions: true },
    server,
    pool,
    openTwin,
    async open() {
      const storage = await openTwin()
      const { schema } = await server()
      raw ??= await pool()
      // Emptied rather than made anew: that is ten times as quick.
      await raw.query(allTables.map((table) => `DELETE FROM "${schema}"."${table}"`).join(';'))
      return storage
    },
    async readRaw(table, tenantId, id) {
      const { schema } = await server()
      raw ??= await pool()
      const sql = `SELECT * FROM "${schema}"."${snake(table)}" WHERE tenant_id = $1 AND id = $2`
      const [row] = (await raw.query(sql, [tenantId, id])).rows
      const names = Object.keys(declaration(table).columns)
      return row ? Object.fromEntries(names.map((name) => [name, row[snake(name)]])) : null
    },
    async close() {
      for (const storage of opened.splice(0)) await storage.close()
      for (const each of pools.splice(0)) await each.end()
      raw = null
    },
    async end() {
      await this.close()
      await (await found)?.close()
      found = null
    },
  }
}
