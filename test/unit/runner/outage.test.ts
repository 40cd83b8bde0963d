/** What the runner does while its storage does not answer, and after. */
import { describe, expect, it } from 'vitest'
import { DrifthookError, memoryStorage, type Storage } from '../../../src/index.js'
import type { Row } from '../../../src/ports/tables.js'
import { leaseMs, type Trade, WorkLoop } from '../../../src/runner/loop.js'
import { Outage, pauseMs } from '../../../src/runner/outage.js'
import { newDelivery } from '../../../src/services/deliveries/outbox.js'
import { fakeClock } from '../../../src/testkit/fake-clock.js'
import { recordingLogger } from '../../support/app.js'

const gone = () => new DrifthookError('STORAGE_UNAVAILABLE', 'not today')

/** A storage that can be taken away, and counts how often it is asked for work. */
function breakable(): { storage: Storage; now: { down: boolean; claims: number } } {
  const storage = memoryStorage()
  const now = { down: false, claims: 0 }
  const { claim, settle, nextDue } = storage
  storage.claim = async (...asked) => {
    now.claims++
    if (now.down) throw gone()
    return claim.apply(storage, asked) as never
  }
  storage.settle = async (...asked) => {
    if (now.down) throw gone()
    return settle.apply(storage, asked) as never
  }
  storage.nextDue = async (table) => {
    if (now.down) throw gone()
    return nextDue.call(storage, table)
  }
  return { storage, now }
}

function scene() {
  const { storage, now } = breakable()
  const clock = fakeClock(Date.parse('2026-03-01T12:00:00Z'))
  const logger = recordingLogger()
  const worked: string[] = []
  let hold: Promise<void> | null = null
  const trade: Trade<'deliveries'> = {
    table: 'deliveries',
    concurrency: 8,
    perLane: 4,
    deadlineMs: 10_000,
    async work({ tenantId, id, fence, messageId }: Row<'deliveries'>) {
      worked.push(messageId)
      await hold
      const set = { status: 'delivered', failureReason: messageId === 'poison' ? 'a\0b' : null }
      return { outcome: { kind: 'end', tenantId, id, fence, set, writes: [] } }
    },
  }
  const outage = new Outage({ clock, logger })
  const loop = new WorkLoop({ storage, clock, logger, outage, later: async () => {} }, trade)
  const due = (...messages: string[]) =>
    storage.commit(
      messages.map((message, n) => {
        const about = { tenantId: 'acme', id: message, type: 'order.created' }
        return { op: 'insert', table: 'deliveries', row: newDelivery(about, `lane ${n}`, clock.now()) }
      }),
    )
  const rows = async () =>
    (await storage.list('deliveries', { tenantId: 'acme', index: 'subscription', limit: 100 })).items
  const told = (level: string) =>
    logger.lines.filter((line) => line.level === level).map(({ message }) => message)
  return {
    ...{ now, clock, loop, worked, due, rows, told },
    /** Work goes on until the returned function is called. */
    holdWork() {
      let release = () => {}
      hold = new Promise((resolve) => {
        release = resolve
      })
      return release
    },
  }
}

describe('a runner whose storage is gone', () => {
  it('asks ever less often, says so once, and goes on by itself when it is back', async () => {
    const { now, clock, loop, worked, due, told } = scene()
    loop.start()
    await clock.advance(0)
    await due('waiting')
    now.down = true
    now.claims = 0
    await clock.advance(10 * 60_000)
    // 1, 2, 4, 8, 16 and then 30 seconds apart, each up to a quarter less.
    expect(now.claims).toBeGreaterThanOrEqual(4 + 18)
    expect(now.claims).toBeLessThanOrEqual(6 + 27)
    expect(told('error')).toEqual([
      'due work could not be claimed; it is tried again, at ever longer intervals',
    ])
    now.down = false
    await clock.advance(30_000)
    expect(worked).toEqual(['waiting'])
    expect(told('info')).toEqual(['the storage answers again'])
    expect(told('error')).toHaveLength(1)

    // The next outage is another one.
    now.down = true
    await clock.advance(5_000)
    expect(told('error')).toHaveLength(2)
    await loop.stop(0)
  })

  it('is not made to ask more often by wake-ups', async () => {
    const { now, clock, loop } = scene()
    now.down = true
    loop.start()
    for (let second = 0; second < 60; second++) {
      loop.look()
      await clock.advance(1_000)
    }
    expect(now.claims).toBeLessThanOrEqual(8)
    expect(now.claims).toBeGreaterThanOrEqual(5)
    await loop.stop(0)
  })

  it('keeps what it has done until it can be written, takes nothing on before, and does nothing twice', async () => {
    const { now, clock, loop, worked, due, rows, holdWork, told } = scene()
    await due('one', 'two')
    const release = holdWork()
    loop.start()
    await clock.advance(0)
    expect(worked).toHaveLength(2)
    now.down = true
    release()
    // Longer than the lease, and than any number of quick tries.
    await clock.advance(5 * 60_000)
    expect((await rows()).map(({ status }) => status)).toEqual(['pending', 'pending'])
    await due('three')
    now.down = false
    await clock.advance(60_000)
    expect(worked).toEqual(['one', 'two', 'three'])
    expect((await rows()).map(({ status }) => status)).toEqual(Array(3).fill('delivered'))
    expect(told('error')).toHaveLength(1)
    await loop.stop(0)
  })

  it('can be stopped meanwhile: what is not written stays under its lease', async () => {
    const { now, clock, loop, due, rows, holdWork } = scene()
    await due('one')
    const release = holdWork()
    loop.start()
    await clock.advance(0)
    now.down = true
    release()
    await clock.advance(2_000)
    await loop.stop(0)
    expect(await rows()).toMatchObject([{ status: 'pending', fence: 1, leaseUntil: expect.any(Number) }])
  })
})

describe('an outcome that the storage refuses', () => {
  it('is given up, and those beside it are written', async () => {
    const { clock, loop, due, rows, told } = scene()
    await due('good', 'poison', 'well')
    loop.start()
    await clock.advance(9_000)
    const status = Object.fromEntries((await rows()).map((row) => [row.messageId, row.status]))
    expect(status).toEqual({ good: 'delivered', poison: 'pending', well: 'delivered' })
    await clock.advance(6_000)
    expect(told('error')).toContain('the storage refuses an outcome')
    await due('later')
    await clock.advance(2_000)
    expect((await rows()).find(({ messageId }) => messageId === 'later')).toMatchObject({
      status: 'delivered',
    })
    await loop.stop(0)
  })
})

describe('a lease', () => {
  it('outlasts the deadline of its work by a write budget and a margin of 5 s each', async () => {
    const { clock, loop, due, rows, holdWork } = scene()
    await due('one')
    const release = holdWork()
    loop.start()
    await clock.advance(0)
    expect((await rows())[0]?.leaseUntil).toBe(clock.now() + 10_000 + 5_000 + 5_000)
    for (const deadline of [1, 10_000, 120_000]) expect(leaseMs(deadline)).toBe(deadline + 10_000)
    release()
    await loop.stop(0)
  })
})

describe('the pauses of an outage', () => {
  it('double up to 30 s, and are never longer', () => {
    for (let failures = 1; failures < 2_000; failures++) {
      const most = Math.min(1_000 * 2 ** (failures - 1), 30_000)
      const pause = pauseMs(failures)
      expect(pause).toBeLessThanOrEqual(most)
      expect(pause).toBeGreaterThanOrEqual(most * 0.75)
    }
  })
})
