/** What a file is compared with: the contract's version and policy as they stand when it comes, in every process. */
import { describe, expect, it, onTestFinished } from 'vitest'
import { toSchema } from '../../src/diff/index.js'
import type { ContractSchema } from '../../src/diff/report.js'
import type { Storage } from '../../src/index.js'
import { acme, contractAndMonitor, orders, placeOn, testApp, upload } from '../support/app.js'
import { durableHere } from '../support/combinations.js'
import { profileJson } from '../unit/diff/fixtures/helpers.js'

/** Two processes on one store, and the store for whoever works beside them. */
async function scene() {
  const place = placeOn(durableHere)
  const [one, two] = [testApp(place.open()), testApp(place.open())]
  const beside = place.open().storage
  onTestFinished(async () => {
    await Promise.all([one.drifthook.stop(), two.drifthook.stop(), beside.close()])
  })
  await beside.open()
  const made = await contractAndMonitor(one)
  const results = async (content: string) => {
    const answers = [await upload(one.app, made.path, content), await upload(two.app, made.path, content)]
    return answers.map(({ body }) => body.result)
  }
  return { ...made, one, two, beside, results }
}

const withoutSku = orders((order) => {
  delete order.sku
})

/** The commit that makes a schema the contract's next version. */
async function newVersion(storage: Storage, id: string, schema: ContractSchema): Promise<void> {
  const row = await storage.get('contracts', acme.tenantId, id)
  if (row === null) throw new Error('no such contract')
  const { tenantId, version } = row
  await storage.commit([
    { op: 'insert', table: 'contractSchemas', row: { tenantId, id: `${id}:${version + 1}`, schema } },
    {
      op: 'update',
      table: 'contracts',
      tenantId,
      id,
      set: { version: version + 1 },
      expect: { version },
    },
  ])
}

describe('what an upload is compared with', () => {
  it('is the policy that was committed last, whichever process did', async () => {
    const { contract, two, results } = await scene()
    expect(await results(withoutSku)).toEqual(['breaking', 'breaking'])
    await two.drifthook.contracts.update(acme, contract.id, { policy: { ignore: ['orders[].sku'] } })
    expect(await results(withoutSku)).toEqual(['pass', 'pass'])
    await two.drifthook.contracts.update(acme, contract.id, { policy: {} })
    expect(await results(withoutSku)).toEqual(['breaking', 'breaking'])
  })

  it('is the version that was committed last', async () => {
    const { contract, one, beside, results } = await scene()
    expect(await results(withoutSku)).toEqual(['breaking', 'breaking'])
    await newVersion(beside, contract.id, toSchema(profileJson(JSON.parse(withoutSku))))
    expect(await results(withoutSku)).toEqual(['pass', 'pass'])
    expect(await results(orders())).toEqual(['warning', 'warning'])
    await newVersion(beside, contract.id, contract.schema)
    expect(await results(withoutSku)).toEqual(['breaking', 'breaking'])
    const { items } = await one.drifthook.events.list(acme, {})
    expect(new Set(items.map((event) => event.contractVersion))).toEqual(new Set([1, 2, 3]))
  })

  it('is each contract for itself', async () => {
    const { contract, one, path, results } = await scene()
    const sample = JSON.parse(withoutSku)
    const other = await one.drifthook.contracts.create(acme, { name: 'Without', sample })
    const monitor = await one.drifthook.monitors.create(acme, { name: 'Without', contractId: other.id })
    expect(await results(orders())).toEqual(['pass', 'pass'])
    const answer = await upload(one.app, `/drift/webhook/${monitor.token}`, orders())
    expect(answer.body).toMatchObject({ result: 'warning', drift_summary: { additions: 1 } })
    await one.drifthook.monitors.update(acme, monitor.id, { contractId: contract.id })
    expect((await upload(one.app, `/drift/webhook/${monitor.token}`, orders())).body.result).toBe('pass')
    expect((await upload(one.app, path, withoutSku)).body.result).toBe('breaking')
  })

  it('is nothing once the contract is deleted', async () => {
    const { contract, monitor, two, one, path, beside } = await scene()
    expect((await upload(one.app, path, orders())).body.result).toBe('pass')
    const { tenantId } = acme
    await beside.commit([{ op: 'delete', table: 'contracts', tenantId, id: contract.id }])
    expect((await upload(one.app, path, orders())).status).toBe(404)
    expect((await upload(two.app, path, orders())).status).toBe(404)
    expect(monitor.contractId).toBe(contract.id)
  })
})
