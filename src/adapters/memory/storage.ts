/** The storage port in memory: every rule of it, but nothing outlives the process. */
import {
  type ClaimRequest,
  type ListQuery,
  type Outcome,
  type Page,
  PreconditionFailed,
  type SettleResult,
  type Storage,
  type Write,
} from '../../ports/storage.js'
import type { Row, TableName, UniqueOf, WorkTableName } from '../../ports/tables.js'
import { holds, outcomeWrites } from '../shared/outcomes.js'
import { checkClaim } from '../shared/turns.js'
import { MemoryTable } from './table.js'

type Refusal = { reason: PreconditionFailed['reason']; key: string | null }
type Undo = () => void

class MemoryStorage implements Storage {
  readonly capabilities = { durable: 'none', crossProcess: false, hostTransactions: false } as const

  readonly #tables = new Map<TableName, MemoryTable>()
  readonly #counters = new Map<string, number>()

  async open(): Promise<void> {}

  async close(): Promise<void> {}

  async get<T extends TableName>(table: T, tenantId: string, id: string): Promise<Row<T> | null> {
    const { codec } = this.#table(table)
    const row = this.#table(table).get(tenantId, id)
    return row && codec.copyRow(row)
  }

  async lookup<T extends TableName>(
    table: T,
    unique: UniqueOf<T>,
    values: Partial<Row<T>>,
  ): Promise<Row<T> | null> {
    const { codec } = this.#table(table)
    const row = this.#table(table).lookup(unique, values)
    return row && codec.copyRow(row)
  }

  async list<T extends TableName>(table: T, query: ListQuery<T>): Promise<Page<T>> {
    return this.#table(table).list(query)
  }

  async commit(writes: readonly Write[]): Promise<void> {
    this.#commit(writes)
  }

  async claim<T extends WorkTableName>(table: T, request: ClaimRequest): Promise<Row<T>[]> {
    checkClaim(request)
    const { leaseUntil } = request
    const work = this.#table(table)
    return work.lanes!.claim(request).map((row) => {
      const fence = (row.fence as number) + 1
      const claims = (row.claims as number) + 1
      work.change(row, { leaseUntil, dueAt: leaseUntil, fence, claims })
      return work.codec.copyRow(row)
    })
  }

  async settle<T extends WorkTableName>(table: T, outcomes: readonly Outcome<T>[]): Promise<SettleResult[]> {
    return outcomes.map((outcome) => {
      const writes = outcomeWrites(table, outcome)
      const row = this.#table(table).get(outcome.tenantId, outcome.id)
      if (!holds(row as Parameters<typeof holds>[0], outcome.fence)) return 'lost'
      try {
        this.#commit(writes)
        return 'applied'
      } catch (error) {
        if (error instanceof PreconditionFailed) return 'conflict'
        throw error
      }
    })
  }

  async nextDue(table: WorkTableName): Promise<number | null> {
    return this.#table(table).lanes!.nextDue()
  }

  async nextIds(counter: string, n: number): Promise<number> {
    if (!Number.isSafeInteger(n) || n < 1) throw new TypeError('nextIds reserves at least one number')
    const used = this.#counters.get(counter) ?? 0
    this.#counters.set(counter, used + n)
    return used + 1
  }

  async tenants(table: TableName, after: string | null, limit: number): Promise<string[]> {
    return this.#table(table).tenants(after, limit)
  }

  async erase(table: TableName, tenantId: string, limit: number): Promise<number> {
    return this.#table(table).erase(tenantId, limit)
  }

  #table<T extends TableName>(table: T): MemoryTable<T> {
    const found = this.#tables.get(table) ?? new MemoryTable<TableName>(table)
    this.#tables.set(table, found)
    return found as unknown as MemoryTable<T>
  }

  /** Makes the writes one by one, and takes back those made when one is refused or faulty. */
  #commit(writes: readonly Write[]): void {
    const undo: Undo[] = []
    try {
      writes.forEach((write, at) => {
        const refused = write.op === 'insert' ? this.#insert(write, undo) : this.#change(write, undo)
        if (refused) throw new PreconditionFailed(at, refused.reason, refused.key)
      })
    } catch (error) {
      for (const takeBack of undo.reverse()) takeBack()
      throw error
    }
  }

  #insert(write: Write & { op: 'insert' }, undo: Undo[]): Refusal | null {
    const table = this.#table(write.table)
    const row = table.codec.encodeRow(write.row)
    const key = table.get(row.tenantId as string, row.id as string) ? 'primary' : table.takenKey(row, null)
    if (key !== null) return { reason: 'exists', key }
    table.insert(row)
    undo.push(() => table.remove(row))
    return null
  }

  #change(write: Write & { op: 'update' | 'delete' }, undo: Undo[]): Refusal | null {
    const table = this.#table(write.table)
    const expected = write.expect ? Object.entries(table.codec.encodeScalars(write.expect)) : []
    const set = write.op === 'update' ? table.codec.encodePart(write.set) : null
    const row = table.get(write.tenantId, write.id)
    if (!row || expected.some(([name, value]) => row[name] !== value)) {
      return write.optional ? null : { reason: row ? 'moved' : 'missing', key: null }
    }
    if (set === null) {
      table.remove(row)
      undo.push(() => table.insert(row))
      return null
    }
    const key = table.takenKey(row, set)
    if (key !== null) return { reason: 'exists', key }
    const before = { ...row }
    table.change(row, set)
    undo.push(() => table.change(row, before))
    return null
  }
}

/** A storage that keeps everything in this process's memory: for trying out, for tests, and for what may be lost. */
export const memoryStorage = (): Storage => new MemoryStorage()
