import { DrifthookError } from '../errors.js'

export interface LineOptions {
  /** How many run at once. */
  places: number
  /** How many may wait. One tenant may have a quarter of them, and always one. */
  length: number
}

interface Waiting {
  start(): void
  refuse(error: DrifthookError): void
}

/**
 * The line in front of the threads. Tenants take turns, and each one's files keep their order: a tenant that
 * sends a hundred files delays another one's only file by one of them.
 */
export class Line {
  readonly #options: LineOptions
  /** Those who wait, by tenant; the tenants in the order of their turns. None is empty. */
  readonly #tenants = new Map<string, Waiting[]>()
  #running = 0
  #waiting = 0
  #closed = false

  constructor(options: LineOptions) {
    this.#options = options
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting
  }

  /**
   * Runs the work when it is its turn.
   * @throws DrifthookError `UPLOADS_BUSY` if the line is full, `STOPPED` once it is closed, or what the work throws
   */
  async run<T>(tenantId: string, work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw stopped()
    if (this.#running < this.#options.places) this.#running++
    else await this.#turn(tenantId)
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  /** Refuses those who wait, and whoever comes. What runs is not touched. */
  close(): void {
    this.#closed = true
    const refused = [...this.#tenants.values()].flat()
    this.#tenants.clear()
    this.#waiting = 0
    for (const each of refused) each.refuse(stopped())
  }

  #turn(tenantId: string): Promise<void> {
    const { length } = this.#options
    const own = this.#tenants.get(tenantId) ?? []
    if (this.#waiting >= length) throw busy('Too many files wait to be compared.', length)
    if (own.length >= Math.max(1, Math.floor(length / 4)))
      throw busy('Too many files of this tenant wait to be compared.', length)
    this.#waiting++
    return new Promise((start, refuse) => {
      own.push({ start, refuse })
      this.#tenants.set(tenantId, own)
    })
  }

  /** Whoever leaves hands its place on: in between nobody can take it out of turn. */
  #leave(): void {
    const [next] = this.#tenants
    if (next === undefined) {
      this.#running--
      return
    }
    const [tenantId, [first, ...others]] = next
    this.#tenants.delete(tenantId)
    if (others.length > 0) this.#tenants.set(tenantId, others)
    this.#waiting--
    first?.start()
  }
}

const busy = (what: string, value: number) =>
  new DrifthookError('UPLOADS_BUSY', `${what} Send it again later.`, {
    retryAfterSeconds: 5,
    limit: { name: 'analysis.queue', value },
  })

export const stopped = () => new DrifthookError('STOPPED', 'drifthook is stopped.')
