/** What is on its way in is bounded: for each token, each tenant, and all. Over HTTP. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import supertest from 'supertest'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { contractAndMonitor, globex, orders, testApp } from '../support/app.js'

const kibibyte = 1024

async function scene(upload: { budgetBytes?: number; inFlightPerToken?: number }) {
  const app = testApp({ upload: { rateLimit: { points: 1_000_000 }, ...upload } })
  return { ...app, ...(await contractAndMonitor(app)) }
}

/** A sender that has begun with a file and does not go on, until it is asked to. */
async function slowUpload(app: Express, path: string) {
  const server = app.listen(0)
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const sending = request({ port, path, method: 'POST', headers: { 'content-type': 'application/json' } })
  const answer = once(sending, 'response') as Promise<[IncomingMessage]>
  const text = orders()
  sending.write(text.slice(0, 20))
  return {
    async finish() {
      sending.end(text.slice(20))
      const [response] = await answer
      response.resume()
      return response.statusCode
    },
  }
}

const send = (app: Express, path: string, content: string | Buffer = orders()) =>
  supertest(app)
    .post(path)
    .set('content-type', 'application/octet-stream')
    .send(Buffer.from(content as string))

/** Valid JSON of such a length. */
const filled = (bytes: number) => orders().padEnd(bytes, ' ')

/** Until the slow one has been let in, others may be. */
const untilBusy = (app: Express, path: string) =>
  vi.waitFor(
    async () => {
      const answer = await send(app, path)
      expect(answer.status).toBe(503)
      return answer
    },
    { timeout: 15_000, interval: 20 },
  )

describe('uploads under way', () => {
  it('are so many with one token; the next is told to come again, and may when one has ended', async () => {
    const { app, path } = await scene({ inFlightPerToken: 1 })
    const slow = await slowUpload(app, path)
    const refused = await untilBusy(app, path)
    expect(refused.body).toMatchObject({
      success: false,
      status: 503,
      code: 'UPLOADS_BUSY',
      limit: { name: 'upload.inFlightPerToken', value: 1 },
    })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(await slow.finish()).toBe(200)
    expect((await send(app, path)).status).toBe(200)
  })

  it('of one tenant have a quarter of the budget; other tenants have theirs', async () => {
    const { app, path, drifthook } = await scene({ budgetBytes: 400 * kibibyte })
    const contract = await drifthook.contracts.create(globex, { name: 'O', sample: JSON.parse(orders()) })
    const other = await drifthook.monitors.create(globex, { name: 'O', contractId: contract.id })
    const slow = await slowUpload(app, path)
    const refused = await untilBusy(app, path)
    expect(refused.body).toMatchObject({
      code: 'UPLOADS_BUSY',
      limit: { name: 'upload.budgetBytes', value: 100 * kibibyte },
    })
    expect((await send(app, `/drift/webhook/${other.token}`)).status).toBe(200)
    expect(await slow.finish()).toBe(200)
    expect((await send(app, path)).status).toBe(200)
  })

  it('give back what they took, whatever became of them', async () => {
    const { app, path, acme: api } = await scene({ budgetBytes: 400 * kibibyte })
    const tooMuch = await send(app, path, filled(101 * kibibyte))
    expect(tooMuch.body).toMatchObject({ status: 503, code: 'UPLOADS_BUSY' })
    expect(Number(tooMuch.headers['retry-after'])).toBeGreaterThan(0)
    const zip = Buffer.concat([Buffer.from('504b0304', 'hex'), Buffer.alloc(90 * kibibyte)])
    const outcomes = [
      [filled(100 * kibibyte), 200],
      [zip, 400],
      ['{"orders": ['.padEnd(90 * kibibyte), 400],
      ['', 400],
    ] as const
    for (let n = 0; n < 12; n++) {
      const [content, status] = outcomes[n % outcomes.length]!
      expect((await send(app, path, content)).status).toBe(status)
    }
    // The refused ones made no event.
    const { body } = await api.get('/events')
    expect(body.items).toHaveLength(6)
  })
})
