/**
 * A process that takes uploads in: `child.mjs <database> <format module> <when to die>`. Says where it listens and
 * its monitor's token, then dies by SIGKILL before or after one of its commits, or waits to be killed.
 */
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import express from 'express'
import { sqliteStorage } from '../../src/adapters/sqlite/index.js'
import { createDrifthook } from '../../src/index.js'
import type { Write } from '../../src/ports/storage.js'

const [filename = '', module = '', moment = 'never'] = process.argv.slice(2)
const say = (line: string) => process.stdout.write(`${line}\n`)
const die = () => process.kill(process.pid, 'SIGKILL')

/** Which step of an upload that is compared afterwards a commit is, if it is one. */
function stepOf(writes: readonly Write[]) {
  const has = (table: string) => writes.some((write) => write.table === table)
  if (has('driftReports')) return 'recording'
  return has('driftEvents') ? 'beginning' : null
}

const storage = sqliteStorage({ filename })
const commit = storage.commit.bind(storage)
storage.commit = async (writes) => {
  const step = stepOf(writes)
  if (step !== null && moment === `before ${step}`) return void die()
  await commit(writes)
  if (step !== null && moment === `after ${step}`) die()
}

const principal = { tenantId: 'acme', actor: 'ada', permissions: ['*'] } as const
const drifthook = createDrifthook({
  authenticate: () => principal,
  storage,
  secretKey: new Uint8Array(32).fill(7),
  formats: [module],
  // This file is bundled.
  analysis: { workerFile: resolve('dist/analysis-worker.js') },
})
await drifthook.start({ runner: false })
const contract = await drifthook.contracts.create(principal, {
  name: 'orders',
  // Of no format: whatever comes is compared with it.
  schema: { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] },
})
const monitor = await drifthook.monitors.create(principal, { name: 'orders', contractId: contract.id })
const server = express().use(drifthook.router).listen(0, '127.0.0.1')
server.once('listening', () => {
  const { port } = server.address() as AddressInfo
  say(`http://127.0.0.1:${port}/webhook/${monitor.token}`)
})
