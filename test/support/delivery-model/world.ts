/** The real thing, as a model run drives it: two workers and a desk on one store, one clock, scripted receivers. */
import { setImmediate, setTimeout } from 'node:timers/promises'
import {
  createDrifthook,
  type Drifthook,
  type DrifthookOptions,
  defineChannel,
  type Storage,
} from '../../../src/index.js'
import { type FakeClock, fakeClock } from '../../../src/testkit/fake-clock.js'
import { acme } from '../app.js'
import type { Answer } from './answers.js'
import { History, type Request } from './history.js'
import { type Faults, type Watched, watchedStorage } from './watched-storage.js'

/** How the world of one run is made. */
export interface Setting {
  /** A storage on the run's store, anew for each process. */
  storage: () => Storage
  /** Turns of the event loop that calls of the store wait, over and over. */
  pauses: readonly number[]
  /** Receivers are called by HTTP at this base URL; absent: through a channel of the host's own. */
  http?: { base: string; timeoutMs: number }
}

/** What a webhook of the world was made with, and what its receiver answers from now on. */
export interface Hook {
  id: string
  /** As they were when it was made. */
  url: string
  secret: string
  delays: readonly number[]
  jitter: number
  rateLimit: { points: number; durationMs: number } | null
  script: readonly Answer[]
  asked: number
}

export interface Worker {
  name: string
  drifthook: Drifthook
  faults: Faults
  died: Promise<void>
}

export const breaker = { failures: 3, openMs: 20_000, maxOpenMs: 60_000 }
export const failing = { afterMs: 60_000, failures: 3 }
export const disable = { afterMs: 600_000, failures: 5 }

const silent = { debug() {}, info() {}, warn() {}, error() {} }

export class World {
  readonly clock: FakeClock = fakeClock(Date.parse('2026-03-01T12:00:00Z'))
  readonly history = new History(() => this.clock.now())
  readonly hooks: Hook[] = []
  /** Jobs of replay, by the moment in the history by which they were asked for. */
  readonly replays = new Map<string, number>()
  /** Messages, likewise. */
  readonly published = new Map<string, number>()
  readonly workers: Worker[]
  /** Makes what the users ask for, works nothing, and never fails. */
  readonly desk: Worker
  /** The store as it is, to look at. */
  readonly store: Storage
  readonly timeoutMs: number
  readonly #storages: Storage[] = []
  #processes = 0
  #activity = 0
  #requests = 0
  #published = 0

  constructor(readonly setting: Setting) {
    // By the machine's own time: what the fake clock says is slow never comes near it.
    this.timeoutMs = setting.http?.timeoutMs ?? 30_000
    this.store = this.#storage()
    this.desk = this.#process('desk')
    this.workers = [this.#process('worker'), this.#process('worker')]
  }

  /** Lets a promise come to its end; where only time can bring that, time passes. */
  async until(promise: Promise<unknown>): Promise<void> {
    let over = false
    const ended = promise.finally(() => {
      over = true
    })
    ended.catch(() => {})
    let seen = -1
    let happened = this.history.next
    for (let idle = 0, passed = 0; !over; idle++) {
      // A request on a socket takes its own time, in which the clock stands still.
      await (this.#requests === 0 || this.setting.http === undefined ? setImmediate() : setTimeout(1))
      if (seen !== this.#activity) idle = 0
      seen = this.#activity
      if (idle < 20 || (this.#requests > 0 && this.setting.http !== undefined)) continue
      // A hundred slow answers, one after the other, take hours: only time in which nothing happens is counted.
      if (happened !== this.history.next) passed = 0
      happened = this.history.next
      if (++passed > 5_000) throw new Error('a command does not end')
      await this.clock.advance(500)
      idle = 0
    }
    await ended
  }

  /** Works what is due, until there is nothing or the process dies. A dead one is followed by another. */
  async work(n: number): Promise<void> {
    const worker = this.workers[n]!
    const outcome = await Promise.race([
      worker.drifthook.runDue().then(() => 'worked' as const),
      worker.died.then(() => 'died' as const),
    ])
    if (outcome === 'died' && this.workers[n] === worker) this.workers[n] = this.#process('worker')
  }

  /** One that has ended its life is left as it is: nobody stops a dead process. */
  async end(): Promise<void> {
    await Promise.all([this.desk, ...this.workers].map(({ drifthook }) => drifthook.stop({ drainMs: 0 })))
    await Promise.all(this.#storages.map((storage) => storage.close()))
  }

  /** Opens the store, to be looked at. */
  async begin(): Promise<void> {
    await this.store.open()
  }

  async publish(): Promise<void> {
    const data = { number: ++this.#published }
    const asked = this.history.next
    const { id } = await this.desk.drifthook.messages.publish(acme, { type: 'contact.created', data })
    this.published.set(id, asked)
  }

  /** When anything is to be done next; null: there is nothing left to do but what comes back by itself. */
  async nextDue(): Promise<number | null> {
    const filter = { status: 'pending' }
    const ours = { tenantId: acme.tenantId, index: 'created', filter, limit: 1_000 } as const
    const [delivery, jobs] = await Promise.all([
      this.store.nextDue('deliveries'),
      this.store.list('jobs', ours),
    ])
    const known = [delivery, ...jobs.items.map(({ dueAt }) => dueAt)].filter((due) => due !== null)
    return known.length === 0 ? null : Math.min(...known)
  }

  /** Whether a receiver has yet to answer. */
  get isCalling(): boolean {
    return this.#requests > 0
  }

  /** Moves time on to then, and at least by so much. */
  async waitForDue(atLeastMs = 1): Promise<void> {
    const due = (await this.nextDue()) ?? 0
    await this.clock.set(Math.max(due, this.clock.now() + atLeastMs))
  }

  hookOf(id: string): Hook | undefined {
    return this.hooks.find((hook) => hook.id === id)
  }

  async subscribe(
    url: string,
    { delays, preset, rateLimit }: Pick<Hook, 'rateLimit'> & { delays: readonly number[]; preset?: string },
    script: readonly Answer[],
  ): Promise<void> {
    const target = this.setting.http === undefined ? url : `${this.setting.http.base}/${url}`
    const made = await this.desk.drifthook.subscriptions.create(acme, {
      ...(this.setting.http === undefined ? { channel: 'scripted' } : {}),
      url: target,
      events: ['*'],
      retryDelays: (preset as 'default' | undefined) ?? [...delays],
      rateLimit,
    })
    const jitter = preset === 'default' ? 0.1 : 0
    const { id, secret } = made
    this.hooks.push({ id, url: target, secret, delays, jitter, rateLimit, script, asked: 0 })
  }

  /** The next answer of a webhook's receiver, and what is written down of it. */
  async answer(request: Request): Promise<Answer> {
    const { worker, deliveryId } = request
    const hook = this.hookOf(request.webhookId)!
    const answer = hook.script[hook.asked++ % hook.script.length]!
    const claim = this.history
      .of('claimed')
      .findLast((one) => one.worker === worker && one.deliveryId === deliveryId)
    const fence = claim?.fence ?? 0
    this.history.add({ kind: 'sent', fence, ...request })
    if (answer.slowMs > 0) await this.clock.wait(answer.slowMs, new AbortController().signal)
    this.history.add({ kind: 'answered', worker, deliveryId, fence, verdict: answer.verdict })
    return answer
  }

  #storage(): Storage {
    const made = this.setting.storage()
    this.#storages.push(made)
    return made
  }

  #process(role: 'desk' | 'worker'): Worker {
    const name = `${role} ${++this.#processes}`
    const { pauses } = this.setting
    const watched: Watched = watchedStorage(this.#storage(), this.history, name, () => {
      this.#activity++
      return pauses[this.#activity % pauses.length] ?? 0
    })
    const options: DrifthookOptions = {
      authenticate: () => acme,
      storage: watched.storage,
      secretKey: new Uint8Array(32).fill(1),
      clock: this.clock,
      logger: silent,
      eventTypes: ['contact.created'],
      channels: [this.#channel(name)],
      hooks: { attempt: () => this.#requested(name) },
      delivery: { timeoutMs: this.timeoutMs, allowLoopback: true, breaker, failing, disable },
    }
    const drifthook = createDrifthook(options)
    return { name, drifthook, faults: watched.faults, died: watched.died }
  }

  /** Tells receivers who calls, and counts the calls under way. */
  #requested(worker: string) {
    this.#requests++
    return { headers: { baggage: `worker=${encodeURIComponent(worker)}` }, end: () => void this.#requests-- }
  }

  #channel(worker: string) {
    return defineChannel({
      name: 'scripted',
      send: async (message, { target }) => {
        const { deliveryId, webhookId } = message
        const content = JSON.stringify(message)
        return (await this.answer({ worker, deliveryId, webhookId, target, content })).channel()
      },
    })
  }
}
