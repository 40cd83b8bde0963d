/** The storage port on one SQLite file. Reads are single statements; writes go through the {@link Writer}. */
import { DrifthookError } from '../../errors.js'
import {
  type Capabilities,
  type ClaimRequest,
  type ListQuery,
  type Outcome,
  type Page,
  PreconditionFailed,
  type SettleResult,
  type Storage,
  type Write,
} from '../../ports/storage.js'
import type { Row, TableName, UniqueOf, WorkTableName } from '../../ports/tables.js'
import { type Codec, Codecs } from '../shared/codec.js'
import { planList } from '../shared/list-plan.js'
import { holds, outcomeWrites } from '../shared/outcomes.js'
import { checkClaim } from '../shared/turns.js'
import { allEqual, columnList } from '../sql/conditions.js'
import { lastReadSql, pageOf, pageSql } from '../sql/list.js'
import { snake } from '../sql/names.js'
import { firstIdsSql, tenantsSql } from '../sql/whole-tenants.js'
import { Claims } from './claims.js'
import { Connection } from './connection.js'
import { sqlite, sqlTable } from './dialect.js'
import type { DriverName } from './driver.js'
import { migrate } from './migrations.js'
import { statement } from './statement.js'
import { Writer } from './writer.js'
import { planWrites } from './writes.js'

export interface Settings {
  /** Absolute. */
  filename: string
  driver: DriverName | undefined
  busyTimeoutMs: number
}

interface Opened {
  connection: Connection
  writer: Writer
}

const nextIdsSql = `INSERT INTO "drifthook_counters" ("name", "used") VALUES (?, ?)
  ON CONFLICT ("name") DO UPDATE SET "used" = "used" + excluded."used" RETURNING "used"`

export class SqliteStorage implements Storage {
  readonly capabilities: Capabilities = { durable: 'disk', crossProcess: true, hostTransactions: false }

  readonly #settings: Settings
  #opening: Promise<Opened> | null = null
  #opened: Opened | null = null
  readonly #codecs = new Codecs()
  readonly #claims = new Map<WorkTableName, Claims<WorkTableName>>()

  constructor(settings: Settings) {
    this.#settings = settings
  }

  async open(): Promise<void> {
    this.#opening ??= this.#connect()
    const opening = this.#opening
    try {
      const opened = await opening
      // Unless it was closed meanwhile.
      if (this.#opening === opening) this.#opened = opened
    } catch (error) {
      if (this.#opening === opening) this.#opening = null
      throw error
    }
  }

  async #connect(): Promise<Opened> {
    const { filename, driver, busyTimeoutMs } = this.#settings
    const connection = await Connection.open(filename, driver, busyTimeoutMs)
    try {
      const writer = new Writer(connection)
      await migrate(connection, writer)
      return { connection, writer }
    } catch (error) {
      connection.close()
      throw error
    }
  }

  async close(): Promise<void> {
    const opening = this.#opening
    this.#opening = null
    this.#opened = null
    const opened = await opening?.catch(() => null)
    if (!opened) return
    await opened.writer.idle()
    opened.connection.close()
  }

  async get<T extends TableName>(table: T, tenantId: string, id: string): Promise<Row<T> | null> {
    return this.#find(this.#use().connection, this.#codecs.of(table), { tenantId, id })
  }

  async lookup<T extends TableName>(
    table: T,
    unique: UniqueOf<T>,
    values: Partial<Row<T>>,
  ): Promise<Row<T> | null> {
    const codec = this.#codecs.of(table)
    return this.#find(this.#use().connection, codec, codec.keyValues(unique, values))
  }

  async list<T extends TableName>(table: T, query: ListQuery<T>): Promise<Page<T>> {
    const codec = this.#codecs.of(table)
    const plan = planList(codec, query)
    const { connection } = this.#use()
    const read = (sql: typeof pageSql) =>
      connection
        .all(...statement((bind) => sql(sqlite, plan, query.tenantId, bind)))
        .map((row) => codec.decodeRow(row, snake))
    if (plan.filter.length === 0) return pageOf(plan, read(pageSql))
    // Two statements about the same entries: one transaction, so that they see the same.
    connection.run('BEGIN')
    try {
      const items = read(pageSql)
      return pageOf(plan, items, items.length > plan.limit ? [] : read(lastReadSql))
    } finally {
      connection.run('COMMIT')
    }
  }

  async commit(writes: readonly Write[]): Promise<void> {
    const { connection, writer } = this.#use()
    const apply = planWrites(this.#codecs.of, writes)
    await writer.write(() => apply(connection))
  }

  async claim<T extends WorkTableName>(table: T, request: ClaimRequest): Promise<Row<T>[]> {
    checkClaim(request)
    const { connection, writer } = this.#use()
    const claims = this.#claimsOf(table)
    if (!claims.anyDue(connection, request.now)) return []
    return writer.write(() => claims.claim(connection, request) as Row<T>[])
  }

  async settle<T extends WorkTableName>(table: T, outcomes: readonly Outcome<T>[]): Promise<SettleResult[]> {
    const { connection, writer } = this.#use()
    return Promise.all(
      outcomes.map((outcome) => {
        const apply = planWrites(this.#codecs.of, outcomeWrites(table, outcome))
        const { tenantId, id, fence } = outcome
        const settled = writer.write<SettleResult>(() => {
          const record = this.#find(connection, this.#codecs.of(table), { tenantId, id })
          if (!holds(record, fence)) return 'lost'
          apply(connection)
          return 'applied'
        })
        return settled.catch((error: unknown): SettleResult => {
          if (error instanceof PreconditionFailed) return 'conflict'
          throw error
        })
      }),
    )
  }

  async nextDue(table: WorkTableName): Promise<number | null> {
    return this.#claimsOf(table).nextDue(this.#use().connection)
  }

  async nextIds(counter: string, n: number): Promise<number> {
    if (!Number.isSafeInteger(n) || n < 1) throw new TypeError('nextIds reserves at least one number')
    const { connection, writer } = this.#use()
    const used = await writer.write(() => connection.first(nextIdsSql, [counter, n])?.used as number)
    return used - n + 1
  }

  async tenants(table: TableName, after: string | null, limit: number): Promise<string[]> {
    const sql = statement((bind) => tenantsSql(sqlite, table, after, limit, bind))
    return this.#use()
      .connection.all(...sql)
      .map(({ tenant }) => tenant as string)
  }

  async erase(table: TableName, tenantId: string, limit: number): Promise<number> {
    const { connection, writer } = this.#use()
    const sql = statement(
      (bind) =>
        `DELETE FROM ${sqlTable(table)} WHERE "tenant_id" = ${bind(tenantId)} AND "id" IN (${firstIdsSql(sqlite, table, tenantId, limit, bind)})`,
    )
    return writer.write(() => connection.run(...sql))
  }

  #use(): Opened {
    if (this.#opened) return this.#opened
    throw new DrifthookError('STORAGE_UNAVAILABLE', 'The SQLite storage is not open.')
  }

  #find<T extends TableName>(connection: Connection, codec: Codec<T>, key: object): Row<T> | null {
    const values = codec.encodeScalars(key)
    const row = connection.first(
      ...statement(
        (bind) => `SELECT ${columnList(codec)} FROM ${sqlTable(codec.table)} WHERE ${allEqual(values, bind)}`,
      ),
    )
    return row ? codec.decodeRow(row, snake) : null
  }

  #claimsOf(table: WorkTableName): Claims<WorkTableName> {
    const claims = this.#claims.get(table) ?? new Claims<WorkTableName>(this.#codecs.of(table))
    this.#claims.set(table, claims)
    return claims
  }
}
