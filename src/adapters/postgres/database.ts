/** The host's pool, with failures in our own words and lost races run again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isRaceLost, translated } from './failure.js'
import type { PostgresClient, PostgresPool, PostgresQueryable, SqlRow } from './pool.js'

/** How often something that lost a race is run before its failure counts. */
const attempts = 6

/** Begins a transaction whose every statement sees what was committed before it, whatever the host's default. */
export const begin = 'BEGIN ISOLATION LEVEL READ COMMITTED'

/** Whoever loses a connection hears of it from the query that fails; this keeps it from ending the process. */
const ignore = () => {}

export class Database {
  readonly #pool: PostgresPool

  constructor(pool: PostgresPool) {
    this.#pool = pool
  }

  /** From now on idle connections may break without harm, until {@link unwatch}. */
  watch(): void {
    this.#pool.on?.('error', ignore)
  }

  unwatch(): void {
    this.#pool.removeListener?.('error', ignore)
  }

  /** One statement, a transaction of its own. */
  query(sql: string, values: readonly unknown[] = []): Promise<SqlRow[]> {
    return racing(async () => (await this.#pool.query(sql, [...values])).rows)
  }

  /**
   * Runs `work` in a transaction. If it throws, nothing of it is kept; if it loses a race, it runs again.
   * @param begin the statements it begins with
   */
  transaction<Result>(begin: string, work: (client: PostgresQueryable) => Promise<Result>): Promise<Result> {
    return racing(() => this.#transact(begin, work))
  }

  async #transact<Result>(
    begin: string,
    work: (client: PostgresQueryable) => Promise<Result>,
  ): Promise<Result> {
    const client = await this.#pool.connect()
    client.on?.('error', ignore)
    let usable = false
    try {
      await client.query(begin)
      const result = await work(client)
      await client.query('COMMIT')
      usable = true
      return result
    } catch (error) {
      usable = await rolledBack(client)
      throw error
    } finally {
      client.removeListener?.('error', ignore)
      // What may still be in a transaction must not go back to the host.
      client.release(!usable)
    }
  }
}

const rolledBack = (client: PostgresClient): Promise<boolean> =>
  client.query('ROLLBACK').then(
    () => true,
    () => false,
  )

async function racing<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!isRaceLost(error) || attempt === attempts) throw translated(error)
    }
    // Unequal pauses, so that the racers do not meet again and again.
    await sleep(Math.random() * 10 * attempt)
  }
}
