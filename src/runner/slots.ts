/** How much work one process does at once, and for whom there is room. */

/** What a piece of work knows of its slot. */
export interface Slot {
  /** From `now` on it waits for somebody outside. `late` is called if that takes so long that the slot goes. */
  waits(now: number, late: () => void): void
  /** It waits no longer. Idempotent. */
  waited(): void
}

interface Holder {
  shared: boolean
  since: number
  late: () => void
}

/** Waiting for longer than this gives the slot back, in milliseconds. To the receiver itself it makes little odds. */
const lateMs = 100

/** So many late ones for each slot, at most: one costs a socket and its body, which is little but not nothing. */
const latePerSlot = 8

/**
 * The slots of one process. A piece of work holds one to its end, or until it has waited for somebody too
 * long: the receiver that keeps us waiting keeps nobody else waiting, however many there are of its kind.
 *
 * A quarter of the slots is shared by all; the others are for work of lanes that are not failing.
 */
export class Slots {
  readonly #concurrency: number
  /** Who waits and holds a slot, longest first. */
  readonly #waiting = new Set<Holder>()
  #held = 0
  #heldShared = 0
  #late = 0

  constructor(concurrency: number) {
    this.#concurrency = concurrency
  }

  get free(): number {
    return this.#concurrency - this.#held
  }

  /** Of the free ones, how many a failing lane may have. */
  get freeShared(): number {
    return Math.min(this.free, Math.ceil(this.#concurrency / 4) - this.#heldShared)
  }

  /** When waiting gives back a slot that is missing; null: none is, nobody waits, or too many are late already. */
  get nextFree(): number | null {
    const [longest] = this.#waiting
    if (this.freeShared > 0) return null
    return longest === undefined || this.#lateIsFull ? null : longest.since + lateMs
  }

  /** Gives back the slots of those that have waited too long. */
  giveBack(now: number): void {
    for (const holder of this.#waiting) {
      if (holder.since + lateMs > now || this.#lateIsFull) return
      this.#waiting.delete(holder)
      this.#count(holder, -1)
      this.#late++
      holder.late()
    }
  }

  /** Takes one. The caller sees to it that it is free, and tells when the work has ended. */
  take(shared: boolean): Slot & { end: () => void } {
    const holder: Holder = { shared, since: 0, late: () => {} }
    let state: 'held' | 'late' | 'over' = 'held'
    const over = () => {
      if (state === 'held') this.#count(holder, -1)
      if (state === 'late') this.#late--
      state = 'over'
    }
    this.#count(holder, 1)
    return {
      waits: (since, late) => {
        holder.since = since
        holder.late = () => {
          state = 'late'
          late()
        }
        this.#waiting.add(holder)
      },
      waited: () => {
        this.#waiting.delete(holder)
        if (state === 'late') over()
      },
      end: () => {
        this.#waiting.delete(holder)
        over()
      },
    }
  }

  get #lateIsFull(): boolean {
    return this.#late >= this.#concurrency * latePerSlot
  }

  #count({ shared }: Holder, by: 1 | -1): void {
    this.#held += by
    if (shared) this.#heldShared += by
  }
}
