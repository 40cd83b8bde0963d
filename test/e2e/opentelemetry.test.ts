/** The tracing example: one trace from publishing over every attempt into the receiver, through the store. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base'
import express from 'express'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTelemetryHooks } from '../../examples/opentelemetry/hooks.js'
import { tracedReceiver } from '../../examples/opentelemetry/receiver.js'
import { startTracing } from '../../examples/opentelemetry/tracing.js'
import { sqliteStorage } from '../../src/adapters/sqlite/index.js'
import { acme, testApp } from '../support/app.js'

const exporter = new InMemorySpanExporter()
beforeAll(() => startTracing(exporter))

describe('the tracing example', () => {
  const closing: (() => unknown)[] = []
  let filename = ''

  beforeEach(() => {
    exporter.reset()
    const directory = mkdtempSync(join(tmpdir(), 'drifthook-otel-'))
    closing.push(() => rmSync(directory, { recursive: true, force: true }))
    filename = join(directory, 'drifthook.db')
  })
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  /** As a process of its own would: what another one knows is in the file alone. */
  function host() {
    const made = testApp({
      eventTypes: ['contact.created'],
      storage: sqliteStorage({ filename }),
      secretKey: new Uint8Array(32).fill(7),
      hooks: openTelemetryHooks(),
    })
    closing.push(() => made.drifthook.stop())
    return made
  }

  /** @returns its port */
  async function tracedServer(answers: number[]): Promise<number> {
    const server = express().post('/hook', tracedReceiver(answers)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    closing.push(() => {
      server.closeAllConnections()
      server.close()
    })
    return (server.address() as AddressInfo).port
  }

  const publish = ({ drifthook }: ReturnType<typeof testApp>) =>
    drifthook.messages.publish(acme, { type: 'contact.created', data: { id: 7 } })

  const spans = () =>
    exporter.getFinishedSpans().map((span) => ({
      name: span.name,
      kind: span.kind,
      attributes: span.attributes,
      status: span.status,
      id: span.spanContext().spanId,
      trace: span.spanContext().traceId,
      parent: span.parentSpanContext?.spanId,
    }))
  const ofKind = (kind: SpanKind) => spans().filter((span) => span.kind === kind)

  it('puts publishing, every attempt and the receiver into one trace', async () => {
    const port = await tracedServer([503])
    const url = `http://127.0.0.1:${port}/hook`
    const publisher = host()
    const { id: webhookId } = await publisher.drifthook.subscriptions.create(acme, {
      ...{ url: `${url}?token=s3cret`, events: ['contact.*'] },
    })
    const message = await publish(publisher)
    await publisher.drifthook.stop()

    const worker = host()
    await worker.drifthook.runDue()
    await worker.clock.advance(6_000)
    await worker.drifthook.runDue()

    const [created] = ofKind(SpanKind.PRODUCER)
    expect(created).toMatchObject({
      name: 'create contact.created',
      parent: undefined,
      attributes: { 'messaging.message.id': message.id, 'drifthook.delivery_count': 1 },
    })
    const { items } = await worker.drifthook.deliveries.list(acme, webhookId)
    const request = {
      'http.request.method': 'POST',
      'url.full': `${url}?token=***`,
      'server.address': '127.0.0.1',
      'server.port': port,
      'messaging.message.id': message.id,
      'drifthook.webhook.id': webhookId,
      'drifthook.delivery.id': items[0]?.id,
    }
    const attempts = ofKind(SpanKind.CLIENT)
    expect(attempts).toMatchObject([
      { name: 'POST', parent: created?.id, status: { code: SpanStatusCode.ERROR } },
      { name: 'POST', parent: created?.id, status: { code: SpanStatusCode.UNSET } },
    ])
    expect(attempts.map(({ attributes }) => attributes)).toEqual([
      { ...request, 'http.response.status_code': 503, 'error.type': '503' },
      { ...request, 'http.request.resend_count': 1, 'http.response.status_code': 204 },
    ])
    expect(ofKind(SpanKind.SERVER).map(({ parent }) => parent)).toEqual(attempts.map(({ id }) => id))
    expect(new Set(spans().map(({ trace }) => trace)).size).toBe(1)
    expect(spans()).toHaveLength(5)
  })

  it('gives each message a trace of its own', async () => {
    const port = await tracedServer([])
    const app = host()
    await app.drifthook.subscriptions.create(acme, { url: `http://127.0.0.1:${port}/hook`, events: ['*'] })
    await publish(app)
    await publish(app)
    await app.drifthook.runDue()
    expect(spans()).toHaveLength(6)
    expect(new Set(spans().map(({ trace }) => trace)).size).toBe(2)
  })

  it('names what failed where no status came', async () => {
    const app = host()
    // Port 1 is nobody's.
    await app.drifthook.subscriptions.create(acme, { url: 'http://127.0.0.1:1/hook', events: ['*'] })
    await publish(app)
    await app.drifthook.runDue()
    const [attempt] = ofKind(SpanKind.CLIENT)
    expect(attempt?.attributes).toMatchObject({ 'error.type': 'connection_refused', 'server.port': 1 })
    expect(attempt?.attributes).not.toHaveProperty('http.response.status_code')
    expect(attempt?.status).toEqual({
      code: SpanStatusCode.ERROR,
      message: 'connection_refused: The connection was refused.',
    })
  })

  it('begins a trace with an attempt that belongs to none', async () => {
    const app = host()
    const port = await tracedServer([])
    const { id } = await app.drifthook.subscriptions.create(acme, {
      ...{ url: `http://127.0.0.1:${port}/hook`, events: ['*'] },
    })
    await app.drifthook.subscriptions.test(acme, id)
    const [attempt] = ofKind(SpanKind.CLIENT)
    expect(attempt?.parent).toBeUndefined()
    expect(ofKind(SpanKind.SERVER)).toMatchObject([{ parent: attempt?.id, trace: attempt?.trace }])
  })

  it('runs as it stands, on the built package', async () => {
    const main = join(import.meta.dirname, '../../examples/opentelemetry/main.js')
    const child = spawn(process.execPath, [main])
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    const [code] = await once(child, 'close')
    expect([code, output.split('\n')]).toEqual([
      0,
      ['create contact.created', '  POST 503', '    POST /hook 503', '  POST 204', '    POST /hook 204', ''],
    ])
  })
})
