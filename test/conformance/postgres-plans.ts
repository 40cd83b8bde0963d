/** What PostgreSQL does for a statement: which nodes its plan has, and how much they read. */
import { Pool } from 'pg'
import { ClaimSql } from '../../src/adapters/postgres/claim-sql.js'
import { postgres as dialectOf } from '../../src/adapters/postgres/dialect.js'
import { postgresStorage } from '../../src/adapters/postgres/index.js'
import { statement } from '../../src/adapters/postgres/statement.js'
import { Codec } from '../../src/adapters/shared/codec.js'
import { planList } from '../../src/adapters/shared/list-plan.js'
import type { Dialect } from '../../src/adapters/sql/dialect.js'
import { pageSql } from '../../src/adapters/sql/list.js'
import { delivery, start } from '../../src/testkit/storage/harness.js'
import { postgres } from '../support/services.js'

interface Node {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Shared Hit Blocks'?: number
  'Shared Read Blocks'?: number
  Plans?: Node[]
}

export interface Plan {
  nodes: readonly Node[]
  /** Pages of 8 KiB that were looked at. Without `run`: 0. */
  pages: number
}

const flat = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(flat)]

export type Statement = readonly [sql: string, values?: readonly unknown[]]

/** A schema with deliveries in it, and a way to see how its statements are done. */
export async function planned() {
  const server = await postgres()
  const pool = new Pool({ connectionString: server.url, max: 3 })
  const storage = postgresStorage({ pool, schema: server.schema })
  await storage.open()
  const dialect = dialectOf(server.schema)
  return {
    storage,
    dialect,
    claims: new ClaimSql(dialect, new Codec('deliveries')),

    /** Copies of one delivery: in `lanes` lanes, one more millisecond due each, created so too. */
    async fill(count: number, lanes: number) {
      await storage.commit([delivery('first')])
      const { rows } = await pool.query(
        'SELECT column_name AS name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2',
        [server.schema, 'deliveries'],
      )
      const own: Record<string, string> = {
        id: "'d' || lpad(n::text, 8, '0')",
        message_id: "'m' || n",
        lane: `'lane' || n % ${lanes}`,
        subscription_id: `'lane' || n % ${lanes}`,
        due_at: `${start} - n`,
        created_at: `${start} - n`,
      }
      const names = rows.map(({ name }: { name: string }) => `"${name}"`).join(', ')
      const values = rows.map(({ name }: { name: string }) => own[name] ?? `"${name}"`).join(', ')
      const table = dialect.table('deliveries')
      await pool.query(
        `INSERT INTO ${table} (${names}) SELECT ${values} FROM ${table}, generate_series(1, ${count}) AS n`,
      )
      await pool.query(`ANALYZE ${table}`)
    },

    /**
     * The plan of a statement, which is run and undone.
     * @param settings for this statement only
     */
    async plan([sql, values = []]: Statement, settings = ''): Promise<Plan> {
      const client = await pool.connect()
      try {
        await client.query(`BEGIN; ${settings}`)
        const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`, [...values])
        const root = rows[0]['QUERY PLAN'][0].Plan as Node
        const pages = (root['Shared Hit Blocks'] ?? 0) + (root['Shared Read Blocks'] ?? 0)
        return { nodes: flat(root), pages }
      } finally {
        await client.query('ROLLBACK')
        client.release()
      }
    },

    async end() {
      await storage.close()
      await pool.end()
      await server.close()
    },
  }
}

/** How its tables are read, other than by an index; a plan that reads none is no answer. */
export const readsBesidesIndexes = ({ nodes }: Plan): string[] => {
  const reads = nodes.filter(
    (node) => node['Node Type'].includes('Scan') && node['Relation Name'] !== undefined,
  )
  if (reads.length === 0) return ['nothing is read']
  return reads.map((node) => node['Node Type']).filter((type) => !/^Index (Only )?Scan$/.test(type))
}

interface Bounded {
  name: string
  /** It may look at fewer than these. */
  pages: number
  sql: Statement
}

/** Pages of deliveries: from either end, the middle, of one message, subscription or status. */
export function listStatements(dialect: Dialect): Bounded[] {
  const codec = new Codec('deliveries')
  const lists = [
    { index: 'created' },
    { index: 'message' },
    { index: 'message', prefix: { messageId: 'm77' } },
    { index: 'subscription', prefix: { subscriptionId: 'lane7' } },
    { index: 'status', prefix: { subscriptionId: 'lane7', status: '' } },
    { index: 'created', range: { from: start - 70_000 } },
    { index: 'created', after: [start - 50_000, 'd00050000'] },
    { index: 'message', after: ['m5', 'lane5', 'd00000005'] },
  ]
  return lists.flatMap((list) =>
    [false, true].map((descending) => {
      const plan = planList(codec, { tenantId: 'acme', limit: 50, descending, ...list } as never)
      const sql = statement((bind) => pageSql(dialect, plan, 'acme', bind))
      return { name: `list ${JSON.stringify(list)} ${descending}`, pages: 80, sql }
    }),
  )
}

/** Every statement of a claim, and how many pages it may look at, however long the backlog. */
export function claimStatements(claims: ClaimSql): Bounded[] {
  const limits = { now: start, perLane: 8, skipLanes: ['lane3'] }
  const turns = Array.from({ length: 16 }, (_, i) => ({ tenantId: 'acme', lane: `lane${i}`, most: 4 }))
  const after = [{ tenantId: 'acme', after: 'lane4' }]
  return [
    { name: 'nextDue', pages: 20, sql: [claims.nextDue()] },
    { name: 'dueLanes', pages: 1100, sql: claims.dueLanes(start) },
    { name: 'tenants', pages: 100, sql: claims.tenants(limits, '', 64) },
    { name: 'lanes', pages: 1500, sql: claims.lanes(limits, after, 64) },
    { name: 'lease', pages: 5000, sql: claims.lease(limits, start + 1, turns, 64) },
  ]
}
