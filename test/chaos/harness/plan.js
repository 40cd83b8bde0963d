/** What will be done in a run: all of it follows from the seed. What time makes of it does not. */

import { serversOf } from './combinations.js'
import { pointNames, points } from './points.js'
import { random } from './random.js'

/** Receivers of each tenant; the last of `acme` is told late, by a replay. `many` takes a job to be told. */
export const receivers = /** @type {const} */ ({ acme: 3, globex: 2, many: 505 })

/** @typedef {keyof typeof receivers} Tenant */

export const tenants = /** @type {Tenant[]} */ (Object.keys(receivers))

/**
 * @typedef {object} Size
 * @property {number} deliveries at least
 * @property {number} kills of processes
 * @property {number} restarts of each server there is
 * @property {number} fanOuts messages that go to more receivers than one commit takes
 * @property {number} apis processes that publish
 * @property {number} workers processes that deliver
 *
 * @typedef {object} PlannedMessage
 * @property {number} n
 * @property {Tenant} tenant
 * @property {string} type
 * @property {boolean} keyed whether it is published under an idempotency key
 *
 * @typedef {object} PlannedKill
 * @property {number} after how many messages
 * @property {'api' | 'worker'} role
 * @property {number} slot who dies where it is at no point
 * @property {import('./points.js').Point | null} point null: at any moment
 * @property {number} nth at which passing of the point
 * @property {number} delayMs before one at any moment
 *
 * @typedef {object} PlannedRestart
 * @property {number} after how many messages
 * @property {import('./servers.js').ServerName} server
 *
 * @typedef {object} Plan
 * @property {string} combination
 * @property {number | string} seed
 * @property {Size} size
 * @property {number} speed of the clocks
 * @property {number} droppedWakeUps which part of them
 * @property {number} messages how many at least: as long as accidents are to come there are more
 * @property {ReadonlySet<number>} fanOuts which of them go to very many
 * @property {PlannedKill[]} kills by `after`
 * @property {PlannedRestart[]} restarts by `after`
 * @property {number} replayAfter how many messages the late receiver is enabled and asks for what it missed
 */

/** Which part of the messages has been published when the last accidents begin. */
const lastSteps = 0.9

/**
 * @param {string} combination
 * @param {number | string} seed
 * @param {Size} size
 * @returns {Plan}
 */
export function makePlan(combination, seed, size) {
  const { deliveries, fanOuts: many } = size
  const each = (receivers.acme + receivers.globex) / 2
  const messages = Math.max(many * 2, Math.ceil((deliveries - many * receivers.many) / each)) + many
  const fanOuts = new Set(Array.from({ length: many }, (_, n) => Math.floor(((n + 0.3) / many) * messages)))
  const replayAfter = Math.floor(messages / 2)
  return {
    ...{ combination, seed, size, messages, fanOuts, replayAfter },
    speed: 10,
    droppedWakeUps: 0.2,
    kills: planKills(random(seed, combination, 'kills'), size, messages, [replayAfter, ...fanOuts]),
    restarts: serversOf(combination).flatMap((server) =>
      Array.from({ length: size.restarts }, (_, n) => ({
        after: Math.floor(((n + 0.7) / size.restarts) * messages * lastSteps),
        server,
      })),
    ),
  }
}

/**
 * The n-th message, also after the last one planned.
 * @param {Plan} plan
 * @param {number} n
 * @returns {PlannedMessage}
 */
export function messageAt({ seed, combination, fanOuts }, n) {
  const keyed = random(seed, combination, 'message', n).chance(0.5)
  if (fanOuts.has(n)) return { n, tenant: 'many', type: 'news.sent', keyed }
  return { n, tenant: n % 2 === 0 ? 'acme' : 'globex', type: 'order.created', keyed }
}

/** One in five kills is at no point at all. */
const anywhere = 0.2
/** A job is over in no time: whoever is to die of it knows so many messages before. */
const armedBefore = 10
/** So many of those at points of jobs for each job: after ten claims that nobody settled it would be given up. */
const killsPerJob = 2

/**
 * @param {import('./random.js').Random} chance
 * @param {Size} size
 * @param {number} messages how many there are
 * @param {number[]} jobsAfter after which of them a job begins
 * @returns {PlannedKill[]}
 */
function planKills(chance, { kills, apis, workers }, messages, jobsAfter) {
  /** @param {import('./points.js').Point | null} point @param {number} after @returns {PlannedKill} */
  const kill = (point, after) => {
    /** @type {PlannedKill['role']} */
    const role = point === null ? chance.pick(['api', 'worker', 'worker']) : points[point].role
    const isOfJob = point !== null && 'job' in points[point]
    return {
      ...{ after, role, point },
      slot: chance.below(role === 'api' ? apis : workers),
      nth: isOfJob || point?.startsWith('retry') ? 1 : 1 + chance.below(3),
      delayMs: chance.below(200),
    }
  }
  const perJob = Math.min(killsPerJob, Math.floor(kills / 8 / jobsAfter.length))
  const ofJobs = endless(chance, (point) => 'job' in points[point])
  const atJobs = jobsAfter.flatMap((after) =>
    Array.from({ length: perJob }, () => kill(ofJobs(), Math.max(0, after - armedBefore))),
  )
  const others = endless(chance, (point) => !('job' in points[point]))
  const rest = Array.from({ length: kills - atJobs.length }, (_, n, count = kills - atJobs.length) =>
    kill(chance.chance(anywhere) ? null : others(), Math.floor(((n + 0.5) / count) * messages * lastSteps)),
  )
  return [...atJobs, ...rest].sort((a, b) => a.after - b.after)
}

/**
 * Draws every point once before any comes again.
 * @param {import('./random.js').Random} chance
 * @param {(point: import('./points.js').Point) => boolean} fits
 */
function endless(chance, fits) {
  const all = pointNames.filter(fits)
  /** @type {import('./points.js').Point[]} */
  let left = []
  return () => {
    if (left.length === 0) left = chance.shuffled(all)
    return left.pop() ?? chance.pick(pointNames)
  }
}
