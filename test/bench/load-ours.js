/** drifthook in Express, made for as many uploads at once as the measurement sends. */
import { createDrifthook } from 'drifthook'
import express from 'express'
import { fileOf } from './data.js'
import { serve } from './load-watch.js'

const principal = /** @type {const} */ ({ tenantId: 'acme', actor: 'bench', permissions: ['*'] })
const gib = 1024 ** 3
const drifthook = createDrifthook({
  authenticate: () => principal,
  // One token stands for all partners here.
  upload: { rateLimit: { points: 1_000_000 }, inFlightPerToken: 1_000, budgetBytes: 8 * gib },
  analysis: { queue: 1_000 },
})
await drifthook.start()
const file = { bytes: fileOf(process.argv[2] ?? 'json', 200_000), fileName: null }
const contract = await drifthook.contracts.create(principal, { name: 'orders', file })
const monitor = await drifthook.monitors.create(principal, { name: 'orders', contractId: contract.id })
serve(express().use('/drift', drifthook.router), `/drift/webhook/${monitor.token}`)
