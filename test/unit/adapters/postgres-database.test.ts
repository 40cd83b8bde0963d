/** How long we wait for a connection, for an answer, and what becomes of a connection after. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { begin, Database } from '../../../src/adapters/postgres/database.js'
import type { PostgresClient, PostgresPool } from '../../../src/adapters/postgres/pool.js'

const never = new Promise<never>(() => {})
const unavailable = { code: 'STORAGE_UNAVAILABLE' }

/** A pool of one connection that answers each statement as told. */
function poolOf(
  answer: (sql: string) => Promise<{ rows: Record<string, unknown>[] }>,
  options: PostgresPool['options'] = {},
) {
  const released: boolean[] = []
  const sent: string[] = []
  let give: (client: PostgresClient) => void = () => {}
  const client: PostgresClient = {
    query(sql) {
      sent.push(sql)
      return answer(sql)
    },
    release: (destroy = false) => void released.push(destroy),
  }
  const now = { busy: false }
  const pool: PostgresPool = {
    options,
    query: (sql) => client.query(sql),
    connect: () =>
      now.busy
        ? new Promise((resolve) => {
            give = resolve
          })
        : Promise.resolve(client),
  }
  return { database: new Database(pool), released, sent, now, giveLate: () => give(client) }
}

const serverError = (code: string) => Object.assign(new Error('no'), { code, severity: 'ERROR' })

describe('a wait for PostgreSQL', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('for a connection ends after 5 s; one that comes later goes back to the host', async () => {
    const { database, released, sent, now, giveLate } = poolOf(async () => ({ rows: [{ one: 1 }] }))
    now.busy = true
    const asked = expect(database.query('SELECT 1')).rejects.toMatchObject(unavailable)
    await vi.advanceTimersByTimeAsync(5_000)
    await asked
    giveLate()
    await vi.advanceTimersByTimeAsync(0)
    expect([released, sent]).toEqual([[false], []])
    now.busy = false
    expect(await database.query('SELECT 1')).toEqual([{ one: 1 }])
  })

  it('for a connection is the pool’s own if it has one', async () => {
    const { database, now, giveLate } = poolOf(async () => ({ rows: [] }), {
      connectionTimeoutMillis: 60_000,
    })
    now.busy = true
    const asked = database.query('SELECT 1')
    await vi.advanceTimersByTimeAsync(59_000)
    giveLate()
    expect(await asked).toEqual([])
  })

  it('for an answer ends after 30 s, and the connection is not used again', async () => {
    for (const ask of [
      (database: Database) => database.query('SELECT 1'),
      (database: Database) => database.transaction(begin, async (client) => client.query('SELECT 1')),
    ]) {
      const { database, released, sent } = poolOf((sql) =>
        sql === 'SELECT 1' ? never : Promise.resolve({ rows: [] }),
      )
      const asked = expect(ask(database)).rejects.toMatchObject(unavailable)
      await vi.advanceTimersByTimeAsync(29_999)
      expect(released).toEqual([])
      await vi.advanceTimersByTimeAsync(1)
      await asked
      expect(released).toEqual([true])
      expect(sent).not.toContain('ROLLBACK')
    }
  })
})

describe('a connection', () => {
  it('goes back to the host after an answer, be it that a key is taken', async () => {
    const { database, released } = poolOf(async () => {
      throw serverError('23505')
    })
    await expect(database.query('SELECT 1')).rejects.toThrow('refused')
    expect(released).toEqual([false])
  })

  it('is closed after an answer that nobody expected, which may be the last one', async () => {
    const { database, released } = poolOf(async () => {
      throw serverError('57P01')
    })
    await expect(database.query('SELECT 1')).rejects.toMatchObject(unavailable)
    expect(released).toEqual([true])
  })

  it('is closed after it broke, also if that happens as a transaction is taken back', async () => {
    const broken = poolOf(async () => {
      throw new Error('Connection terminated unexpectedly')
    })
    await expect(broken.database.query('SELECT 1')).rejects.toMatchObject(unavailable)
    await expect(broken.database.transaction(begin, async () => 1)).rejects.toMatchObject(unavailable)
    expect(broken.released).toEqual([true, true])
  })

  it('goes back after a transaction that was taken back, whatever for', async () => {
    const { database, released, sent } = poolOf(async () => ({ rows: [] }))
    const failing = database.transaction(begin, async () => {
      throw serverError('22012')
    })
    await expect(failing).rejects.toThrow('refused')
    expect([released, sent]).toEqual([[false], [begin, 'ROLLBACK']])
  })
})
