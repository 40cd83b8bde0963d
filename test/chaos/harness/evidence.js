/** Everything a run left behind, gathered from who was there: callers, receivers, processes, and the store. */
import { fastClock } from './clock.js'
import { unfinishedRows } from './combinations.js'
import { readJournal } from './journal.js'
import { openStore, principalOf, readAll } from './store.js'

/**
 * @typedef {{ [Name in import('./servers.js').ServerName]?: import('./servers.js').Server }} ServerSet
 *
 * @typedef {object} Remembered one life of a process, and what it wrote down
 * @property {import('./fleet.js').Life} life
 * @property {ReturnType<typeof readJournal>} entries
 *
 * @typedef {object} Evidence
 * @property {import('./plan.js').Plan} plan
 * @property {import('./publisher.js').Published[]} published
 * @property {string[]} errors of publishing
 * @property {import('./receiving.js').Arrival[]} arrivals
 * @property {import('./store.js').Webhook[]} webhooks
 * @property {Remembered[]} lives
 * @property {import('./store.js').Records} records
 * @property {readonly { server: import('./servers.js').ServerName, at: number }[]} deaths of servers
 * @property {boolean} quiet whether the store came to have nothing left to do
 * @property {number} unfinished rows that are not done, as the database itself says
 * @property {number} pending deliveries that are not done, as the public API says
 * @property {number} takenUp what a fresh process found to do
 */

/**
 * Reads the store as a process does that was not there.
 * @param {object} parts
 * @param {import('./plan.js').Plan} parts.plan
 * @param {Omit<import('./clock.js').Pace, 'skewMs'>} parts.pace
 * @param {import('./combinations.js').Place} parts.place
 * @param {import('./publisher.js').Published[]} parts.published
 * @param {import('./receiving.js').Receiving} parts.receiving
 * @param {import('./fleet.js').Fleet} parts.fleet
 * @param {import('./store.js').Webhook[]} parts.webhooks
 * @param {boolean} parts.quiet
 * @param {Evidence['deaths']} parts.deaths
 * @returns {Promise<Omit<Evidence, 'errors'>>}
 */
export async function gather({ plan, pace, place, published, receiving, fleet, webhooks, quiet, deaths }) {
  const { combination } = plan
  // An hour later there would be nothing to do either.
  const clock = fastClock({ ...pace, skewMs: 3_600_000 })
  const { storage, drifthook, end } = await openStore(combination, place, clock)
  try {
    await drifthook.start({ runner: false })
    const records = await readAll(storage)
    let pending = 0
    for (const { id, tenant } of webhooks.filter(({ tenant }) => tenant !== 'many')) {
      const { items } = await drifthook.deliveries.list(principalOf(tenant), id, { status: 'pending' })
      pending += items.length
    }
    return {
      ...{ plan, published, webhooks, records, quiet, deaths, pending },
      arrivals: receiving.arrivals,
      lives: fleet.lives.map((life) => ({ life, entries: readJournal(life.journal) })),
      unfinished: await unfinishedRows(combination, place),
      takenUp: quiet ? await drifthook.runDue() : 0,
    }
  } finally {
    await end()
  }
}
