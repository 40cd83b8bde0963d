/** drifthook in Express, with one monitor. */
import { createDrifthook } from 'drifthook'
import express from 'express'
import { smallFile } from './data.js'

const principal = /** @type {const} */ ({ tenantId: 'acme', actor: 'bench', permissions: ['*'] })
const drifthook = createDrifthook({
  authenticate: () => principal,
  // One token stands for all partners here.
  upload: { rateLimit: { points: 1_000_000_000, durationMs: 60_000 }, inFlightPerToken: 1_000 },
})
await drifthook.start()
const sample = JSON.parse(smallFile().toString())
const contract = await drifthook.contracts.create(principal, { name: 'orders', sample })
const monitor = await drifthook.monitors.create(principal, { name: 'orders', contractId: contract.id })

const server = express()
  .use('/drift', drifthook.router)
  .listen(0, '127.0.0.1', () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
    process.send?.({ url: `http://127.0.0.1:${port}/drift/webhook/${monitor.token}` })
  })
// Whoever started this process is gone.
process.on('disconnect', () => process.exit())
