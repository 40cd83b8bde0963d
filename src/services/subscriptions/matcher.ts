/** Who is told of a message. */
import { randomInt } from 'node:crypto'

import type { Cursor, Page, Storage, TransactionStorage } from '../../ports/storage.js'
import type { Row } from '../../ports/tables.js'
import { patternsOf } from '../catalogue.js'
import type { Step } from '../commit.js'

/** What there is to match on, of a message. */
export interface Matchable {
  tenantId: string
  type: string
  result: string | null
  contractId: string | null
  monitorId: string | null
  /** The subscription it is about, which is not told: its receiver is the one that does not answer. */
  about: string | null
}

/** What matching needs of an enabled subscription. */
export type Listener = Pick<
  Row<'subscriptions'>,
  'id' | 'contractId' | 'monitorId' | 'audience' | 'channel' | 'events' | 'createdAt'
>

interface Index {
  revision: number
  byPattern: ReadonlyMap<string, readonly Listener[]>
}

/** Tenants whose subscriptions are kept at hand; another one's are read anew. */
const tenantsKept = 1_000
const revisionId = 'subscriptions'

/**
 * Finds a message's receivers without reading every subscription for every message: those of a tenant are
 * kept by pattern, with the revision they were read at. One small read per message tells whether that is still
 * the current one, so a change made by any process counts from its commit on.
 */
export class Matcher {
  constructor(
    private readonly storage: TransactionStorage,
    private readonly indexes = new Map<string, Index>(),
    /** Whether others may have read a later state than the storage shows. */
    private readonly mayLag = false,
  ) {}

  /** The same inside the host's transaction: what that sees decides, also where it is older than what is kept. */
  within(storage: TransactionStorage): Matcher {
    return new Matcher(storage, this.indexes, true)
  }

  /** The enabled subscriptions that want this message, each once. */
  async listeners(message: Matchable): Promise<Listener[]> {
    const { byPattern } = await this.#index(message.tenantId)
    const found = new Set<Listener>()
    for (const pattern of patternsOf(message)) {
      for (const listener of byPattern.get(pattern) ?? [])
        if (concerns(listener, message)) found.add(listener)
    }
    return withoutReplaced([...found])
  }

  async #index(tenantId: string): Promise<Index> {
    const revision = await currentRevision(this.storage, tenantId)
    const kept = this.indexes.get(tenantId)
    if (kept?.revision === revision) return kept
    // The revision was read first: what changes while this is read is stale at its next use.
    const index = { revision, byPattern: await read(this.storage, tenantId) }
    if (this.mayLag && kept !== undefined && kept.revision > revision) return index
    this.indexes.delete(tenantId)
    this.indexes.set(tenantId, index)
    if (this.indexes.size > tenantsKept) this.indexes.delete(this.indexes.keys().next().value ?? '')
    return index
  }
}

/** The step that makes every process read a tenant's subscriptions anew; committed with whatever changes one. */
export async function revisionStep(storage: Storage, tenantId: string): Promise<Step> {
  const revision = await currentRevision(storage, tenantId)
  if (revision === 0) {
    // Begins anywhere: of a tenant that was expunged and came back nobody must think that he knows it.
    const row = { tenantId, id: revisionId, revision: randomInt(1, 2 ** 47) }
    return { write: { op: 'insert', table: 'revisions', row }, refused: { exists: 'again' } }
  }
  const set = { revision: revision + 1 }
  return {
    write: { op: 'update', table: 'revisions', tenantId, id: revisionId, set, expect: { revision } },
    refused: { moved: 'again' },
  }
}

const currentRevision = async (storage: TransactionStorage, tenantId: string): Promise<number> =>
  (await storage.get('revisions', tenantId, revisionId))?.revision ?? 0

async function read(storage: TransactionStorage, tenantId: string): Promise<Map<string, Listener[]>> {
  const byPattern = new Map<string, Listener[]>()
  const query = { tenantId, index: 'enabled' as const, prefix: { enabled: true }, limit: 500 }
  let after: Cursor | null = null
  do {
    const page: Page<'subscriptions'> = await storage.list('subscriptions', { ...query, after })
    for (const { id, contractId, monitorId, audience, channel, events, createdAt } of page.items) {
      const listener = { id, contractId, monitorId, audience, channel, events, createdAt }
      for (const pattern of events) {
        const listening = byPattern.get(pattern)
        if (listening === undefined) byPattern.set(pattern, [listener])
        else listening.push(listener)
      }
    }
    after = page.next
  } while (after !== null)
  return byPattern
}

function concerns({ id, contractId, monitorId }: Listener, message: Matchable): boolean {
  if (contractId !== null && contractId !== message.contractId) return false
  if (monitorId !== null && monitorId !== message.monitorId) return false
  return id !== message.about
}

/** A monitor's own Slack subscription replaces the tenant's for its events (seed document: Slack, overrides). */
function withoutReplaced(listeners: Listener[]): Listener[] {
  const own = listeners.some(({ channel, monitorId }) => channel === 'slack' && monitorId !== null)
  return own
    ? listeners.filter(({ channel, monitorId }) => channel !== 'slack' || monitorId !== null)
    : listeners
}
