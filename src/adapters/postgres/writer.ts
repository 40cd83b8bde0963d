/**
 * Commits, many to a statement. What arrives while the server is busy is written together; each commit is still
 * all or nothing on its own. A batch that is refused is halved until the commit at fault stands alone, and that
 * one is made write by write, to tell which of its writes failed.
 */
import { PreconditionFailed } from '../../ports/storage.js'
import type { Dialect } from '../sql/dialect.js'
import { batchSql, lockSql, stepSql } from './batch.js'
import { begin, type Database } from './database.js'
import { keyTaken, Refusal } from './failure.js'
import { Independence } from './independence.js'
import type { PostgresQueryable } from './pool.js'
import { type Step, weightOf } from './steps.js'

/** So many batches are under way at once: enough to hide the disk, few enough to leave the host its connections. */
const batchesAtOnce = 3
/** How many commits share a batch, and how many characters of values. One commit alone may have more. */
const commitsPerBatch = 64
const weightPerBatch = 4 * 1024 * 1024

interface Commit {
  steps: readonly Step[]
  /** Whether none of its steps concerns another of them. */
  loose: boolean
  weight: number
  resolve: () => void
  reject: (reason: unknown) => void
}

export class Writer {
  readonly #database: Database
  readonly #dialect: Dialect
  #pending: Commit[] = []
  readonly #underWay = new Set<Independence>()
  #scheduled = false

  constructor(database: Database, dialect: Dialect) {
    this.#database = database
    this.#dialect = dialect
  }

  /**
   * Makes the steps, all or none.
   * @throws PreconditionFailed naming the first step that failed
   */
  write(steps: readonly Step[]): Promise<void> {
    if (steps.length === 0) return Promise.resolve()
    const weight = steps.reduce((sum, step) => sum + weightOf(step), 0)
    return new Promise((resolve, reject) => {
      this.#pending.push({ steps, loose: Independence.within(steps), weight, resolve, reject })
      if (this.#scheduled) return
      this.#scheduled = true
      // Let whatever else comes in this turn of the event loop join.
      setImmediate(() => {
        this.#scheduled = false
        this.#begin()
      })
    })
  }

  #begin(): void {
    while (this.#pending.length > 0 && this.#underWay.size < batchesAtOnce) {
      const [batch, concerns] = this.#take()
      // What is under way has its records: whoever comes first stays first.
      if (batch.length === 0) return
      this.#underWay.add(concerns)
      void this.#run(batch).finally(() => {
        this.#underWay.delete(concerns)
        this.#begin()
      })
    }
  }

  /** The longest beginning of what waits that can be written together, and now. */
  #take(): [batch: Commit[], concerns: Independence] {
    const concerns = new Independence()
    let weight = 0
    let count = 0
    for (const { steps, loose, weight: more } of this.#pending) {
      if (count > 0 && (!loose || concerns.concerns(steps) || weight + more > weightPerBatch)) break
      if ([...this.#underWay].some((others) => others.sharesRecord(steps))) break
      concerns.add(steps)
      weight += more
      count++
      if (!loose || count === commitsPerBatch) break
    }
    return [this.#pending.splice(0, count), concerns]
  }

  /** Never rejects: each commit is told. */
  async #run(batch: readonly Commit[]): Promise<void> {
    const [first] = batch as [Commit]
    try {
      if (!first.loose) await this.#oneByOne(first.steps)
      else await this.#together(batch.flatMap(({ steps }) => steps))
      for (const { resolve } of batch) resolve()
    } catch (error) {
      if (!(error instanceof Refusal)) for (const { reject } of batch) reject(error)
      else if (batch.length === 1) await this.#oneByOne(first.steps).then(first.resolve, first.reject)
      else {
        const half = batch.length >> 1
        await this.#run(batch.slice(0, half))
        await this.#run(batch.slice(half))
      }
    }
  }

  async #together(steps: readonly Step[]): Promise<void> {
    await this.#database.query(...batchSql(this.#dialect, steps))
  }

  #oneByOne(steps: readonly Step[]): Promise<void> {
    return this.#database.transaction(begin, async (client) => {
      // First, and not in the order of the steps: two such commits would wait for each other.
      for (const statement of lockSql(this.#dialect, steps)) await client.query(...statement)
      for (const [at, step] of steps.entries()) await this.#make(client, step, at)
    })
  }

  async #make(client: PostgresQueryable, step: Step, at: number): Promise<void> {
    const { op, codec, key, optional } = step
    const { rows } = await client.query(...stepSql(this.#dialect, step)).catch((error: unknown) => {
      const constraint = keyTaken(error)
      if (constraint === null) throw error
      const isIts = ([name]: readonly [string, unknown]) =>
        this.#dialect.index(codec.table, name) === constraint
      throw new PreconditionFailed(at, 'exists', codec.unique.find(isIts)?.[0] ?? 'primary')
    })
    if (op === 'insert' || rows.length > 0 || optional) return
    const table = this.#dialect.table(codec.table)
    const found = await client.query(`SELECT 1 FROM ${table} WHERE "tenant_id" = $1 AND "id" = $2`, [
      key.tenantId,
      key.id,
    ])
    throw new PreconditionFailed(at, found.rows.length > 0 ? 'moved' : 'missing')
  }
}
