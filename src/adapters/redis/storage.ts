/** The storage port in Redis: every transition is one script on one shard. */
import { DrifthookError } from '../../errors.js'
import type { Limiter } from '../../ports/limiter.js'
import {
  type Capabilities,
  type ClaimRequest,
  isPreconditionFailed,
  type ListQuery,
  type Outcome,
  type Page,
  type SettleResult,
  type Storage,
  type Write,
} from '../../ports/storage.js'
import type { Row, TableName, UniqueOf, WorkTableName } from '../../ports/tables.js'
import { Codec } from '../shared/codec.js'
import { planList } from '../shared/list-plan.js'
import { outcomeWrites } from '../shared/outcomes.js'
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
  #opening: Promise<void> | null = null
  #open = false
  /** What was handed in and has not ended. */
  readonly #running = new Set<Promise<unknown>>()
  readonly #codecs = new Map<TableName, Codec>()
  readonly #claims = new Map<WorkTableName, Claims<WorkTableName>>()

  constructor(settings: Settings) {
    this.#settings = settings
    this.#shards = new Shards(settings.prefix, settings.shards)
    this.#connection = new Connection(settings.client)
    this.#commits = new Commits(this.#connection, this.#shards)
    this.limiter = redisLimiter(
      (key, args) => this.#connection.run(limiterScript, key, args),
      settings.prefix,
    )
  }

  async open(): Promise<void> {
    this.#opening ??= this.#connect()
    const opening = this.#opening
    try {
      await opening
      // Unless it was closed meanwhile.
      if (this.#opening === opening) this.#open = true
    } catch (error) {
      if (this.#opening === opening) this.#opening = null
      throw error
    }
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

  async close(): Promise<void> {
    const opening = this.#opening
    this.#opening = null
    this.#open = false
    await opening?.catch(() => {})
    await Promise.allSettled(this.#running)
    this.#connection.close()
  }

  async get<T extends TableName>(table: T, tenantId: string, id: string): Promise<Row<T> | null> {
    const codec = this.#codec(table)
    const key = codec.encodePart({ tenantId, id }) as { tenantId: string; id: string }
    const row = rowKey(this.#shards.of(key.tenantId), table, key.tenantId, key.id)
    const columns = codec.columns.map(([name]) => name)
    return decodeRow(codec, await this.#use(() => this.#connection.call('hmget', [row, ...columns])))
  }

  async lookup<T extends TableName>(
    table: T,
    unique: UniqueOf<T>,
    values: Partial<Row<T>>,
  ): Promise<Row<T> | null> {
    const codec = this.#codec(table)
    const key = codec.keyValues(unique, values)
    if (Object.values(key).includes(null)) return null
    const asked = [table, unique, entryOf(codec as unknown as Codec, Object.entries(key))]
    const { tenantId } = key
    const shards = typeof tenantId === 'string' ? [this.#shards.of(tenantId)] : this.#shards.all
    const found = await this.#each(shards, (shard) => this.#connection.run(lookupScript, shard, asked))
    return decodeRow(codec, found.find((reply) => reply !== null) ?? null)
  }

  async list<T extends TableName>(table: T, query: ListQuery<T>): Promise<Page<T>> {
    const codec = this.#codec(table)
    const plan = planList(codec, query)
    const asked = listArguments(plan, query)
    const shard = this.#shards.of(query.tenantId)
    return pageOf(codec, plan, await this.#use(() => this.#connection.run(listScript, shard, asked)))
  }

  async commit(writes: readonly Write[]): Promise<void> {
    const steps = writes.map((write) => stepOf((table) => this.#codec(table) as Codec, write))
    await this.#use(() => this.#commits.commit(steps))
  }

  async claim<T extends WorkTableName>(table: T, request: ClaimRequest): Promise<Row<T>[]> {
    checkClaim(request)
    return this.#use(() => this.#claimsOf(table).claim(request)) as Promise<Row<T>[]>
  }

  async settle<T extends WorkTableName>(table: T, outcomes: readonly Outcome<T>[]): Promise<SettleResult[]> {
    return Promise.all(
      outcomes.map((outcome) => {
        const [own, ...carried] = outcomeWrites(table, outcome).map((write) =>
          stepOf((name) => this.#codec(name) as Codec, write),
        )
        const held = { ...own!, held: true, expect: { fence: outcome.fence } }
        return this.#use(() => this.#commits.commit([held, ...carried])).then(
          (): SettleResult => 'applied',
          (error: unknown): SettleResult => {
            if (!isPreconditionFailed(error)) throw error
            return error.write === 0 && error.reason !== 'exists' ? 'lost' : 'conflict'
          },
        )
      }),
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
    const used = await this.#use(() => this.#connection.call('hincrby', [counters, counter, String(n)]))
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
      const count = Number(await this.#use(() => this.#connection.run(eraseScript, shard, asked)))
      erased += count
      if (count < most) break
    }
    return erased
  }

  /** The first server's, of a cluster. */
  async now(): Promise<number> {
    const [time] = (await this.#use(() => this.#connection.callEach('time'))) as Buffer[][]
    const [seconds, microseconds] = (time ?? []).map((part) => Number(String(part)))
    return Math.floor(Number(seconds) * 1000 + Number(microseconds) / 1000)
  }

  #each(shards: readonly string[], ask: (shard: string) => Promise<Reply>): Promise<Reply[]> {
    return this.#use(() => Promise.all(shards.map(ask)))
  }

  /** Runs what was handed in while the storage is open; `close` waits for it. */
  async #use<Result>(work: () => Promise<Result>): Promise<Result> {
    if (!this.#open) throw new DrifthookError('STORAGE_UNAVAILABLE', 'The Redis storage is not open.')
    const running = work()
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  #codec<T extends TableName>(table: T): Codec<T> {
    const codec = this.#codecs.get(table) ?? new Codec<TableName>(table)
    this.#codecs.set(table, codec)
    return codec as unknown as Codec<T>
  }

  #claimsOf(table: WorkTableName): Claims<WorkTableName> {
    const claims =
      this.#claims.get(table) ??
      new Claims<WorkTableName>(this.#connection, this.#codec(table), this.#shards.all)
    this.#claims.set(table, claims)
    return claims
  }
}
