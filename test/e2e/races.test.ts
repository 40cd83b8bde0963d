/** What concurrent callers must not be able to do, on each storage. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { acme, contractAndMonitor, orders, placeOn, testApp } from '../support/app.js'
import { testedHere } from '../support/combinations.js'

const many = <T>(n: number, work: (n: number) => Promise<T>) =>
  Promise.allSettled(Array.from({ length: n }, (_, i) => work(i)))
const fulfilled = <T>(results: PromiseSettledResult<T>[]) =>
  results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
const codes = (results: PromiseSettledResult<unknown>[]) =>
  results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []))

describe.each(testedHere)('on %s', (on) => {
  const scene = (options = {}) => {
    const it = testApp({ ...placeOn(on).open(), ...options })
    onTestFinished(() => it.drifthook.stop())
    return it
  }

  it('a contract is never deleted under a monitor that is being made', async () => {
    for (let round = 0; round < 5; round++) {
      const { drifthook } = scene()
      const contract = await drifthook.contracts.create(acme, { name: 'x', sample: { a: 1 } })
      const [deleted, ...made] = await Promise.allSettled([
        drifthook.contracts.delete(acme, contract.id),
        ...[1, 2, 3].map((n) => drifthook.monitors.create(acme, { name: `m${n}`, contractId: contract.id })),
      ])
      const monitors = (await drifthook.monitors.list(acme)).items
      expect(monitors).toHaveLength(fulfilled(made).length)
      // Either it is gone and nothing names it, or it stands and refused to go.
      if (deleted?.status === 'fulfilled') expect(monitors).toEqual([])
      else expect((await drifthook.contracts.get(acme, contract.id)).id).toBe(contract.id)
    }
  })

  it('a limit holds', async () => {
    const { drifthook } = scene({ limits: { contracts: 3 } })
    const results = await many(8, (n) =>
      drifthook.contracts.create(acme, { name: `c${n}`, sample: { a: n } }),
    )
    expect(fulfilled(results)).toHaveLength(3)
    expect(new Set(codes(results))).toEqual(new Set(['LIMIT_REACHED']))
    const [first] = fulfilled(results)
    await drifthook.contracts.delete(acme, first?.id ?? '')
    await drifthook.contracts.create(acme, { name: 'again', sample: { a: 1 } })
  })

  it('a name is taken once', async () => {
    const { drifthook } = scene()
    const results = await many(6, () => drifthook.contracts.create(acme, { name: 'same', sample: { a: 1 } }))
    expect(fulfilled(results)).toHaveLength(1)
    expect(new Set(codes(results))).toEqual(new Set(['NAME_TAKEN']))
  })

  it('of uploads with the same drift one is detected, the others are repeats, and numbers are unique', async () => {
    const it = scene()
    const { monitor } = await contractAndMonitor(it)
    const to = await it.drifthook.subscriptions.create(acme, { url: 'https://a.example', events: ['*'] })
    const file = Buffer.from(orders((order) => delete order.email))
    const results = await many(8, () => it.drifthook.uploads.check(acme, { monitorId: monitor.id, file }))
    const ids = fulfilled(results).map((result) => result.eventId ?? 0)
    expect(new Set(ids).size).toBe(8)
    expect(Math.min(...ids)).toBeGreaterThan(0)
    const told = (await it.drifthook.deliveries.list(acme, to.id)).items.map((delivery) => delivery.event)
    expect(told.sort()).toEqual([
      'check.repeated',
      'check.repeated',
      'check.repeated',
      'check.repeated',
      'check.repeated',
      'check.repeated',
      'check.repeated',
      'drift.detected',
    ])
  })
})
