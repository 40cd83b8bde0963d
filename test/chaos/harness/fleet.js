/** The processes of a run. Whoever dies is started again at once, and nothing else is done about it. */
import { fork } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'

/**
 * @typedef {object} Life one life of a process
 * @property {string} name
 * @property {string} journal
 * @property {{ at: number, killed: boolean, how: string } | null} death null: it lives
 *
 * @typedef {object} Slot a process, in all its lives
 * @property {'api' | 'worker'} role
 * @property {number} index
 * @property {number} skewMs
 * @property {import('node:child_process').ChildProcess} process
 * @property {Life} life the one it lives
 * @property {Promise<number>} ready resolves to the port it listens on, or 0
 * @property {Promise<Life>} dead resolves when this life has ended
 *
 * @typedef {object} Fleet
 * @property {Slot[]} apis
 * @property {Slot[]} workers
 * @property {readonly Life[]} lives oldest first
 * @property {(slot: Slot) => boolean} kill false: it was killed already, or is dead
 * @property {(deadlineMs: number) => Promise<void>} stop asks all to end
 *
 * @typedef {Omit<import('./child.js').ChildSettings, 'name' | 'role' | 'journal' | 'pace'>} Common
 */

const program = new URL('./child.js', import.meta.url)

/**
 * @param {Common} common
 * @param {Omit<import('./clock.js').Pace, 'skewMs'>} pace
 * @param {{ role: 'api' | 'worker', skewMs: number }[]} wanted
 * @returns {Fleet}
 */
export function startFleet(common, pace, wanted) {
  const { directory } = common.place
  /** @type {Life[]} */
  const lives = []
  /** @type {Set<Life>} */
  const killed = new Set()
  let stopping = false

  /** @param {Slot} slot */
  const begin = (slot) => {
    const { role, index, skewMs } = slot
    const name = `${role}${index}.${lives.length}`
    const journal = join(directory, `${name}.journal`)
    /** @type {Life} */
    const life = { name, journal, death: null }
    lives.push(life)
    /** @type {import('./child.js').ChildSettings} */
    const settings = { ...common, name, role, journal, pace: { ...pace, skewMs } }
    const child = fork(program, {
      env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test', CHAOS: JSON.stringify(settings) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const output = createWriteStream(join(directory, `${name}.log`))
    child.stdout?.pipe(output, { end: false })
    child.stderr?.pipe(output, { end: false })
    child.on('error', () => {})
    slot.process = child
    slot.life = life
    slot.ready = new Promise((resolve) => {
      child.once('message', (message) => resolve(/** @type {{ ready: number }} */ (message).ready))
      // Nobody waits for the dead; there is nobody at this port.
      child.once('exit', () => resolve(0))
    })
    slot.dead = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        life.death = { at: Date.now(), killed: signal === 'SIGKILL', how: signal ?? `exit code ${code}` }
        if (!stopping) begin(slot)
        resolve(life)
      })
    })
  }

  const slots = wanted.map(({ role, skewMs }, index) => {
    const slot = /** @type {Slot} */ ({ role, index, skewMs })
    begin(slot)
    return slot
  })

  return {
    apis: slots.filter(({ role }) => role === 'api'),
    workers: slots.filter(({ role }) => role === 'worker'),
    lives,
    kill({ life, process }) {
      if (killed.has(life)) return false
      killed.add(life)
      return process.kill('SIGKILL')
    },
    async stop(deadlineMs) {
      stopping = true
      const timer = setTimeout(() => {
        for (const { process } of slots) process.kill('SIGKILL')
      }, deadlineMs)
      for (const { process, ready } of slots) void ready.then(() => process.kill('SIGTERM'))
      await Promise.all(slots.map(({ dead }) => dead))
      clearTimeout(timer)
    },
  }
}
