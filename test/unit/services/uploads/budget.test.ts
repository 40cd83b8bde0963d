import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Budget, type BudgetPlace } from '../../../../src/services/uploads/budget.js'

const kibibyte = 1024
const least = 64 * kibibyte

/** What an attempt was refused for, or null. */
function refusal(attempt: () => unknown) {
  try {
    attempt()
    return null
  } catch (error) {
    const { code, limit, retryAfterSeconds, status } = error as Record<string, unknown>
    return { code, limit, retryAfterSeconds, status }
  }
}

const busy = (name: string, value: number) => ({
  code: 'UPLOADS_BUSY',
  status: 503,
  retryAfterSeconds: expect.any(Number),
  limit: { name, value },
})

describe('the budget of uploads under way', () => {
  const of = (budgetBytes: number, inFlightPerToken = 1_000) => new Budget({ budgetBytes, inFlightPerToken })

  it('lets so many in with one token, and the next one when one has left', () => {
    const budget = of(1024 ** 3, 2)
    const first = budget.enter('acme', 'm1')
    budget.enter('acme', 'm1')
    expect(refusal(() => budget.enter('acme', 'm1'))).toEqual(busy('upload.inFlightPerToken', 2))
    expect(refusal(() => budget.enter('acme', 'm2'))).toBeNull()
    first.leave()
    first.leave()
    expect(refusal(() => budget.enter('acme', 'm1'))).toBeNull()
    expect(refusal(() => budget.enter('acme', 'm1'))).not.toBeNull()
  })

  it('lets one tenant have a quarter, and others what is left', () => {
    const budget = of(40 * least)
    const acme = budget.enter('acme', 'm1')
    acme.take(10 * least)
    expect(refusal(() => acme.take(1))).toEqual(busy('upload.budgetBytes', 10 * least))
    expect(refusal(() => budget.enter('acme', 'm2'))).toEqual(busy('upload.budgetBytes', 10 * least))
    const others = ['b', 'c', 'd'].map((tenant) => budget.enter(tenant, tenant))
    for (const other of others) other.take(10 * least)
    expect(refusal(() => budget.enter('e', 'e'))).toEqual(busy('upload.budgetBytes', 40 * least))
    acme.giveBack(least)
    expect(refusal(() => budget.enter('e', 'e'))).toBeNull()
  })

  it('takes all of the bytes or none', () => {
    const budget = of(4 * 100 * kibibyte)
    const place = budget.enter('acme', 'm1')
    place.take(90 * kibibyte)
    expect(refusal(() => place.take(11 * kibibyte))).not.toBeNull()
    expect(refusal(() => place.take(10 * kibibyte))).toBeNull()
  })

  it('charges 64 KiB at least while an upload is under way, however slow it is', () => {
    const budget = of(40 * least)
    const places = Array.from({ length: 10 }, () => budget.enter('acme', 'm'))
    for (const place of places) place.take(least)
    expect(refusal(() => budget.enter('acme', 'm'))).toEqual(busy('upload.budgetBytes', 10 * least))
    places[0]?.giveBack(least)
    expect(refusal(() => budget.enter('acme', 'm'))).not.toBeNull()
    places[0]?.leave()
    expect(refusal(() => budget.enter('acme', 'm'))).toBeNull()
  })

  it('charges bytes for as long as they are kept, after the upload has left too', () => {
    const budget = of(4 * least)
    const later = budget.enter('acme', 'm')
    later.take(1)
    later.leave()
    expect(refusal(() => budget.enter('acme', 'm'))).not.toBeNull()
    later.giveBack(1)
    expect(refusal(() => budget.enter('acme', 'm'))).toBeNull()
  })

  it('lets an upload in even where a quarter is less than 64 KiB', () => {
    const budget = of(400)
    const place = budget.enter('acme', 'm')
    expect(refusal(() => place.take(100))).toBeNull()
    expect(refusal(() => place.take(1))).toEqual(busy('upload.budgetBytes', 100))
  })

  it('keeps to its laws whatever uploads do', () => {
    const options = { budgetBytes: 40 * least, inFlightPerToken: 3 }
    const step = fc.record({
      what: fc.constantFrom('enter', 'enter', 'take', 'take', 'giveBack', 'leave' as const),
      tenant: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      monitor: fc.constantFrom('1', '2', '3', '4', '5'),
      which: fc.nat(30),
      bytes: fc.nat(3 * least),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const budget = new Budget(options)
        const uploads: { place: BudgetPlace; tenant: string; monitor: string; taken: number; in: boolean }[] =
          []
        const charge = (one: (typeof uploads)[number]) => Math.max(one.taken, one.in ? least : 0)
        const sum = (list: typeof uploads) => list.reduce((bytes, one) => bytes + charge(one), 0)
        const fits = (tenant: string, more: number) =>
          sum(uploads) + more <= options.budgetBytes &&
          sum(uploads.filter((one) => one.tenant === tenant)) + more <= options.budgetBytes / 4
        for (const { what, tenant, monitor: n, which, bytes } of steps) {
          const monitor = `${tenant}${n}`
          const one = uploads[which % Math.max(1, uploads.length)]
          if (what === 'enter') {
            const underWay = uploads.filter((each) => each.in && each.monitor === monitor).length
            const free = underWay < options.inFlightPerToken && fits(tenant, least)
            const attempt = () =>
              uploads.push({ place: budget.enter(tenant, monitor), tenant, monitor, taken: 0, in: true })
            expect(refusal(attempt) === null).toBe(free)
          } else if (one !== undefined && what === 'take') {
            const more = charge({ ...one, taken: one.taken + bytes }) - charge(one)
            const free = more === 0 || fits(one.tenant, more)
            expect(refusal(() => one.place.take(bytes)) === null).toBe(free)
            if (free) one.taken += bytes
          } else if (one !== undefined && what === 'giveBack') {
            // More than was taken is no credit.
            one.place.giveBack(bytes)
            one.taken = Math.max(0, one.taken - bytes)
          } else if (one !== undefined) {
            one.place.leave()
            one.in = false
          }
          expect(sum(uploads)).toBeLessThanOrEqual(options.budgetBytes)
        }
        // When all is over, everything is free again: four tenants can fill it.
        for (const { place, taken } of uploads) {
          place.leave()
          place.giveBack(taken)
        }
        for (const tenant of ['w', 'x', 'y', 'z']) budget.enter(tenant, tenant).take(10 * least)
      }),
    )
  })
})
