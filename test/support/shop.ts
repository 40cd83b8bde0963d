/** A host with a database of its own that takes orders, and tells of them through drifthook in the same database. */
import { Pool, type PoolClient } from 'pg'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { type PostgresPool, postgresStorage } from '../../src/adapters/postgres/index.js'
import { snake } from '../../src/adapters/sql/names.js'
import type { DrifthookOptions, HostTransaction, Principal } from '../../src/index.js'
import { tables } from '../../src/ports/tables.js'
import { testApp } from './app.js'
import { postgres, type TestPostgres } from './services.js'
import { receiving } from './webhooks.js'

/** Ready before the first test of the file that calls this, and gone after its last. */
export function openShop() {
  let server: TestPostgres
  /** Looks from outside of every transaction. */
  let admin: Pool
  let app: ReturnType<typeof testApp>
  let tenants = 0

  const makeApp = (pool: PostgresPool, more: Partial<DrifthookOptions> = {}) =>
    testApp({
      storage: postgresStorage({ pool, schema: server.schema }),
      secretKey: new Uint8Array(32).fill(7),
      eventTypes: ['order.placed'],
      ...more,
    })

  beforeAll(async () => {
    server = await postgres()
    admin = new Pool({ connectionString: server.url, max: 4 })
    app = makeApp(admin)
    await app.drifthook.start({ runner: false })
    await admin.query(`CREATE TABLE ${server.schema}.orders (id text)`)
  })
  afterAll(async () => {
    await app.drifthook.stop({ drainMs: 0 })
    await admin.end()
    await server.close()
  })

  return {
    get url() {
      return server.url
    },
    get schema() {
      return server.schema
    },
    get app() {
      return app
    },
    get admin() {
      return admin
    },

    /** Another instance on the same schema, stopped with the test. */
    another(pool: PostgresPool = admin, more: Partial<DrifthookOptions> = {}) {
      const made = makeApp(pool, more)
      onTestFinished(() => made.drifthook.stop({ drainMs: 0 }))
      return made
    },

    /** A pool that ends with the test. */
    pool(max: number): Pool {
      const pool = new Pool({ connectionString: server.url, max })
      onTestFinished(() => pool.end())
      return pool
    },

    /** A tenant of the test's own, with a receiver that is told of its orders. */
    async tenant({ drifthook } = app) {
      const principal: Principal = { tenantId: `tenant-${tenants++}`, actor: 'shop', permissions: ['*'] }
      const to = await receiving()
      const target = { url: to.url(), events: ['order.*'] }
      const { id, secret } = await drifthook.subscriptions.create(principal, target)
      return { principal, to, webhookId: id, secret }
    },

    /** How many records each table has of a tenant, and the host's own. */
    async recorded({ tenantId }: Principal): Promise<Record<string, number>> {
      const count = (name: string, table: string, column: string) =>
        `SELECT '${name}' AS name, count(*)::int AS n FROM ${server.schema}."${table}" WHERE ${column} = $1`
      const counts = Object.keys(tables).map((name) => count(name, snake(name), 'tenant_id'))
      const sql = [...counts, count('orders', 'orders', 'id')].join(' UNION ALL ')
      const { rows } = await admin.query(sql, [tenantId])
      return Object.fromEntries(rows.map(({ name, n }) => [name, n]))
    },

    /** A statement that takes an order. */
    order: ({ tenantId }: Principal) => `INSERT INTO ${server.schema}.orders VALUES ('${tenantId}')`,
  }
}

export const placed = (order: unknown = 1) => ({ type: 'order.placed', data: { order } })

/** What a message to one receiver adds. */
export const oneMessage = { messages: 1, messageBodies: 1, deliveries: 1, auditEntries: 1 }

export const plus = (before: Record<string, number>, more: Record<string, number>) =>
  Object.fromEntries(Object.entries(before).map(([name, n]) => [name, n + (more[name] ?? 0)]))

/** The same transaction with every statement noted, and some of them spoilt. */
export function noting(host: HostTransaction, spoil: (sql: string) => string = (sql) => sql) {
  const statements: string[] = []
  const run: HostTransaction['run'] = (sql, values) => {
    statements.push(sql)
    return host.run(spoil(sql), values)
  }
  return { statements, host: { run } }
}

/** A moment to wait for, and to bring about. */
export function signal() {
  let give = () => {}
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give }
}

/** In a transaction of the pool's: committed when `work` resolves, rolled back when it rejects. */
export async function transaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
  begin = 'BEGIN',
): Promise<Result> {
  const client = await pool.connect()
  try {
    await client.query(begin)
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}
