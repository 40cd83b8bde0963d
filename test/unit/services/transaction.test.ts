/** Where publishing inside a transaction is refused, before any of it is tried. */
import { describe, expect, it } from 'vitest'
import {
  fromDrizzle,
  fromKnex,
  fromKysely,
  fromPg,
  fromPrisma,
  postgresStorage,
} from '../../../src/adapters/postgres/index.js'
import { sqliteStorage } from '../../../src/adapters/sqlite/index.js'
import { createDrifthook, type HostTransaction, memoryStorage, type Storage } from '../../../src/index.js'

const on = (storage: Storage) =>
  createDrifthook({
    authenticate: 'unsafe-none',
    storage,
    secretKey: new Uint8Array(32).fill(7),
    eventTypes: ['order.placed'],
  })

const host: HostTransaction = { run: async () => [] }
const pool = { query: async () => ({ rows: [] }), connect: async () => ({ release() {}, ...pool }) }

describe('withTransaction', () => {
  it.each([
    ['memory', memoryStorage()],
    ['sqlite', sqliteStorage({ filename: 'unused.db' })],
  ])('on %s says at once that it cannot, and what can', (_, storage) => {
    expect(storage.capabilities.hostTransactions).toBe(false)
    expect(() => on(storage).withTransaction(host)).toThrow(
      expect.objectContaining({
        code: 'CAPABILITY_MISSING',
        message: expect.stringContaining('postgresStorage'),
      }),
    )
  })

  it('takes what the adapters make, or anything that runs statements', () => {
    const storage = postgresStorage({ pool })
    expect(storage.capabilities.hostTransactions).toBe(true)
    expect(on(storage).withTransaction(host)).toMatchObject({
      messages: { publish: expect.any(Function) },
      committed: expect.any(Function),
    })
  })

  it.each([[undefined], [null], ['BEGIN'], [{}], [pool]])('refuses %j', (given) => {
    expect(() => on(postgresStorage({ pool })).withTransaction(given as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('fromPg') }),
    )
  })
})

describe('what hands transactions over', () => {
  const adapters: [string, (given: never) => HostTransaction][] = [
    ['fromPg', fromPg],
    ['fromKnex', fromKnex],
    ['fromKysely', fromKysely],
    ['fromDrizzle', (given) => fromDrizzle(given, () => null)],
    ['fromPrisma', fromPrisma],
  ]

  it.each(adapters)('%s refuses what has no statements', (name, adapter) => {
    for (const given of [undefined, null, 'BEGIN', {}]) {
      expect(() => adapter(given as never)).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(`^${name}: `) }),
      )
    }
  })

  it('fromDrizzle needs the tag as well', () => {
    const tx = { execute: async () => [], rollback: () => undefined as never }
    expect(() => fromDrizzle(tx, undefined as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('`sql`') }),
    )
    expect(fromDrizzle(tx, () => null)).toHaveProperty('run')
  })

  it('fromDrizzle takes rows, and a result that has them', async () => {
    const rows = [{ a: '1' }]
    for (const answer of [rows, { rows }]) {
      const tx = { execute: async () => answer, rollback: () => undefined as never }
      expect(await fromDrizzle(tx, () => null).run('SELECT 1', [])).toBe(rows)
    }
  })
})
