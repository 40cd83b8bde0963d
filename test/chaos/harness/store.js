/** The store as the controller sees it: set up before the run, watched until it is quiet, and read at the end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createDrifthook } from 'drifthook'
import { openStorage } from './combinations.js'
import { receivers, tenants } from './plan.js'
import { commonOptions } from './setting.js'

/**
 * @typedef {object} Webhook
 * @property {string} id
 * @property {import('./plan.js').Tenant} tenant
 * @property {string} secret
 * @property {boolean} late whether it begins disabled
 */

const pollMs = 50

/** @param {import('./plan.js').Tenant} tenantId */
export const principalOf = (tenantId) => ({
  tenantId,
  actor: 'chaos',
  permissions: /** @type {['*']} */ (['*']),
})

/**
 * A drifthook of its own, that works nothing by itself.
 * @param {string} combination
 * @param {import('./combinations.js').Place} place
 * @param {import('drifthook').Clock} clock
 */
export async function openStore(combination, place, clock) {
  const { storage, end } = await openStorage(combination, place)
  const drifthook = createDrifthook({ ...commonOptions, authenticate: () => null, storage, clock })

  /** @param {import('./plan.js').Tenant} tenant @param {number} index @param {string} url */
  const subscribe = async (tenant, index, url) => {
    const late = tenant === 'acme' && index === receivers.acme - 1
    const events = [tenant === 'many' ? 'news.*' : 'order.*']
    const { id, secret } = await drifthook.subscriptions.create(principalOf(tenant), {
      ...{ url, events, enabled: !late },
    })
    return { id, tenant, secret, late }
  }

  const nothingLeft = async () => {
    if ((await storage.nextDue('deliveries')) !== null) return false
    return (await readJobs(storage)).every(({ status }) => status !== 'pending')
  }

  return {
    storage,
    drifthook,

    /**
     * @param {(n: number) => string} url
     * @param {readonly import('./plan.js').Tenant[]} tenants
     */
    async subscribe(url, tenants) {
      await drifthook.start({ runner: false })
      /** @type {Webhook[]} */
      const webhooks = []
      for (const tenant of tenants) {
        for (let index = 0; index < receivers[tenant]; index++) {
          webhooks.push(await subscribe(tenant, index, url(webhooks.length)))
        }
      }
      return webhooks
    },

    /**
     * Waits until nothing is left to be done, but for what comes back by itself.
     * @param {number} ms for which nothing may move, at most
     * @param {() => number} progress changes whenever something moves
     * @returns {Promise<boolean>} whether it came to that
     */
    async quiet(ms, progress) {
      let before = progress()
      for (let until = Date.now() + ms; Date.now() < until; ) {
        if (progress() !== before) {
          before = progress()
          until = Date.now() + ms
        }
        if (await nothingLeft().catch(() => false)) return true
        await sleep(pollMs)
      }
      return false
    },

    async end() {
      await drifthook.stop()
      await end()
    },
  }
}

/**
 * Every record of a table, read through the storage port.
 * @param {import('drifthook').Storage} storage
 */
export async function readAll(storage) {
  return {
    messages: await everywhere((tenantId, after) =>
      storage.list('messages', { tenantId, index: 'created', after, limit }),
    ),
    deliveries: await everywhere((tenantId, after) =>
      storage.list('deliveries', { tenantId, index: 'created', after, limit }),
    ),
    attempts: await everywhere((tenantId, after) =>
      storage.list('attempts', { tenantId, index: 'delivery', after, limit }),
    ),
    jobs: await readJobs(storage),
  }
}

/** @param {import('drifthook').Storage} storage */
const readJobs = (storage) =>
  everywhere((tenantId, after) => storage.list('jobs', { tenantId, index: 'created', after, limit }))

/** @typedef {Awaited<ReturnType<typeof readAll>>} Records */

const limit = 1_000

/**
 * @template Item
 * @param {(tenantId: string, after: import('../../../src/ports/storage.js').Cursor | null) => Promise<{ items: Item[], next: import('../../../src/ports/storage.js').Cursor | null }>} page
 */
async function everywhere(page) {
  /** @type {Item[]} */
  const found = []
  for (const tenant of tenants) {
    /** @type {import('../../../src/ports/storage.js').Cursor | null} */
    let after = null
    do {
      const { items, next } = await page(tenant, after)
      found.push(...items)
      after = next
    } while (after !== null)
  }
  return found
}
