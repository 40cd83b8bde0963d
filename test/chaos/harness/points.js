/** The named points at which a process can be made to die. */

/**
 * Where a message is at each, and which processes pass it: `api` publishes, `worker` delivers.
 * @satisfies {Record<string, { role: 'api' | 'worker', job?: true }>}
 */
export const points = /** @type {const} */ ({
  'publish: before commit': { role: 'api' },
  'publish: during commit': { role: 'api' },
  'publish: after commit': { role: 'api' },
  'publish: before enqueue': { role: 'api' },
  'publish: before the answer': { role: 'api' },
  'during claim': { role: 'worker' },
  'after claim': { role: 'worker' },
  'before send': { role: 'worker' },
  'during send': { role: 'worker' },
  'after the receiver answered': { role: 'worker' },
  'before settle': { role: 'worker' },
  'during settle': { role: 'worker' },
  'after settle': { role: 'worker' },
  'retry: before enqueue': { role: 'worker' },
  'retry: after enqueue': { role: 'worker' },
  'job: after claim': { role: 'worker', job: true },
  'job: before settle': { role: 'worker', job: true },
  'job: during settle': { role: 'worker', job: true },
  'job: after settle': { role: 'worker', job: true },
})

/** @typedef {keyof typeof points} Point */

export const pointNames = /** @type {[Point, ...Point[]]} */ (Object.keys(points))

/**
 * @typedef {object} Arm
 * @property {Point} point
 * @property {number | null} nth at which passing from now on; null: it may pass for ever
 */

/** @param {import('./journal.js').Journal} journal */
export function killPoints(journal) {
  /** How often each may still be passed. @type {Map<Point, number>} */
  const left = new Map()

  /** @param {Point} point */
  const die = (point) => {
    journal({ what: 'dies', point })
    process.kill(process.pid, 'SIGKILL')
  }

  /** @param {Point} point */
  const reached = (point) => {
    const passings = left.get(point)
    if (passings === undefined) return false
    left.set(point, passings - 1)
    return passings <= 1
  }

  return {
    /** @param {Arm} arm */
    arm({ point, nth }) {
      if (nth === null) left.delete(point)
      else left.set(point, nth)
    },
    /** Dies here if it is to. @param {Point} point */
    pass(point) {
      if (reached(point)) die(point)
    },
    /** Dies within the next milliseconds if it is to: in the middle of what begins now. @param {Point} point */
    passSoon(point) {
      if (reached(point)) setTimeout(die, Math.random() * 4, point)
    },
  }
}

/** @typedef {ReturnType<typeof killPoints>} KillPoints */
