/** One combination, from its servers to its verdict. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fastClock } from './clock.js'
import { serversOf } from './combinations.js'
import { gather } from './evidence.js'
import { startFleet } from './fleet.js'
import { havoc } from './havoc.js'
import { messageAt, receivers, tenants } from './plan.js'
import { startPublisher } from './publisher.js'
import { random } from './random.js'
import { startReceiving } from './receiving.js'
import { servers } from './servers.js'
import { openStore } from './store.js'
import { judge } from './verdict.js'

/**
 * @typedef {object} Result
 * @property {import('./plan.js').Plan} plan
 * @property {import('./verdict.js').Checked[]} checks
 * @property {import('./verdict.js').Figures} figures
 * @property {number} restarts of servers
 * @property {number} seconds
 * @property {string | null} kept where journals and logs were left, if something failed
 */

/** So many requests to publish at once. */
const publishers = 6
/** More than this under way: publishing waits. */
const backlog = 600
/** Publishing waits for a planned accident for so many messages, then goes on slowly: somebody may die of it only then. */
const slack = 8
const slowlyMs = 80
/** After the last accident nothing may stand still for longer. By the clocks of the run that is much longer. */
const patienceMs = 20_000
const stopMs = 20_000

/**
 * @param {import('./plan.js').Plan} plan
 * @param {object} [options]
 * @param {import('./sabotage.js').Sabotage | null} [options.sabotage]
 * @param {number} [options.patience] for how long nothing may arrive while there is work, in milliseconds
 * @param {boolean} [options.keeps] whether journals and logs of what failed are kept
 * @returns {Promise<Result>}
 */
export async function runCampaign(plan, { sabotage = null, patience = patienceMs, keeps = true } = {}) {
  const { combination, seed, size } = plan
  const began = Date.now()
  const directory = await mkdtemp(join(tmpdir(), 'drifthook-chaos-'))
  /** @type {(() => Promise<void>)[]} */
  const ends = []
  /** @type {import('./evidence.js').ServerSet} */
  const running = {}
  let kept = keeps
  try {
    for (const name of serversOf(combination)) {
      const server = await servers[name]()
      running[name] = server
      ends.push(server.stop)
    }
    const urls = Object.fromEntries(Object.entries(running).map(([name, { url }]) => [name, url]))
    const place = { directory, urls }
    const receiving = await startReceiving(`${seed} ${combination}`)
    ends.push(receiving.close)

    const pace = { startedAt: Date.now(), speed: plan.speed }
    const store = await openStore(combination, place, fastClock({ ...pace, skewMs: 0 }))
    ends.push(store.end)
    const webhooks = await store.subscribe(
      receiving.url,
      tenants.filter((tenant) => tenant !== 'many' || size.fanOuts > 0),
    )

    const skewed = random(seed, combination, 'skews')
    const skewMs = () => Math.round((skewed.chance(0.2) ? 4_000 : 1_500) * (skewed.next() * 2 - 1))
    const wanted = [
      ...Array.from({ length: size.apis }, () => ({ role: /** @type {const} */ ('api'), skewMs: skewMs() })),
      ...Array.from({ length: size.workers }, () => ({
        role: /** @type {const} */ ('worker'),
        skewMs: skewMs(),
      })),
    ]
    const { droppedWakeUps } = plan
    const fleet = startFleet({ combination, place, seed, droppedWakeUps, sabotage }, pace, wanted)
    ends.push(() => fleet.stop(0))
    const accidents = havoc(plan, fleet, running)
    const publisher = startPublisher(fleet)

    const { published, errors } = await publishAll({ plan, accidents, publisher, receiving, webhooks })
    // What went wrong with making things go wrong is told here.
    await accidents.over
    receiving.beGood()
    const quiet = await store.quiet(patience, () => receiving.arrivals.length)
    await fleet.stop(stopMs)
    for (const server of Object.values(running)) await server.restart()

    const evidence = await gather({
      plan,
      pace,
      place,
      published,
      receiving,
      fleet,
      webhooks,
      quiet,
      deaths: accidents.deaths,
    })
    const { checks, figures } = judge({ ...evidence, errors })
    kept = keeps && checks.some(({ faults }) => faults.length > 0)
    return {
      ...{ plan, checks, figures },
      restarts: accidents.deaths.length + Object.keys(running).length,
      seconds: (Date.now() - began) / 1_000,
      kept: kept ? directory : null,
    }
  } finally {
    for (const end of ends.reverse()) await end()
    if (!kept) await rm(directory, { recursive: true, force: true })
  }
}

/**
 * Publishes what is planned, in step with the accidents, and has the late receiver told of what it missed.
 * @param {object} parts
 * @param {import('./plan.js').Plan} parts.plan
 * @param {ReturnType<typeof havoc>} parts.accidents
 * @param {import('./publisher.js').Publisher} parts.publisher
 * @param {import('./receiving.js').Receiving} parts.receiving
 * @param {import('./store.js').Webhook[]} parts.webhooks
 */
async function publishAll({ plan, accidents, publisher, receiving, webhooks }) {
  /** @type {import('./publisher.js').Published[]} */
  const published = []
  /** @type {string[]} */
  const errors = []
  /** @type {Set<Promise<void>>} */
  const underWay = new Set()
  let expected = 0

  for (let n = 0; n < plan.messages || !accidents.areOver(); n++) {
    if (errors.length > 0) break
    const message = messageAt(plan, n)
    if (n === plan.replayAfter) {
      await Promise.all(underWay)
      await replay(publisher, webhooks)
    }
    accidents.reached(n)
    while (underWay.size >= publishers) await Promise.race(underWay)
    if (n >= plan.messages || accidents.waitingSince() < n - slack) await sleep(slowlyMs)
    while (expected - receiving.arrivals.length > backlog) await sleep(slowlyMs)
    const publishing = publisher
      .publish(message)
      .then(
        (done) => void published.push(done),
        (error) => void errors.push(String(error)),
      )
      .finally(() => underWay.delete(publishing))
    underWay.add(publishing)
    expected += receivers[message.tenant]
  }
  await Promise.all(underWay)
  accidents.reached(Number.POSITIVE_INFINITY)
  return { published, errors }
}

/**
 * Enables the late receiver and replays what it missed. Nobody publishes meanwhile, so that each message comes either
 * before or after.
 * @param {import('./publisher.js').Publisher} publisher
 * @param {import('./store.js').Webhook[]} webhooks
 */
async function replay(publisher, webhooks) {
  for (const { tenant, id } of webhooks.filter(({ late }) => late)) {
    await publisher.insist(tenant, `/webhooks/${id}`, 200, { method: 'PATCH', body: { enabled: true } })
    // Longer than any clock of the run is off.
    const body = { from: '2020-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z', status: ['missed'] }
    await publisher.insist(tenant, `/webhooks/${id}/replay`, 202, { body })
  }
}
