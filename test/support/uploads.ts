/** A monitor that files are uploaded to, and a look at what they left behind. */
import type { DrifthookOptions } from '../../src/index.js'
import { contractAndMonitor, orders } from './app.js'
import { type Combination, here } from './combinations.js'
import { subscribe, webhookApp } from './webhooks.js'

/** Orders that lack what the contract has. */
export const drifted = orders((order) => {
  delete order.email
})

/** {@link webhookApp} with a monitor, and a webhook of the partner's that wants everything. */
export async function uploadScene(on: Combination = here, options: Partial<DrifthookOptions> = {}) {
  const app = webhookApp(on, options)
  const { contract, monitor, path } = await contractAndMonitor(app)
  const webhook = await subscribe(app, 'https://partner.example/', { events: ['*'], audience: 'partner' })

  /** Every event and message there is, and the keys and jobs; oldest first. */
  async function left() {
    const all = { tenantId: 'acme', index: 'created', limit: 100 } as const
    const [events, messages, keys, jobs] = await Promise.all([
      app.storage.list('driftEvents', all),
      app.storage.list('messages', all),
      app.storage.list('idempotencyKeys', all),
      app.storage.list('jobs', all),
    ])
    return {
      events: events.items.map(({ id }) => Number(id)),
      messages: messages.items.map(({ type }) => type),
      keys: keys.items.length,
      jobs: jobs.items.map(({ kind, status }) => `${kind} ${status}`),
    }
  }

  return { ...app, contract, monitor, path, webhook, left }
}

export type UploadScene = Awaited<ReturnType<typeof uploadScene>>
