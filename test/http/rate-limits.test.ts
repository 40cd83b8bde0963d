/** Limits that are counted in the storage: what is asked of it, and what goes on when it does not answer. */
import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../../src/index.js'
import type { Limiter } from '../../src/ports/limiter.js'
import { contractAndMonitor, orders, upload } from '../support/app.js'
import { memory } from '../support/combinations.js'
import { deliveriesOf, publish, receiving, subscribe, webhookApp } from '../support/webhooks.js'

/** An app whose storage counts, by `take`, which may be replaced; and the keys it was asked for. */
function counting(take: Limiter['take'], options: Parameters<typeof webhookApp>[1] = {}) {
  const keys: string[] = []
  const counts = { take }
  const limiter: Limiter = {
    take(key, limit) {
      keys.push(key)
      return counts.take(key, limit)
    },
  }
  const app = webhookApp(memory, { ...options, storage: Object.assign(memoryStorage(), { limiter }) })
  const warnings = () =>
    app.logger.lines.filter(({ level, message }) => level === 'warn' && message.includes('rate limits'))
  return { ...app, keys, counts, warnings }
}

const open = async () => ({ allowed: true, remaining: 3, resetMs: 12_345 })
const full = async () => ({ allowed: false, remaining: 0, resetMs: 30_000 })
const broken = () => Promise.reject(new Error('gone'))
const hanging = () => new Promise<never>(() => {})

describe('uploads', () => {
  it('are answered with what the storage has counted, by a key that is no secret', async () => {
    const app = counting(open)
    const { path, monitor } = await contractAndMonitor(app)
    const answer = await upload(app.app, path, orders())
    expect(answer.status).toBe(200)
    expect(answer.headers).toMatchObject({
      'ratelimit-limit': '20',
      'ratelimit-remaining': '3',
      'ratelimit-reset': '13',
    })
    app.counts.take = full
    const refused = await upload(app.app, path, orders())
    expect(refused.status).toBe(429)
    expect(refused.headers).toMatchObject({ 'retry-after': '30', 'ratelimit-remaining': '0' })
    expect(app.keys).toEqual([`upload:${monitor.id}`, `upload:${monitor.id}`])
    expect(path).not.toContain(monitor.id)
  })

  it.each([
    ['fails', broken],
    ['does not answer', hanging],
  ])('are counted by the process while the storage %s, which is said once', async (_, take) => {
    const app = counting(take, { upload: { rateLimit: { points: 3 } } })
    const { path } = await contractAndMonitor(app)
    const statuses = []
    for (let n = 0; n < 5; n++) statuses.push((await upload(app.app, path, orders())).status)
    expect(statuses).toEqual([200, 200, 200, 429, 429])
    expect(app.warnings()).toHaveLength(1)
    // It is not asked again at once.
    expect(app.keys.length).toBeLessThan(5)
  })
})

describe('deliveries', () => {
  const limited = { rate_limit: { points: 5, duration_ms: 60_000 } }

  it('of a webhook without a limit ask nobody', async () => {
    const app = counting(open)
    const to = await receiving()
    await subscribe(app, to.url())
    await publish(app)
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(1)
    expect(app.keys).toEqual([])
  })

  it('of one with a limit ask once for each attempt', async () => {
    const app = counting(open)
    const to = await receiving()
    const { id } = await subscribe(app, to.url(), limited)
    for (let n = 0; n < 3; n++) await publish(app)
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(3)
    expect(app.keys).toEqual(Array(3).fill(`delivery:${id}`))
  })

  it('wait for the end of a window that others have used up, with no attempt counted', async () => {
    const app = counting(full)
    const to = await receiving()
    const { id } = await subscribe(app, to.url(), limited)
    await publish(app)
    await app.drifthook.runDue()
    const [waiting] = await deliveriesOf(app, id)
    expect(waiting).toMatchObject({ status: 'pending', attempt_count: 0 })
    expect(Date.parse(waiting.next_attempt_at) - app.clock.now()).toBe(30_000)
    // Nor is anything else sent there before it, or asked for.
    await publish(app)
    await app.drifthook.runDue()
    expect(app.keys).toHaveLength(1)
    app.counts.take = open
    await app.clock.advance(29_999)
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(0)
    await app.clock.advance(1)
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(2)
    const all = await deliveriesOf(app, id)
    expect(all.map(({ attempt_count }: { attempt_count: number }) => attempt_count)).toEqual([1, 1])
  })

  it.each([
    ['fails', broken],
    ['does not answer', hanging],
  ])('keep the limit of their own process while the storage %s', async (_, take) => {
    const app = counting(take)
    const to = await receiving()
    await subscribe(app, to.url(), limited)
    for (let n = 0; n < 8; n++) await publish(app)
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(5)
    expect(app.warnings()).toHaveLength(1)
    await app.clock.advance(60_000)
    await app.drifthook.runDue()
    expect(to.requests).toHaveLength(8)
  })
})
