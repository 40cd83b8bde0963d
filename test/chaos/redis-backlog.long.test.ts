/** A hundred thousand deliveries wait: Redis does no more for a claim, a page or an end than with a thousand. */
import { Redis } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { redisStorage } from '../../src/adapters/redis/index.js'
import type { Outcome, Storage } from '../../src/ports/storage.js'
import { delivery, request, start } from '../../src/testkit/storage/harness.js'
import { startRedisServer } from '../support/redis-server.js'

const lanes = 50

async function fill(storage: Storage, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n += 500) {
    const some = Array.from({ length: Math.min(500, to - n) }, (_, at) => {
      const lane = `lane${(n + at) % lanes}`
      const id = `d${String(n + at).padStart(8, '0')}`
      const times = { dueAt: start - n - at, createdAt: start - n - at }
      return delivery(id, { lane, subscriptionId: lane, messageId: id, ...times })
    })
    await storage.commit(some)
  }
}

it('a backlog of 100,000 is worked by as many commands as one of 1,000', async () => {
  const server = await startRedisServer()
  onTestFinished(() => server.stop())
  const client = new Redis(server.url, { lazyConnect: true })
  const storage = redisStorage({ client, acceptLoss: true })
  onTestFinished(() => storage.close())
  await storage.open()

  /** How many commands Redis ran for it, those inside of scripts included. */
  const commandsOf = async (work: () => Promise<unknown>) => {
    await server.admin.config('RESETSTAT')
    await work()
    const stats = await server.admin.info('commandstats')
    return [...stats.matchAll(/calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0)
  }
  const round = async () => {
    const claim = { limit: 64, perLane: 8 }
    let ends: Outcome<'deliveries'>[] = []
    const claimed = await commandsOf(async () => {
      const held = await storage.claim('deliveries', request(claim))
      ends = held.map(({ tenantId, id, fence }) => {
        return { kind: 'end', tenantId, id, fence, set: { status: 'delivered' }, writes: [] }
      })
    })
    expect(ends).toHaveLength(64)
    const query = { tenantId: 'acme', index: 'created', limit: 50, descending: true } as const
    return {
      claimed,
      settled: await commandsOf(() => storage.settle('deliveries', ends)),
      due: await commandsOf(() => storage.nextDue('deliveries')),
      listed: await commandsOf(() => storage.list('deliveries', query)),
      filtered: await commandsOf(() =>
        storage.list('deliveries', { ...query, filter: { status: 'nothing' } }),
      ),
      committed: await commandsOf(() => storage.commit([delivery('late', { messageId: 'late' })])),
      removed: await commandsOf(() =>
        storage.commit([{ op: 'delete', table: 'deliveries', tenantId: 'acme', id: 'late' }]),
      ),
    }
  }

  await fill(storage, 0, 2000)
  // All lanes are awake from then on.
  await round()
  const few = await round()
  await fill(storage, 2000, 100_000)
  const many = await round()
  expect(few.claimed).toBeGreaterThan(64)
  for (const [name, commands] of Object.entries(many)) {
    expect(commands, name).toBeLessThanOrEqual(few[name as keyof typeof few] + 8)
  }
})
