/** The suite is only worth something if it fails broken adapters: here are some, and it must. */
import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../../src/adapters/memory/storage.js'
import { type Cursor, PreconditionFailed, type Storage, type Write } from '../../src/ports/storage.js'
import { runCase } from '../../src/testkit/conformance.js'
import { storageConformance } from '../../src/testkit/storage-conformance.js'
import { memoryHarness } from './harnesses.js'

/** Methods with their types loosened: a saboteur does not care what table it breaks. */
type Loose = { [name in Exclude<keyof Storage, 'capabilities'>]: (...args: never[]) => Promise<unknown> }

/** The topics in which the suite finds fault with an adapter. */
async function faults(make: () => Storage): Promise<Set<string>> {
  const topics = new Set<string>()
  for (const each of storageConformance) {
    const harness = memoryHarness(make)
    if ((each.needs?.(harness) ?? null) !== null) continue
    await runCase(each, harness).catch(() => topics.add(each.topic))
  }
  return topics
}

function sabotaged(change: (honest: Storage) => Partial<Loose>): () => Storage {
  return () => {
    const honest = memoryStorage()
    const changed = change(honest)
    return new Proxy(honest, {
      get(target, name) {
        const own = (changed as Record<string | symbol, unknown>)[name] ?? Reflect.get(target, name)
        return typeof own === 'function' ? own.bind(target) : own
      },
    })
  }
}

const tenants = ['acme', 'other']

const saboteurs: { does: string; foundBy: string; change: (honest: Storage) => Partial<Loose> }[] = [
  {
    does: 'get ignores the tenant',
    foundBy: 'tenants',
    change: (honest) => ({
      get: async (table: 'contracts', tenantId: string, id: string) => {
        for (const each of [tenantId, ...tenants]) {
          const row = await honest.get(table, each, id)
          if (row) return row
        }
        return null
      },
    }),
  },
  {
    does: 'update ignores the tenant',
    foundBy: 'tenants',
    change: (honest) => ({
      commit: async (writes: Write[]) => {
        const owned = writes.map(async (write) => {
          if (write.op === 'insert' || (await honest.get(write.table, write.tenantId, write.id))) return write
          const found = await Promise.all(tenants.map((tenant) => honest.get(write.table, tenant, write.id)))
          return { ...write, tenantId: found.find(Boolean)?.tenantId ?? write.tenantId } as Write
        })
        await honest.commit(await Promise.all(owned))
      },
    }),
  },
  {
    does: 'a commit writes what comes before the failing write',
    foundBy: 'all or nothing',
    change: (honest) => ({
      commit: async (writes: Write[]) => {
        for (const [at, write] of writes.entries()) {
          await honest.commit([write]).catch((error: PreconditionFailed) => {
            throw new PreconditionFailed(at, error.reason, error.key)
          })
        }
      },
    }),
  },
  {
    does: 'expect is ignored',
    foundBy: 'compare and set',
    change: (honest) => ({
      commit: (writes: Write[]) => honest.commit(writes.map((write) => ({ ...write, expect: {} }) as Write)),
    }),
  },
  {
    does: 'a taken key is ignored',
    foundBy: 'unique keys',
    change: (honest) => ({
      commit: async (writes: Write[]) => {
        await honest.commit(writes).catch(async (error: PreconditionFailed) => {
          if (error.reason !== 'exists') throw error
          await honest.commit(writes.filter((_, at) => at !== error.write))
        })
      },
    }),
  },
  {
    does: 'a number is given twice to those who ask at once',
    foundBy: 'nextIds',
    change: () => {
      const used = new Map<string, number>()
      return {
        nextIds: async (counter: string, n: number) => {
          const before = used.get(counter) ?? 0
          await Promise.resolve()
          used.set(counter, before + n)
          return before + 1
        },
      }
    },
  },
  {
    does: 'readers share one object',
    foundBy: 'records',
    change: (honest) => {
      const cache = new Map<string, unknown>()
      return {
        commit: (writes: Write[]) => {
          cache.clear()
          return honest.commit(writes)
        },
        get: async (table: 'contracts', tenantId: string, id: string) => {
          const key = JSON.stringify([table, tenantId, id])
          if (!cache.has(key)) cache.set(key, await honest.get(table, tenantId, id))
          return cache.get(key)
        },
      }
    },
  },
  {
    does: 'writes are encoded after the caller may have changed them',
    foundBy: 'records',
    change: (honest) => ({
      commit: async (writes: Write[]) => {
        await Promise.resolve()
        await honest.commit(writes)
      },
    }),
  },
  {
    does: 'bytes do not survive',
    foundBy: 'records',
    change: (honest) => ({
      get: async (table: 'contracts', tenantId: string, id: string) =>
        JSON.parse(JSON.stringify(await honest.get(table, tenantId, id))),
    }),
  },
  {
    does: 'list forgets ties at the end of a page',
    foundBy: 'list',
    change: (honest) => ({
      list: (
        table: 'contracts',
        query: { tenantId: string; index: 'created'; limit: number; after?: Cursor | null },
      ) =>
        honest.list(
          table,
          query.after ? { ...query, after: [...query.after.slice(0, -1), '\u{10FFFF}'] } : query,
        ),
    }),
  },
  {
    does: 'a short page is taken for the last',
    foundBy: 'list',
    change: (honest) => ({
      list: async (table: 'contracts', query: { tenantId: string; index: 'created'; limit: number }) => {
        const page = await honest.list(table, query)
        return page.items.length < query.limit ? { ...page, next: null } : page
      },
    }),
  },
  {
    does: 'a lease does not exclude',
    foundBy: 'claim',
    change: (honest) => ({
      claim: async (table: 'deliveries', request: Parameters<Storage['claim']>[1]) => {
        const rows = await honest.claim(table, request)
        const again = rows.map(({ tenantId, id }) => ({ table, tenantId, id, set: { dueAt: request.now } }))
        await honest.commit(again.map((update) => ({ op: 'update', ...update })))
        return rows
      },
    }),
  },
  {
    does: 'a lane has no limit',
    foundBy: 'room in a lane',
    change: (honest) => ({
      claim: (table: 'deliveries', request: Parameters<Storage['claim']>[1]) =>
        honest.claim(table, { ...request, perLane: Number.POSITIVE_INFINITY }),
    }),
  },
  {
    does: 'the busiest are served first',
    foundBy: 'turns',
    change: (honest) => ({
      claim: async (table: 'deliveries', request: Parameters<Storage['claim']>[1]) => {
        // One by one in an order of its own: what is not first is skipped until the first has nothing.
        const names = ['a', 'b', 'c', 'd', 'm', 'z', 'x', 'quiet', 'calm', 'zz']
        const rows = []
        for (const lane of names) {
          const skipLanes = [...request.skipLanes, ...names.filter((name) => name !== lane)]
          rows.push(
            ...(await honest.claim(table, { ...request, skipLanes, limit: request.limit - rows.length })),
          )
        }
        return [...rows, ...(await honest.claim(table, { ...request, limit: request.limit - rows.length }))]
      },
    }),
  },
  {
    does: 'settle does not ask for the fence',
    foundBy: 'fencing',
    change: (honest) => ({
      settle: async (table: 'deliveries', outcomes: Parameters<Storage['settle']>[1]) => {
        const now = outcomes.map(async (outcome) => {
          const row = await honest.get(table, outcome.tenantId, outcome.id)
          return { ...outcome, fence: row?.fence ?? outcome.fence }
        })
        return honest.settle(table, await Promise.all(now))
      },
    }),
  },
  {
    does: 'an outcome is written apart from its writes',
    foundBy: 'writes of an outcome',
    change: (honest) => ({
      settle: async (table: 'deliveries', outcomes: Parameters<Storage['settle']>[1]) => {
        const results = await honest.settle(
          table,
          outcomes.map((outcome) => ('writes' in outcome ? { ...outcome, writes: [] } : outcome)),
        )
        for (const [at, outcome] of outcomes.entries()) {
          if (results[at] !== 'applied' || !('writes' in outcome)) continue
          await honest.commit(outcome.writes).catch(() => {
            results[at] = 'conflict'
          })
        }
        return results
      },
    }),
  },
  {
    does: 'the next due instant knows nothing of leases',
    foundBy: 'next due',
    change: () => ({ nextDue: async () => 0 }),
  },
  {
    does: 'the tenants of a page begin with the one the page before ended with',
    foundBy: 'tenants of a table',
    change: (honest) => ({
      tenants: async (table: 'contracts', after: string | null, limit: number) => {
        const further = await honest.tenants(table, after, limit)
        return after === null ? further : [after, ...further].slice(0, limit)
      },
    }),
  },
  {
    does: 'a tenant is remembered though it has nothing left',
    foundBy: 'tenants of a table',
    change: (honest) => {
      const seen = new Set<string>()
      return {
        commit: async (writes: Write[]) => {
          await honest.commit(writes)
          for (const write of writes) seen.add(write.op === 'insert' ? write.row.tenantId : write.tenantId)
        },
        tenants: async (_: 'contracts', after: string | null, limit: number) =>
          [...seen]
            .sort()
            .filter((name) => after === null || name > after)
            .slice(0, limit),
      }
    },
  },
  {
    does: 'erasing takes whoever’s name begins alike',
    foundBy: 'erasing',
    change: (honest) => ({
      erase: async (table: 'contracts', tenantId: string, limit: number) => {
        for (const each of await honest.tenants(table, tenantId, 100))
          if (each.startsWith(tenantId)) await honest.erase(table, each, limit)
        return honest.erase(table, tenantId, limit)
      },
    }),
  },
  {
    does: 'erasing knows no limit',
    foundBy: 'erasing',
    change: (honest) => ({
      erase: (table: 'contracts', tenantId: string) =>
        honest.erase(table, tenantId, Number.POSITIVE_INFINITY),
    }),
  },
  {
    does: 'erasing leaves what is claimed',
    foundBy: 'erasing',
    change: (honest) => ({
      erase: async (table: 'deliveries', tenantId: string, limit: number) => {
        const page = await honest.list(table, { tenantId, index: 'created', limit: 1000 }).catch(() => null)
        const held = page?.items.filter((row) => (row.leaseUntil ?? null) !== null) ?? []
        const erased = await honest.erase(table, tenantId, limit)
        await honest.commit(held.map((row) => ({ op: 'insert', table, row })))
        return erased
      },
    }),
  },
]

describe('the storage suite', () => {
  it('finds no fault with the honest storage', async () => {
    expect(await faults(memoryStorage)).toEqual(new Set())
  })

  for (const { does, foundBy, change } of saboteurs) {
    it(`finds out that ${does}`, async () => {
      expect(await faults(sabotaged(change))).toContain(foundBy)
    })
  }
})
