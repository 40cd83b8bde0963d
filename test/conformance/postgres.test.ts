import { inspect } from 'node:util'
import { Pool, type PoolConfig, types } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { postgresSchemaSql, postgresStorage } from '../../src/adapters/postgres/index.js'
import type { Storage } from '../../src/ports/storage.js'
import { runConformance } from '../../src/testkit/conformance.js'
import { contract, delivery, ids, request, start } from '../../src/testkit/storage/harness.js'
import { storageConformance } from '../../src/testkit/storage-conformance.js'
import { postgres, type TestPostgres } from '../support/services.js'
import { postgresHarness } from './postgres-harness.js'

const harness = postgresHarness()
afterAll(() => harness.end())

describe('postgresStorage', () => {
  runConformance({ cases: storageConformance, harness, test: it, skip: it.skip })
})

let server: TestPostgres
let admin: Pool
let schema: string
let storage: Storage
let made = 0

beforeAll(async () => {
  server = await postgres()
  admin = new Pool({ connectionString: server.url, max: 2 })
})
afterAll(async () => {
  await admin.end()
  await server.close()
})
beforeEach(async () => {
  schema = `${server.schema}_${made++}`
  storage = postgresStorage({ pool: pool(), schema })
})
afterEach(async () => {
  await storage.close()
  await admin.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`)
})

/** A pool that ends with the test. */
function pool(options: PoolConfig = {}): Pool {
  const made = new Pool({ connectionString: server.url, max: 4, ...options })
  onTestFinished(() => made.end())
  return made
}

const schemas = async () =>
  (await admin.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema])).rows.length

describe('options of postgresStorage', () => {
  const queryable = { query: async () => ({ rows: [] }), connect: async () => ({}) }

  it.each([
    [{}, 'pool must be'],
    [{ pool: 'postgres://127.0.0.1/test' }, 'pool must be'],
    [{ pool: { query: queryable.query } }, 'pool must be'],
    [{ pool: queryable, connectionString: 'x' }, 'connectionString is not an option'],
    [{ pool: queryable, schema: '' }, 'schema must be'],
    [{ pool: queryable, schema: 'pg_own' }, 'schema must be'],
    [{ pool: queryable, schema: 'ü'.repeat(32) }, 'schema must be'],
  ])('%o is refused', (options, sentence) => {
    const make = () => postgresStorage(options as unknown as Parameters<typeof postgresStorage>[0])
    expect(make).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(sentence) }),
    )
  })

  it('a schema may have any name', async () => {
    const name = `${schema} "quoted" ü`
    onTestFinished(
      async () => void (await admin.query(`DROP SCHEMA "${name.replaceAll('"', '""')}" CASCADE`)),
    )
    const quoted = postgresStorage({ pool: pool(), schema: name })
    await quoted.open()
    await quoted.commit([contract('a')])
    expect(await quoted.get('contracts', 'acme', 'a')).not.toBeNull()
    await quoted.close()
  })
})

describe('a PostgreSQL schema', () => {
  it('is not touched before open, nor after close', async () => {
    await expect(storage.get('contracts', 'acme', 'a')).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(await schemas()).toBe(0)
    await storage.open()
    expect(await schemas()).toBe(1)
    await storage.commit([contract('a')])
    await storage.close()
    await expect(storage.commit([contract('b')])).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })

  it('is made once by many that start at once', async () => {
    const many = Array.from({ length: 6 }, () => postgresStorage({ pool: pool({ max: 1 }), schema }))
    await Promise.all(many.map((each) => each.open()))
    await many[0]!.commit([contract('a')])
    expect(await many[5]!.get('contracts', 'acme', 'a')).not.toBeNull()
    await Promise.all(many.map((each) => each.close()))
    expect((await admin.query(`SELECT * FROM "${schema}".migrations`)).rows).toHaveLength(1)
  })

  it('made by the printed SQL is only read by open', async () => {
    await admin.query(postgresSchemaSql({ schema }))
    const reading = postgresStorage({
      pool: pool({ options: '-c default_transaction_read_only=on' }),
      schema,
    })
    await reading.open()
    expect(await reading.get('contracts', 'acme', 'a')).toBeNull()
    await expect(reading.commit([contract('a')])).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    await reading.close()
  })

  it('of a newer version is used if it can be, and refused if it cannot', async () => {
    await storage.open()
    await storage.close()
    await admin.query(`INSERT INTO "${schema}".migrations VALUES (2, 1)`)
    await admin.query(`ALTER TABLE "${schema}".contracts ADD COLUMN later text`)
    await storage.open()
    await storage.commit([contract('a')])
    expect(await storage.get('contracts', 'acme', 'a')).not.toHaveProperty('later')
    await storage.close()
    await admin.query(`INSERT INTO "${schema}".migrations VALUES (3, 3)`)
    await expect(storage.open()).rejects.toMatchObject({ code: 'STORAGE_INCOMPATIBLE' })
  })

  it('is kept beside the tables of the host, whose names and search path do not matter', async () => {
    const other = `${schema}_host`
    onTestFinished(async () => void (await admin.query(`DROP SCHEMA "${other}" CASCADE`)))
    await admin.query(`CREATE SCHEMA "${other}"; CREATE TABLE "${other}".contracts (mine int)`)
    const beside = postgresStorage({ pool: pool({ options: `-c search_path=${other}` }), schema })
    await beside.open()
    await beside.commit([contract('a')])
    expect(await beside.get('contracts', 'acme', 'a')).not.toBeNull()
    await beside.close()
    expect((await admin.query(`SELECT * FROM "${other}".contracts`)).rows).toEqual([])
  })

  it('is as durable as the server says', async () => {
    await storage.open()
    expect(storage.capabilities.durable).toBe('disk')
    const careless = postgresStorage({ pool: pool({ options: '-c synchronous_commit=off' }), schema })
    await careless.open()
    expect(careless.capabilities.durable).toBe('process')
    await careless.close()
  })
})

describe('the pool of the host', () => {
  it('is left open, with every client given back', async () => {
    const own = pool()
    storage = postgresStorage({ pool: own, schema })
    await storage.open()
    await storage.commit([delivery('d')])
    await storage.claim('deliveries', request())
    await expect(storage.commit([contract('a'), contract('a')])).rejects.toThrow()
    await storage.close()
    expect(own.idleCount).toBe(own.totalCount)
    expect((await own.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    expect(own.listenerCount('error')).toBe(0)
  })

  it('may lose an idle connection after an opening that failed', async () => {
    const own = pool({ options: '-c default_transaction_read_only=on' })
    storage = postgresStorage({ pool: own, schema })
    await expect(storage.open()).rejects.toThrow()
    await expect(storage.open()).rejects.toThrow()
    expect(own.listenerCount('error')).toBe(1)
    await storage.close()
    expect(own.listenerCount('error')).toBe(0)
  })

  it('keeps its own way of reading numbers, which does not disturb ours', async () => {
    const parser = (oid: number) => (oid === types.builtins.INT8 ? BigInt : types.getTypeParser(oid))
    const own = pool({ types: { getTypeParser: parser as never } })
    storage = postgresStorage({ pool: own, schema })
    await storage.open()
    await storage.commit([contract('a', { version: 7 })])
    expect(await storage.get('contracts', 'acme', 'a')).toMatchObject({ version: 7, createdAt: start })
    expect(await storage.nextIds('counter', 2)).toBe(1)
    expect((await own.query('SELECT 5::bigint AS five')).rows).toEqual([{ five: 5n }])
  })

  it('survives the loss of a connection in the very moment in which it is handed out', async () => {
    const own = pool()
    const fragile = postgresStorage({ pool: own, schema })
    await fragile.open()
    onTestFinished(() => fragile.close())
    let lost = 0
    // The pool has stopped listening by then, and whoever asked for the connection has not got it yet.
    own.on('acquire', (client) =>
      process.nextTick(() => {
        lost++
        client.emit('error', new Error('terminating connection due to unexpected postmaster exit'))
      }),
    )
    await fragile.get('contracts', 'acme', 'c')
    expect(lost).toBeGreaterThan(0)
  })

  it('whose connections break is used on: nothing crashes, and what was asked meanwhile is unavailable', async () => {
    const name = `${schema}-broken`
    const own = pool({ application_name: name })
    storage = postgresStorage({ pool: own, schema })
    await storage.open()
    const kill = () =>
      admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
        name,
      ])
    // Idle ones.
    await kill()
    // One in the middle of a commit, which waits for a lock.
    await storage.commit([contract('a')]).catch(() => storage.commit([contract('a')]))
    const locking = await admin.connect()
    await locking.query(`BEGIN; LOCK TABLE "${schema}".contracts IN ACCESS EXCLUSIVE MODE`)
    const asked = storage.commit([contract('b')])
    const refusal = expect(asked).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    const waiting = "SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'"
    while ((await admin.query(waiting, [name])).rows.length === 0);
    await kill()
    await refusal
    await locking.query('ROLLBACK')
    locking.release()
    expect(await storage.get('contracts', 'acme', 'b')).toBeNull()
    await storage.commit([contract('b')])
    expect(await storage.get('contracts', 'acme', 'b')).not.toBeNull()
  })

  it('that reaches no server is unavailable', async () => {
    const nowhere = postgresStorage({ pool: pool({ connectionString: 'postgres://u:secret@127.0.0.1:1/x' }) })
    const error = await nowhere.open().catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(inspect(error, { depth: 9 })).not.toContain('secret')
  })

  it('whose server refuses a statement tells no value of it', async () => {
    await storage.open()
    await admin.query(`ALTER TABLE "${schema}".contracts ADD CONSTRAINT short CHECK (length(name) < 9)`)
    const error = await storage
      .commit([contract('a', { name: 'hush-hush-hush' })])
      .catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', message: expect.stringContaining('23514') })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hush')
    await storage.commit([contract('a', { name: 'short' })])
  })
})

describe('races', () => {
  beforeEach(() => storage.open())

  it('commits of the same records in every order all come to an end', async () => {
    const twin = postgresStorage({ pool: pool(), schema })
    await twin.open()
    onTestFinished(() => twin.close())
    const names = ['a', 'b', 'c', 'd']
    await storage.commit(names.map((id) => contract(id)))
    const set = (id: string) =>
      ({ op: 'update', table: 'contracts', tenantId: 'acme', id, set: { version: 1 } }) as const
    // The same record twice: such a commit is made write by write, in the order given.
    const commits = Array.from({ length: 40 }, (_, i) => {
      const order = i % 2 ? names : [...names].reverse()
      return (i % 4 < 2 ? storage : twin).commit([...order.map(set), set(order[0]!)])
    })
    await expect(Promise.all(commits)).resolves.toHaveLength(40)
  })

  it('a lane is filled once, whatever isolation the host prefers', async () => {
    const options = '-c default_transaction_isolation=serializable'
    const strict = Array.from({ length: 3 }, () => postgresStorage({ pool: pool({ options }), schema }))
    for (const each of strict) await each.open()
    await storage.commit(Array.from({ length: 60 }, (_, i) => delivery(`d${i}`, { lane: `l${i % 2}` })))
    const racing = Array.from({ length: 30 }, (_, i) =>
      strict[i % 3]!.claim('deliveries', request({ perLane: 7 })),
    )
    expect((await Promise.all(racing)).flat()).toHaveLength(14)
    for (const each of strict) await each.close()
  })

  it('work that somebody is about to end is passed over by a claim', async () => {
    await storage.commit([delivery('a'), delivery('b', { dueAt: start - 1 })])
    const ending = await admin.connect()
    await ending.query(`BEGIN; UPDATE "${schema}".deliveries SET due_at = NULL WHERE id = 'b'`)
    expect(ids(await storage.claim('deliveries', request()))).toEqual(['a'])
    await ending.query('ROLLBACK')
    ending.release()
    expect(ids(await storage.claim('deliveries', request()))).toEqual(['b'])
  })

  it('commits that arrive together are kept apart by what they weigh', async () => {
    const data = new Uint8Array(3 * 1024 * 1024).fill(1)
    const bodies = Array.from({ length: 4 }, (_, i) => ({
      op: 'insert' as const,
      table: 'messageBodies' as const,
      row: { tenantId: 'acme', id: `m${i}`, data },
    }))
    await Promise.all(bodies.map((body) => storage.commit([body])))
    const read = await storage.get('messageBodies', 'acme', 'm3')
    expect(Buffer.compare(read!.data, data)).toBe(0)
  })
})
