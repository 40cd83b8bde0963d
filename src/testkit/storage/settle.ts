import assert from 'node:assert/strict'
import type { Outcome, Storage, Write } from '../../ports/storage.js'
import type { Row } from '../../ports/tables.js'
import { contract, delivery, ids, lease, needsTwin, numbered, request, start, topic } from './harness.js'

type Delivery = Row<'deliveries'>

const end = ({ tenantId, id, fence }: Delivery, set: Partial<Delivery> = {}, writes: Write[] = []) =>
  ({ kind: 'end', tenantId, id, fence, set, writes }) satisfies Outcome<'deliveries'>

const retry = (
  { tenantId, id, fence }: Delivery,
  dueAt: number,
  set: Partial<Delivery> = {},
  writes: Write[] = [],
) => ({ kind: 'retry', tenantId, id, fence, dueAt, set, writes }) satisfies Outcome<'deliveries'>

const defer = ({ tenantId, id, fence }: Delivery, dueAt: number) =>
  ({ kind: 'defer', tenantId, id, fence, dueAt }) satisfies Outcome<'deliveries'>

const renew = ({ tenantId, id, fence }: Delivery, leaseUntil: number) =>
  ({ kind: 'renew', tenantId, id, fence, leaseUntil }) satisfies Outcome<'deliveries'>

/** Opens a storage with one piece of work, claimed. */
async function claimed(storage: Storage): Promise<Delivery> {
  await storage.commit([delivery('d')])
  const [held] = await storage.claim('deliveries', request())
  return held!
}

const read = (storage: Storage) => storage.get('deliveries', 'acme', 'd')

export const settleCases = [
  ...topic('settle', [
    {
      name: 'end: the columns are set, the lease cleared, and it is never claimed again',
      async run(harness) {
        const storage = await harness.open()
        const held = await claimed(storage)
        const set = { status: 'delivered', httpStatusCode: 200, attemptCount: 1, completedAt: start + 5 }
        assert.deepEqual(await storage.settle('deliveries', [end(held, set)]), ['applied'])
        assert.deepEqual(await read(storage), { ...held, ...set, dueAt: null, leaseUntil: null, claims: 0 })
        assert.deepEqual(await storage.claim('deliveries', request({ now: start + 9 * lease })), [])
      },
    },
    {
      name: 'retry: the columns are set, the lease cleared, and it is claimable from then on',
      async run(harness) {
        const storage = await harness.open()
        const held = await claimed(storage)
        const outcome = retry(held, start + 100, { attemptCount: 1 })
        assert.deepEqual(await storage.settle('deliveries', [outcome]), ['applied'])
        const expected = { ...held, attemptCount: 1, dueAt: start + 100, leaseUntil: null, claims: 0 }
        assert.deepEqual(await read(storage), expected)
        assert.deepEqual(await storage.claim('deliveries', request({ now: start + 99 })), [])
        const [again] = await storage.claim('deliveries', request({ now: start + 100 }))
        assert.deepEqual([again?.fence, again?.claims], [2, 1])
      },
    },
    {
      name: 'defer: given back untouched but for when it is due, and its room in the lane is free',
      async run(harness) {
        const storage = await harness.open()
        const held = await claimed(storage)
        assert.deepEqual(await storage.settle('deliveries', [defer(held, start + 100)]), ['applied'])
        assert.deepEqual(await read(storage), { ...held, dueAt: start + 100, leaseUntil: null, claims: 0 })
        await storage.commit([delivery('e')])
        assert.deepEqual(ids(await storage.claim('deliveries', request({ perLane: 1 }))), ['e'])
        const later = request({ now: start + 100, perLane: 2 })
        assert.deepEqual(ids(await storage.claim('deliveries', later)), ['d'])
      },
    },
    {
      name: 'renew: the lease ends later, claims are kept, the fence stays ours',
      async run(harness) {
        const storage = await harness.open()
        const held = await claimed(storage)
        const later = start + 3 * lease
        assert.deepEqual(await storage.settle('deliveries', [renew(held, later)]), ['applied'])
        assert.deepEqual(await read(storage), { ...held, dueAt: later, leaseUntil: later })
        assert.deepEqual(await storage.claim('deliveries', request({ now: later - 1 })), [])
        assert.deepEqual(await storage.settle('deliveries', [end(held)]), ['applied'])
      },
    },
    {
      name: 'the number of claims grows without a settle and starts over with one',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([delivery('d')])
        let now = start
        for (let claims = 1; claims <= 4; claims++, now += lease) {
          const [held] = await storage.claim('deliveries', request({ now }))
          assert.equal(held?.claims, claims)
        }
        const [held] = await storage.claim('deliveries', request({ now }))
        await storage.settle('deliveries', [retry(held!, now)])
        assert.equal((await storage.claim('deliveries', request({ now })))[0]?.claims, 1)
      },
    },
  ]),
  ...topic('fencing', [
    {
      name: 'after a lease has ended and another has claimed, the former holder has lost',
      async run(harness) {
        const storage = await harness.open()
        const former = await claimed(storage)
        const [holder] = await storage.claim('deliveries', request({ now: start + lease }))
        const before = await read(storage)
        const outcomes = [
          end(former, { status: 'x' }, [contract('c')]),
          retry(former, 1),
          defer(former, 1),
          renew(former, 1),
        ]
        for (const outcome of outcomes)
          assert.deepEqual(await storage.settle('deliveries', [outcome]), ['lost'])
        assert.deepEqual(await read(storage), before)
        assert.equal(await storage.get('contracts', 'acme', 'c'), null)
        assert.deepEqual(await storage.settle('deliveries', [end(holder!)]), ['applied'])
      },
    },
    {
      name: 'a lease that has ended but was not claimed by another is still ours',
      async run(harness) {
        const storage = await harness.open()
        const held = await claimed(storage)
        assert.deepEqual(await storage.claim('deliveries', request({ now: start + 1 })), [])
        assert.deepEqual(await storage.settle('deliveries', [retry(held, start + 10 * lease)]), ['applied'])
      },
    },
    {
      name: 'a claim is settled once',
      async run(harness) {
        const storage = await harness.open()
        for (const [id, settle] of [
          ['end', (held: Delivery) => end(held)],
          ['retry', (held: Delivery) => retry(held, start + 5)],
          ['defer', (held: Delivery) => defer(held, start + 5)],
        ] as const) {
          await storage.commit([delivery(id, { lane: id })])
          const [held] = await storage.claim('deliveries', request())
          assert.deepEqual(await storage.settle('deliveries', [settle(held!)]), ['applied'])
          const again = [settle(held!), end(held!), renew(held!, start + 2 * lease)]
          assert.deepEqual(await storage.settle('deliveries', again), ['lost', 'lost', 'lost'])
        }
      },
    },
    {
      name: 'work that is gone, ended by a commit, or was never claimed is lost',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit(['a', 'b', 'c'].map((id) => delivery(id)))
        const held = await storage.claim('deliveries', request({ limit: 2 }))
        await storage.commit([
          { op: 'delete', table: 'deliveries', tenantId: 'acme', id: 'a' },
          {
            op: 'update',
            table: 'deliveries',
            tenantId: 'acme',
            id: 'b',
            set: { dueAt: null, leaseUntil: null },
          },
        ])
        const free = (await storage.get('deliveries', 'acme', 'c'))!
        const outcomes = [...held, free].map((each) => end(each, {}, [contract(each.id)]))
        assert.deepEqual(await storage.settle('deliveries', outcomes), ['lost', 'lost', 'lost'])
        for (const { id } of outcomes) assert.equal(await storage.get('contracts', 'acme', id), null)
        assert.equal((await storage.get('deliveries', 'acme', 'c'))?.dueAt, start)
      },
    },
    {
      name: 'of N racing settles of one claim exactly one is applied',
      async run(harness) {
        const storage = await harness.open()
        const held = await claimed(storage)
        const racing = Array.from({ length: 10 }, (_, i) =>
          storage.settle('deliveries', [i % 2 ? end(held) : retry(held, start + 5)]),
        )
        const results = (await Promise.all(racing)).flat()
        assert.deepEqual(results.sort(), ['applied', ...Array(9).fill('lost')])
      },
    },
    {
      name: 'an adapter that lost its lease cannot settle what another holds',
      needs: needsTwin,
      async run(harness) {
        const [one, two] = [await harness.open(), await harness.openTwin!()]
        const former = await claimed(one)
        const [holder] = await two.claim('deliveries', request({ now: start + lease }))
        assert.deepEqual(await one.settle('deliveries', [end(former)]), ['lost'])
        assert.deepEqual(await two.settle('deliveries', [end(holder!)]), ['applied'])
      },
    },
  ]),
  ...topic('writes of an outcome', [
    {
      name: 'are made with it',
      async run(harness) {
        const storage = await harness.open()
        const held = await claimed(storage)
        const writes: Write[] = [contract('a'), delivery('next', { dueAt: start + 1 })]
        assert.deepEqual(await storage.settle('deliveries', [retry(held, start + 5, {}, writes)]), [
          'applied',
        ])
        assert.ok(await storage.get('contracts', 'acme', 'a'))
        assert.deepEqual(ids(await storage.claim('deliveries', request({ now: start + 1 }))), ['next'])
      },
    },
    {
      name: 'if one is refused, nothing of the outcome is written and the lease stands',
      async run(harness) {
        const storage = await harness.open()
        await storage.commit([contract('taken')])
        const held = await claimed(storage)
        const writes: Write[] = [contract('a'), contract('taken')]
        for (const outcome of [
          end(held, { status: 'x' }, writes),
          retry(held, start, { status: 'x' }, writes),
        ]) {
          assert.deepEqual(await storage.settle('deliveries', [outcome]), ['conflict'])
        }
        assert.deepEqual(await read(storage), held)
        assert.equal(await storage.get('contracts', 'acme', 'a'), null)
        assert.deepEqual(await storage.claim('deliveries', request()), [])
        assert.deepEqual(await storage.settle('deliveries', [end(held, {}, [contract('a')])]), ['applied'])
      },
    },
    {
      name: 'outcomes settle independently, with one result each in order',
      async run(harness) {
        const storage = await harness.open()
        const names = numbered('d', 6)
        await storage.commit([contract('taken'), ...names.map((id) => delivery(id, { lane: id }))])
        const held = await storage.claim('deliveries', request())
        const [a, b, c, d, e, f] = names.map((id) => held.find((each) => each.id === id)!)
        const results = await storage.settle('deliveries', [
          end(a!, { status: 'delivered' }, [contract('a')]),
          end({ ...b!, fence: 7 }, { status: 'delivered' }, [contract('b')]),
          end(c!, { status: 'delivered' }, [contract('c'), contract('taken')]),
          retry(d!, start + 5, {}, [contract('d')]),
          defer(e!, start + 6),
          renew(f!, start + 2 * lease),
        ])
        assert.deepEqual(results, ['applied', 'lost', 'conflict', 'applied', 'applied', 'applied'])
        const found = await Promise.all(
          ['a', 'b', 'c', 'd'].map((id) => storage.get('contracts', 'acme', id)),
        )
        assert.deepEqual(found.map(Boolean), [true, false, false, true])
        const due = await Promise.all(
          names.map(async (id) => (await storage.get('deliveries', 'acme', id))?.dueAt),
        )
        assert.deepEqual(due, [null, start + lease, start + lease, start + 5, start + 6, start + 2 * lease])
        assert.deepEqual(await storage.settle('deliveries', []), [])
      },
    },
  ]),
]
