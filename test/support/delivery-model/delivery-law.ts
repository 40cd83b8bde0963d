/** The contract of one delivery, as a state machine that refuses what must not happen. */
import { type Happened, type History, law, statesDuring, valuesDuring } from './history.js'
import type { Hook, World } from './world.js'

const day = 24 * 3_600_000
/** Claims that nobody settled, after which the work is given up. */
const maxClaims = 10
/** What a lease leaves, beyond an attempt's own time, to write down what came of it. */
const writeMs = 10_000
/** After so many refusals a worker gives an outcome up, if the storage answers otherwise. */
const settleTries = 3

interface Claim {
  claimed: Happened<'claimed'>
  sent: Happened<'sent'> | null
  answered: Happened<'answered'> | null
  settled: Happened<'settled'> | null
}

export class DeliveryLaw {
  status = 'pending'
  reason: string | null = null
  attempts = 0
  fence = 0
  manual = false
  /** When each recorded attempt may have begun at the earliest. */
  readonly starts: { from: number; sent: number; succeeded: boolean }[] = []
  readonly claims: Claim[] = []
  readonly hook: Hook
  readonly #history: History
  readonly #id: string
  readonly #leaseMs: number
  /** Attempts of this round. */
  #round = 0
  #earliest = 0
  #lease: Claim | null = null
  /** When it was last made due by a user. */
  #opened: Happened | null = null
  #unsettled = 0
  #content: string | null = null

  constructor(world: World, row: Happened<'created'>['row']) {
    this.#history = world.history
    // The clock may move while a claim is being made.
    this.#leaseMs = world.timeoutMs + writeMs - 5_000
    this.#id = row.id
    this.hook = world.hookOf(row.subscriptionId)!
  }

  /** Plays what happened to it, up to but without the given place in the order. */
  play(happened: readonly Happened[], until = Number.POSITIVE_INFINITY): this {
    for (const each of happened) if (each.seq < until) this.#take(each)
    return this
  }

  /** What holds when nothing is left to do. */
  over(): void {
    this.#must(this.status !== 'pending', 'every delivery ends')
    for (const { claimed, sent, settled } of this.claims) {
      if (sent === null || settled?.result === 'applied') continue
      const { worker } = claimed
      const refused = this.#history.of('refused').filter((one) => one.worker === worker).length
      const died = this.#history.of('died').some((one) => one.worker === worker)
      const known = settled?.result === 'lost' || died || refused >= settleTries
      this.#must(
        known,
        'a request that no attempt records has a crash, a lost lease or an absent store behind it',
      )
    }
  }

  #take(each: Happened): void {
    if (each.kind === 'created') this.#created(each)
    else if (each.kind === 'claimed') this.#claimed(each)
    else if (each.kind === 'sent') this.#sent(each)
    else if (each.kind === 'answered') this.#answered(each)
    else if (each.kind === 'settled') this.#settled(each)
    else if (each.kind === 'reopened') this.#reopened(each)
    else if (each.kind === 'ended') this.#endedByJob(each)
  }

  #created(each: Happened<'created'>): void {
    this.#must(this.#opened === null, 'a delivery is created once')
    this.#opened = each
    const { status, row } = { ...each.row, row: each.row }
    // A test is made on the spot and leaves nothing to do.
    if (row.dueAt !== null) return
    Object.assign(this, { status, attempts: 1, reason: row.failureReason, manual: true })
    this.starts.push({ from: row.createdAt, sent: each.at, succeeded: status === 'delivered' })
  }

  #claimed(each: Happened<'claimed'>): void {
    const { row, at, fence } = each
    this.#must(this.status === 'pending', 'what has ended is not attempted again unless asked')
    this.#must(fence === this.fence + 1, 'fences grow by one')
    this.#must(this.#lease === null || at >= this.#lease.claimed.leaseUntil, 'one lease at a time')
    this.#must(at >= this.#earliest, 'nothing is done before its time')
    this.#must(each.leaseUntil - at >= this.#leaseMs, 'a lease lasts longer than an attempt')
    this.#must(row.attemptCount === this.attempts, 'the record counts the attempts that were recorded')
    this.fence = fence
    this.#unsettled++
    this.#must(row.claims === this.#unsettled, 'claims that nobody settled are counted')
    this.#lease = { claimed: each, sent: null, answered: null, settled: null }
    this.claims.push(this.#lease)
  }

  #sent(each: Happened<'sent'>): void {
    if (each.fence === 0) return
    const claim = this.#claim(each)
    this.#must(claim.sent === null, 'a claim sends once')
    claim.sent = each
    this.#must(mayBeCalled(this.#history, claim, each), 'nothing is sent to a disabled or deleted webhook')
    this.#judgePlace(claim, each)
    this.#must(this.#content === null || this.#content === each.content, 'the same bytes every time')
    this.#content = each.content
  }

  /** Whatever it was made for: it goes to the URL of today, signed with the secret of today. */
  #judgePlace({ claimed }: Claim, { seq, target, signedWith }: Happened<'sent'>): void {
    const changes = this.#history.of('changed').filter((one) => one.webhookId === this.hook.id)
    const during = (what: 'url' | 'secret', first: string) =>
      valuesDuring(
        changes.filter((one) => one.what === what),
        first,
        claimed.asked,
        seq,
      )
    this.#must(during('url', this.hook.url).has(target), 'it is sent to the current URL')
    if (signedWith === undefined) return
    const signed = [...during('secret', this.hook.secret)].some((secret) => signedWith(secret))
    this.#must(signed, 'it is signed with the current secret')
  }

  #answered(each: Happened<'answered'>): void {
    if (each.fence > 0) this.#claim(each).answered = each
  }

  #settled(each: Happened<'settled'>): void {
    const claim = this.#claim(each)
    const { outcome, result } = each
    const current = this.#lease === claim
    // Written, but the worker was not told: it tries again, and is told that it is over.
    if (claim.settled?.result === 'applied' && result === 'lost') return
    claim.settled = each
    this.#must(result !== 'conflict', 'the outcome of an attempt contradicts nothing')
    this.#must(current || result === 'lost', 'only the current lease counts')
    if (result === 'lost') return
    this.#lease = null
    this.#unsettled = 0
    if (outcome.kind === 'defer') {
      this.#must(claim.sent === null, 'what was sent is an attempt')
      return
    }
    if (claim.answered === null || claim.sent === null) {
      this.#endedUnsent(each)
      return
    }
    this.attempts++
    this.#round++
    const { verdict, at } = claim.answered
    const { set } = outcome as { set: { status?: string; failureReason?: string; attemptCount?: number } }
    this.#must(set.attemptCount === this.attempts, 'attempts are counted once')
    const succeeded = verdict.meaning === 'delivered'
    this.starts.push({ from: this.#earliest, sent: claim.sent.at, succeeded })
    const { delays, jitter } = this.hook
    const delay = delays[this.#round - 1]
    if (verdict.meaning === 'retry' && delay !== undefined) {
      this.#must(outcome.kind === 'retry', 'a failure is tried again as long as the schedule says')
      const asked = Math.min(verdict.retryAfterMs, day)
      const { dueAt } = outcome as { dueAt: number }
      this.#earliest = at + Math.max(delay, asked)
      this.#must(dueAt >= this.#earliest, 'retries are never early')
      const latest = each.at + Math.max(Math.round(delay * (1 + jitter)), asked)
      this.#must(dueAt <= latest, 'retries are as the schedule says')
      return
    }
    this.#must(outcome.kind === 'end', 'it ends with its schedule')
    const reasons = {
      delivered: null,
      retry: 'attempts_exhausted',
      permanent: 'receiver_refused',
      gone: 'receiver_gone',
    }
    this.#end(set.status, set.failureReason ?? null)
    this.#must(this.status === (succeeded ? 'delivered' : 'failed'), 'it ends as it was answered')
    this.#must(this.reason === reasons[verdict.meaning], 'it ends for the right reason')
  }

  /** Work that a worker ends without calling anybody. */
  #endedUnsent(each: Happened<'settled'>): void {
    const { set } = each.outcome as { set: { status?: string; failureReason?: string } }
    this.#must(
      each.outcome.kind === 'end' && set.status === 'failed',
      'without a request there is no success',
    )
    const reason = set.failureReason ?? ''
    const { row } = this.claims.at(-1)!.claimed
    const states = statesDuring(this.#history, this.hook.id, this.claims.at(-1)!.claimed.asked, each.seq)
    if (reason === 'internal') this.#must(row.claims > maxClaims, 'it is given up after many deaths only')
    else if (reason === 'webhook_disabled' || reason === 'receiver_gone')
      this.#must(states.has('disabled') && !row.manual, 'the webhook was disabled and nobody asked')
    else if (reason === 'webhook_deleted') this.#must(states.has('deleted'), 'the webhook was deleted')
    else this.#must(false, 'it ends for a reason')
    this.#end('failed', reason)
  }

  #reopened(each: Happened<'reopened'>): void {
    this.#must(this.status !== 'pending', 'only what has ended is sent again')
    this.status = 'pending'
    this.reason = null
    this.manual = each.manual
    this.#opened = each
    this.#round = 0
    this.#earliest = each.at
  }

  #endedByJob(each: Happened<'ended'>): void {
    if (this.status !== 'pending' || this.#lease !== null || this.fence !== each.fence) return
    const opened = this.#opened?.seq ?? 0
    const since = switchesOf(this.#history, this.hook.id).filter((one) => one.to !== 'enabled')
    const now = statesDuring(this.#history, this.hook.id, each.seq, each.seq)
    const meant = !now.has('enabled') || since.some((one) => one.seq > opened && one.seq < each.seq)
    this.#must(meant, 'disabling ends what was pending then, not what came after')
    const gone = !now.has('enabled') && !now.has('disabled')
    this.#must(!this.manual || gone, 'what a person asked for goes on where there is somebody to send it to')
    this.#end('failed', each.reason)
  }

  #end(status: string | undefined, reason: string | null): void {
    this.status = status ?? 'pending'
    this.reason = reason
  }

  #claim({ worker, fence }: { worker: string; fence: number }): Claim {
    const found = this.claims.find(({ claimed }) => claimed.worker === worker && claimed.fence === fence)
    this.#must(found !== undefined, 'only who has claimed it works on it')
    return found
  }

  #must(holds: boolean, name: string): asserts holds {
    law(holds, name, () => this.#history.delivery(this.#id))
  }
}

const switchesOf = (history: History, webhookId: string) =>
  history.of('switched').filter((one) => one.webhookId === webhookId)

function mayBeCalled(history: History, { claimed }: Claim, { webhookId, seq }: Happened<'sent'>): boolean {
  const states = statesDuring(history, webhookId, claimed.asked, seq)
  return states.has('enabled') || (claimed.row.manual && states.has('disabled'))
}
