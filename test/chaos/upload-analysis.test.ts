/** What a comparison may take: time, memory and a thread, and what becomes of the others when it takes more. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { acme, type TestApp, testApp, upload } from '../support/app.js'

// Threads start, grow and end as fast as the machine lets them; none of the limits below depends on it.
vi.setConfig({ testTimeout: 90_000 })

const module = pathToFileURL(join(import.meta.dirname, '../e2e/fixtures/misbehaving.mjs')).href
const file = (deed: string) => `BAD1\n${deed}\n`

/** An app that compares in threads, with a monitor for the format that does as it is told. */
async function scene(analysis: NonNullable<Parameters<typeof testApp>[0]>['analysis'] = {}) {
  const app = testApp({ formats: [module], analysis: { threads: 1, ...analysis } })
  onTestFinished(() => app.drifthook.stop({ drainMs: 0 }))
  await app.drifthook.start({ runner: false })
  const sample = { bytes: Buffer.from(file('behave')), name: 'sample' }
  const contract = await app.drifthook.contracts.create(acme, { name: 'stock', file: sample })
  const monitor = await app.drifthook.monitors.create(acme, { name: 'stock', contractId: contract.id })
  const send = (deed: string) => upload(app.app, `/drift/webhook/${monitor.token}`, file(deed))
  return { ...app, send }
}

const results = async ({ drifthook }: Pick<TestApp, 'drifthook'>) =>
  (await drifthook.events.list(acme)).items.map(({ result }) => result)

describe('a comparison that takes too long', () => {
  // No machine is fast enough for these files, nor too slow for the one after them.
  it.each(['loop', 'backtrack'])('is ended, recorded and answered: %s', async (deed) => {
    const app = await scene({ timeoutMs: 5_000 })
    const answer = await app.send(deed)
    const limit = { name: 'analysis.timeoutMs', value: 5_000 }
    expect(answer.body).toMatchObject({ status: 400, code: 'FILE_LIMIT_EXCEEDED', limit, event_id: 1 })
    const event = await app.acme.get('/events/1')
    expect(event.body).toMatchObject({ result: 'error', error: { code: 'FILE_LIMIT_EXCEEDED', limit } })
    expect((await app.send('behave')).body).toMatchObject({ success: true, has_drift: false })
  })
})

describe('a comparison that takes too much memory', () => {
  it('is ended, recorded and answered', async () => {
    const app = await scene({ memoryMb: 64 })
    const answer = await app.send('grow')
    const limit = { name: 'analysis.memoryMb', value: 64 }
    expect(answer.body).toMatchObject({ status: 400, code: 'FILE_LIMIT_EXCEEDED', limit, event_id: 1 })
    expect((await app.acme.get('/events/1')).body).toMatchObject({ result: 'error', error: { limit } })
    expect((await app.send('behave')).body).toMatchObject({ success: true, has_drift: false })
  })

  it('costs itself, and not what runs beside it', async () => {
    const app = await scene({ memoryMb: 64, threads: 2 })
    const beside = app.send('loop').then(({ body }) => body)
    expect((await app.send('grow')).body.limit.name).toBe('analysis.memoryMb')
    expect((await app.send('behave')).body).toMatchObject({ success: true })
    await app.drifthook.stop({ drainMs: 0 })
    expect(await beside).toMatchObject({ status: 503, code: 'STOPPED' })
  })
})

describe('a thread that dies', () => {
  it.each(['exit', 'throwNull', 'throwFunction'])(
    'is our fault, and the next file works: %s',
    async (deed) => {
      const app = await scene()
      const answer = await app.send(deed)
      expect(answer.body).toMatchObject({ status: 500, code: 'INTERNAL' })
      expect(answer.body.event_id).toBeUndefined()
      expect(app.logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
      expect((await app.send('behave')).body).toMatchObject({ success: true, has_drift: false })
      expect(await results(app)).toEqual(['pass'])
    },
  )
})
