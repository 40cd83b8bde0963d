/** Erases everything of a tenant, table by table. */
import { type TableName, tables } from '../../ports/tables.js'
import type { JobKind } from './kind.js'

/** First those that bring forth records of others, then all there are. */
const order = [
  ...new Set<TableName>([
    ...(['monitors', 'subscriptions', 'jobs', 'deliveries'] as const),
    ...(Object.keys(tables) as TableName[]),
  ]),
]

/** Records that go in one statement, and at least in one step. */
const recordsAtOnce = 1_000
/** Longer than a request, an attempt or a step of a job takes: by then what was under way has been written. */
const lookAgainMs = 60_000

interface State {
  /** Index into the tables. */
  at?: number
  /** Whether this round found anything. */
  found?: boolean
  /** Whether it is the look back at what was under way. */
  last?: boolean
}

/** Rounds until one finds nothing, and one more when all that was under way has ended. */
export const expunge: JobKind = async ({ storage, clock }, job) => {
  const { at = 0, found = false, last = false } = job.state as State
  const before = Number(job.progress.erased ?? 0)
  let erased = 0
  for (const table of order.slice(at)) {
    erased += await storage.erase(table, job.target ?? '', recordsAtOnce)
    if (erased < recordsAtOnce) continue
    const state = { at: order.indexOf(table), found: true }
    return { writes: [], state, progress: { erased: before + erased }, nextAt: clock.now() }
  }
  const progress = { erased: before + erased }
  if (found || erased > 0) return { writes: [], state: {}, progress, nextAt: clock.now() }
  if (!last) return { writes: [], state: { last: true }, progress, nextAt: clock.now() + lookAgainMs }
  return { writes: [], state: {}, progress, nextAt: null }
}
