import type { Storage } from '../ports/storage.js'

/**
 * The storage as services and runner see it: open before its first use, whoever comes first, an HTTP request,
 * a call of the host's own, or `start`.
 * @param opening null when it is open; else resolves when it is, or rejects when it cannot be, or is closed for
 *   good
 */
export function openedStorage(storage: Storage, opening: () => Promise<void> | null): Storage {
  // Open is what it nearly always is, and then a call costs nothing more.
  const once = <T>(use: () => Promise<T>): Promise<T> => opening()?.then(use) ?? use()
  const { limiter } = storage
  const inTransaction = storage.inTransaction?.bind(storage)
  const now = storage.now?.bind(storage)
  return {
    capabilities: storage.capabilities,
    limiter: limiter && { take: (key, limit) => once(() => limiter.take(key, limit)) },
    open: async () => {
      await opening()
    },
    close: () => storage.close(),
    get: (table, tenantId, id) => once(() => storage.get(table, tenantId, id)),
    lookup: (table, unique, values) => once(() => storage.lookup(table, unique, values)),
    list: (table, query) => once(() => storage.list(table, query)),
    commit: (writes) => once(() => storage.commit(writes)),
    claim: (table, request) => once(() => storage.claim(table, request)),
    settle: (table, outcomes) => once(() => storage.settle(table, outcomes)),
    nextDue: (table) => once(() => storage.nextDue(table)),
    nextIds: (counter, n) => once(() => storage.nextIds(counter, n)),
    tenants: (table, after, limit) => once(() => storage.tenants(table, after, limit)),
    erase: (table, tenantId, limit) => once(() => storage.erase(table, tenantId, limit)),
    ...(inTransaction && {
      inTransaction: (host, work) => once(() => inTransaction(host, work)),
    }),
    ...(now && { now: () => once(now) }),
  }
}
