/** The storage port on a PostgreSQL schema. Reads are single statements; writes go through the {@link Writer}. */
import type { HostTransaction } from '../../ports/host-transaction.js'
import type { Limiter } from '../../ports/limiter.js'
import type {
  Capabilities,
  ClaimRequest,
  ListQuery,
  Outcome,
  Page,
  SettleResult,
  Storage,
  TransactionStorage,
  Write,
} from '../../ports/storage.js'
import type { Row, TableName, UniqueOf, WorkTableName } from '../../ports/tables.js'
import { type Codec, Codecs } from '../shared/codec.js'
import { planList } from '../shared/list-plan.js'
import { Opening } from '../shared/opening.js'
import { settleEach } from '../shared/outcomes.js'
import { inSavepoint } from '../shared/savepoint.js'
import { checkClaim } from '../shared/turns.js'
import { allEqual, columnList } from '../sql/conditions.js'
import type { Dialect } from '../sql/dialect.js'
import { lastReadSql, pageOf, pageSql } from '../sql/list.js'
import { firstIdsSql, tenantsSql } from '../sql/whole-tenants.js'
import { Claims } from './claims.js'
import { Database } from './database.js'
import { postgres } from './dialect.js'
import { HostStorage } from './host-storage.js'
import { postgresLimiter } from './limiter.js'
import { lock } from './lock.js'
import { migrate } from './migrations.js'
import type { PostgresPool, PostgresQueryable, SqlRow } from './pool.js'
import { Reader } from './reader.js'
import { decodeRow } from './rows.js'
import { survives } from './server.js'
import { statement } from './statement.js'
import { stepOf } from './steps.js'
import { Writer } from './writer.js'

export class PostgresStorage implements Storage {
  /** What survives is what the server says when it is asked; before that, what it does unless configured otherwise. */
  readonly capabilities: Capabilities = { durable: 'disk', crossProcess: true, hostTransactions: true }
  readonly limiter: Limiter

  readonly #schema: string
  readonly #dialect: Dialect
  readonly #database: Database
  readonly #writer: Writer
  readonly #opening: Opening
  readonly #codecs = new Codecs()
  readonly #readers = new Map<TableName, Reader<TableName>>()
  readonly #claims = new Map<WorkTableName, Claims<WorkTableName>>()

  constructor(pool: PostgresPool, schema: string) {
    this.#schema = schema
    this.#dialect = postgres(schema)
    this.#database = new Database(pool)
    this.#writer = new Writer(this.#database, this.#dialect)
    this.#opening = new Opening(
      'PostgreSQL',
      () => this.#connect(),
      () => this.#database.unwatch(),
    )
    this.limiter = postgresLimiter(
      (sql, values) => this.#opening.use(() => this.#database.query(sql, values)),
      schema,
    )
  }

  async #connect(): Promise<void> {
    // Until it is closed, also if it cannot be opened: a host's idle connection may break in the meantime.
    this.#database.watch()
    this.capabilities.durable = await survives(this.#database)
    await migrate(this.#database, this.#schema)
  }

  open(): Promise<void> {
    return this.#opening.open()
  }

  close(): Promise<void> {
    return this.#opening.close()
  }

  get<T extends TableName>(table: T, tenantId: string, id: string): Promise<Row<T> | null> {
    return this.#opening.use(() => this.#readerOf(table).get(tenantId, id))
  }

  async lookup<T extends TableName>(
    table: T,
    unique: UniqueOf<T>,
    values: Partial<Row<T>>,
  ): Promise<Row<T> | null> {
    const codec = this.#codecs.of(table)
    const key = codec.keyValues(unique, values)
    const sql = statement(
      (bind) =>
        `SELECT ${columnList(codec as unknown as Codec)} FROM ${this.#dialect.table(table)} WHERE ${allEqual(key, bind)}`,
    )
    const [row] = await this.#opening.use(() => this.#database.query(...sql))
    return row ? decodeRow(codec, row) : null
  }

  async list<T extends TableName>(table: T, query: ListQuery<T>): Promise<Page<T>> {
    const codec = this.#codecs.of(table)
    const plan = planList(codec, query)
    const rows = (found: readonly SqlRow[]) => found.map((row) => decodeRow(codec, row))
    const sql = (write: typeof pageSql) =>
      statement((bind) => write(this.#dialect, plan, query.tenantId, bind))
    if (plan.filter.length === 0) {
      return this.#opening.use(async () => pageOf(plan, rows(await this.#database.query(...sql(pageSql)))))
    }
    const page = async (client: PostgresQueryable) => {
      const items = rows((await client.query(...sql(pageSql))).rows)
      if (items.length > plan.limit) return pageOf(plan, items)
      return pageOf(plan, items, rows((await client.query(...sql(lastReadSql))).rows))
    }
    // Two statements about the same entries: one snapshot, so that they see the same.
    return this.#opening.use(() =>
      this.#database.transaction('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', page),
    )
  }

  async commit(writes: readonly Write[]): Promise<void> {
    const steps = writes.map((write) => stepOf(this.#codecs.of, write))
    await this.#opening.use(() => this.#writer.write(steps))
  }

  async claim<T extends WorkTableName>(table: T, request: ClaimRequest): Promise<Row<T>[]> {
    checkClaim(request)
    return this.#opening.use(() => this.#claimsOf(table).claim(request)) as Promise<Row<T>[]>
  }

  async settle<T extends WorkTableName>(table: T, outcomes: readonly Outcome<T>[]): Promise<SettleResult[]> {
    return settleEach(
      table,
      outcomes as readonly Outcome<WorkTableName>[],
      (write) => stepOf(this.#codecs.of, write),
      (steps) => this.#opening.use(() => this.#writer.write(steps)),
    )
  }

  nextDue(table: WorkTableName): Promise<number | null> {
    return this.#opening.use(() => this.#claimsOf(table).nextDue())
  }

  async nextIds(counter: string, n: number): Promise<number> {
    if (!Number.isSafeInteger(n) || n < 1) throw new TypeError('nextIds reserves at least one number')
    const sql = `INSERT INTO ${this.#dialect.table('counters')} AS counter ("name", "used") VALUES ($1, $2)
      ON CONFLICT ("name") DO UPDATE SET "used" = counter."used" + excluded."used" RETURNING "used"`
    const [row] = await this.#opening.use(() => this.#database.query(sql, [counter, n]))
    return Number(row?.used) - n + 1
  }

  async tenants(table: TableName, after: string | null, limit: number): Promise<string[]> {
    const sql = statement((bind) => tenantsSql(this.#dialect, table, after, limit, bind))
    return (await this.#opening.use(() => this.#database.query(...sql))).map(({ tenant }) => tenant as string)
  }

  async erase(table: TableName, tenantId: string, limit: number): Promise<number> {
    // Locked one by one up to the limit: who vanishes meanwhile does not count, and the next one does.
    const sql = statement(
      (bind) => `WITH found AS (${firstIdsSql(this.#dialect, table, tenantId, limit, bind)} FOR UPDATE),
        erased AS (DELETE FROM ${this.#dialect.table(table)} AS entry USING found
          WHERE entry."tenant_id" = ${bind(tenantId)} AND entry."id" = found."id" RETURNING 1)
        SELECT count(*) AS "erased" FROM erased`,
    )
    const [row] = await this.#opening.use(() => this.#database.query(...sql))
    return Number(row?.erased)
  }

  async inTransaction<Result>(
    host: HostTransaction,
    work: (storage: TransactionStorage) => Promise<Result>,
  ): Promise<Result> {
    this.#opening.refuseClosed()
    return inSavepoint(host, 'drifthook_publish', (savepoint) =>
      work(new HostStorage(savepoint, this.#dialect, this.#codecs.of)),
    )
  }

  async now(): Promise<number> {
    const sql = 'SELECT extract(epoch FROM clock_timestamp()) * 1000 AS "now"'
    const [row] = await this.#opening.use(() => this.#database.query(sql))
    return Math.round(Number(row?.now))
  }

  #readerOf<T extends TableName>(table: T): Reader<T> {
    const reader =
      this.#readers.get(table) ?? new Reader<TableName>(this.#database, this.#dialect, this.#codecs.of(table))
    this.#readers.set(table, reader)
    return reader as unknown as Reader<T>
  }

  #claimsOf(table: WorkTableName): Claims<WorkTableName> {
    const claims =
      this.#claims.get(table) ??
      new Claims<WorkTableName>(
        this.#database,
        this.#dialect,
        this.#codecs.of(table),
        lock(this.#schema, table),
      )
    this.#claims.set(table, claims)
    return claims
  }
}
