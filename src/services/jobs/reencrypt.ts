/** Seals a tenant's stored secrets with the current key, so that an older one can be taken away. */
import type { Cursor, Page, Update } from '../../ports/storage.js'
import type { Row } from '../../ports/tables.js'
import { resealed } from '../monitors/credentials.js'
import type { SecretBox } from '../secret-box.js'
import { contractPlace, subscriptionPlace } from '../secret-places.js'
import { type JobKind, recordsPerStep } from './kind.js'

/** The tables that hold secrets. A record somebody changes meanwhile is left for the next round. */
const tables = ['contracts', 'monitors', 'subscriptions'] as const
type SealedTable = (typeof tables)[number]

/** How a record is sealed anew. */
const updates: { [T in SealedTable]: (box: SecretBox, row: Row<T>) => Update } = {
  contracts: (box, { tenantId, id, sketchKeySealed }) => ({
    ...{ op: 'update', table: 'contracts', tenantId, id, optional: true },
    set: { sketchKeySealed: box.reseal(sketchKeySealed, contractPlace(tenantId, id, 'sketchKey')) },
    expect: { sketchKeySealed },
  }),
  monitors: (box, row) => ({
    ...{ op: 'update', table: 'monitors', tenantId: row.tenantId, id: row.id, optional: true },
    set: resealed(box, row),
    expect: { tokenSealed: row.tokenSealed, signingSealed: row.signingSealed },
  }),
  subscriptions: (box, row) => {
    const { tenantId, id, urlSealed, headersSealed, secretSealed, previousSecrets, revision } = row
    const reseal = (sealed: string, column: string) =>
      box.reseal(sealed, subscriptionPlace(tenantId, id, column))
    const headers = Object.entries(headersSealed).map(([name, sealed]) => [
      name,
      reseal(sealed, `headers.${name}`),
    ])
    const set = {
      urlSealed: reseal(urlSealed, 'url'),
      headersSealed: Object.fromEntries(headers),
      secretSealed: reseal(secretSealed, 'secret'),
      previousSecrets: previousSecrets.map(({ sealed, until }) => ({
        sealed: reseal(sealed, 'secret'),
        until,
      })),
    }
    return {
      ...{ op: 'update', table: 'subscriptions', tenantId, id, optional: true },
      // Counted as a change: a rotation that read it before would keep a secret as it was sealed then.
      set: { ...set, revision: sameColumns(set, row) ? revision : revision + 1 },
      expect: { revision },
    }
  },
}

interface State {
  /** Index into the tables. */
  at?: number
  after?: Cursor | null
  /** Records sealed anew in this round: the job is done after a round that finds none. */
  found?: number
}

interface Progress {
  /** Records looked at in this round. */
  scanned: number
  /** Records of this round that no key at hand opens: left as they are, and named in the log. */
  unreadable: number
  /** Records sealed anew in all rounds. */
  resealed: number
}

export const reencrypt: JobKind = async ({ storage, secrets, clock, logger }, job) => {
  const { at = 0, after = null, found = 0 } = job.state as State
  const before: Progress = { scanned: 0, unreadable: 0, resealed: 0, ...job.progress }
  const ofRound = at === 0 && after === null ? { scanned: 0, unreadable: 0 } : before
  const table = tables[at] ?? tables[0]
  const page: Page<SealedTable> = await storage.list(table, {
    tenantId: job.tenantId,
    index: 'created',
    after,
    limit: recordsPerStep,
  })
  // The table and its rows belong together, which TypeScript does not see through the index.
  const updateOf = updates[table] as (box: SecretBox, row: Row<SealedTable>) => Update
  const writes: Update[] = []
  let unreadable = 0
  for (const row of page.items) {
    try {
      const update = updateOf(secrets, row)
      if (!sameColumns(update.set, row)) writes.push(update)
    } catch (error) {
      logger.error('a stored secret cannot be sealed anew', { table, id: row.id, error })
      unreadable += 1
    }
  }
  const progress: Progress = {
    scanned: ofRound.scanned + page.items.length,
    unreadable: ofRound.unreadable + unreadable,
    resealed: before.resealed + writes.length,
  }
  const foundNow = found + writes.length
  const now = clock.now()
  const step = (state: State, nextAt: number | null) => ({
    writes,
    progress: { ...progress },
    state: { ...state },
    nextAt,
  })
  if (page.next !== null) return step({ at, after: page.next, found: foundNow }, now)
  if (at + 1 < tables.length) return step({ at: at + 1, found: foundNow }, now)
  return step({}, foundNow > 0 ? now : null)
}

const sameColumns = (set: object, row: object): boolean =>
  Object.entries(set).every(
    ([name, value]) => JSON.stringify(value) === JSON.stringify(Reflect.get(row, name)),
  )
