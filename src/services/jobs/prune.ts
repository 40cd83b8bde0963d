/**
 * Takes away what has been kept long enough, tenant by tenant, table by table. Each step takes one page of one
 * tenant and says where the next goes on, so a round survives whoever works it.
 */
import { isDrifthookError } from '../../errors.js'
import type { Cursor, Write } from '../../ports/storage.js'
import type { TableName } from '../../ports/tables.js'
import type { Context } from '../context.js'
import type { Retention } from '../retention.js'
import type { JobKind } from './kind.js'
import { attemptsPage } from './prune/attempts.js'
import { messagesPage } from './prune/messages.js'
import type { Prune } from './prune/page.js'
import { auditPage, eventsPage, jobsPage, keysPage } from './prune/records.js'

interface Sweep {
  /** Whose tenants are visited. */
  table: TableName
  /** From which age on its records go; null: never. */
  ageMs(retention: Retention): number | null
  page: Prune
}

/**
 * What has outlived its message is given no new delivery (see the replay); a while later, when whoever saw it
 * younger has written what it was about to write, it goes.
 */
const graceMs = 3_600_000

const sweeps: readonly Sweep[] = [
  {
    table: 'deliveries',
    // Later than its message nothing of it is left to take away.
    ageMs: ({ attemptsMs, messagesMs }) =>
      attemptsMs === null || (messagesMs !== null && attemptsMs >= messagesMs) ? null : attemptsMs,
    page: attemptsPage,
  },
  {
    table: 'messages',
    ageMs: ({ messagesMs }) => (messagesMs === null ? null : messagesMs + graceMs),
    page: messagesPage,
  },
  ...(['resolved', 'ignored', 'rejected'] as const).map((status) => ({
    table: 'driftEvents' as const,
    ageMs: ({ eventsMs }: Retention) => eventsMs,
    page: eventsPage(status),
  })),
  { table: 'auditEntries', ageMs: ({ auditMs }) => auditMs, page: auditPage },
  { table: 'idempotencyKeys', ageMs: ({ idempotencyMs }) => idempotencyMs, page: keysPage },
  { table: 'jobs', ageMs: ({ messagesMs }) => messagesMs, page: jobsPage },
]

/** Deliveries are walked once for their attempts: each round begins where the one before ended. */
const attemptsSweep = 0

interface State {
  /** When the round began: what is old is decided once for all of it. */
  at?: number
  sweep?: number
  /** The last tenant that is done with. */
  behind?: string | null
  /** The tenant under way, and where in it. */
  tenant?: string | null
  after?: Cursor | null
  /** Attempts of deliveries up to this creation have gone. */
  attemptsUpTo?: number | null
  /** As the round under way will leave it. */
  attemptsNow?: number | null
}

/** How many pages a step looks at before it says how far it is, if nothing is to go. */
const pagesPerStep = 100

export const prune: JobKind = async (context, job) => {
  const { clock, logger } = context
  const round = new Round(context, job.state as State)
  for (let pages = 0; pages < pagesPerStep; pages++) {
    const writes = await round.look()
    if (writes === null) {
      const erased = Number(job.progress.erased ?? 0)
      if (erased > 0) logger.info('what was kept long enough was taken away', { records: erased })
      return { writes: [], state: round.over(), progress: {}, nextAt: null }
    }
    if (writes.length > 0) {
      const erased = Number(job.progress.erased ?? 0) + writes.filter(({ op }) => op === 'delete').length
      return { writes, state: { ...round.state }, progress: { erased }, nextAt: clock.now() }
    }
  }
  return { writes: [], state: { ...round.state }, progress: job.progress, nextAt: clock.now() }
}

/** Where a round is, page by page. */
class Round {
  readonly #context: Context
  readonly state: Required<State>
  /** Tenants known to come next. */
  #ahead: string[] = []

  constructor(context: Context, state: State) {
    this.#context = context
    const { at = context.clock.now(), sweep = 0, behind = null, tenant = null, after = null } = state
    const { attemptsUpTo = null, attemptsNow = attemptsUpTo } = state
    this.state = { at, sweep, behind, tenant, after, attemptsUpTo, attemptsNow }
  }

  /** What of the next page goes; null: the round is over. */
  async look(): Promise<Write[] | null> {
    const { state } = this
    const sweep = sweeps[state.sweep]
    if (sweep === undefined) return null
    const ageMs = sweep.ageMs(this.#context.retention)
    const tenantId = ageMs === null ? null : (state.tenant ?? (await this.#nextTenant(sweep.table)))
    if (ageMs === null || tenantId === null) {
      if (ageMs !== null && state.sweep === attemptsSweep)
        state.attemptsNow = Math.max(state.at - ageMs, state.attemptsUpTo ?? 0)
      Object.assign(state, { sweep: state.sweep + 1, behind: null, tenant: null, after: null })
      return []
    }
    state.tenant = tenantId
    const from = state.sweep === attemptsSweep && state.attemptsUpTo !== null ? state.attemptsUpTo + 1 : null
    const old = { tenantId, from, to: state.at - ageMs, after: state.after }
    const { writes, next } = await sweep.page(this.#context, old).catch((error: unknown) => {
      // One tenant's faulty record must not keep those of all others.
      if (isDrifthookError(error) && error.code === 'STORAGE_UNAVAILABLE') throw error
      this.#context.logger.error('old records of a tenant could not be read', { tenantId, error })
      return { writes: [], next: null }
    })
    if (next === null) Object.assign(state, { behind: tenantId, tenant: null, after: null })
    else state.after = next
    return writes
  }

  /** What the next round begins with. */
  over(): Record<string, unknown> {
    return { attemptsUpTo: this.state.attemptsNow }
  }

  async #nextTenant(table: TableName): Promise<string | null> {
    if (this.#ahead.length === 0) {
      this.#ahead = await this.#context.storage.tenants(table, this.state.behind, pagesPerStep)
    }
    return this.#ahead.shift() ?? null
  }
}
