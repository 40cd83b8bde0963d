/** The storage port in Redis: every transition is one script on one shard. */
import type { Limiter } from '../../ports/limiter.js'
import type {
  Capabilities,
  ClaimRequest,
  ListQuery,
  Outcome,
  Page,
  SettleResult,
  Storage,
  Write,
} from '../../ports/storage.js'
import type { Row, TableName, UniqueOf, WorkTableName } from '../../ports/tables.js'
import { type Codec, Codecs } from '../shared/codec.js'
import { planList } from '../shared/list-plan.js'
import { Opening } from '../shared/opening.js'
import { settleEach } from '../shared/outcomes.js'
import { checkClaim } from '../shared/turns.js'
import { Claims } from './claims.js'
import { Commits } from './commits.js'
import { Connection, type RedisClient, type Reply, Script } from './connection.js'
import { entryOf, rowKey } from './keys.js'
import { limiterLua, redisLimiter } from './limiter.js'
import { listArguments, pageOf } from './lists.js'
import { eraseLua } from './lua/erase.js'
import { listLua, lookupLua, nextDueLua } from './lua/read.js'
import { checkMeta } from './meta.js'
import { decodeRow } from './rows.js'
import { survives } from './server.js'
import { Shards } from './shards.js'
import { stepOf } from './writes.js'

export interface Settings {
  client: RedisClient
  prefix: string
  shards: number
  acceptLoss: boolean
}

const listScript = new Script(listLua)
const lookupScript = new Script(lookupLua)
const nextDueScript = new Script(nextDueLua)
const eraseScript = new Script(eraseLua)
const limiterScript = new Script(limiterLua)

/** How many records one run of a script erases, so that Redis answers others meanwhile. */
const erasedAtOnce = 250

export class RedisStorage implements Storage {
  /** What survives is what the server says when it is asked. */
  readonly capabilities: Capabilities = { durable: 'process', crossProcess: true, hostTransactions: false }
  readonly limiter: Limiter

  readonly #settings: Settings
  readonly #shards: Shards
  readonly #connection: Connection
  readonly #commits: Commits
  readonly #opening: Opening
  readonly #codecs = new Codecs()
  readonly #claims = new Map<WorkTableName, Claims<WorkTableName>>()

  constructor(settings: Settings) {
    this.#settings = settings
    this.#shards = new Shards(settings.prefix, settings.shards)
    this.#connection = new Connection(settings.client)
    this.#commits = new Commits(this.#connection, this.#shards)
    this.#opening = new Opening(
      'Redis',
      () => this.#connect(),
      () => this.#connection.close(),
    )
    this.limiter = redisLimiter(
      (key, args) => this.#connection.run(limiterScript, key, args),
      settings.prefix,
    )
  }

  async #connect(): Promise<void> {
    try {
      await this.#connection.open()
      this.capabilities.durable = await survives(this.#connection, this.#settings.acceptLoss)
      await checkMeta(this.#connection, this.#shards.first, this.#shards.all.length)
    } catch (error) {
      this.#connection.close()
      throw error
    }
  }

  open(): Promise<void> {
    return this.#opening.open()
  }

  close(): Promise<void> {
    return this.#opening.close()
  }

  async get<T extends TableName>(table: T, tenantId: string, id: string): Promise<Row<T> | null> {
    const codec = this.#codecs.of(table)
    const key = codec.encodePart({ tenantId, id }) as { tenantId: string; id: string }
    const row = rowKey(this.#shards.of(key.tenantId), table, key.tenantId, key.id)
    const columns = codec.columns.map(([name]) => name)
    return decodeRow(codec, await this.#opening.use(() => this.#connection.call('hmget', [row, ...columns])))
  }

  async lookup<T extends TableName>(
    table: T,
    unique: UniqueOf<T>,
    values: Partial<Row<T>>,
  ): Promise<Row<T> | null> {
    const codec = this.#codecs.of(table)
    const key = codec.keyValues(unique, values)
    if (Object.values(key).includes(null)) return null
    const asked = [table, unique, entryOf(codec as unknown as Codec, Object.entries(key))]
    const { tenantId } = key
    const shards = typeof tenantId === 'string' ? [this.#shards.of(tenantId)] : this.#shards.all
    const found = await this.#each(shards, (shard) => this.#connection.run(lookupScript, shard, asked))
    return decodeRow(codec, found.find((reply) => reply !== null) ?? null)
  }

  async list<T extends TableName>(table: T, query: ListQuery<T>): Promise<Page<T>> {
    const codec = this.#codecs.of(table)
    const plan = planList(codec, query)
    const asked = listArguments(plan, query)
    const shard = this.#shards.of(query.tenantId)
    return pageOf(codec, plan, await this.#opening.use(() => this.#connection.run(listScript, shard, asked)))
  }

  async commit(writes: readonly Write[]): Promise<void> {
    const steps = writes.map((write) => stepOf(this.#codecs.of, write))
    await this.#opening.use(() => this.#commits.commit(steps))
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
      (steps) => this.#opening.use(() => this.#commits.commit(steps)),
    )
  }

  async nextDue(table: WorkTableName): Promise<number | null> {
    const next = (shard: string) => this.#connection.run(nextDueScript, shard, [table])
    const found = await this.#each(this.#shards.all, next)
    const due = found.filter((reply) => reply !== null).map((reply) => Number(String(reply)))
    return due.length === 0 ? null : Math.min(...due)
  }

  async nextIds(counter: string, n: number): Promise<number> {
    if (!Number.isSafeInteger(n) || n < 1) throw new TypeError('nextIds reserves at least one number')
    const counters = `${this.#shards.first}:counters`
    const used = await this.#opening.use(() =>
      this.#connection.call('hincrby', [counters, counter, String(n)]),
    )
    return Number(used) - n + 1
  }

  /**
   * Tenants that have records in a table, in the order of their code points, behind the one given.
   */
  async tenants(table: TableName, after: string | null, limit: number): Promise<string[]> {
    const range = [after === null ? '-' : `(${after}`, '+', 'LIMIT', '0', String(limit)]
    const found = await this.#each(this.#shards.all, (shard) =>
      this.#connection.call('zrangebylex', [`${shard}:tenants:${table}`, ...range]),
    )
    return (found.flat() as Buffer[]).sort(Buffer.compare).slice(0, limit).map(String)
  }

  /**
   * Erases up to `limit` records of a tenant from a table, whatever refers to them, with their keys and index
   * entries.
   * @returns how many; fewer than `limit`: none is left
   */
  async erase(table: TableName, tenantId: string, limit: number): Promise<number> {
    const shard = this.#shards.of(tenantId)
    let erased = 0
    while (erased < limit) {
      const most = Math.min(limit - erased, erasedAtOnce)
      const asked = [table, tenantId, String(most)]
      const count = Number(await this.#opening.use(() => this.#connection.run(eraseScript, shard, asked)))
      erased += count
      if (count < most) break
    }
    return erased
  }

  /** The first server's, of a cluster. */
  async now(): Promise<number> {
    const [time] = (await this.#opening.use(() => this.#connection.callEach('time'))) as Buffer[][]
    const [seconds, microseconds] = (time ?? []).map((part) => Number(String(part)))
    return Math.floor(Number(seconds) * 1000 + Number(microseconds) / 1000)
  }

  #each(shards: readonly string[], ask: (shard: string) => Promise<Reply>): Promise<Reply[]> {
    return this.#opening.use(() => Promise.all(shards.map(ask)))
  }

  #claimsOf(table: WorkTableName): Claims<WorkTableName> {
    const claims =
      this.#claims.get(table) ??
      new Claims<WorkTableName>(this.#connection, this.#codecs.of(table), this.#shards.all)
    this.#claims.set(table, claims)
    return claims
  }
}
