import type { Storage } from '../ports/storage.js'

/**
 * The storage as services and runner see it: open before its first use, whoever comes first, an HTTP request,
 * a call of the host's own, or `start`.
 * @param ready resolves when the storage is open; rejects when it cannot be, or is closed for good
 */
export function openedStorage(storage: Storage, ready: () => Promise<void>): Storage {
  return {
    capabilities: storage.capabilities,
    open: ready,
    close: () => storage.close(),
    get: async (...query) => {
      await ready()
      return storage.get(...query)
    },
    lookup: async (...query) => {
      await ready()
      return storage.lookup(...query)
    },
    list: async (...query) => {
      await ready()
      return storage.list(...query)
    },
    commit: async (writes) => {
      await ready()
      return storage.commit(writes)
    },
    claim: async (...request) => {
      await ready()
      return storage.claim(...request)
    },
    settle: async (...outcomes) => {
      await ready()
      return storage.settle(...outcomes)
    },
    nextDue: async (table) => {
      await ready()
      return storage.nextDue(table)
    },
    nextIds: async (counter, n) => {
      await ready()
      return storage.nextIds(counter, n)
    },
  }
}
