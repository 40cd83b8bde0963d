/** Erasing a tenant: afterwards nobody finds anything of it, in any table that there is. */
import { Pool } from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { postgresStorage } from '../../src/adapters/postgres/index.js'
import { snake } from '../../src/adapters/sql/names.js'
import { sqliteStorage } from '../../src/adapters/sqlite/index.js'
import { createDrifthook, memoryStorage, type Storage } from '../../src/index.js'
import type { Write } from '../../src/ports/storage.js'
import { type TableName, tables } from '../../src/ports/tables.js'
import { record } from '../../src/testkit/storage/harness.js'
import { openRaw } from '../conformance/sqlite-drivers.js'
import { acme, contractAndMonitor, orders, testApp, upload } from '../support/app.js'
import { postgres } from '../support/services.js'
import { databaseFile, deliveriesOf, publish, receiving, subscribe } from '../support/webhooks.js'

const everyTable = Object.keys(tables) as TableName[]
const secretKey = new Uint8Array(32).fill(7)

/** A storage, and who reads it without the adapter where there is another way: records of a tenant by table. */
interface Kept {
  storage: Storage
  count(table: TableName, tenantId: string): Promise<number>
}

const kinds: Record<string, () => Promise<Kept>> = {
  async memory() {
    const storage = memoryStorage()
    const has = async (table: TableName, tenantId: string) =>
      (await storage.tenants(table, null, 1_000)).includes(tenantId)
    return { storage, count: async (table, tenantId) => Number(await has(table, tenantId)) }
  },
  async sqlite() {
    const filename = databaseFile()
    return {
      storage: sqliteStorage({ filename }),
      async count(table, tenantId) {
        const raw = openRaw(filename)
        const sql = `SELECT count(*) AS n FROM "drifthook_${snake(table)}" WHERE tenant_id = ?`
        const [row] = raw.prepare(sql).all([tenantId])
        raw.close()
        return Number(row?.n)
      },
    }
  },
  async postgres() {
    const server = await postgres()
    const pool = new Pool({ connectionString: server.url, max: 4 })
    onTestFinished(async () => {
      await pool.end()
      await server.close()
    })
    return {
      storage: postgresStorage({ pool, schema: server.schema }),
      async count(table, tenantId) {
        const sql = `SELECT count(*) AS n FROM "${server.schema}"."${snake(table)}" WHERE tenant_id = $1`
        return Number((await pool.query(sql, [tenantId])).rows[0].n)
      },
    }
  },
}

async function instance(kind: string) {
  const kept = await kinds[kind]!()
  const app = testApp({ storage: kept.storage, secretKey, eventTypes: ['contact.created'] })
  onTestFinished(() => app.drifthook.stop({ drainMs: 0 }))
  const counts = async (tenantId: string) =>
    Object.fromEntries(
      await Promise.all(everyTable.map(async (table) => [table, await kept.count(table, tenantId)] as const)),
    )
  return { ...app, ...kept, counts }
}

const nothing = Object.fromEntries(everyTable.map((table) => [table, 0]))

/** One more record in every table, so that none is forgotten, whatever the services leave. */
const everywhere = (tenantId: string) =>
  everyTable.map((table) => {
    const row = record(table, { id: `x_${tenantId}`, tenantId })
    return { op: 'insert', table, row: 'dueAt' in row ? { ...row, dueAt: null } : row } as Write
  })

describe.each(Object.keys(kinds))('a tenant that is expunged, on %s', (kind) => {
  it('is gone from every table, what is under way included; the others are as they were', async () => {
    const app = await instance(kind)
    const { drifthook, storage, clock, counts } = app
    const to = await receiving()
    const { path } = await contractAndMonitor(app)
    await subscribe(app, to.url(), { events: ['contact.*', 'drift.*'] })
    const drifted = orders((order) => {
      delete order.email
    })
    expect((await upload(app.app, path, drifted)).status).toBe(200)
    await publish(app)
    await drifthook.runDue()
    await storage.commit([...everywhere('acme'), ...everywhere('globex')])
    await publish(app)
    const now = clock.now()
    const claim = { limit: 9, perLane: 9, skipLanes: [], now, leaseUntil: now + 20_000 }
    const [held] = await storage.claim('deliveries', claim)
    const before = { acme: await counts('acme'), globex: await counts('globex') }
    expect(Object.values(before.acme)).not.toContain(0)
    expect(Object.values(before.globex)).not.toContain(0)

    const { id } = await drifthook.expunge('acme')
    expect((await drifthook.expunge('acme')).id).toBe(id)
    await drifthook.runDue()
    expect(await drifthook.expungeStatus('acme')).toMatchObject({ id, kind: 'expunge', status: 'pending' })
    expect(await counts('acme')).toEqual(nothing)
    const outcome = { kind: 'end', tenantId: 'acme', id: held!.id, fence: held!.fence } as const
    const write: Write = { op: 'insert', table: 'attempts', row: record('attempts', { id: 'late' }) }
    const set = { status: 'delivered' }
    expect(await storage.settle('deliveries', [{ ...outcome, set, writes: [write] }])).toEqual(['lost'])
    // What was under way then and wrote something is found a minute later.
    await storage.commit([{ op: 'insert', table: 'driftEvents', row: record('driftEvents', { id: 'late' }) }])
    await clock.advance(60_000)
    await drifthook.runDue()
    await clock.advance(60_000)
    await drifthook.runDue()
    expect(await drifthook.expungeStatus('acme')).toMatchObject({ status: 'done', target: 'acme' })
    expect(await counts('acme')).toEqual(nothing)
    expect(await counts('globex')).toEqual(before.globex)
    for (const list of ['contracts', 'monitors', 'webhooks', 'events', 'jobs'])
      expect((await app.acme.get(`/${list}`)).body.items).toEqual([])
    expect((await upload(app.app, path, drifted)).status).toBe(404)
  })
})

describe('expunge', () => {
  it('of very much goes in bounded steps, and on in another process', async () => {
    const app = await instance('sqlite')
    const { drifthook, storage, clock } = app
    await drifthook.runDue()
    for (let n = 0; n < 3; n++)
      await storage.commit(
        Array.from({ length: 1_000 }, (_, i) => {
          const row = record('auditEntries', { id: `aud_${n}_${i}` })
          return { op: 'insert', table: 'auditEntries', row } as const
        }),
      )
    const erase = storage.erase.bind(storage)
    const limits = new Set<number>()
    storage.erase = (table, tenantId, limit) => {
      limits.add(limit)
      return erase(table, tenantId, limit)
    }
    await drifthook.expunge('acme')
    const settle = storage.settle.bind(storage)
    // The process dies before its first step is written down; what it erased is erased.
    storage.settle = () => new Promise<never>(() => {})
    void drifthook.runDue()
    await expect.poll(() => limits.size, { interval: 1 }).toBe(1)
    storage.settle = settle
    await clock.advance(61_000)
    const other = createDrifthook({ authenticate: () => null, storage, clock, secretKey })
    onTestFinished(() => other.stop({ drainMs: 0 }))
    await other.runDue()
    expect(await app.counts('acme')).toEqual(nothing)
    expect([...limits]).toEqual([1_000])
    await clock.advance(60_000)
    await other.runDue()
    expect(await other.expungeStatus('acme')).toMatchObject({ status: 'done' })
  })

  it('can be asked for again when it has ended, and of nobody there', async () => {
    const { drifthook, clock, counts } = await instance('memory')
    expect(await drifthook.expungeStatus('acme')).toBeNull()
    const round = async () => {
      const { id } = await drifthook.expunge('acme')
      await drifthook.runDue()
      await clock.advance(60_000)
      await drifthook.runDue()
      expect(await drifthook.expungeStatus('acme')).toMatchObject({ id, status: 'done' })
    }
    await round()
    await drifthook.contracts.create(acme, { name: 'Back', sample: { a: 1 } })
    await round()
    expect(await counts('acme')).toEqual(nothing)
  })

  it('is refused for what is no tenant', async () => {
    const { drifthook } = await instance('memory')
    for (const name of ['_system', '', 'x'.repeat(129)])
      await expect(drifthook.expunge(name)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(drifthook.expunge('x'.repeat(128))).resolves.toMatchObject({ status: 'pending' })
  })

  it('leaves no process with subscriptions it remembers, should the tenant come back', async () => {
    const app = await instance('memory')
    const { drifthook, storage, clock } = app
    const processes = [1, 2].map(() => {
      const options = { storage, clock, eventTypes: ['contact.created'] }
      const made = createDrifthook({ authenticate: () => null, ...options })
      onTestFinished(() => made.stop({ drainMs: 0 }))
      return made
    })
    const to = await receiving()
    const publishing = () => processes.shift()!.messages.publish(acme, { type: 'contact.created', data: {} })
    await subscribe(app, to.url('/first'))
    for (const each of processes) await each.messages.publish(acme, { type: 'contact.created', data: {} })
    await drifthook.expunge('acme')
    await drifthook.runDue()
    await publishing()
    const listed = await storage.list('deliveries', { tenantId: 'acme', index: 'created', limit: 9 })
    expect(listed.items).toEqual([])
    await clock.advance(60_000)
    await drifthook.runDue()
    // As many changes as before: no number must be the one that is remembered.
    const { id } = await subscribe(app, to.url('/second'))
    await publishing()
    expect(await deliveriesOf(app, id)).toHaveLength(1)
  })
})
