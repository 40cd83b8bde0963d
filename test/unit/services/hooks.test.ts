/** What a host is told of its messages on their way, through a whole drifthook and a real receiver. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { sqliteStorage } from '../../../src/adapters/sqlite/index.js'
import type { DrifthookOptions, Hooks } from '../../../src/index.js'
import { fakeClock } from '../../../src/testkit/fake-clock.js'
import { type ReceiverOptions, receiver } from '../../../src/testkit/receiver.js'
import { acme, contractAndMonitor, orders, testApp } from '../../support/app.js'

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const hour = 3_600_000
const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function app(options: Partial<DrifthookOptions>) {
  // From now on, which is what a receiver's own clock says.
  const clock = fakeClock(Date.now())
  const made = testApp({ eventTypes: ['contact.created'], clock, ...options })
  closing.push(() => made.drifthook.stop())
  return { ...made, clock }
}

async function listening(options: ReceiverOptions = {}) {
  const to = await receiver(options)
  closing.push(() => to.close())
  return to
}

/** A subscription to everything, and a message on its way to it. */
async function scene(options: Partial<DrifthookOptions>, respond: ReceiverOptions = {}) {
  const to = await listening(respond)
  const made = app(options)
  const { drifthook } = made
  const webhook = await drifthook.subscriptions.create(acme, {
    url: to.url('/hook?key=s3cret'),
    events: ['*'],
  })
  const message = await drifthook.messages.publish(acme, { type: 'contact.created', data: {} })
  const [delivery] = (await drifthook.deliveries.list(acme, webhook.id)).items
  const about = { tenantId: 'acme', messageId: message.id, type: 'contact.created' }
  const ofDelivery = { ...about, deliveryId: delivery?.id ?? '', webhookId: webhook.id }
  return { ...made, to, webhook, about, ofDelivery }
}

/** Hooks that write down what they are told. */
function recorder(answers: { traceparent?: string; headers?: Record<string, string> } = {}) {
  const told: [hook: string, event: unknown][] = []
  const hooks: Required<Hooks> = {
    publish(event) {
      told.push(['publish', event])
      return answers.traceparent === undefined ? undefined : { traceparent: answers.traceparent }
    },
    claim: (event) => void told.push(['claim', event]),
    attempt(event) {
      told.push(['attempt', event])
      return { ...answers, end: (result) => void told.push(['end', result]) }
    },
    settle: (event) => void told.push(['settle', event]),
  }
  const of = (hook: string) => told.filter(([name]) => name === hook).map(([, event]) => event)
  return { hooks, told, of }
}

describe('hooks', () => {
  it('are told of a message from publishing to the end, in order', async () => {
    const { hooks, told } = recorder({ traceparent })
    let answer = 503
    const { drifthook, clock, to, about, ofDelivery } = await scene(
      { hooks },
      { respond: () => ({ status: answer }) },
    )
    await clock.advance(250)
    await drifthook.runDue()
    const url = `${to.url('/hook')}?key=***`
    expect(told.splice(0)).toEqual([
      ['publish', { ...about, deliveryIds: [ofDelivery.deliveryId] }],
      ['claim', { ...ofDelivery, ageMs: 250 }],
      ['attempt', { ...ofDelivery, number: 1, url, traceparent }],
      [
        'end',
        {
          succeeded: false,
          status: 503,
          durationMs: expect.any(Number),
          errorClass: 'receiver',
          error: null,
        },
      ],
      ['settle', { ...ofDelivery, status: 'pending', failureReason: null, nextAttemptAt: expect.any(Date) }],
    ])

    answer = 200
    await clock.advance(6_000)
    await drifthook.runDue()
    expect(told).toEqual([
      ['claim', { ...ofDelivery, ageMs: 6_250 }],
      ['attempt', { ...ofDelivery, number: 2, url, traceparent }],
      [
        'end',
        { succeeded: true, status: 200, durationMs: expect.any(Number), errorClass: null, error: null },
      ],
      ['settle', { ...ofDelivery, status: 'delivered', failureReason: null, nextAttemptAt: null }],
    ])
  })

  it('are told of a message that nobody wants', async () => {
    const { hooks, of } = recorder()
    await app({ hooks }).drifthook.messages.publish(acme, { type: 'contact.created', data: {} })
    expect(of('publish')).toEqual([expect.objectContaining({ deliveryIds: [] })])
  })

  it('are told of what an upload publishes', async () => {
    const { hooks, of } = recorder()
    const made = app({ hooks })
    const { monitor } = await contractAndMonitor(made)
    const file = Buffer.from(orders())
    await made.drifthook.uploads.check(acme, { monitorId: monitor.id, file, fileName: 'orders.json' })
    expect(of('publish')).toMatchObject([{ tenantId: 'acme', type: 'check.passed', deliveryIds: [] }])
  })

  it('are told of a test’s attempt, which belongs to no trace and is neither published, claimed nor settled', async () => {
    const { hooks, told } = recorder({ traceparent })
    const to = await listening()
    const { drifthook } = app({ hooks })
    const { id } = await drifthook.subscriptions.create(acme, { url: to.url(), events: ['*'] })
    await drifthook.subscriptions.test(acme, id)
    expect(told).toEqual([
      ['attempt', expect.objectContaining({ webhookId: id, type: 'ping', number: 1, traceparent: null })],
      ['end', expect.objectContaining({ succeeded: true, status: 200 })],
    ])
  })

  it('are told of a delivery that ends because we cannot make it', async () => {
    const { hooks, of } = recorder()
    const channel = {
      name: 'broken',
      render: () => {
        throw new Error('no template')
      },
    }
    const { drifthook, clock } = app({ hooks, channels: [channel] })
    const target = { url: 'https://a.example', channel: 'broken', events: ['*'] }
    await drifthook.subscriptions.create(acme, target)
    await drifthook.messages.publish(acme, { type: 'contact.created', data: {} })
    await drifthook.runDue()
    expect(of('settle')).toEqual([])
    await clock.advance(73 * hour)
    await drifthook.runDue()
    expect(of('attempt')).toMatchObject([{ number: 1 }, { number: 1 }])
    expect(of('end')).toMatchObject([{ succeeded: false }, { succeeded: false }])
    expect(of('settle')).toMatchObject([{ status: 'failed', failureReason: 'internal', nextAttemptAt: null }])
  })

  const fault = new Error('the exporter is down')
  const fail = () => {
    throw fault
  }
  const rejecting = async () => fail()
  it.each<[string, Hooks, number]>([
    ['throws', { publish: fail, claim: fail, attempt: fail, settle: fail }, 4],
    ['throws at an attempt’s end', { attempt: () => ({ end: fail }) }, 1],
    ['is async and rejects', { claim: rejecting, attempt: () => ({ end: rejecting }), settle: rejecting }, 3],
    ['does neither', recorder().hooks, 0],
  ])('that %s changes nothing and is logged', async (_, hooks, lines) => {
    const { drifthook, to, webhook, logger } = await scene({ hooks })
    await drifthook.runDue()
    expect(to.verify(webhook.secret)).toEqual({ ok: true })
    const { items } = await drifthook.deliveries.list(acme, webhook.id)
    expect(items).toMatchObject([{ status: 'delivered', attemptCount: 1 }])
    expect(logger.lines).toEqual(
      Array(lines).fill({ level: 'error', message: 'a hook threw', fields: { error: fault } }),
    )
  })
})

describe('the headers of an attempt hook', () => {
  async function sentWith(headers: Record<string, string>, own: Record<string, string> = {}) {
    const to = await listening()
    const { drifthook } = app({ hooks: recorder({ headers }).hooks })
    const { id, secret } = await drifthook.subscriptions.create(acme, {
      ...{ url: to.url(), events: ['*'], headers: own },
    })
    const attempt = await drifthook.subscriptions.test(acme, id)
    expect(to.verify(secret)).toEqual({ ok: true })
    return { sent: (await to.next()).headers, logged: attempt.requestHeaders }
  }

  it('reach the receiver and the log where they say which trace it is', async () => {
    const trace = { traceparent, tracestate: 'rojo=00f067aa0ba902b7', baggage: 'tenant=acme' }
    const { sent, logged } = await sentWith(trace)
    expect(sent).toMatchObject(trace)
    expect(logged).toMatchObject(trace)
  })

  it('are left out where they say anything else', async () => {
    const { sent } = await sentWith({
      'webhook-signature': 'v1,AAAA',
      'content-type': 'text/plain',
      authorization: 'Bearer x',
      'x-trace': '1',
      host: 'a.example',
    })
    expect(sent).not.toHaveProperty('authorization')
    expect(sent).not.toHaveProperty('x-trace')
    expect(sent).toMatchObject({ 'content-type': 'application/json', host: expect.stringContaining('127.') })
  })

  it('are left out where they cannot be sent', async () => {
    const { sent } = await sentWith({
      traceparent: 'here',
      tracestate: 'a=1\r\nx-injected: 1',
      baggage: 'ä=1',
    })
    for (const name of ['traceparent', 'tracestate', 'baggage', 'x-injected'])
      expect(sent).not.toHaveProperty(name)
  })

  it('stand in for the subscriber’s own of that name, however they are spelt', async () => {
    const { sent } = await sentWith({ Traceparent: traceparent }, { traceparent: 'mine', 'x-own': 'mine' })
    expect(sent).toMatchObject({ traceparent, 'x-own': 'mine' })
  })
})

describe('the traceparent of a publish hook', () => {
  const told = async (answer: unknown) => {
    const { hooks, of } = recorder()
    const { drifthook } = await scene({
      hooks: { ...hooks, publish: () => ({ traceparent: answer as string }) },
    })
    await drifthook.runDue()
    return of('attempt')
  }

  it.each([
    traceparent,
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00',
    // A version to come, as far as it looks like this one.
    '01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  ])('%s is kept', async (answer) => expect(await told(answer)).toMatchObject([{ traceparent: answer }]))

  it.each([
    '',
    'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
    '00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331',
    `${traceparent}\n`,
    `${traceparent}-extra`,
    [traceparent],
    17,
  ])('%j is not', async (answer) => expect(await told(answer)).toMatchObject([{ traceparent: null }]))

  it('is given to every attempt: to retries, to redeliveries, and in another process', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'drifthook-hooks-'))
    closing.push(() => rmSync(directory, { recursive: true, force: true }))
    const shared = () => ({
      storage: sqliteStorage({ filename: join(directory, 'drifthook.db') }),
      secretKey: new Uint8Array(32).fill(7),
    })
    const publisher = recorder({ traceparent })
    const worker = recorder()
    let answer = 500
    const { drifthook, ofDelivery } = await scene(
      { ...shared(), hooks: publisher.hooks },
      { respond: () => ({ status: answer }) },
    )
    const other = app({ ...shared(), hooks: worker.hooks })

    await other.drifthook.runDue()
    answer = 200
    await other.clock.advance(6_000)
    await other.drifthook.runDue()
    await other.drifthook.deliveries.redeliver(acme, ofDelivery.deliveryId)
    await other.drifthook.runDue()

    const attempt = (number: number) => expect.objectContaining({ ...ofDelivery, number, traceparent })
    expect(worker.of('attempt')).toEqual([attempt(1), attempt(2), attempt(3)])
    expect(publisher.of('attempt')).toEqual([])
    expect(worker.of('publish')).toEqual([])
    await drifthook.stop()
  })
})
