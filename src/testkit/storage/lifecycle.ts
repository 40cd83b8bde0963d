import assert from 'node:assert/strict'
import { contract, delivery, needsTwin, request, start, topic } from './harness.js'

export const lifecycleCases = topic('open and close', [
  {
    name: 'opening twice and at once is opening once',
    async run(harness) {
      const storage = await harness.open()
      await Promise.all([storage.open(), storage.open()])
      await storage.open()
      await storage.commit([contract('a')])
      assert.ok(await storage.get('contracts', 'acme', 'a'))
    },
  },
  {
    name: 'a store that tells the time tells the right one',
    async run(harness) {
      const storage = await harness.open()
      const [earlier, later] = [await storage.now?.(), await storage.now?.()]
      if (earlier === undefined || later === undefined) return
      assert.ok(Number.isSafeInteger(earlier) && later >= earlier, `${earlier}, then ${later}`)
      const day = 24 * 60 * 60 * 1000
      assert.ok(Math.abs(earlier - Date.now()) < day, 'milliseconds since 1970')
    },
  },
  {
    name: 'closing twice is closing once',
    async run(harness) {
      const storage = await harness.open()
      await storage.close()
      await storage.close()
    },
  },
  {
    name: 'closing waits for what was handed in',
    async run(harness) {
      const storage = await harness.open()
      await storage.commit([delivery('d'), delivery('e', { lane: 'e', dueAt: start + 1 })])
      const [held] = await storage.claim('deliveries', request())
      const { tenantId, id, fence } = held!
      const handedIn = Promise.all([
        storage.commit([contract('a')]),
        storage.settle('deliveries', [
          { kind: 'end', tenantId, id, fence, set: {}, writes: [contract('b')] },
        ]),
        storage.claim('deliveries', request({ now: start + 1 })),
        storage.nextIds('counter', 1),
      ])
      await storage.close()
      const [, settled, claimed] = await handedIn
      assert.deepEqual([settled, claimed.length], [['applied'], 1])
      await storage.open()
      for (const each of ['a', 'b']) assert.ok(await storage.get('contracts', 'acme', each))
      assert.equal(await storage.nextIds('counter', 1), 2)
    },
  },
  {
    name: 'the capabilities are declared and readable at any time',
    async run(harness) {
      const storage = await harness.open()
      assert.deepEqual({ ...storage.capabilities }, { ...harness.capabilities })
      assert.ok(['none', 'process', 'disk'].includes(storage.capabilities.durable))
    },
  },
  {
    name: 'a storage that opens an existing store finds what is in it',
    needs: needsTwin,
    async run(harness) {
      const storage = await harness.open()
      await storage.commit([contract('a')])
      const twin = await harness.openTwin!()
      assert.ok(await twin.get('contracts', 'acme', 'a'))
      await twin.commit([contract('b')])
      assert.ok(await storage.get('contracts', 'acme', 'b'))
    },
  },
])
