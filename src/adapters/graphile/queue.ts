import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HostTransaction } from '../../ports/host-transaction.js'
import type { ConsumeOptions, Queue, WakeUp } from '../../ports/queue.js'
import { answered, Consumer, ignore } from '../shared/engine.js'
import { optionalPackage } from '../shared/optional-package.js'
import { inSavepoint } from '../shared/savepoint.js'
import { guard, type PgPool, unguard } from './pool.js'

export interface Settings {
  pool: PgPool
  schema: string
  hostTransactions: boolean
}

type Graphile = typeof import('graphile-worker')
type GraphilePool = Parameters<Graphile['runTaskList']>[2]

/** Its name among the tasks of the host's own workers, which leave it alone. */
const task = 'drifthook'

/** How often jobs are looked for that no notification announced: those whose time has come. */
const pollMs = 1_000

/** How long to wait before listening again after it failed. */
const retryMs = 5_000

export class GraphileQueue implements Queue {
  readonly #pool: PgPool
  readonly #schema: string
  readonly bind?: (host: HostTransaction) => Pick<Queue, 'enqueue'>
  #graphile: Promise<Graphile> | null = null
  #migrated: Promise<void> | null = null

  constructor({ pool, schema, hostTransactions }: Settings) {
    this.#pool = pool
    this.#schema = schema
    if (hostTransactions) this.bind = (host) => ({ enqueue: (wakeUps) => this.#enqueueWithin(host, wakeUps) })
  }

  async open(): Promise<void> {
    if (this.#graphile === null) {
      this.#graphile = optionalPackage<Graphile>('graphile-worker')
      guard(this.#pool)
    }
    await this.#graphile
    // The database may be down: then it is migrated before it is first used.
    await answered('PostgreSQL', this.#ready()).catch(ignore)
  }

  async close(): Promise<void> {
    if (this.#graphile === null) return
    this.#graphile = null
    if (this.#migrated !== null) await answered('PostgreSQL', this.#migrated).catch(ignore)
    unguard(this.#pool)
  }

  async enqueue(wakeUps: readonly WakeUp[]): Promise<void> {
    if (wakeUps.length > 0) await this.#query(this.#addSql(), [jobsOf(wakeUps)])
  }

  /** Neither migrates nor asks the pool: whoever has a transaction open may hold its last connection. */
  async #enqueueWithin(host: HostTransaction, wakeUps: readonly WakeUp[]): Promise<void> {
    if (wakeUps.length === 0) return
    await inSavepoint(host, 'drifthook_wake', (savepoint) => savepoint.run(this.#addSql(), [jobsOf(wakeUps)]))
  }

  async consume(handler: (id: string) => Promise<void>, options: ConsumeOptions): Promise<void> {
    await this.#opened()
    const consumer = new Consumer(handler, options)
    const { signal } = consumer
    while (!signal.aborted) {
      await this.#work(consumer).catch(ignore)
      await sleep(retryMs, undefined, { signal }).catch(ignore)
    }
    await consumer.ended()
  }

  async stats(): Promise<{ waiting: number }> {
    const count = `SELECT count(*)::int AS waiting FROM ${this.#name('jobs')}
      WHERE task_identifier = $1 AND locked_at IS NULL AND attempts < max_attempts`
    const [row] = await this.#query(count, [task])
    return { waiting: Number(row?.waiting) }
  }

  /** Until the abort, or until graphile-worker gives up. */
  async #work(consumer: Consumer): Promise<void> {
    const { concurrency, signal, stopped } = consumer
    await Promise.race([this.#ready(), stopped])
    if (signal.aborted) return
    const { runTaskList } = await this.#opened()
    const workers = runTaskList(
      {
        ...(await this.#options()),
        concurrency,
        pollInterval: pollMs,
        noHandleSignals: true,
        preset: {
          worker: {
            // One process asks once for all its idle handlers, not each of them.
            localQueue: { size: concurrency },
            // Without batches nobody waits for a completion, nor hears that it failed: that ends the process.
            completeJobBatchDelay: 0,
          },
        },
      },
      { [task]: (payload) => consumer.handle((payload as { id: string }).id) },
      this.#pool as unknown as GraphilePool,
    )
    const ended = workers.promise.catch(ignore)
    await Promise.race([ended, stopped])
    if (!signal.aborted) return
    Promise.resolve(workers.gracefulShutdown()).catch(ignore)
    await consumer.ended()
    await answered('PostgreSQL', ended)
  }

  async #query(text: string, values: unknown[]) {
    await this.#opened()
    const query = async () => {
      await this.#ready()
      return this.#pool.query(text, values)
    }
    return (await answered('PostgreSQL', query())).rows
  }

  /** Migrates once; a failure is for the next call to overcome. */
  #ready(): Promise<void> {
    this.#migrated ??= this.#migrate().catch((error: unknown) => {
      this.#migrated = null
      throw error
    })
    return this.#migrated
  }

  async #migrate(): Promise<void> {
    const { runMigrations } = await this.#opened()
    await runMigrations({ ...(await this.#options()), pgPool: this.#pool as unknown as GraphilePool })
    // With its one attempt used up, what a killed process had taken would stay for ever.
    const sweep = `SELECT FROM ${this.#name('complete_jobs')}(ARRAY(
      SELECT id FROM ${this.#name('jobs')} WHERE task_identifier = $1 AND attempts >= max_attempts))`
    await this.#pool.query(sweep, [task])
  }

  async #options() {
    const { Logger } = await this.#opened()
    const events = new EventEmitter()
    events.on('pool:listen:notification', withoutMigrations)
    // Whoever enqueues hears of what is wrong; graphile-worker itself would tell the console.
    return { schema: this.#schema, logger: new Logger(() => ignore), events }
  }

  async #opened(): Promise<Graphile> {
    if (this.#graphile === null) throw new Error('the queue is not open')
    return this.#graphile
  }

  #addSql(): string {
    return `SELECT count(*)::text FROM ${this.#name('add_jobs')}(ARRAY(
      SELECT json_populate_recordset(null::${this.#name('job_spec')}, $1::text::json)), true)`
  }

  #name(thing: string): string {
    return `"${this.#schema.replaceAll('"', '""')}".${thing}`
  }
}

/** The jobs as JSON. A repeated id within one call is an error to the database. */
function jobsOf(wakeUps: readonly WakeUp[]): string {
  const byId = new Map(wakeUps.map((wakeUp) => [wakeUp.id, wakeUp]))
  const jobs = Array.from(byId.values(), ({ id, runAt }) => ({
    identifier: task,
    payload: { id },
    run_at: runAt === undefined ? null : new Date(runAt),
    max_attempts: 1,
    job_key: id,
  }))
  return JSON.stringify(jobs)
}

/**
 * All schemas of a database share one channel: another application that migrates its own would make
 * graphile-worker stop here, and set this process's exit code.
 */
function withoutMigrations({ message }: { message: { channel: string; payload?: string } }): void {
  if (message.channel === 'worker:migrate') message.payload = ''
}
