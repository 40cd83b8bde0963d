/** The host's pool, with failures in our own words and lost races run again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { DrifthookError } from '../../errors.js'
import { within } from '../../within.js'
import { isOrdinary, isRaceLost, translated } from './failure.js'
import type { PostgresClient, PostgresPool, PostgresQueryable, SqlRow } from './pool.js'

/** How often something that lost a race is run before its failure counts. */
const attempts = 6

/** How long to wait for a connection, unless the pool has a time of its own: the host may hold all there are. */
const connectMs = 5_000

/**
 * How long to wait for what runs on it, in milliseconds. Nothing of ours takes a tenth of that: the server, or the
 * line to it, is gone without a word.
 */
const answerMs = 30_000

const unanswered = (what: string) => () => new DrifthookError('STORAGE_UNAVAILABLE', what)

/** Begins a transaction whose every statement sees what was committed before it, whatever the host's default. */
export const begin = 'BEGIN ISOLATION LEVEL READ COMMITTED'

/** Whoever loses a connection hears of it from the query that fails; this keeps it from ending the process. */
const ignore = () => {}

/** For the moment between the pool's handing a connection out and our having it: the pool no longer listens then. */
const guard = (client: unknown) => void (client as PostgresClient).on?.('error', ignore)

export class Database {
  readonly #pool: PostgresPool

  constructor(pool: PostgresPool) {
    this.#pool = pool
  }

  /** From now on idle connections may break without harm, until {@link unwatch}. */
  watch(): void {
    this.unwatch()
    this.#pool.on?.('error', ignore)
    this.#pool.on?.('connect', guard)
  }

  unwatch(): void {
    this.#pool.removeListener?.('error', ignore)
    this.#pool.removeListener?.('connect', guard)
  }

  /** One statement, a transaction of its own. */
  query(sql: string, values: readonly unknown[] = []): Promise<SqlRow[]> {
    const run = (client: PostgresClient) =>
      client.query(sql, [...values]).then(
        ({ rows }) => ({ result: rows }),
        (error: unknown) => {
          if (isOrdinary(error)) return { error }
          throw error
        },
      )
    return racing(() => this.#connected(answerMs, run))
  }

  /**
   * Runs `work` in a transaction. If it throws, nothing of it is kept; if it loses a race, it runs again.
   * @param begin the statements it begins with
   * @param ms how long it may take
   */
  transaction<Result>(
    begin: string,
    work: (client: PostgresQueryable) => Promise<Result>,
    ms = answerMs,
  ): Promise<Result> {
    const run = async (client: PostgresClient) => {
      try {
        await client.query(begin)
        const result = await work(client)
        await client.query('COMMIT')
        return { result }
      } catch (error) {
        // Should that fail as well, it may still be in a transaction.
        await client.query('ROLLBACK')
        return { error }
      }
    }
    return racing(() => this.#connected(ms, run))
  }

  /**
   * Runs something on a connection of its own.
   * @param run rejects if the connection must not go back to the host: it is broken, or who knows
   */
  async #connected<Result>(
    ms: number,
    run: (client: PostgresClient) => Promise<{ result: Result } | { error: unknown }>,
  ): Promise<Result> {
    const client = await this.#connection()
    client.on?.('error', ignore)
    let usable = false
    try {
      const ended = await within(ms, run(client), unanswered('PostgreSQL does not answer.'))
      usable = true
      if ('error' in ended) throw ended.error
      return ended.result
    } finally {
      client.removeListener?.('error', ignore)
      client.release(!usable)
    }
  }

  async #connection(): Promise<PostgresClient> {
    const connecting = this.#pool.connect()
    if ((this.#pool.options?.connectionTimeoutMillis ?? 0) > 0) return connecting
    const late = unanswered('No connection to PostgreSQL became free.')
    return within(connectMs, connecting, late).catch((error) => {
      // What comes too late goes back.
      connecting.then((client) => client.release(), ignore)
      throw error
    })
  }
}

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
