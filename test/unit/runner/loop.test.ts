/** Who gets the slots of a process: the loop over a real store, its work held by the test. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createDrifthook, memoryStorage, type Principal } from '../../../src/index.js'
import type { Row } from '../../../src/ports/tables.js'
import { Lanes } from '../../../src/runner/lanes.js'
import { type Done, WorkLoop } from '../../../src/runner/loop.js'
import { Outage } from '../../../src/runner/outage.js'
import type { Slot } from '../../../src/runner/slots.js'
import { newDelivery } from '../../../src/services/deliveries/outbox.js'
import { fakeClock } from '../../../src/testkit/fake-clock.js'
import { recordingLogger } from '../../support/app.js'

type Delivery = Row<'deliveries'>

/** A loop whose work goes on until the test ends it. */
function scene(concurrency = 8) {
  const storage = memoryStorage()
  const clock = fakeClock(Date.parse('2026-03-01T12:00:00Z'))
  const lanes = new Lanes({ breakerFailures: 10, openMs: 30_000, maxOpenMs: 300_000, maxThrottleMs: 300_000 })
  const logger = recordingLogger()
  const working = new Map<string, { lane: string; end: () => void }>()
  const loop = new WorkLoop(
    { storage, clock, logger, outage: new Outage({ clock, logger }), later: async () => {} },
    {
      table: 'deliveries',
      concurrency,
      perLane: 4,
      deadlineMs: 50_000,
      lanes,
      work: ({ tenantId, id, fence, lane }: Delivery, slot: Slot) => {
        const now = clock.now()
        const putOff = lanes.enter(lane, now, null)
        const held = { tenantId, id, fence }
        if (putOff !== null) return Promise.resolve({ outcome: { ...held, kind: 'defer', dueAt: putOff } })
        slot.waits(now, () => lanes.late(lane))
        return new Promise<Done<'deliveries'>>((done) => {
          const end = () => {
            working.delete(id)
            slot.waited()
            lanes.leave(lane, clock.now(), { kind: 'alive' })
            done({ outcome: { ...held, kind: 'end', set: { status: 'delivered' }, writes: [] } })
          }
          working.set(id, { lane, end })
        })
      },
    },
  )
  const settle = async () => {
    for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    clock,
    lanes,
    loop,
    settle,
    due: (lane: string, count: number) =>
      storage.commit(
        Array.from({ length: count }, (_, n) => {
          const message = { tenantId: 'acme', id: `msg_${n}`, type: 'order.created' }
          return { op: 'insert', table: 'deliveries', row: newDelivery(message, lane, clock.now()) }
        }),
      ),
    first: async () => {
      const query = { tenantId: 'acme', index: 'subscription' as const, limit: 1 }
      return (await storage.list('deliveries', query)).items[0]
    },
    /** How many are under way in lanes whose names start so. */
    under: (lane: string) => [...working.values()].filter((work) => work.lane.startsWith(lane)).length,
    endAll: () => {
      for (const { end } of working.values()) end()
    },
    fail: (lane: string) => {
      lanes.enter(lane, clock.now(), null)
      lanes.leave(lane, clock.now(), { kind: 'down' })
    },
  }
}

describe('the slots of a process', () => {
  const ending: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const end of ending.splice(0)) await end()
  })
  const started = async (it = scene()) => {
    ending.push(async () => {
      const stopped = it.loop.stop(0)
      it.endAll()
      await stopped
    })
    it.loop.start()
    await it.settle()
    return it
  }

  it('all go to lanes that are not failing', async () => {
    const it = scene()
    await it.due('a', 10)
    await it.due('b', 10)
    await started(it)
    expect([it.under('a'), it.under('b')]).toEqual([4, 4])
  })

  it('go to failing lanes one each, and a quarter in all', async () => {
    const it = scene()
    for (const lane of ['failing 1', 'failing 2', 'failing 3', 'failing 4']) {
      it.fail(lane)
      await it.due(lane, 10)
    }
    await started(it)
    expect(it.under('failing')).toBe(2)
    await it.due('well', 10)
    it.loop.look()
    await it.settle()
    expect([it.under('failing'), it.under('well')]).toEqual([2, 4])
  })

  it('go to a failing lane as to any other once it has answered', async () => {
    const it = scene()
    it.fail('a')
    await it.due('a', 10)
    await started(it)
    expect(it.under('a')).toBe(1)
    it.endAll()
    await it.settle()
    expect(it.under('a')).toBe(4)
  })

  it('are shared fairly even when the lanes that are well could fill them all', async () => {
    const it = scene(4)
    it.fail('failing')
    await it.due('failing', 4)
    for (const lane of ['well 1', 'well 2', 'well 3']) await it.due(lane, 40)
    await started(it)
    const seen: number[] = []
    for (let n = 0; n < 12; n++) {
      seen.push(it.under('failing'))
      it.endAll()
      await it.settle()
    }
    expect(seen).toContain(1)
  })

  it('are not kept by who keeps us waiting, and a lane that does is given no more meanwhile', async () => {
    const it = scene()
    for (let n = 0; n < 8; n++) await it.due(`hangs ${n}`, 10)
    await started(it)
    expect(it.under('hangs')).toBe(8)
    await it.due('well', 10)
    await it.clock.advance(99)
    expect(it.under('well')).toBe(0)
    await it.clock.advance(1)
    await it.settle()
    expect([it.under('hangs'), it.under('well')]).toEqual([8, 4])
  })
})

describe('the end of a loop', () => {
  it('waits for what is under way', async () => {
    const it = scene()
    await it.due('a', 1)
    it.loop.start()
    await it.settle()
    const stopped = it.loop.stop(60_000)
    it.endAll()
    await stopped
    expect(await it.first()).toMatchObject({ status: 'delivered', leaseUntil: null })
  })

  it('leaves what takes longer under its lease, whatever comes of it', async () => {
    const it = scene()
    await it.due('a', 1)
    it.loop.start()
    await it.settle()
    await it.loop.stop(0)
    it.endAll()
    await it.settle()
    expect(await it.first()).toMatchObject({ status: 'pending', leaseUntil: it.clock.now() + 60_000 })
  })
})

describe('receivers that hang', () => {
  const acme: Principal = { tenantId: 'acme', actor: 'ada', permissions: ['*'] }

  it('keep no healthy one waiting, though they are more than there are slots', async () => {
    let hanging = 0
    const server = createServer((request, response) => {
      request.resume()
      if (request.url === '/well') response.end(() => server.emit('delivered', hanging))
      else if (++hanging === 12) server.emit('hanging')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const drifthook = createDrifthook({
      authenticate: () => acme,
      eventTypes: ['order.created', 'order.shipped'],
      logger: recordingLogger(),
      delivery: { allowLoopback: true, concurrency: 2, timeoutMs: 120_000 },
    })
    try {
      for (let n = 0; n < 12; n++)
        await drifthook.subscriptions.create(acme, { url: `${url}/hangs${n}`, events: ['order.created'] })
      await drifthook.subscriptions.create(acme, { url: `${url}/well`, events: ['order.shipped'] })
      for (let n = 0; n < 10; n++)
        await drifthook.messages.publish(acme, { type: 'order.created', data: { n } })
      const allHang = once(server, 'hanging')
      await drifthook.start()
      await allHang
      const delivered = once(server, 'delivered')
      await drifthook.messages.publish(acme, { type: 'order.shipped', data: {} })
      expect((await delivered)[0]).toBeGreaterThanOrEqual(12)
    } finally {
      await drifthook.stop({ drainMs: 0 })
      server.closeAllConnections()
      server.close()
    }
  })
})
