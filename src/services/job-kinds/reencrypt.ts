/** Seals a tenant's stored secrets with the current key, so that an older one can be taken away. */
import type { Cursor, Page, Update } from '../../ports/storage.js'
import type { Row } from '../../ports/tables.js'
import type { SecretBox } from '../secret-box.js'
import { contractPlace, monitorPlace, subscriptionPlace } from '../secret-places.js'
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
  monitors: (box, { tenantId, id, tokenSealed }) => ({
    ...{ op: 'update', table: 'monitors', tenantId, id, optional: true },
    set: { tokenSealed: box.reseal(tokenSealed, monitorPlace(tenantId, id, 'token')) },
    expect: { tokenSealed },
  }),
  subscriptions: (box, row) => {
    const { tenantId, id, urlSealed, headersSealed, secretSealed, previousSecrets, revision } = row
    const reseal = (sealed: string, column: string) =>
      box.reseal(sealed, subscriptionPlace(tenantId, id, column))
    const headers = Object.entries(headersSealed).map(([name, sealed]) => [
      name,
      reseal(sealed, `headers.${name}`),
    ])
    return {
      ...{ op: 'update', table: 'subscriptions', tenantId, id, optional: true },
      set: {
        urlSealed: reseal(urlSealed, 'url'),
        headersSealed: Object.fromEntries(headers),
        secretSealed: reseal(secretSealed, 'secret'),
        previousSecrets: previousSecrets.map(({ sealed, until }) => ({
          sealed: reseal(sealed, 'secret'),
          until,
        })),
      },
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

export const reencrypt: JobKind = async ({ storage, secrets, clock }, job) => {
  const { at = 0, after = null, found = 0 } = job.state as State
  const { scanned = 0, resealed = 0 } = job.progress as { scanned?: number; resealed?: number }
  const table = tables[at] ?? tables[0]
  const page: Page<SealedTable> = await storage.list(table, {
    tenantId: job.tenantId,
    index: 'created',
    after,
    limit: recordsPerStep,
  })
  const changed = page.items.flatMap((row) => {
    // The table and its rows belong together, which TypeScript does not see through the index.
    const update = (updates[table] as (box: SecretBox, row: Row<SealedTable>) => Update)(secrets, row)
    return sameColumns(update.set, row) ? [] : [update]
  })
  const progress = { scanned: scanned + page.items.length, resealed: resealed + changed.length }
  const foundNow = found + changed.length
  const next = (state: State) => ({ writes: changed, progress, state: { ...state }, nextAt: clock.now() })
  if (page.next !== null) return next({ at, after: page.next, found: foundNow })
  if (at + 1 < tables.length) return next({ at: at + 1, found: foundNow })
  return foundNow > 0 ? next({}) : { writes: changed, progress, state: {}, nextAt: null }
}

const sameColumns = (set: object, row: object): boolean =>
  Object.entries(set).every(
    ([name, value]) => JSON.stringify(value) === JSON.stringify(Reflect.get(row, name)),
  )
