/** Several processes on one file, processes that are killed, and disks that are full. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sqliteStorage } from '../../src/adapters/sqlite/index.js'
import { contract, delivery, numbered } from '../../src/testkit/storage/harness.js'
import { bundle, type Running, start } from './child.js'
import { temporaryDirectory } from './harnesses.js'
import { driversHere, openRaw } from './sqlite-drivers.js'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let child: string
let files = 0
/** Of `node:sqlite` Node says that it is experimental. */
const quiet = '--disable-warning=ExperimentalWarning'

beforeAll(async () => {
  directory = await temporaryDirectory()
  child = await bundle('sqlite-child.ts', directory.path)
})
afterAll(() => directory.remove())

const newFile = () => join(directory.path, `${files++}`, 'drifthook.db')
describe.each(driversHere)('with %s', (driver) => {
  const run = (command: string, filename: string, n = 1): Running =>
    start([process.execPath, quiet, child, command, filename, driver, String(n)])
  const open = async (filename: string) => {
    const storage = sqliteStorage({ filename, driver, busyTimeoutMs: 20_000 })
    await storage.open()
    return storage
  }

  /** The lines that several processes wrote, all of which must have ended well. */
  async function together(running: readonly Running[]): Promise<string[]> {
    const all = await Promise.all(running.map(({ ended }) => ended))
    for (const { code, errors, lines } of all) {
      expect({ code, errors, error: lines.find((line) => line.startsWith('error')) }).toEqual({
        code: 0,
        errors: '',
      })
    }
    return all.flatMap(({ lines }) => lines)
  }

  /** Every acknowledged pair is there whole, and no half of any pair. */
  async function expectKept(filename: string, acknowledged: readonly string[]): Promise<void> {
    const storage = await open(filename)
    for (const id of acknowledged) {
      expect(await storage.get('contracts', 'acme', id), id).not.toBeNull()
      expect(await storage.get('deliveries', 'acme', id), id).not.toBeNull()
    }
    await storage.commit([contract('after')])
    await storage.close()
    const raw = openRaw(filename, driver)
    const ids = (table: string) =>
      raw
        .prepare(`SELECT id FROM drifthook_${table} WHERE id <> 'after' ORDER BY id`)
        .all([])
        .map(({ id }) => id)
    expect(ids('contracts')).toEqual(ids('deliveries'))
    expect(raw.prepare('PRAGMA integrity_check').all([])[0]?.integrity_check).toBe('ok')
    raw.close()
  }

  describe('several processes on one file', () => {
    it('migrate once when they start together', async () => {
      const filename = newFile()
      expect(await together([1, 2, 3, 4].map(() => run('open', filename)))).toEqual(Array(4).fill('opened'))
    })

    it('get different numbers', async () => {
      const filename = newFile()
      const numbers = await together([1, 2, 3].map(() => run('ids', filename, 100)))
      expect(new Set(numbers).size).toBe(300)
    })

    it('lose no update', async () => {
      const filename = newFile()
      const storage = await open(filename)
      await storage.commit([contract('counter')])
      await together([1, 2, 3].map(() => run('count', filename, 50)))
      expect((await storage.get('contracts', 'acme', 'counter'))?.version).toBe(150)
      await storage.close()
    })

    it('claim each piece of work once', async () => {
      const filename = newFile()
      const storage = await open(filename)
      const names = numbered('d', 300)
      await storage.commit(names.map((id, i) => delivery(id, { lane: `l${i % 11}` })))
      const claimed = await together([1, 2, 3].map(() => run('claim', filename)))
      expect(claimed.sort()).toEqual(names)
      await storage.close()
    })
  })

  describe('a process that dies', () => {
    it('leaves a database that opens with every acknowledged commit, killed at any moment', async () => {
      const filename = newFile()
      const acknowledged: string[] = []
      for (let round = 0; round < 4; round++) {
        const writers = [run('write', filename), run('write', filename)]
        const giveUpAt = Date.now() + 10_000
        while (writers.some(({ lines }) => lines.length < 20) && Date.now() < giveUpAt) await sleep(5)
        await sleep(round * 7)
        for (const { process } of writers) process.kill('SIGKILL')
        const ended = await Promise.all(writers.map((writer) => writer.ended))
        for (const { signal, lines } of ended) {
          expect(signal).toBe('SIGKILL')
          expect(lines.length).toBeGreaterThanOrEqual(20)
          acknowledged.push(...lines)
        }
      }
      await expectKept(filename, acknowledged)
    })

    it.skipIf(process.platform === 'win32')(
      'of a full disk says so, and keeps what it acknowledged',
      async () => {
        const filename = newFile()
        // A limit on the size of files stands for the full disk: 1,000 blocks of 1 KiB.
        const limited = start([
          'bash',
          '-c',
          'ulimit -f 1000; exec "$@"',
          'bash',
          process.execPath,
          child,
          'write',
          filename,
          driver,
        ])
        const { code, lines } = await limited.ended
        expect(code).toBe(0)
        expect(lines.at(-1)).toBe('error STORAGE_UNAVAILABLE')
        expect(lines.length).toBeGreaterThan(20)
        await expectKept(filename, lines.slice(0, -1))
      },
    )
  })
})
