/** Formats of the host's own, inline and in a worker thread. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { acme, testApp, upload } from '../support/app.js'

const module = pathToFileURL(join(import.meta.dirname, 'fixtures/fixed-width.mjs')).href
const file = (records: number, change = (line: string) => line) =>
  `FIX1\n${Array.from({ length: records }, (_, n) => change(`KX-${1000 + (n % 9000)}`.padEnd(8) + String(n % 900).padStart(6, '0'))).join('\n')}\n`

describe('the option formats', () => {
  it.each([
    ['on the calling thread', 20],
    ['in a worker thread', 30_000],
  ])('reads a format of the host’s own: %s', async (_where, records) => {
    const { app, drifthook } = testApp({ formats: [module] })
    await drifthook.start({ runner: false })
    const sample = { bytes: Buffer.from(file(records)), name: 'stock.fix' }
    const contract = await drifthook.contracts.create(acme, { name: 'stock', file: sample })
    expect(contract.format).toBe('fixed-width')
    const monitor = await drifthook.monitors.create(acme, { name: 'stock', contractId: contract.id })
    const path = `/drift/webhook/${monitor.token}`
    expect((await upload(app, path, file(records), 'stock.fix')).body).toMatchObject({ has_drift: false })
    const cut = await upload(
      app,
      path,
      file(records, (line) => line.slice(0, 10)),
      'stock.fix',
    )
    expect(cut.body).toMatchObject({ status: 400, code: 'FILE_MALFORMED', event_id: 2 })
    const json = await upload(app, path, '[{"sku":"KX-1","quantity":1}]')
    expect(json.body).toMatchObject({ status: 400, code: 'FORMAT_MISMATCH' })
    await drifthook.stop()
  })

  it('says at start which module is not there, or is no format', async () => {
    for (const broken of ['file:///nowhere/at/all.mjs', 'node:path']) {
      const { drifthook } = testApp({ formats: [module, broken] })
      await expect(drifthook.start({ runner: false })).rejects.toMatchObject({
        code: 'OPTION_INVALID',
        errors: [{ path: 'formats[1]' }],
      })
      await drifthook.stop()
    }
  })

  it('says at start that the worker’s file is not there', async () => {
    // The second one is there, and throws.
    for (const workerFile of [
      '/nowhere/worker.js',
      join(import.meta.dirname, 'fixtures/broken-worker.cjs'),
    ]) {
      const { drifthook } = testApp({ analysis: { workerFile } })
      await expect(drifthook.start({ runner: false })).rejects.toMatchObject({ code: 'WORKER_NOT_FOUND' })
      await drifthook.stop()
    }
  })
})
