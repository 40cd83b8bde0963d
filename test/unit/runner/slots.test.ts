import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Slots } from '../../../src/runner/slots.js'

const nobody = () => {}

/** Slots, all of them taken by work that waits since 0. */
function waiting(concurrency: number) {
  const slots = new Slots(concurrency)
  const told: number[] = []
  const taken = Array.from({ length: concurrency }, (_, n) => {
    const slot = slots.take(false)
    slot.waits(0, () => told.push(n))
    return slot
  })
  return { slots, taken, told }
}

describe('slots', () => {
  it('are held from the start of work to its end', () => {
    const slots = new Slots(2)
    const [one, two] = [slots.take(false), slots.take(false)]
    expect(slots.free).toBe(0)
    one.end()
    one.end()
    expect(slots.free).toBe(1)
    two.end()
    expect(slots.free).toBe(2)
  })

  it('are given back by work that waits for longer than 100 ms, and it is told', () => {
    const { slots, taken, told } = waiting(3)
    expect(slots.nextFree).toBe(100)
    slots.giveBack(99)
    expect([slots.free, told]).toEqual([0, []])
    slots.giveBack(100)
    expect([slots.free, told]).toEqual([3, [0, 1, 2]])
    expect(slots.nextFree).toBeNull()
    for (const slot of taken) slot.end()
    expect(slots.free).toBe(3)
  })

  it('are not given back by work that does not wait, or no longer', () => {
    const slots = new Slots(2)
    slots.take(false)
    const slot = slots.take(false)
    slot.waits(0, nobody)
    slot.waited()
    slots.giveBack(10_000)
    expect(slots.free).toBe(0)
    expect(slots.nextFree).toBeNull()
  })

  it('are not waited for while there are others', () => {
    const slots = new Slots(8)
    slots.take(true).waits(0, nobody)
    expect(slots.nextFree).toBeNull()
    // All that are shared are taken.
    slots.take(true).waits(10, nobody)
    expect(slots.nextFree).toBe(100)
  })

  it('are given back up to eight times over', () => {
    const { slots, taken } = waiting(1)
    slots.giveBack(100)
    const more = Array.from({ length: 8 }, (_, n) => {
      expect(slots.free).toBe(1)
      const slot = slots.take(false)
      slot.waits(1_000 * n, nobody)
      slots.giveBack(1_000 * n + 100)
      return slot
    })
    expect(slots.free).toBe(0)
    expect(slots.nextFree).toBeNull()
    // One that is answered makes room, also while its outcome is still being written.
    taken[0]?.waited()
    slots.giveBack(8_000)
    expect(slots.free).toBe(1)
    for (const slot of more) slot.end()
    expect(slots.free).toBe(1)
  })

  it('are shared in a quarter, rounded up', () => {
    for (const [concurrency, shared] of [
      [1, 1],
      [4, 1],
      [5, 2],
      [64, 16],
    ] as const) {
      const slots = new Slots(concurrency)
      expect(slots.freeShared).toBe(shared)
      for (let n = 0; n < shared; n++) slots.take(true)
      expect(slots.freeShared).toBe(0)
      expect(slots.free).toBe(concurrency - shared)
    }
  })

  it('are not shared when all are taken', () => {
    expect(waiting(4).slots.freeShared).toBe(0)
  })

  it('add up, whatever happens', () => {
    const op = fc.constantFrom('take', 'share', 'wait', 'waited', 'end', 'later')
    const step = fc.tuple(op, fc.nat(20), fc.nat(400))
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(step, { maxLength: 300 }),
        (concurrency, steps) => {
          const slots = new Slots(concurrency)
          const late = new Set<object>()
          const open: ReturnType<Slots['take']>[] = []
          const waits = new Set<object>()
          let now = 0
          for (const [what, pick, ms] of steps) {
            const slot = open[pick % open.length]
            if (what === 'later') {
              now += ms
              slots.giveBack(now)
            } else if (what === 'take' && slots.free > 0) open.push(slots.take(false))
            else if (what === 'share' && slots.freeShared > 0) open.push(slots.take(true))
            else if (slot === undefined) continue
            else if (what === 'wait' && !waits.has(slot)) {
              const since = now
              waits.add(slot)
              slot.waits(since, () => {
                expect(now - since).toBeGreaterThanOrEqual(100)
                late.add(slot)
              })
            } else if (what === 'waited') slot.waited()
            else if (what === 'end') {
              slot.end()
              late.delete(slot)
              open.splice(open.indexOf(slot), 1)
            }
            expect(slots.free).toBeGreaterThanOrEqual(0)
            expect(slots.free).toBeLessThanOrEqual(concurrency)
            expect(slots.freeShared).toBeLessThanOrEqual(Math.ceil(concurrency / 4))
            // Whatever does not hold a slot is late.
            expect(open.length - (concurrency - slots.free)).toBe(late.size)
          }
          for (const slot of open) slot.end()
          expect([slots.free, slots.freeShared]).toEqual([concurrency, Math.ceil(concurrency / 4)])
          expect(slots.nextFree).toBeNull()
        },
      ),
    )
  })
})
