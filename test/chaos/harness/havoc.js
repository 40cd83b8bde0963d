/** What is planned to go wrong, done while others work: processes die, servers are killed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { lastPoint, readJournal } from './journal.js'
import { points } from './points.js'

/**
 * @typedef {import('./plan.js').PlannedKill} PlannedKill
 * @typedef {import('./points.js').Point} Point
 */

/** A point that nobody passes in this time was not to be reached: then death comes as it comes. */
const reachMs = 5_000
/** A job waits for the end of its lease when its worker was killed. */
const reachJobMs = 10_000

/**
 * @param {import('./plan.js').Plan} plan
 * @param {import('./fleet.js').Fleet} fleet
 * @param {import('./evidence.js').ServerSet} servers
 */
export function havoc({ kills, restarts }, fleet, servers) {
  let published = -1
  /** @type {{ server: import('./servers.js').ServerName, at: number }[]} */
  const deaths = []
  /** Waits until that many messages are published. @type {Set<{ after: number, go: () => void }>} */
  const waiting = new Set()
  /** Where each of the rows of accidents stands. @type {Set<{ after: number }>} */
  const rows = new Set()

  /** @param {number} after @returns {Promise<void>} */
  const turn = (after) =>
    new Promise((go) => {
      if (published >= after) go()
      else waiting.add({ after, go })
    })

  /**
   * One after the other.
   * @template {{ after: number }} Accident
   * @param {readonly Accident[]} accidents
   * @param {(accident: Accident) => Promise<void>} happen
   */
  const inRow = async (accidents, happen) => {
    for (const accident of accidents) {
      await turn(accident.after)
      rows.add(accident)
      await happen(accident)
      rows.delete(accident)
    }
  }

  /** @param {PlannedKill} kill */
  const kill = async ({ role, slot: index, point, nth, delayMs }) => {
    const of = role === 'api' ? fleet.apis : fleet.workers
    const victim = of[index]
    if (victim === undefined) throw new Error(`there is no ${role} ${index}`)
    // Whoever gets there first. Those that publish may deliver as well.
    const armed = role === 'api' ? fleet.apis : [...fleet.apis, ...fleet.workers]
    const until = Date.now() + (point !== null && isJobPoint(point) ? reachJobMs : reachMs)
    // As often as another kill was there first.
    for (;;) {
      await Promise.all(armed.map(({ ready }) => ready))
      const died = point === null ? await sleep(delayMs, null) : await diesAt(armed, { point, nth, until })
      if (died !== null && diedAt(died) === point) return
      if (died !== null) continue
      const { dead } = victim
      const wasMine = fleet.kill(victim)
      const at = diedAt(await dead)
      if (wasMine && (at === null || at === point)) return
    }
  }

  const isOfJob = (/** @type {PlannedKill} */ { point }) => point !== null && isJobPoint(point)
  const over = Promise.all([
    inRow(
      kills.filter((each) => !isOfJob(each) && each.role === 'api'),
      kill,
    ),
    inRow(
      kills.filter((each) => !isOfJob(each) && each.role === 'worker'),
      kill,
    ),
    inRow(kills.filter(isOfJob), kill),
    ...Object.entries(servers).map(([name, server]) =>
      inRow(
        restarts.filter((each) => each.server === name),
        async ({ server: name }) => {
          deaths.push({ server: name, at: Date.now() })
          await server.restart()
        },
      ),
    ),
  ])
  let isOver = false
  const noted = () => {
    isOver = true
  }
  over.then(noted, noted)

  return {
    /** Resolves when all has happened. */
    over,
    areOver: () => isOver,
    /** When servers were killed, by the machine's clock. */
    deaths,
    /** @param {number} n the message that is published next */
    reached(n) {
      published = n
      for (const each of waiting) {
        if (each.after > n) continue
        waiting.delete(each)
        each.go()
      }
    },
    /** After which message the oldest accident was to happen that has not. Those of jobs take their time. */
    waitingSince: () => Math.min(...[...rows].map(({ after }) => after)),
  }
}

/** @param {import('./fleet.js').Life} life */
const diedAt = ({ journal }) => lastPoint(readJournal(journal))

/** @param {Point} point */
const isJobPoint = (point) => 'job' in points[point]

/**
 * @param {readonly import('./fleet.js').Slot[]} slots
 * @param {{ point: Point, nth: number, until: number }} arm
 * @returns {Promise<import('./fleet.js').Life | null>} the first of them to die, of whatever; null: all lived on
 */
async function diesAt(slots, { point, nth, until }) {
  const patience = new AbortController()
  const processes = slots.map(({ process }) => process)
  for (const process of processes) send(process, { point, nth })
  const over = sleep(Math.max(0, until - Date.now()), null, { signal: patience.signal })
  const died = await Promise.race([...slots.map(({ dead }) => dead), over])
  patience.abort()
  over.catch(() => {})
  for (const process of processes) send(process, { point, nth: null })
  return died
}

/**
 * To a process that may be dying.
 * @param {import('node:child_process').ChildProcess} process
 * @param {import('./points.js').Arm} arm
 */
const send = (process, arm) => void (process.connected && process.send(arm, () => {}))
