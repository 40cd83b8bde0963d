// A drifted file, and the mail about it. `node examples/email-channel/main.js` after `npm run build`.
import { createDrifthook } from 'drifthook'
import { emailChannel } from './email.js'
import { mailer } from './mailer.js'

const drifthook = createDrifthook({ authenticate: 'unsafe-none', channels: [emailChannel(mailer)] })

/** @type {import('drifthook').Principal} */
const owner = { tenantId: 'acme', actor: 'example', permissions: ['*'] }

const contract = await drifthook.contracts.create(owner, {
  name: 'Kestrel orders',
  sample: { id: 7, sku: 'A-1', quantity: 2 },
})
const monitor = await drifthook.monitors.create(owner, { name: 'Kestrel', contractId: contract.id })
await drifthook.subscriptions.create(owner, {
  name: 'Operations',
  channel: 'email',
  url: 'mailto:ops@acme.example',
  events: ['drift.*', 'check.failed'],
})

await drifthook.uploads.check(owner, {
  monitorId: monitor.id,
  file: Buffer.from('{"id":8,"sku":"A-2","quantity":"two"}'),
  fileName: 'orders.json',
})
await drifthook.runDue() // a server calls start() instead, and the runner does this by itself
await drifthook.stop()
