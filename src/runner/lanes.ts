import type { RateLimit } from '../model.js'
import { Lane, type LaneOptions, type LaneResult } from './lane.js'

/** So many lanes are remembered; healthy ones without a rate limit need no remembering. */
const maxLanes = 10_000

/** So many lanes a claim is asked to leave alone. Work of the others is claimed and put off, which costs more. */
const maxSkipped = 1_000

/**
 * Which receivers this process may call now: a circuit breaker, a throttle and a rate limit for each lane.
 *
 * The memory is this process's own, so each of n processes probes for itself, and keeps a rate limit for itself:
 * what all of them send is counted by the storage's limiter.
 * Beyond `maxLanes` the lane untouched for longest is forgotten, unless an attempt of it runs: its breaker counts
 * anew, its pause ends, and its limit may be exceeded once.
 *
 * Time is what callers say it is, in milliseconds since 1970. `enter`, `leave` and `reset` cost the same at any
 * number of lanes; `closed` and `nextOpen` look at the closed ones.
 */
export class Lanes {
  readonly #options: LaneOptions
  /** The one untouched for longest comes first. */
  readonly #lanes = new Map<string, Lane>()
  /** All closed lanes, and some that have opened since. */
  readonly #closed = new Set<string>()
  /** All failing lanes, and some that have recovered since. */
  readonly #failing = new Set<string>()

  constructor(options: LaneOptions) {
    this.#options = options
  }

  /** Lanes that a claim should leave alone now: open breaker, probing, throttled, limit reached. At most 1,000. */
  closed(now: number): readonly string[] {
    const closed: string[] = []
    for (const name of this.#closed) {
      if (!this.#lanes.get(name)?.isClosed(now)) this.#closed.delete(name)
      else if (closed.push(name) === maxSkipped) break
    }
    return closed
  }

  /** Lanes whose last attempt failed, closed or not. At most 1,000. */
  failing(): readonly string[] {
    const failing: string[] = []
    for (const name of this.#failing) {
      if (!this.#lanes.get(name)?.isFailing) this.#failing.delete(name)
      else if (failing.push(name) === maxSkipped) break
    }
    return failing
  }

  /**
   * Asked for each claimed delivery before its attempt. Each null wants one `leave`, whatever becomes of it.
   * @returns null: the attempt may start and is counted; else the instant, after `now`, to put it off to
   */
  enter(name: string, now: number, limit: RateLimit | null): number | null {
    const lane = this.#lanes.get(name) ?? this.#remember(name)
    const until = lane.enter(now, limit)
    if (lane.isClosed(now)) this.#closed.add(name)
    return until
  }

  /** Told when an attempt that entered has ended. */
  leave(name: string, now: number, result: LaneResult): void {
    const lane = this.#lanes.get(name)
    if (lane === undefined) return
    lane.leave(now, result)
    this.#forget(name)
    if (lane.isBlank(now)) return
    this.#lanes.set(name, lane)
    if (lane.isClosed(now)) this.#closed.add(name)
    if (lane.isFailing) this.#failing.add(name)
  }

  /** Told when an attempt that entered has been out for long: its lane is closed until one of its attempts leaves. */
  late(name: string): void {
    this.#lanes.get(name)?.late()
    this.#closed.add(name)
  }

  /** When the next closed lane opens, or null if none will by time alone: a probe's end is told by `leave`. */
  nextOpen(now: number): number | null {
    let next: number | null = null
    for (const name of this.#closed) {
      const until = this.#lanes.get(name)?.closedUntil ?? now
      if (until > now && (next === null || until < next)) next = until
    }
    return next
  }

  /** Another receiver, or one said to be well: drops what was held against it. Its rate limit goes on. */
  reset(name: string): void {
    this.#lanes.get(name)?.reset()
  }

  #remember(name: string): Lane {
    if (this.#lanes.size >= maxLanes) this.#forgetOne()
    const lane = new Lane(this.#options)
    this.#lanes.set(name, lane)
    return lane
  }

  #forgetOne(): void {
    // Passes over no more lanes than this process has attempts under way.
    for (const [name, lane] of this.#lanes) {
      if (lane.isRunning) continue
      this.#forget(name)
      return
    }
  }

  #forget(name: string): void {
    this.#lanes.delete(name)
    this.#closed.delete(name)
    this.#failing.delete(name)
  }
}
