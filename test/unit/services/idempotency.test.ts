/** One key, one message: in turn and in a race, on both embedded storages. */
import { afterEach, describe, expect, it } from 'vitest'
import { receiver } from '../../../src/testkit/receiver.js'
import { settle } from '../../../src/testkit/settle.js'
import type { StorageHarness } from '../../../src/testkit/storage-conformance.js'
import { memoryHarness, sqliteHarness } from '../../conformance/harnesses.js'
import { acme, globex, testApp } from '../../support/app.js'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const harnesses: [string, () => StorageHarness][] = [
  ['memory', memoryHarness],
  ['SQLite', sqliteHarness],
]

const eventTypes = {
  'contact.created': { schema: { type: 'object', required: ['id'] } },
  'contact.deleted': {},
}
const secretKey = new Uint8Array(32)

describe.each(harnesses)('an idempotency key, with %s', (_, harness) => {
  async function scene() {
    const kept = harness()
    closing.push(() => kept.close())
    const storage = await kept.open()
    const it = testApp({ storage, eventTypes, secretKey })
    closing.push(() => it.drifthook.stop())
    const publish = (idempotencyKey: string | undefined, data: unknown = { id: 1 }, by = acme) =>
      it.drifthook.messages.publish(by, {
        type: 'contact.created',
        data,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      })
    const published = async (tenantId = 'acme') =>
      (await storage.list('messages', { tenantId, index: 'created', limit: 100 })).items.map(({ id }) => id)
    return { ...it, publish, published }
  }

  it('makes one message and one delivery of any number of requests at once', async () => {
    const { drifthook, publish, published } = await scene()
    const to = await receiver()
    closing.push(() => to.close())
    await drifthook.subscriptions.create(acme, { url: to.url(), events: ['contact.*'] })
    const made = await Promise.all(Array.from({ length: 20 }, () => publish('k')))
    const [id] = await published()
    expect(await published()).toHaveLength(1)
    expect(new Set(made.map((message) => message.id))).toEqual(new Set([id]))
    expect(made.every((message) => JSON.stringify(message) === JSON.stringify(made[0]))).toBe(true)
    expect(await settle(drifthook)).toBe(1)
  })

  it('makes as many as there are keys, and as many as there are requests without', async () => {
    const { publish, published } = await scene()
    await Promise.all(['a', 'b', 'c'].map((key) => publish(key)))
    expect(await published()).toHaveLength(3)
    await Promise.all([publish(undefined), publish(undefined)])
    expect(await published()).toHaveLength(5)
  })

  it('belongs to one request', async () => {
    const { drifthook, publish, published } = await scene()
    await publish('k', { id: 1 })
    const conflict = {
      code: 'IDEMPOTENCY_CONFLICT',
      status: 409,
      errors: [{ path: 'idempotencyKey', code: 'taken', message: 'was used for another request' }],
    }
    await expect(publish('k', { id: 2 })).rejects.toMatchObject(conflict)
    // Other bytes are another request, even where the JSON says the same.
    await expect(publish('k', Buffer.from('{"id": 1}'))).rejects.toMatchObject(conflict)
    const other = { type: 'contact.deleted', data: { id: 1 }, idempotencyKey: 'k' }
    await expect(drifthook.messages.publish(acme, other)).rejects.toMatchObject(conflict)
    expect(await published()).toHaveLength(1)
    const racing = await Promise.allSettled([1, 2, 3, 4].map((id) => publish('race', { id })))
    expect(racing.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await published()).toHaveLength(2)
  })

  it('belongs to one tenant', async () => {
    const { publish, published } = await scene()
    const mine = await publish('k')
    const theirs = await publish('k', { id: 'theirs' }, globex)
    expect(await published('globex')).toEqual([theirs.id])
    expect(await published()).toEqual([mine.id])
  })

  it('is not used up by a request that was refused', async () => {
    const { publish, published } = await scene()
    await expect(publish('k', {})).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    const { id } = await publish('k')
    expect(await published()).toEqual([id])
  })

  it('holds for 24 hours, and then for another request as well', async () => {
    const { publish, published, clock } = await scene()
    const first = await publish('k')
    await clock.advance(24 * 3_600_000 - 1)
    expect((await publish('k')).id).toBe(first.id)
    await clock.advance(1)
    const next = await Promise.all([1, 2, 3].map(() => publish('k', { id: 2 })))
    expect(new Set(next.map(({ id }) => id)).size).toBe(1)
    expect(next[0]?.id).not.toBe(first.id)
    expect(await published()).toHaveLength(2)
    await expect(publish('k', { id: 1 })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
  })

  it.each(['', 'a b', 'é', 'a\n', 'k'.repeat(256)])('is not %j', async (key) => {
    const { publish, published } = await scene()
    await expect(publish(key)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      errors: [{ path: 'idempotencyKey' }],
    })
    await publish('k'.repeat(255))
    expect(await published()).toHaveLength(1)
  })
})

it('an idempotency key holds between processes on one database', async () => {
  const harness = sqliteHarness()
  closing.push(() => harness.close())
  const storages = [await harness.open(), ...(harness.openTwin ? [await harness.openTwin()] : [])]
  expect(storages).toHaveLength(2)
  const all = storages.map((storage) => testApp({ storage, eventTypes, secretKey }).drifthook)
  closing.push(...all.map((drifthook) => () => drifthook.stop()))
  const input = { type: 'contact.created', data: { id: 1 }, idempotencyKey: 'k' }
  const racing = Array.from({ length: 10 }, () => all.map(({ messages }) => messages.publish(acme, input)))
  const made = await Promise.all(racing.flat())
  expect(new Set(made.map(({ id }) => id)).size).toBe(1)
  const kept = await storages[0]?.list('messages', { tenantId: 'acme', index: 'created', limit: 100 })
  expect(kept?.items).toHaveLength(1)
})
