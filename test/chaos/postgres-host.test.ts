/** The storage suite's reads and commits, each made inside a transaction of the host's. */
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { fromPg } from '../../src/adapters/postgres/index.js'
import type { Storage, TransactionStorage } from '../../src/ports/storage.js'
import { runConformance } from '../../src/testkit/conformance.js'
import type { StorageHarness } from '../../src/testkit/storage/harness.js'
import { storageConformance } from '../../src/testkit/storage-conformance.js'
import { postgresHarness } from '../conformance/postgres-harness.js'
import { transaction } from '../support/shop.js'

const plain = postgresHarness()
let pool: Pool
beforeAll(async () => {
  pool = new Pool({ connectionString: (await plain.server()).url, max: 6 })
})
afterAll(async () => {
  await pool.end()
  await plain.end()
})

const topics = ['records', 'tenants', 'compare and set', 'all or nothing', 'list', 'order']

/** The storage as it is inside transactions of the host's, one for each call. */
function within(storage: Storage): Storage {
  const inside = <Result>(work: (storage: TransactionStorage) => Promise<Result>) =>
    transaction(pool, (client) => {
      if (storage.inTransaction === undefined) throw new Error('the storage has no inTransaction')
      return storage.inTransaction(fromPg(client), work)
    })
  const own: TransactionStorage = {
    get: (table, tenantId, id) => inside((host) => host.get(table, tenantId, id)),
    list: (table, query) => inside((host) => host.list(table, query)),
    commit(writes) {
      // Handed in now: the transaction takes its time to begin.
      const copy = structuredClone(writes)
      return inside((host) => host.commit(copy))
    },
  }
  return new Proxy(storage, {
    get(target, name) {
      const value = Reflect.get(name in own ? own : target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

const harness: StorageHarness = {
  ...plain,
  open: async () => within(await plain.open()),
  openTwin: async () => within((await plain.openTwin?.()) ?? (await plain.open())),
}

describe('postgresStorage inside the host’s transaction', () => {
  runConformance({
    // Not the unique keys: which of them is taken is not said here.
    cases: storageConformance.filter(({ topic }) => topics.includes(topic)),
    harness,
    test: it,
    skip: it.skip,
  })
})
