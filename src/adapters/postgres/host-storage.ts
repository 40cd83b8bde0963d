/** The storage inside the host's own transaction: the same records through another connection. */
import {
  type ListQuery,
  type Page,
  PreconditionFailed,
  type TransactionStorage,
  type Write,
} from '../../ports/storage.js'
import type { Row, TableName } from '../../ports/tables.js'
import { planList } from '../shared/list-plan.js'
import type { Savepoint } from '../shared/savepoint.js'
import { allEqual } from '../sql/conditions.js'
import type { Dialect } from '../sql/dialect.js'
import { lastReadSql, pageOf, pageSql } from '../sql/list.js'
import { partsOf } from './batch.js'
import { asJson, recordOf, recordSql, textOf, textStatement } from './host-rows.js'
import { Independence } from './independence.js'
import { type Codecs, type Step, stepOf } from './steps.js'

export class HostStorage implements TransactionStorage {
  readonly #savepoint: Savepoint
  readonly #dialect: Dialect
  readonly #codecs: Codecs

  constructor(savepoint: Savepoint, dialect: Dialect, codecs: Codecs) {
    this.#savepoint = savepoint
    this.#dialect = dialect
    this.#codecs = codecs
  }

  async get<T extends TableName>(table: T, tenantId: string, id: string): Promise<Row<T> | null> {
    const codec = this.#codecs(table)
    const key = codec.encodePart({ tenantId, id })
    const [row] = await this.#savepoint.run(
      ...textStatement(
        (bind) =>
          `SELECT ${recordSql(codec)} FROM ${this.#dialect.table(table)} WHERE ${allEqual(key, bind)}`,
      ),
    )
    return row ? recordOf(codec, row) : null
  }

  async list<T extends TableName>(table: T, query: ListQuery<T>): Promise<Page<T>> {
    const codec = this.#codecs(table)
    const plan = planList(codec, query)
    const tenantId = String(codec.encodePart({ tenantId: query.tenantId }).tenantId)
    const read = async (write: typeof pageSql): Promise<Row<T>[]> => {
      const rows = await this.#savepoint.run(
        ...textStatement(
          (bind) => `SELECT ${recordSql(codec)} FROM (${write(this.#dialect, plan, tenantId, bind)}) AS page`,
        ),
      )
      return rows.map((row) => recordOf(codec, row))
    }
    const items = await read(pageSql)
    if (plan.filter.length === 0 || items.length > plan.limit) return pageOf(plan, items)
    return pageOf(plan, items, await read(lastReadSql))
  }

  async commit(writes: readonly Write[]): Promise<void> {
    const steps = writes.map((write) => stepOf(this.#codecs, write))
    if (steps.length === 0) return
    if (Independence.within(steps)) {
      if (await this.#make(steps)) return
      await this.#savepoint.rollback()
    }
    // One of them was refused; or they have to be made in their order.
    for (const [at, step] of steps.entries()) {
      if (await this.#make([step])) continue
      const reason = await this.#reasonOf(step)
      await this.#savepoint.rollback()
      throw new PreconditionFailed(at, reason)
    }
  }

  /** Whether all of them met their records and found their keys free; if not, some may have been made. */
  async #make(steps: readonly Step[]): Promise<boolean> {
    const [row] = await this.#savepoint.run(
      ...textStatement((bind) => {
        const parts = partsOf(this.#dialect, asJson, steps, bind)
        const met = parts.flatMap(({ met }) => met).join(' AND ') || 'true'
        return `WITH ${parts.map(({ sql }) => sql).join(', ')} SELECT (${met})::text`
      }),
    )
    return row !== undefined && textOf(row) === 'true'
  }

  async #reasonOf({ op, codec, key }: Step): Promise<PreconditionFailed['reason']> {
    if (op === 'insert') return 'exists'
    const found = await this.get(codec.table, String(key.tenantId), String(key.id))
    return found === null ? 'missing' : 'moved'
  }
}
