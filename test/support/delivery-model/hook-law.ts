/** What holds of a webhook as a whole: who is told of its state, and how its receiver is spared. */
import type { Verdict } from './answers.js'
import type { DeliveryLaw } from './delivery-law.js'
import { type Happened, type History, law, statesDuring, transitions } from './history.js'
import { breaker, disable, failing, type Hook } from './world.js'

/** An attempt on record that counts for or against the receiver. */
interface Judged {
  at: number
  startedAt: number
  seq: number
  /** Its worker had troubles of its own, so that what it saw may be known to nobody. */
  unsure: boolean
  manual: boolean
  verdict: Verdict
}

export function judgeHook(history: History, hook: Hook, deliveries: readonly DeliveryLaw[]): void {
  const judged = judgedOf(history, deliveries)
  const switches = transitions(history, hook.id)
  const told = history.of('told').filter((one) => one.webhookId === hook.id)
  judgeDisabled(hook, switches, told)
  // What is heard on a socket has another time than the attempt that is judged by it.
  if (!hook.url.startsWith('http:')) judgeFailing(hook, switches, told, judged)
  judgeGone(history, hook, judged)
  judgeSparing(history, hook)
}

function judgedOf(history: History, deliveries: readonly DeliveryLaw[]): Judged[] {
  const troubled = new Set(history.of('died', 'refused').map(({ worker }) => worker))
  const judged: Judged[] = []
  for (const { claimed, sent, answered, settled } of deliveries.flatMap(({ claims }) => claims)) {
    if (sent === null || answered === null || settled?.result !== 'applied') continue
    const { at, seq, worker } = settled
    const { manual } = claimed.row
    judged.push({
      at,
      seq,
      manual,
      startedAt: sent.at,
      unsure: troubled.has(worker),
      verdict: answered.verdict,
    })
  }
  return judged.sort((a, b) => a.seq - b.seq)
}

/** What was told last of how it is doing. */
export const lastTold = (history: History, webhookId: string): Happened<'told'> | undefined =>
  history.of('told').findLast((one) => one.webhookId === webhookId && one.type !== disabledType)

const disabledType = 'subscription.disabled'

/** `subscription.disabled` once per transition. */
function judgeDisabled(hook: Hook, switches: Happened<'switched'>[], told: Happened<'told'>[]): void {
  const times = switches.filter(({ to }) => to === 'disabled').length
  const messages = told.filter(({ type }) => type === disabledType)
  law(messages.length === times, 'being disabled is told once', () => ({ hook: hook.id, switches, told }))
}

/** `subscription.failing` and `.recovered` take turns, and each has its reason. */
function judgeFailing(
  hook: Hook,
  switches: Happened<'switched'>[],
  told: Happened<'told'>[],
  judged: Judged[],
): void {
  const about = (each: Happened) => () => ({ hook: hook.id, each, switches, told, judged })
  let failingTold: Happened | null = null
  let enabledAt = 0
  let recoveredAt = 0
  for (const each of [...switches, ...told].sort((a, b) => a.seq - b.seq)) {
    if (each.kind === 'switched') {
      if (each.to === 'enabled') {
        enabledAt = each.asked
        failingTold = null
      }
      continue
    }
    const before = judged.filter(({ seq }) => seq < each.seq && seq >= enabledAt)
    if (each.type === 'subscription.failing') {
      law(failingTold === null, 'failing is told once', about(each))
      law(hasRun(before, failing, each.at), 'failing is told when it has failed for long enough', about(each))
      failingTold = each
    } else if (each.type === 'subscription.recovered') {
      law(failingTold !== null, 'recovered is told after failing', about(each))
      // It may have come while the failures were still being told.
      const well = before.some(({ seq, verdict }) => seq > recoveredAt && verdict.meaning === 'delivered')
      law(well, 'recovered is told after a success', about(each))
      failingTold = null
      recoveredAt = each.seq
    } else if (!causedBy(each, switches, before)) {
      law(hasRun(before, disable, each.at), 'only what failed for long is disabled for it', about(each))
    }
  }
}

/** What has failed for long enough is told as failing, and is disabled for it, when nothing went wrong at our end. */
export function judgeFailingTold(history: History, hook: Hook, deliveries: readonly DeliveryLaw[]): void {
  if (history.of('died', 'refused').length > 0) return
  const enabled = transitions(history, hook.id).at(-1)
  if (enabled !== undefined && enabled.to !== 'enabled') return
  const judged = judgedOf(history, deliveries)
  const last = judged.findLast(({ manual }) => !manual)
  const failed = runAtEnd(judged, enabled?.at ?? 0)
  const isOver = ({ failures, afterMs }: { failures: number; afterMs: number }) =>
    failed.length >= failures && (last?.at ?? 0) - (failed[0]?.at ?? 0) >= afterMs
  const told = lastTold(history, hook.id)
  const saysFailing = told?.type === 'subscription.failing'
  const about = () => ({ hook: hook.id, enabled, told, judged })
  if (isOver(failing)) law(saysFailing, 'failing for long is told', about)
  law(!isOver(disable), 'failing for very long disables', about)
}

/** The failures since the last success, as far as there is no doubt about their order. */
function runAtEnd(judged: readonly Judged[], enabledAt: number): Judged[] {
  const success = judged.findLast(({ verdict }) => verdict.meaning === 'delivered')
  const since = Math.max(enabledAt, success?.at ?? 0)
  return judged.filter(({ startedAt, manual }) => !manual && startedAt > since)
}

/** Whether somebody disabled it, or its receiver was gone. */
const causedBy = (each: Happened<'told'>, switches: Happened<'switched'>[], before: Judged[]): boolean =>
  before.some(({ verdict }) => verdict.meaning === 'gone') ||
  switches.some(({ seq, by }) => by.startsWith('desk') && Math.abs(seq - each.seq) <= 3)

/**
 * Whether so many attempts in a row failed, not counting what a person tried, the first of them so long ago. In the
 * order in which they started; of what started in the same moment any may have been first.
 */
function hasRun(
  judged: readonly Judged[],
  { failures, afterMs }: { failures: number; afterMs: number },
  now: number,
): boolean {
  let run: Judged[] = []
  const failed = ({ verdict }: Judged) => (verdict.meaning === 'delivered' ? 0 : 1)
  for (const each of judged.toSorted((a, b) => a.startedAt - b.startedAt || failed(a) - failed(b))) {
    if (failed(each) === 0 && !each.unsure) run = []
    else if (!each.manual && failed(each) === 1) run.push(each)
    if (run.length >= failures && now - run[0]!.startedAt >= afterMs) return true
  }
  return false
}

/** A receiver that says it is gone is called no more. */
function judgeGone(history: History, hook: Hook, judged: Judged[]): void {
  for (const { verdict, manual, seq, unsure } of judged) {
    if (verdict.meaning !== 'gone' || manual || unsure) continue
    const states = statesDuring(history, hook.id, seq, Number.POSITIVE_INFINITY)
    const stopped = states.has('disabled') || states.has('deleted')
    law(stopped, 'a receiver that is gone is disabled', () => ({ hook: hook.id, judged }))
  }
}

/** What one worker sends to a receiver keeps to its rate limit, and stops while the breaker is open. */
function judgeSparing(history: History, hook: Hook): void {
  const calls = history
    .of('sent', 'answered')
    .filter((one) => one.fence > 0 && (one.kind !== 'sent' || one.webhookId === hook.id))
  for (const worker of new Set(calls.map((one) => one.worker))) {
    const own = calls.filter((one) => one.worker === worker)
    const sent = own.filter((one) => one.kind === 'sent')
    // A request on a socket arrives when it does: only a channel is called at the instant an attempt starts.
    if (hook.rateLimit !== null && !hook.url.startsWith('http:')) judgeRate(hook, hook.rateLimit, sent)
    const ids = new Set(sent.map(({ deliveryId }) => deliveryId))
    const asked = new Map(
      history.of('claimed').map((one) => [`${one.deliveryId} ${one.fence}`, one.asked] as const),
    )
    judgeBreaker(
      hook,
      own.filter(({ deliveryId }) => ids.has(deliveryId)),
      asked,
    )
  }
}

function judgeRate(
  hook: Hook,
  { points, durationMs }: { points: number; durationMs: number },
  sent: Happened<'sent'>[],
): void {
  sent.forEach((each, n) => {
    const before = sent[n - points]
    const holds = before === undefined || each.at - before.at >= durationMs
    law(holds, 'the rate limit holds', () => ({ hook, before, each }))
  })
}

/** What was claimed before it opened may still go out. */
function judgeBreaker(
  hook: Hook,
  calls: Happened<'sent' | 'answered'>[],
  asked: ReadonlyMap<string, number>,
): void {
  let failures = 0
  let opened: Happened | null = null
  for (const each of calls) {
    if (each.kind === 'sent') {
      const since = opened !== null && (asked.get(`${each.deliveryId} ${each.fence}`) ?? 0) > opened.seq
      const holds = !since || each.at >= (opened?.at ?? 0) + breaker.openMs
      law(holds, 'nothing is sent while the breaker is open', () => ({ hook, opened, each, calls }))
    } else if (!each.verdict.down) {
      failures = 0
      opened = null
    } else if (++failures === breaker.failures) opened = each
  }
}
