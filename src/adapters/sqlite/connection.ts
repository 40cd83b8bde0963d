/** One connection: opened as durably as promised, statements prepared once, failures in our own words. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DrifthookError } from '../../errors.js'
import type { Stored } from '../shared/codec.js'
import { type Driver, type DriverName, loadDriver, type SqlRow, type Statement } from './driver.js'

/** How many prepared statements are kept; filters make new shapes, so there is no end to them. */
const statementsKept = 200

/** How long SQLite itself waits for a lock. It blocks the thread: the rest of the waiting is done outside. */
const blockingWaitMs = 50

/** Whether another connection holds the lock. `SQLITE_BUSY` is 5, also in extended codes. */
function isBusy(error: unknown): boolean {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown }
  return String(code).startsWith('SQLITE_BUSY') || (typeof errcode === 'number' && (errcode & 0xff) === 5)
}

const unavailable = (what: string, cause: unknown) =>
  new DrifthookError('STORAGE_UNAVAILABLE', `The SQLite database ${what}.`, { cause })

export class Connection {
  readonly #driver: Driver
  readonly #busyTimeoutMs: number
  readonly #statements = new Map<string, Statement>()

  private constructor(driver: Driver, busyTimeoutMs: number) {
    this.#driver = driver
    this.#busyTimeoutMs = busyTimeoutMs
  }

  /**
   * @throws DrifthookError `DRIVER_NOT_FOUND`; `STORAGE_UNAVAILABLE` if the file cannot be opened or does
   *   not confirm write-ahead logging and full synchronisation
   */
  static async open(
    filename: string,
    driver: DriverName | undefined,
    busyTimeoutMs: number,
  ): Promise<Connection> {
    const openDriver = await loadDriver(driver)
    let connection: Connection
    try {
      mkdirSync(dirname(filename), { recursive: true })
      connection = new Connection(openDriver(filename), busyTimeoutMs)
    } catch (error) {
      throw unavailable('cannot be opened', error)
    }
    try {
      await connection.#configure()
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  async #configure(): Promise<void> {
    this.all(`PRAGMA busy_timeout = ${Math.min(blockingWaitMs, this.#busyTimeoutMs)}`)
    const mode = await this.#patiently(
      () => this.#driver.prepare('PRAGMA journal_mode = WAL').all([])[0]?.journal_mode,
    )
    this.exec('PRAGMA synchronous = FULL')
    const synchronous = this.all('PRAGMA synchronous')[0]?.synchronous
    if (mode !== 'wal' || synchronous !== 2) {
      throw unavailable(
        `does not keep what it confirms: journal ${String(mode)}, synchronous ${String(synchronous)}`,
        null,
      )
    }
  }

  exec(sql: string): void {
    this.#guarded(() => this.#driver.exec(sql))
  }

  all(sql: string, values: readonly Stored[] = []): SqlRow[] {
    return this.#guarded(() => this.#prepared(sql).all(values))
  }

  first(sql: string, values: readonly Stored[] = []): SqlRow | undefined {
    return this.all(sql, values)[0]
  }

  /** @returns how many rows were changed */
  run(sql: string, values: readonly Stored[] = []): number {
    return this.#guarded(() => this.#prepared(sql).run(values))
  }

  /** Begins a transaction that may write, waiting for other processes' without blocking this one. */
  async beginWriting(): Promise<void> {
    await this.#patiently(() => this.#driver.exec('BEGIN IMMEDIATE'))
  }

  /** Ends a transaction that failed, however far it came. */
  rollback(): void {
    try {
      this.#driver.exec('ROLLBACK')
    } catch {
      // SQLite had rolled back itself, as it does when the disk is full.
    }
  }

  close(): void {
    this.#statements.clear()
    this.#driver.close()
  }

  #prepared(sql: string): Statement {
    const statement = this.#statements.get(sql) ?? this.#driver.prepare(sql)
    // Moved to the end: the first is the one not used for longest.
    this.#statements.delete(sql)
    this.#statements.set(sql, statement)
    if (this.#statements.size > statementsKept) this.#statements.delete(this.#statements.keys().next().value!)
    return statement
  }

  #guarded<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      throw unavailable(isBusy(error) ? 'is locked by another process' : 'failed', error)
    }
  }

  async #patiently<Result>(work: () => Result): Promise<Result> {
    const giveUpAt = performance.now() + this.#busyTimeoutMs
    while (true) {
      try {
        return work()
      } catch (error) {
        if (!isBusy(error) || performance.now() >= giveUpAt)
          return this.#guarded(() => {
            throw error
          })
      }
      // Unequal pauses, so that waiting processes do not meet again and again.
      await sleep(1 + Math.random() * 10)
    }
  }
}
