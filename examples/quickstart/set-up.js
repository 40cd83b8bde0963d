// Once: a contract learned from a sample, an upload URL for the partner, a webhook to the receiver.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadDemo, saveDemo } from './data.js'

/** @type {import('drifthook').Principal} */
export const owner = { tenantId: 'demo', actor: 'quickstart', permissions: ['*'] }

/** @param {string} name */
export const sampleFile = (name) => readFileSync(join(import.meta.dirname, 'files', name))

/**
 * @param {import('drifthook').Drifthook} drifthook
 * @param {string} origin
 * @param {import('./receiver.js').Receiver} receiver
 * @returns {Promise<import('./data.js').Demo>}
 */
export async function setUp(drifthook, origin, receiver) {
  const url = `${origin}/receiver`
  const found = loadDemo()
  if (found !== null) {
    console.log('drifthook quick start: found the data of an earlier start.\n')
    receiver.trust(found.secret)
    await drifthook.subscriptions.update(owner, found.webhookId, { url })
    return found
  }
  const contract = await drifthook.contracts.create(owner, {
    name: 'Kestrel orders',
    vendor: 'Kestrel Fasteners',
    file: { bytes: sampleFile('orders.json'), name: 'orders.json' },
  })
  const monitor = await drifthook.monitors.create(owner, {
    name: 'Kestrel pushes orders',
    contractId: contract.id,
  })
  const webhook = await drifthook.subscriptions.create(owner, { url, events: ['drift.*', 'check.repeated'] })
  const demo = {
    contractId: contract.id,
    monitorId: monitor.id,
    webhookId: webhook.id,
    secret: webhook.secret,
    token: monitor.token,
  }
  saveDemo(demo)
  receiver.trust(webhook.secret)
  console.log('drifthook quick start: made a contract from orders.json, an upload URL and a webhook.\n')
  return demo
}
