/** A process that has taken a file in and is killed before it is compared: nothing is lost, nothing told twice. */
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { sqliteStorage } from '../../src/adapters/sqlite/index.js'
import { fakeClock } from '../../src/testkit/fake-clock.js'
import { bundle, start } from '../conformance/child.js'
import { temporaryDirectory } from '../conformance/harnesses.js'
import { memory } from '../support/combinations.js'
import { webhookApp } from '../support/webhooks.js'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let child: string
let files = 0
const held = pathToFileURL(join(import.meta.dirname, 'fixtures/held.mjs')).href

beforeAll(async () => {
  directory = await temporaryDirectory()
  child = await bundle('../chaos/upload-child.ts', directory.path)
})
afterAll(() => directory.remove())

const headers = { 'content-type': 'application/json', prefer: 'respond-async', 'idempotency-key': 'k' }

/** A process on a file of its own that dies at that moment, or stays. */
async function living(moment: string) {
  const filename = join(directory.path, `${files++}.db`)
  const quiet = '--disable-warning=ExperimentalWarning'
  const running = start([process.execPath, quiet, child, filename, held, moment])
  onTestFinished(async () => {
    running.process.kill('SIGKILL')
    await running.ended
  })
  const lines = createInterface({ input: running.process.stdout! })
  const nextLine = async () => String((await once(lines, 'line'))[0])
  const url = await nextLine()
  return {
    filename,
    path: `/drift${new URL(url).pathname}`,
    nextLine,
    running,
    send: (body: string) => fetch(url, { method: 'POST', headers, body }),
  }
}

/** The process that comes after, so many milliseconds from now. */
function nextLife(filename: string, ms: number) {
  const clock = fakeClock(Date.now() + ms)
  const storage = sqliteStorage({ filename })
  return webhookApp(memory, { storage, secretKey: new Uint8Array(32).fill(7), clock })
}

type App = ReturnType<typeof nextLife>

const events = async ({ acme }: App) => (await acme.get('/events')).body.items
const messages = async ({ storage }: App) =>
  (await storage.list('messages', { tenantId: 'acme', index: 'created', limit: 100 })).items.map(
    ({ type }) => type,
  )
const again = (app: App, path: string, body: string) => supertest(app.app).post(path).set(headers).send(body)

/** Beyond the end of any lease of now, however slow this machine is: what is given is not earlier than that. */
const leaseOver = 61_000

describe('a process that is killed', () => {
  it('while it compares leaves the event to its lease, and it ends as INTERRUPTED', async () => {
    const { filename, path, nextLine, running, send } = await living('never')
    const analysing = nextLine()
    const answer = await send('HELD')
    const { event_id: id } = (await answer.json()) as { event_id: number }
    expect(answer.status).toBe(202)
    expect(await analysing).toBe('analysing')
    running.process.kill('SIGKILL')
    expect((await running.ended).signal).toBe('SIGKILL')

    // Set back, so that the lease is sure to stand.
    const early = nextLife(filename, -30_000)
    await early.drifthook.runDue()
    expect(await events(early)).toMatchObject([{ id, status: 'processing', result: null }])
    expect((await again(early, path, 'HELD')).body).toMatchObject({ event_id: id, status: 'processing' })

    const late = nextLife(filename, leaseOver)
    await late.drifthook.runDue()
    expect((await late.acme.get(`/events/${id}`)).body).toMatchObject({
      status: 'pending',
      result: 'error',
      error: { code: 'INTERRUPTED' },
    })
    expect(await messages(late)).toEqual(['check.failed'])
    expect((await again(late, path, 'HELD')).body).toMatchObject({ event_id: id, code: 'INTERRUPTED' })
    await late.drifthook.runDue()
    expect(await messages(late)).toEqual(['check.failed'])
  })

  it.each([
    ['before beginning', 'pass', ['check.passed']],
    ['after beginning', 'error', ['check.failed']],
    ['before recording', 'error', ['check.failed']],
    ['after recording', 'pass', ['check.passed']],
  ])(
    '%s has left one event and one message when its sender has asked again',
    async (moment, result, told) => {
      const { filename, path, running, send } = await living(moment)
      const body = '{"id":1}'
      // Answered or cut off: the sender cannot know.
      await send(body).catch(() => null)
      expect((await running.ended).signal).toBe('SIGKILL')

      const next = nextLife(filename, leaseOver)
      await next.drifthook.runDue()
      await again(next, path, body)
      await next.drifthook.uploads.settled(20_000)
      await next.drifthook.runDue()
      expect(await events(next)).toMatchObject([{ result }])
      expect(await messages(next)).toEqual(told)
      const { items } = (await next.acme.get('/jobs?kind=upload_lease&status=pending')).body
      expect(items).toEqual([])
    },
  )
})
