import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Codec, type Stored } from '../../src/adapters/shared/codec.js'
import { type ListPlan, planList } from '../../src/adapters/shared/list-plan.js'
import { lastReadSql, pageSql } from '../../src/adapters/sql/list.js'
import { claimStatements } from '../../src/adapters/sqlite/claims.js'
import { sqlite } from '../../src/adapters/sqlite/dialect.js'
import { sqliteStorage } from '../../src/adapters/sqlite/index.js'
import { statement } from '../../src/adapters/sqlite/statement.js'
import type { Storage } from '../../src/ports/storage.js'
import { type TableName, tables } from '../../src/ports/tables.js'
import { runConformance } from '../../src/testkit/conformance.js'
import { contract, delivery, request, start } from '../../src/testkit/storage/harness.js'
import { storageConformance } from '../../src/testkit/storage-conformance.js'
import { sqliteHarness, temporaryDirectory } from './harnesses.js'
import { driversHere, driversMissing, openRaw as openRawWith } from './sqlite-drivers.js'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let filename: string
let storage: Storage

beforeEach(async () => {
  directory = await temporaryDirectory()
  filename = join(directory.path, 'made', 'for', 'it.db')
  storage = sqliteStorage({ filename, busyTimeoutMs: 60 })
})
afterEach(async () => {
  await storage.close()
  await directory.remove()
})

describe('options of sqliteStorage', () => {
  it.each([
    [{ filename: 'x', file: 'y' }, 'file is not an option'],
    [{}, 'filename must be'],
    [{ filename: '' }, 'filename must be'],
    [{ filename: ':memory:' }, 'memoryStorage()'],
    [{ filename: 'file::memory:?cache=shared' }, 'memoryStorage()'],
    [{ filename: 'x', driver: 'sqlite3' }, 'driver must be one of'],
    [{ filename: 'x', busyTimeoutMs: -1 }, 'busyTimeoutMs must be'],
  ])('%j is refused', (options, sentence) => {
    const make = () => sqliteStorage(options as Parameters<typeof sqliteStorage>[0])
    expect(make).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(sentence) }),
    )
  })

  it('libsql is a driver wherever this is developed', () => {
    expect(driversHere).toContain('libsql')
  })

  const remedies = {
    'node:sqlite': 'Run Node 22.13',
    libsql: 'npm install libsql',
    'better-sqlite3': 'npm install better-sqlite3',
  }
  it.each(driversMissing)('$name, which cannot be loaded, is named with the remedy', async ({ name }) => {
    await expect(sqliteStorage({ filename, driver: name }).open()).rejects.toMatchObject({
      code: 'DRIVER_NOT_FOUND',
      message: expect.stringMatching(`${name}.*${remedies[name]}`),
    })
    expect(existsSync(filename)).toBe(false)
  })
})

for (const { name, reason } of driversMissing) it.skip(`with ${name}: ${reason}`)

describe.each(driversHere)('with %s', (driver) => {
  describe('sqliteStorage', () => {
    runConformance({ cases: storageConformance, harness: sqliteHarness(driver), test: it, skip: it.skip })
  })

  beforeEach(() => {
    storage = sqliteStorage({ filename, driver, busyTimeoutMs: 60 })
  })

  const openRaw = (filename: string) => openRawWith(filename, driver)

  describe('a SQLite database', () => {
    it('is opened with write-ahead logging, in a directory made for it', async () => {
      await storage.open()
      const raw = openRaw(filename)
      expect(raw.prepare('PRAGMA journal_mode').all([])[0]?.journal_mode).toBe('wal')
      raw.close()
    })

    it('is not touched before open, nor after close', async () => {
      await expect(storage.get('contracts', 'acme', 'a')).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
      })
      expect(existsSync(filename)).toBe(false)
      await storage.open()
      await storage.commit([contract('a')])
      await storage.close()
      await expect(storage.commit([contract('b')])).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    })

    it('that is locked is unavailable after the time allowed, and works on when it is free', async () => {
      await storage.open()
      const raw = openRaw(filename)
      raw.exec('BEGIN IMMEDIATE')
      const began = performance.now()
      await expect(storage.commit([contract('a')])).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
      expect(performance.now() - began).toBeGreaterThan(50)
      expect(await storage.get('contracts', 'acme', 'a')).toBeNull()
      raw.exec('COMMIT')
      raw.close()
      await storage.commit([contract('a')])
      expect(await storage.get('contracts', 'acme', 'a')).not.toBeNull()
    })

    it('that is locked does not block the thread while it is waited for', async () => {
      await storage.close()
      storage = sqliteStorage({ filename, driver, busyTimeoutMs: 5000 })
      await storage.open()
      const raw = openRaw(filename)
      raw.exec('BEGIN IMMEDIATE')
      let turns = 0
      const turning = setInterval(() => turns++, 5)
      setTimeout(() => raw.exec('COMMIT'), 400)
      await storage.commit([contract('a')])
      clearInterval(turning)
      raw.close()
      expect(turns).toBeGreaterThan(3)
    })

    it('is copied whole while it is in use', async () => {
      await storage.open()
      await storage.commit([contract('a')])
      const raw = openRaw(filename)
      const copy = join(directory.path, 'copy.db')
      raw.exec(`VACUUM INTO '${copy}'`)
      raw.close()
      await storage.commit([contract('b')])
      await storage.close()
      storage = sqliteStorage({ filename: copy, driver })
      await storage.open()
      expect(await storage.get('contracts', 'acme', 'a')).not.toBeNull()
      expect(await storage.get('contracts', 'acme', 'b')).toBeNull()
    })

    it('that is no database is unavailable', async () => {
      const path = join(directory.path, 'text.db')
      await writeFile(path, 'this is not a database, however long it goes on. '.repeat(100))
      await expect(sqliteStorage({ filename: path, driver }).open()).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
      })
      await expect(sqliteStorage({ filename: directory.path, driver }).open()).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
      })
    })

    it('of a newer version is used if it can be, and refused if it cannot', async () => {
      await storage.open()
      await storage.close()
      const raw = openRaw(filename)
      raw.exec('INSERT INTO drifthook_migrations VALUES (2, 1)')
      raw.exec('ALTER TABLE drifthook_contracts ADD COLUMN later TEXT')
      await storage.open()
      await storage.commit([contract('a')])
      expect(await storage.get('contracts', 'acme', 'a')).not.toHaveProperty('later')
      await storage.close()
      raw.exec('INSERT INTO drifthook_migrations VALUES (3, 3)')
      raw.close()
      await expect(storage.open()).rejects.toMatchObject({ code: 'STORAGE_INCOMPATIBLE' })
    })

    it('is changed by a newer version while in use, unharmed', async () => {
      await storage.open()
      await storage.commit([contract('a')])
      expect(await storage.get('contracts', 'acme', 'a')).not.toBeNull()
      const raw = openRaw(filename)
      raw.exec('ALTER TABLE drifthook_contracts ADD COLUMN later TEXT')
      raw.close()
      expect(await storage.get('contracts', 'acme', 'a')).not.toHaveProperty('later')
      await storage.commit([contract('b')])
    })

    it('keeps a failing open from spoiling the next', async () => {
      await writeFile(join(directory.path, 'made'), 'a file where a directory should be')
      await expect(storage.open()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
      await directory.remove()
      await storage.open()
    })
  })

  describe('query plans', () => {
    /** The steps that read a table, as SQLite describes them. */
    const plan = (sql: string, values: readonly Stored[]) => {
      const raw = openRaw(filename)
      const steps = raw.prepare(`EXPLAIN QUERY PLAN ${sql}`).all([...values])
      raw.close()
      return steps.map(({ detail }) => String(detail))
    }
    /** Nothing is read from end to end but what the statement itself has limited; nothing else is sorted. */
    const expectIndexed = (steps: readonly string[], sql: string, limited = false) => {
      for (const step of steps) {
        if (!limited) expect(step, sql).not.toMatch(/TEMP B-TREE/)
        expect(step, sql).not.toMatch(/SCAN (?!walk|entry|CONSTANT ROW|\(subquery|\d)/)
        expect(step, sql).not.toMatch(/AUTOMATIC/)
      }
      expect(steps.join('\n'), sql).toMatch(/USING (COVERING )?INDEX/)
    }

    beforeEach(() => storage.open())

    it('every statement of a claim uses an index', () => {
      for (const [name, sql] of Object.entries(claimStatements(new Codec('deliveries')))) {
        const steps = plan(sql, Array(sql.split('?').length - 1).fill(1))
        // The few due lanes without a backlog are sorted, to begin at the one whose turn it is.
        expectIndexed(
          name === 'dueLanes' ? steps.filter((step) => !step.includes('B-TREE')) : steps,
          `${name}: ${sql}`,
        )
      }
    })

    it('every declared index is used by its list, whatever the prefix and direction, without sorting', () => {
      const check = (listPlan: ListPlan) => {
        for (const write of [pageSql, lastReadSql]) {
          const [sql, values] = statement((bind) => write(sqlite, listPlan, 'acme', bind))
          // A filter is applied to at most 1,000 entries; these are then sorted.
          expectIndexed(plan(sql, values), sql, listPlan.filter.length > 0)
        }
      }
      const values = { text: 'x', integer: 1, instant: start, boolean: true, json: null, bytes: null }
      for (const table of Object.keys(tables) as TableName[]) {
        const codec = new Codec(table)
        for (const [index, columns] of Object.entries(codec.indexes)) {
          for (let length = 0; length <= columns.length; length++) {
            const value = (name: string) => values[codec.column(name).kind]
            const prefix = Object.fromEntries(columns.slice(0, length).map((name) => [name, value(name)]))
            const after = [...columns.map(value), 'id'] as (string | number | boolean)[]
            for (const descending of [false, true]) {
              for (const more of [{}, { after }, { filter: { id: ['a', 'b'] } }]) {
                const query = { tenantId: 'acme', index, prefix, descending, limit: 10, ...more }
                check(planList(codec, query as never))
              }
            }
          }
        }
      }
    })

    it('a null in a prefix uses the index too', () => {
      const codec = new Codec('driftEvents')
      const prefix = { monitorId: null }
      const listPlan = planList(codec, { tenantId: 'acme', index: 'monitor', prefix, limit: 10 })
      const [sql, values] = statement((bind) => pageSql(sqlite, listPlan, 'acme', bind))
      expectIndexed(plan(sql, values), sql)
    })
  })

  describe('a long backlog', () => {
    it('is claimed from in time that does not grow with it', async () => {
      await storage.open()
      const fill = async (lane: string, n: number) => {
        for (let from = 0; from < n; from += 2000) {
          const some = Array.from({ length: 2000 }, (_, i) => delivery(`${lane}${from + i}`, { lane }))
          await storage.commit(some)
        }
      }
      /** The best of three, so that a busy machine does not count. */
      const timed = async () => {
        const times: number[] = []
        for (let round = 0; round < 3; round++) {
          const began = performance.now()
          for (let i = 0; i < 30; i++) await storage.claim('deliveries', request({ limit: 5, perLane: 1e6 }))
          times.push(performance.now() - began)
        }
        return Math.min(...times)
      }
      await fill('a', 2000)
      const short = await timed()
      await fill('b', 20_000)
      const long = await timed()
      expect(long).toBeLessThan(short * 4 + 50)
    })
  })
})
