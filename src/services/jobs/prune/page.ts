/** What every kind of old record is taken away by: a page of one tenant's. */
import type { Cursor, Write } from '../../../ports/storage.js'
import type { Context } from '../../context.js'

/** Instants in milliseconds since 1970, inclusive. */
export interface OldRecords {
  tenantId: string
  /** What is older has been dealt with. Null: nothing has. */
  from: number | null
  /** What is younger stays. */
  to: number
  after: Cursor | null
}

/** What of a page goes, all of it or nothing, and where the next one begins; null: there is none. */
export interface PrunedPage {
  writes: Write[]
  next: Cursor | null
}

export type Prune = (context: Context, old: OldRecords) => Promise<PrunedPage>
