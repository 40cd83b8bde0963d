import assert from 'node:assert/strict'
import { delivery, ids, lease, needsTwin, numbered, request, start, topic } from './harness.js'

export const claimCases = [
  ...topic('claim', [
    {
      name: 'a claimed record is leased: fence and claims up by one, due at the end of the lease',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([delivery('d', { event: 'e' })])
        const [claimed] = await storage.claim('deliveries', request())
        const expected = {
          ...delivery('d', { event: 'e' }).row,
          fence: 1,
          claims: 1,
          leaseUntil: start + lease,
          dueAt: start + lease,
        }
        assert.deepEqual(claimed, expected)
        assert.deepEqual(await storage.get('deliveries', 'acme', 'd'), expected)
      },
    },
    {
      name: 'takes what is due by the instant given, finished and later work not',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([
          delivery('past', { dueAt: start - 1 }),
          delivery('now', { dueAt: start }),
          delivery('later', { dueAt: start + 1 }),
          delivery('done', { dueAt: null }),
          delivery('ancient', { dueAt: 0 }),
        ])
        assert.deepEqual(ids(await storage.claim('deliveries', request())).sort(), ['ancient', 'now', 'past'])
        assert.deepEqual(ids(await storage.claim('deliveries', request({ now: start + 1 }))), ['later'])
        assert.deepEqual(await storage.claim('deliveries', request({ now: start + 2 })), [])
      },
    },
    {
      name: 'of N racers exactly one gets each',
      async run(harness) {
        const storage = await harness.open()
        const names = numbered('d', 100)
        await storage.commit(names.map((id, i) => delivery(id, { lane: `l${i % 7}` })))
        const racers = Array.from({ length: 20 }, () => storage.claim('deliveries', request({ limit: 7 })))
        const claimed = (await Promise.all(racers)).flat()
        assert.deepEqual(ids(claimed).sort(), names)
      },
    },
    {
      name: 'of N racing adapters exactly one gets each',
      needs: needsTwin,
      async run(harness) {
        const adapters = [await harness.open(), await harness.openTwin!(), await harness.openTwin!()]
        const names = numbered('d', 90)
        await adapters[0]!.commit(names.map((id, i) => delivery(id, { lane: `l${i % 7}` })))
        const racers = Array.from({ length: 30 }, (_, i) =>
          adapters[i % 3]!.claim('deliveries', request({ limit: 4 })),
        )
        assert.deepEqual(ids((await Promise.all(racers)).flat()).sort(), names)
      },
    },
    {
      name: 'a lease excludes until it ends; then the work is claimed again, with a higher fence',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([delivery('d')])
        await storage.claim('deliveries', request())
        assert.deepEqual(await storage.claim('deliveries', request()), [])
        assert.deepEqual(await storage.claim('deliveries', request({ now: start + lease - 1 })), [])
        const [again] = await storage.claim('deliveries', request({ now: start + lease }))
        assert.deepEqual([again?.fence, again?.claims, again?.leaseUntil], [2, 2, start + 2 * lease])
      },
    },
    {
      name: 'a lease is judged by the instant given, not by any clock',
      async run(harness) {
        const storage = await harness.open()
        const distant = Date.UTC(2400, 0, 1)
        await storage.commit([delivery('d', { dueAt: 1 }), delivery('future', { dueAt: distant })])
        assert.deepEqual(ids(await storage.claim('deliveries', request({ now: 10, leaseUntil: 20 }))), ['d'])
        assert.deepEqual(await storage.claim('deliveries', request({ now: 19 })), [])
        // A worker whose clock is behind sees the lease as well.
        assert.deepEqual(await storage.claim('deliveries', request({ now: 5 })), [])
        assert.deepEqual(ids(await storage.claim('deliveries', request({ now: 20, leaseUntil: 30 }))), ['d'])
        const all = await storage.claim('deliveries', request({ now: distant }))
        assert.deepEqual(ids(all).sort(), ['d', 'future'])
      },
    },
    {
      name: 'never more than the limit',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit(numbered('d', 10).map((id, i) => delivery(id, { lane: `l${i % 3}` })))
        for (const [limit, got] of [
          [0, 0],
          [1, 1],
          [4, 4],
          [100, 5],
          [100, 0],
        ] as const) {
          assert.equal((await storage.claim('deliveries', request({ limit }))).length, got)
        }
      },
    },
    {
      name: 'within a lane the longest due comes first, ties by id',
      async run(harness) {
        const storage = await harness.open()
        const due = [5, 1, 3, 1, 4]
        await storage.commit(due.map((ago, i) => delivery(`d${i}`, { dueAt: start - ago })))
        const claimed: string[] = []
        for (let i = 0; i < 5; i++)
          claimed.push(...ids(await storage.claim('deliveries', request({ limit: 1 }))))
        assert.deepEqual(claimed, ['d0', 'd4', 'd2', 'd1', 'd3'])
      },
    },
    {
      name: 'skipped lanes are left alone',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit(
          ['a', 'b', 'c'].flatMap((lane) => [1, 2].map((i) => delivery(`${lane}${i}`, { lane }))),
        )
        const claimed = await storage.claim('deliveries', request({ skipLanes: ['a', 'c', 'none'] }))
        assert.deepEqual(ids(claimed).sort(), ['b1', 'b2'])
        assert.equal((await storage.claim('deliveries', request())).length, 4)
      },
    },
    {
      name: 'a leased record can be changed by a commit, and an ended one is not claimed',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([delivery('a'), delivery('b')])
        await storage.claim('deliveries', request({ limit: 1 }))
        await storage.commit(
          ['a', 'b'].map((id) => ({
            op: 'update',
            table: 'deliveries',
            tenantId: 'acme',
            id,
            set: { dueAt: null, leaseUntil: null, status: 'failed' },
          })),
        )
        assert.deepEqual(await storage.claim('deliveries', request({ now: start + lease })), [])
        assert.equal(await storage.nextDue('deliveries'), null)
        await storage.commit([
          {
            op: 'update',
            table: 'deliveries',
            tenantId: 'acme',
            id: 'a',
            set: { dueAt: start, status: 'pending' },
          },
        ])
        assert.deepEqual(ids(await storage.claim('deliveries', request())), ['a'])
      },
    },
  ]),
  ...topic('next due', [
    {
      name: 'the earliest instant at which something is claimable, leases considered',
      async run(harness) {
        const storage = await harness.open()
        assert.equal(await storage.nextDue('deliveries'), null)
        await storage.commit([
          delivery('a', { dueAt: start, lane: 'a' }),
          delivery('b', { dueAt: start + 9 * lease, lane: 'b', tenantId: 'other' }),
          delivery('c', { dueAt: null }),
        ])
        assert.equal(await storage.nextDue('deliveries'), start)
        const [held] = await storage.claim('deliveries', request())
        assert.equal(await storage.nextDue('deliveries'), start + lease)
        const { tenantId, id, fence } = held!
        await storage.settle('deliveries', [
          { kind: 'retry', tenantId, id, fence, dueAt: start + 5, set: {}, writes: [] },
        ])
        assert.equal(await storage.nextDue('deliveries'), start + 5)
        const [again] = await storage.claim('deliveries', request({ now: start + 5 }))
        await storage.settle('deliveries', [
          { kind: 'end', tenantId, id, fence: again!.fence, set: {}, writes: [] },
        ])
        assert.equal(await storage.nextDue('deliveries'), start + 9 * lease)
      },
    },
  ]),
]
