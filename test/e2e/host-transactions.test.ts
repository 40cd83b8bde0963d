/** Publishing inside the host's own SQL transaction, with the libraries hosts use, on a real PostgreSQL. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HostTransaction } from '../../src/index.js'
import { verify } from '../../src/signing/index.js'
import { settle } from '../../src/testkit/settle.js'
import { hostLibraries, type Library } from '../support/host-libraries.js'
import { noting, oneMessage, openShop, placed, plus, signal } from '../support/shop.js'

const shop = openShop()

describe.each(Object.entries(hostLibraries))('inside a transaction of %s', (_, open) => {
  let library: Library
  beforeAll(() => {
    library = open(shop.url)
  })
  afterAll(() => library.close())

  it('what is published is delivered once the host commits, and not before', async () => {
    const { principal, to, secret } = await shop.tenant()
    const before = await shop.recorded(principal)
    const message = await library.transaction(async ({ host, own }) => {
      await own(shop.order(principal))
      const published = await shop.app.drifthook.withTransaction(host).messages.publish(principal, placed())
      expect(await shop.recorded(principal)).toEqual(before)
      await settle(shop.app.drifthook)
      expect(to.requests).toEqual([])
      return published
    })
    expect(await shop.recorded(principal)).toEqual(plus(before, { ...oneMessage, orders: 1 }))
    await settle(shop.app.drifthook)
    const { headers, body } = await to.next()
    expect(headers['webhook-id']).toBe(message.id)
    expect(verify({ headers, body, secret, now: shop.app.clock.now })).toEqual({ ok: true })
    expect(await shop.app.drifthook.messages.get(principal, message.id)).toEqual(message)
  })

  it('nothing is left of it when the host rolls back', async () => {
    const { principal, to } = await shop.tenant()
    const before = await shop.recorded(principal)
    const rollback = library.transaction(async ({ host, own }) => {
      await own(shop.order(principal))
      const tx = shop.app.drifthook.withTransaction(host)
      await tx.messages.publish(principal, { ...placed(), idempotencyKey: 'k' })
      await tx.messages.publish(principal, placed())
      throw new Error('the host thinks better of it')
    })
    await expect(rollback).rejects.toThrow('thinks better')
    expect(await shop.recorded(principal)).toEqual(before)
    await settle(shop.app.drifthook)
    expect(to.requests).toEqual([])
  })

  it('an error in the middle of it is undone, and the host commits its own', async () => {
    const { principal } = await shop.tenant()
    const before = await shop.recorded(principal)
    await library.transaction(async ({ host, own }) => {
      const spoilt = noting(host, (sql) => (sql.includes('INSERT') ? `${sql} WHERE 1 / 0 = 1` : sql))
      const tx = shop.app.drifthook.withTransaction(spoilt.host)
      const failure = await tx.messages.publish(principal, placed()).catch((error: unknown) => error)
      expect(library.sqlState(failure)).toBe('22012')
      await own(shop.order(principal))
      await shop.app.drifthook.withTransaction(host).messages.publish(principal, placed())
    })
    expect(await shop.recorded(principal)).toEqual(plus(before, { ...oneMessage, orders: 1 }))
  })

  it('an error in what was written already is undone, too', async () => {
    const { principal } = await shop.tenant()
    const before = await shop.recorded(principal)
    await library.transaction(async ({ host, own }) => {
      let once = true
      const spoilt = noting(host, (sql) => {
        if (!sql.startsWith('RELEASE') || !once) return sql
        once = false
        return 'SELECT 1 / 0'
      })
      const tx = shop.app.drifthook.withTransaction(spoilt.host)
      const failure = await tx.messages.publish(principal, placed()).catch((error: unknown) => error)
      expect(library.sqlState(failure)).toBe('22012')
      await own(shop.order(principal))
    })
    expect(await shop.recorded(principal)).toEqual(plus(before, { orders: 1 }))
  })

  it('what is refused leaves the transaction as it was', async () => {
    const { principal } = await shop.tenant()
    const before = await shop.recorded(principal)
    await library.transaction(async ({ host, own }) => {
      const { messages } = shop.app.drifthook.withTransaction(host)
      await own(shop.order(principal))
      await messages.publish(principal, { ...placed(1), idempotencyKey: 'k' })
      await expect(messages.publish(principal, { ...placed(2), idempotencyKey: 'k' })).rejects.toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
      })
      await expect(messages.publish(principal, { type: 'order.lost', data: 1 })).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
      })
    })
    expect(await shop.recorded(principal)).toEqual(
      plus(before, { ...oneMessage, idempotencyKeys: 1, orders: 1 }),
    )
  })

  it('bytes arrive as they were given: every character there is, up to the limit', async () => {
    const { principal, to } = await shop.tenant()
    const characters = Array.from({ length: 0x10000 }, (_, code) =>
      code >= 0xd800 && code < 0xe000 ? '' : String.fromCharCode(code),
    ).join('')
    const json = `{ "z":1.50,\t"a" : ${JSON.stringify(`${characters}😀𝒳\u{10ffff}\ud800`)}, "a":"$1 ? ?? \\\\? :x ' ''" `
    const data = Buffer.alloc(256 * 1024, ' ')
    data.write('}', data.byteLength - 1)
    data.write(json)
    const message = await library.transaction(({ host }) =>
      shop.app.drifthook.withTransaction(host).messages.publish(principal, { type: 'order.placed', data }),
    )
    await settle(shop.app.drifthook)
    const { body } = await to.next()
    expect(body.includes(data)).toBe(true)
    expect(await shop.app.drifthook.messages.get(principal, message.id)).toEqual(message)
  })

  it('several at once take their turns', async () => {
    const { principal } = await shop.tenant()
    const before = await shop.recorded(principal)
    await library.transaction(async ({ host }) => {
      const { messages } = shop.app.drifthook.withTransaction(host)
      const results = await Promise.allSettled([
        ...[1, 2, 3].map((id) => messages.publish(principal, { ...placed(id), idempotencyKey: `k${id}` })),
        messages.publish(principal, { ...placed(4), idempotencyKey: 'k1' }),
        messages.publish(principal, placed(5)),
      ])
      expect(results.map(({ status }) => status)).toEqual([
        ...['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
      ])
    })
    const four = Object.fromEntries(Object.keys(oneMessage).map((name) => [name, 4]))
    expect(await shop.recorded(principal)).toEqual(plus(before, { ...four, idempotencyKeys: 3 }))
  })

  it('of racers with one idempotency key all answer the first message (READ COMMITTED)', async () => {
    const { principal } = await shop.tenant()
    const before = await shop.recorded(principal)
    const racers = Array.from({ length: 6 }, () =>
      library.transaction(async ({ host, own }) => {
        await own(shop.order(principal))
        const { messages } = shop.app.drifthook.withTransaction(host)
        return (await messages.publish(principal, { ...placed(), idempotencyKey: 'once' })).id
      }),
    )
    expect(new Set(await Promise.all(racers)).size).toBe(1)
    expect(await shop.recorded(principal)).toEqual(
      plus(before, { ...oneMessage, idempotencyKeys: 1, orders: 6 }),
    )
  })

  it.each(['repeatable read', 'serializable'] as const)(
    'whoever cannot see who was first is told to run again (%s)',
    async (isolation) => {
      const { principal } = await shop.tenant()
      const before = await shop.recorded(principal)
      const publish = ({ host }: { host: HostTransaction }) =>
        shop.app.drifthook
          .withTransaction(host)
          .messages.publish(principal, { ...placed(), idempotencyKey: 'once' })
      const seen = signal()
      const committed = signal()
      const slow = library.transaction(async (tx) => {
        await tx.own(`SELECT count(*) FROM ${shop.schema}.orders`)
        seen.give()
        await committed.given
        return publish(tx)
      }, isolation)
      await seen.given
      const first = await library.transaction(publish, isolation)
      committed.give()
      const failure = await slow.catch((error: unknown) => error)
      expect(library.sqlState(failure)).toBe('40001')
      // What a host does then.
      expect(await library.transaction(publish, isolation)).toEqual(first)
      expect(await shop.recorded(principal)).toEqual(plus(before, { ...oneMessage, idempotencyKeys: 1 }))
    },
  )

  it('and its transaction can be used all the same (REPEATABLE READ)', async () => {
    const { principal } = await shop.tenant()
    const before = await shop.recorded(principal)
    const key = { ...placed(), idempotencyKey: 'once' }
    await library.transaction(async ({ host, own }) => {
      await own(`SELECT count(*) FROM ${shop.schema}.orders`)
      await shop.app.drifthook.messages.publish(principal, key)
      const { messages } = shop.app.drifthook.withTransaction(host)
      const failure = await messages.publish(principal, key).catch((error: unknown) => error)
      expect(library.sqlState(failure)).toBe('40001')
      await own(shop.order(principal))
    }, 'repeatable read')
    expect(await shop.recorded(principal)).toEqual(
      plus(before, { ...oneMessage, idempotencyKeys: 1, orders: 1 }),
    )
  })

  it('refuses what is no transaction', () => {
    expect(() => library.misused()).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})
