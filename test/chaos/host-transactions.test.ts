/** Many host transactions at once, of every library, that commit or roll back as a fixed seed has it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { settle } from '../../src/testkit/settle.js'
import { hostLibraries, type Library } from '../support/host-libraries.js'
import { oneMessage, openShop, placed, plus } from '../support/shop.js'

const shop = openShop()

/** mulberry32: the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const retried = ['40001', '40P01']
const isolations = ['read committed', 'repeatable read', 'serializable'] as const

describe.each(Object.entries(hostLibraries))('racing transactions of %s', (_, open) => {
  let library: Library
  beforeAll(() => {
    library = open(shop.url)
  })
  afterAll(() => library.close())

  /** As a host runs a transaction: again when it has lost a race. */
  async function persistently<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        if (attempt === 50 || !retried.includes(String(library.sqlState(error)))) throw error
      }
    }
  }

  it.each(isolations)('what was committed is delivered once, and nothing else (%s)', async (isolation) => {
    const { principal, to } = await shop.tenant()
    const before = await shop.recorded(principal)
    const random = seeded(7)
    const plans = Array.from({ length: 50 }, (_, n) => ({
      n,
      messages: 1 + Math.floor(random() * 3),
      commits: random() < 0.6,
      key: random() < 0.5 ? `key-${Math.floor(random() * 6)}` : null,
    }))
    const run = ({ n, messages, commits, key }: (typeof plans)[number]) =>
      persistently(() =>
        library.transaction(async ({ host, own }) => {
          await own(shop.order(principal))
          const tx = shop.app.drifthook.withTransaction(host)
          const plain = Array.from({ length: messages }, (_, at) =>
            tx.messages.publish(principal, placed(`${n}.${at}`)),
          )
          await Promise.all(plain)
          if (key !== null) await tx.messages.publish(principal, { ...placed(key), idempotencyKey: key })
          if (!commits) throw new Error('rolled back')
        }, isolation),
      )
    const committed = plans.filter(({ commits }) => commits)
    const told = committed.flatMap(({ n, messages }) =>
      Array.from({ length: messages }, (_, at) => `${n}.${at}`),
    )
    const keys = new Set(committed.flatMap(({ key }) => key ?? []))
    const lanes = Array.from({ length: 8 }, async () => {
      for (let plan = plans.shift(); plan !== undefined; plan = plans.shift()) {
        const end = run(plan)
        await (plan.commits ? end : expect(end).rejects.toThrow('rolled back'))
      }
    })
    await Promise.all(lanes)
    await settle(shop.app.drifthook)
    const orders = to.requests.map(({ body }) => JSON.parse(body.toString()).data.order as string)
    const expected = [...told, ...keys].sort()
    expect(orders.sort()).toEqual(expected)
    const all = Object.fromEntries(Object.keys(oneMessage).map((name) => [name, expected.length]))
    expect(await shop.recorded(principal)).toMatchObject(
      plus(
        { ...before, attempts: 0, attemptDetails: 0 },
        {
          ...all,
          idempotencyKeys: keys.size,
          orders: committed.length,
          attempts: expected.length,
          attemptDetails: expected.length,
        },
      ),
    )
  })

  it('twenty with one key make one message', async () => {
    const { principal, to } = await shop.tenant()
    const key = { ...placed(), idempotencyKey: 'once' }
    const racers = Array.from({ length: 20 }, (_, n) =>
      persistently(() =>
        library.transaction(
          async ({ host }) => {
            const { id } = await shop.app.drifthook.withTransaction(host).messages.publish(principal, key)
            return id
          },
          isolations[n % 3] ?? 'serializable',
        ),
      ),
    )
    const pooled = Array.from(
      { length: 5 },
      async () => (await shop.app.drifthook.messages.publish(principal, key)).id,
    )
    expect(new Set(await Promise.all([...racers, ...pooled])).size).toBe(1)
    await settle(shop.app.drifthook)
    expect(to.requests).toHaveLength(1)
  })
})
