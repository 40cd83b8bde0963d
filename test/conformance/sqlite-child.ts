/** Another process on the same SQLite file: `child.mjs <command> <filename> <driver> [n]`. Answers on standard output. */
import type { DriverName } from '../../src/adapters/sqlite/driver.js'
import { sqliteStorage } from '../../src/adapters/sqlite/index.js'
import { isDrifthookError } from '../../src/errors.js'
import { contract, delivery, request } from '../../src/testkit/storage/harness.js'

const [command, filename = '', driver, argument = '1'] = process.argv.slice(2)
const n = Number(argument)
const storage = sqliteStorage({ filename, driver: driver as DriverName, busyTimeoutMs: 20_000 })
const say = (line: unknown) => process.stdout.write(`${line}\n`)

const commands: Record<string, () => Promise<void>> = {
  /** Opens, so that several migrate at once. */
  async open() {
    say('opened')
  },

  async ids() {
    for (let i = 0; i < n; i++) say(await storage.nextIds('race', 1))
  },

  async claim() {
    for (let empty = 0; empty < 3; ) {
      const rows = await storage.claim('deliveries', request({ limit: 3, perLane: 1000 }))
      for (const { id } of rows) say(id)
      empty = rows.length === 0 ? empty + 1 : 0
    }
  },

  /** Adds n to one number by compare and set. */
  async count() {
    for (let done = 0; done < n; ) {
      const version = (await storage.get('contracts', 'acme', 'counter'))?.version ?? 0
      const update = { op: 'update', table: 'contracts', tenantId: 'acme', id: 'counter' } as const
      await storage.commit([{ ...update, set: { version: version + 1 }, expect: { version } }]).then(
        () => done++,
        (error: Error) => {
          if (error.name !== 'PreconditionFailed') throw error
        },
      )
    }
  },

  /** Writes pairs until it is killed or the disk is full, and says which are acknowledged. */
  async write() {
    const large = 'x'.repeat(2000)
    const writer = async (lane: number) => {
      for (let i = 0; ; i++) {
        const id = `${process.pid}-${lane}-${i}`
        await storage.commit([contract(id, { description: large }), delivery(id, { lane: id })])
        say(id)
      }
    }
    await Promise.all([0, 1, 2, 3].map(writer))
  },
}

try {
  await storage.open()
  await commands[command ?? '']?.()
  await storage.close()
} catch (error) {
  say(`error ${isDrifthookError(error) ? error.code : error}`)
}
