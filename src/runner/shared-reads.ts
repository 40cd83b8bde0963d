import type { Storage } from '../ports/storage.js'
import type { Row, TableName } from '../ports/tables.js'

/**
 * Reads a record once for everybody who asks in the same turn of the event loop. Deliveries are claimed in
 * batches and begin together, and many of a batch share their message or their subscription.
 */
export class SharedReads {
  readonly #storage: Storage
  #asked = new Map<string, Promise<unknown>>()

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** As the storage's `get`; the record is shared, so it is not to be changed. */
  get<T extends TableName>(table: T, tenantId: string, id: string): Promise<Readonly<Row<T>> | null> {
    const key = `${table} ${id} ${tenantId}`
    const asked = this.#asked.get(key)
    if (asked !== undefined) return asked as Promise<Row<T> | null>
    if (this.#asked.size === 0) {
      setImmediate(() => {
        this.#asked = new Map()
      })
    }
    const read = this.#storage.get(table, tenantId, id)
    this.#asked.set(key, read)
    return read
  }
}
