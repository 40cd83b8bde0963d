/**
 * Records by their ids, many to a statement: what is asked for in one moment, or while an answer is awaited, is
 * answered together. Deliveries that are claimed together ask for their subscriptions and messages together.
 */
import type { Row, TableName } from '../../ports/tables.js'
import type { Codec } from '../shared/codec.js'
import type { Dialect } from '../sql/dialect.js'
import { sqlColumn } from '../sql/names.js'
import type { Database } from './database.js'
import { decodeRow } from './rows.js'

/** How many records one statement is asked for. */
const recordsAtOnce = 64
/** How many statements are under way at once. */
const statementsAtOnce = 2

interface Asked<T extends TableName> {
  tenantId: string
  id: string
  resolve: (row: Row<T> | null) => void
  reject: (reason: unknown) => void
}

/** Reads one table. */
export class Reader<T extends TableName> {
  readonly #database: Database
  readonly #codec: Codec<T>
  readonly #sql: string
  #waiting: Asked<T>[] = []
  #underWay = 0
  #scheduled = false

  constructor(database: Database, dialect: Dialect, codec: Codec<T>) {
    this.#database = database
    this.#codec = codec
    const columns = codec.columns.map(([name]) => `entry.${sqlColumn(name)}`).join(', ')
    this.#sql = `SELECT asked."place", ${columns}
      FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked("tenant_id", "id", "place")
      JOIN ${dialect.table(codec.table)} AS entry USING ("tenant_id", "id")`
  }

  /** The record, or null if this tenant has none of that id. */
  get(tenantId: string, id: string): Promise<Row<T> | null> {
    const { tenantId: tenant, id: own } = this.#codec.encodePart({ tenantId, id }) as {
      tenantId: string
      id: string
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ tenantId: tenant, id: own, resolve, reject })
      if (this.#scheduled) return
      this.#scheduled = true
      // Let whoever else asks in this turn of the event loop join.
      setImmediate(() => {
        this.#scheduled = false
        this.#begin()
      })
    })
  }

  #begin(): void {
    while (this.#waiting.length > 0 && this.#underWay < statementsAtOnce) {
      this.#underWay++
      void this.#read(this.#waiting.splice(0, recordsAtOnce)).finally(() => {
        this.#underWay--
        this.#begin()
      })
    }
  }

  /** Never rejects: whoever asked is told. */
  async #read(asked: readonly Asked<T>[]): Promise<void> {
    try {
      const tenants = asked.map(({ tenantId }) => tenantId)
      const rows = await this.#database.query(this.#sql, [tenants, asked.map(({ id }) => id)])
      const found = new Map(rows.map((row) => [Number(row.place), row]))
      asked.forEach(({ resolve }, at) => {
        const row = found.get(at + 1)
        resolve(row ? decodeRow(this.#codec, row) : null)
      })
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }
}
