/** Judges a run by its history and by what the store says at its end. */
import type { Cursor, ListQuery, Page, Storage } from '../../../src/ports/storage.js'
import type { Row } from '../../../src/ports/tables.js'
import { acme } from '../app.js'
import { DeliveryLaw } from './delivery-law.js'
import { law, statesDuring, transitions } from './history.js'
import { judgeFailingTold, judgeHook, lastTold } from './hook-law.js'
import { judgeReplays } from './replay-law.js'
import type { World } from './world.js'

/** What holds of everything that happened. */
function judge(world: World): DeliveryLaw[] {
  const { history, hooks } = world
  const created = history.of('created')
  const keys = new Set(created.map(({ row }) => `${row.messageId} ${row.subscriptionId}`))
  law(keys.size === created.length, 'a message goes to a webhook once', () => created)
  const laws = created.map(({ row }) => new DeliveryLaw(world, row).play(history.delivery(row.id)))
  for (const hook of hooks) {
    judgeHook(
      history,
      hook,
      laws.filter((one) => one.hook === hook),
    )
  }
  judgePublished(world)
  judgeCancelled(world)
  return laws
}

/** What holds besides, when everything has had the time to end. */
export async function judgeEnd(world: World): Promise<void> {
  const { history, store, hooks } = world
  const laws = judge(world)
  for (const hook of hooks) {
    judgeFailingTold(
      history,
      hook,
      laws.filter((one) => one.hook === hook),
    )
  }
  const rows = await all(store, 'deliveries')
  law(rows.length === laws.length, 'no delivery is lost, none is made up', () => rows)
  const byId = new Map(rows.map((row) => [row.id, row]))
  for (const [n, { row }] of history.of('created').entries()) {
    const query = { tenantId: acme.tenantId, index: 'delivery' as const, prefix: { deliveryId: row.id } }
    const { items } = await store.list('attempts', { ...query, limit: 1_000 })
    judgeRow(laws[n]!, byId.get(row.id)!, items)
  }
  for (const job of await all(store, 'jobs')) law(job.status !== 'pending', 'every job ends', () => job)
  judgeReplays(world, await all(store, 'jobs'), await all(store, 'messages'))
}

function judgeRow(told: DeliveryLaw, row: Row<'deliveries'>, attempts: Row<'attempts'>[]): void {
  const about = () => ({ row, attempts, starts: told.starts, claims: told.claims })
  told.over()
  law(row.status === told.status, 'the record says how it ended', about)
  law(row.failureReason === told.reason, 'the record says why it ended', about)
  law(row.dueAt === null && row.leaseUntil === null, 'what has ended is not due', about)
  law(row.attemptCount === told.attempts, 'the record says how many attempts there were', about)
  law(attempts.length === told.attempts, 'each attempt is on record once', about)
  law(
    attempts.every(({ number }, n) => number === n + 1),
    'attempts are numbered without a gap',
    about,
  )
  told.starts.forEach(({ from, sent, succeeded }, n) => {
    const attempt = attempts[n]!
    law(attempt.startedAt >= from && attempt.startedAt <= sent, 'attempts start when they may', about)
    law(attempt.succeeded === succeeded, 'an attempt on record says what came of it', about)
  })
}

/** A message goes to every webhook that is enabled, and to no other. */
function judgePublished({ history, hooks, published }: World): void {
  const made = new Map(
    history.of('created').map((one) => [`${one.row.messageId} ${one.row.subscriptionId}`, one]),
  )
  for (const { messageId, seq } of history.of('published')) {
    const asked = published.get(messageId)
    if (asked === undefined) continue
    for (const { id } of hooks) {
      const states = statesDuring(history, id, asked, seq)
      const created = made.get(`${messageId} ${id}`)
      const missed = created === undefined || created.job !== null
      const about = () => ({ messageId, webhookId: id, created, switches: history.of('switched') })
      if (!states.has('disabled') && !states.has('deleted')) law(!missed, 'an enabled webhook is told', about)
      if (!states.has('enabled')) law(missed, 'a disabled webhook is not told', about)
    }
  }
}

/** A job that was stopped does nothing any more. */
function judgeCancelled({ history }: World): void {
  for (const { job, seq } of history.of('cancelled')) {
    const later = history.of('stepped').filter((one) => one.job === job && one.seq > seq)
    law(later.length === 0, 'a cancelled job does nothing', () => ({ job, later }))
  }
}

async function all<T extends 'deliveries' | 'jobs' | 'messages'>(
  store: Storage,
  table: T,
): Promise<Row<T>[]> {
  const rows: Row<T>[] = []
  let after: Cursor | null = null
  do {
    const query = { tenantId: acme.tenantId, index: 'created', after, limit: 1_000 } as ListQuery<T>
    const page: Page<T> = await store.list(table, query)
    rows.push(...page.items)
    after = page.next
  } while (after !== null)
  return rows
}

/** All is well again: the last message went to every webhook there is, and none is said to be failing. */
export function judgeHealthy(world: World): void {
  const { history } = world
  const created = history.of('created')
  for (const { id } of world.hooks) {
    if (statesDuring(history, id, history.next, history.next).has('deleted')) continue
    const last = created.findLast(
      ({ row, job }) => job === null && row.subscriptionId === id && row.dueAt !== null,
    )
    const { status } = new DeliveryLaw(world, last!.row).play(history.delivery(last!.row.id))
    law(status === 'delivered', 'what is well again is told again', () => history.delivery(last!.row.id))
    const told = lastTold(history, id)
    const enabledAt = transitions(history, id).at(-1)?.seq ?? -1
    const over = told?.type !== 'subscription.failing' || told.seq < enabledAt
    law(over, 'what is well again is told to have recovered', () => ({ id, told, enabledAt }))
  }
}
