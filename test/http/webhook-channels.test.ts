/** The channel of a webhook, what of its URL is shown, and the headers its signature comes in. */
import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type DrifthookOptions, defineChannel, memoryStorage } from '../../src/index.js'
import type { Receiver } from '../../src/testkit/receiver.js'
import { contractAndMonitor, orders, upload } from '../support/app.js'
import { here, testedHere } from '../support/combinations.js'
import {
  deliveriesOf,
  deliveryOf,
  publish,
  receiving,
  subscribe,
  webhook,
  webhookApp,
} from '../support/webhooks.js'

const drifted = orders((order) => {
  delete order.email
})
const slackUrl = 'https://hooks.slack.com/services/T0/B0/hidden'
const teamsUrl =
  'https://prod-1.westeurope.logic.azure.com/workflows/hidden/triggers/manual/paths/invoke?sig=hidden'

/** Which paths of a receiver were called since the last time it was asked. */
function called(to: Receiver): () => string[] {
  let seen = 0
  return () => {
    const fresh = to.requests.slice(seen)
    seen = to.requests.length
    return fresh.map(({ path }) => path).sort()
  }
}

describe.each(testedHere)('a monitor’s own Slack, on %s', (on) => {
  it('replaces the tenant’s for its events, and nothing else', async () => {
    const app = webhookApp(on)
    const to = await receiving(() => ({ status: 200, body: 'ok' }))
    const calls = called(to)
    const { contract, monitor, path } = await contractAndMonitor(app)
    const input = { name: 'Other', contract_id: contract.id }
    const other = (await app.acme.post('/monitors').send(input)).body
    const common = { events: ['drift.*', 'check.*'], rate_limit: { points: 100, duration_ms: 1 } }
    const slack = { ...common, channel: 'slack' }
    await subscribe(app, to.url('/tenant-slack'), slack)
    await subscribe(app, to.url('/tenant-hook'), common)
    await subscribe(app, to.url('/own-hook'), { ...common, monitor_id: monitor.id })
    const check = async (token: string) => {
      expect((await upload(app.app, token, drifted)).status).toBe(200)
      await app.drifthook.runDue()
      await app.clock.advance(60_000)
      return calls()
    }
    // A webhook of the monitor's own that is no Slack replaces nothing.
    expect(await check(path)).toEqual(['/own-hook', '/tenant-hook', '/tenant-slack'])
    const own = await subscribe(app, to.url('/own-slack'), { ...slack, monitor_id: monitor.id })
    expect(await check(path)).toEqual(['/own-hook', '/own-slack', '/tenant-hook'])
    expect(await check(`/drift/webhook/${other.token}`)).toEqual(['/tenant-hook', '/tenant-slack'])
    await app.acme.patch(`/webhooks/${own.id}`).send({ enabled: false })
    expect(await check(path)).toEqual(['/own-hook', '/tenant-hook', '/tenant-slack'])
    await app.acme.patch(`/webhooks/${own.id}`).send({ enabled: true, events: ['check.failed'] })
    expect(await check(path)).toEqual(['/own-hook', '/tenant-hook', '/tenant-slack'])
    await app.acme.patch(`/webhooks/${own.id}`).send({ events: ['breaking'] })
    expect(await check(path)).toEqual(['/own-hook', '/own-slack', '/tenant-hook'])
  })
})

describe('the channel of a webhook', () => {
  it.each([
    [slackUrl, 'slack', 'https://hooks.slack.com/***'],
    [teamsUrl, 'teams', 'https://prod-1.westeurope.logic.azure.com/***?sig=***'],
    ['https://hooks.slack.com.example/a?key=hidden', 'webhook', 'https://hooks.slack.com.example/a?key=***'],
  ])('is told from the URL: %s', async (url, channel, shown) => {
    const app = webhookApp()
    const made = await subscribe(app, url)
    expect(made).toMatchObject({ channel, url: shown })
    const answers = [made, await webhook(app, made.id), (await app.acme.get('/webhooks')).body]
    for (const answer of answers) expect(JSON.stringify(answer)).not.toContain('hidden')
    const chosen = await subscribe(app, url, { channel: 'webhook' })
    expect(chosen).toMatchObject({ channel: 'webhook', url: shown })
  })

  it('hides the path of a URL that takes Slack’s messages elsewhere, also when it is chosen later', async () => {
    const app = webhookApp()
    const to = await receiving(() => ({ status: 200, body: 'ok' }))
    const made = await subscribe(app, to.url('/hooks/hidden'), { channel: 'slack' })
    expect(made.url).toBe(to.url('/***'))
    await app.acme.post(`/webhooks/${made.id}/test`)
    const attempts = await app.acme.get(`/webhooks/${made.id}/attempts`)
    expect(attempts.body.items).toHaveLength(1)
    const { id } = await deliveryOf(app, made.id)
    const logged = (await app.acme.get(`/deliveries/${id}`)).body.attempts[0]
    expect(logged).toMatchObject({ url: to.url('/***') })
    expect((await to.next()).path).toBe('/hooks/hidden')

    const plain = await subscribe(app, to.url('/hooks/hidden'))
    expect(plain).toMatchObject({ channel: 'webhook', url: to.url('/hooks/hidden') })
    const patched = await app.acme.patch(`/webhooks/${plain.id}`).send({ channel: 'slack' })
    expect(patched.body).toMatchObject({ channel: 'slack', url: to.url('/***') })
    await app.acme.post(`/webhooks/${plain.id}/test`)
    expect((await to.next()).path).toBe('/hooks/hidden')
  })

  it('is one there is', async () => {
    const app = webhookApp()
    const body = { url: 'https://a.example/', events: ['*'] }
    const refused = await app.acme.post('/webhooks').send({ ...body, channel: 'pager' })
    expect(refused.status).toBe(400)
    expect(refused.body.errors).toMatchObject([{ path: 'channel', code: 'unknown_channel' }])
    expect(refused.body.errors[0].message).toContain('webhook, slack, teams')
    const made = await subscribe(app, 'https://a.example/')
    const patched = await app.acme.patch(`/webhooks/${made.id}`).send({ channel: 'pager' })
    expect(patched.body).toMatchObject({ status: 400, errors: [{ path: 'channel' }] })
    expect(await webhook(app, made.id)).toMatchObject({ channel: 'webhook' })
  })

  it('judges the URL that is there when it is changed', async () => {
    const note = defineChannel({ name: 'note', send: async () => {} })
    const app = webhookApp(here, { channels: [note] })
    const made = await subscribe(app, 'note:ops', { channel: 'note' })
    const refused = await app.acme.patch(`/webhooks/${made.id}`).send({ channel: 'webhook' })
    expect(refused.body).toMatchObject({ status: 400, errors: [{ path: 'url' }] })
    expect(await webhook(app, made.id)).toMatchObject({ channel: 'note', url: 'note:ops' })
    const moved = { channel: 'webhook', url: 'https://a.example/in' }
    expect((await app.acme.patch(`/webhooks/${made.id}`).send(moved)).body).toMatchObject(moved)
  })
})

describe('a webhook whose surroundings have changed', () => {
  it('can still be switched off: its monitor, event and channel may be gone', async () => {
    const shared = { storage: memoryStorage(), secretKey: new Uint8Array(32).fill(1) }
    const channels = [defineChannel({ name: 'note', send: async () => {} })]
    const app = webhookApp(here, { ...shared, channels, eventTypes: ['order.paid'] })
    const { monitor } = await contractAndMonitor(app)
    const more = { events: ['order.paid'], channel: 'note', monitor_id: monitor.id }
    const made = await subscribe(app, 'note:ops', more)
    await app.acme.delete(`/monitors/${monitor.id}`).expect(204)

    const later = webhookApp(here, { ...shared, eventTypes: ['order.sent'] })
    const path = `/webhooks/${made.id}`
    for (const gone of [{ events: ['order.paid'] }, { monitor_id: monitor.id }, { channel: 'letter' }]) {
      expect((await later.acme.patch(path).send(gone)).status).toBe(400)
    }
    const off = await later.acme.patch(path).send({ enabled: false, name: 'Old' })
    expect(off.status).toBe(200)
    expect(off.body).toMatchObject({ enabled: false, disabled_reason: 'manual', ...more })
    await later.acme
      .patch(path)
      .send({ events: ['order.sent'], monitor_id: null })
      .expect(200)
  })

  it('keeps why it was disabled when it is disabled again', async () => {
    const app = webhookApp()
    const to = await receiving(() => ({ status: 410 }))
    const made = await subscribe(app, to.url())
    await publish(app)
    await app.drifthook.runDue()
    const again = await app.acme.patch(`/webhooks/${made.id}`).send({ enabled: false, name: 'Gone' })
    expect(again.body).toMatchObject({ name: 'Gone', enabled: false, disabled_reason: 'receiver_gone' })
  })
})

describe('the headers of a signature', () => {
  const hmac = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex')
  const cases = [
    ['hex', 'X-DriftGuard-Signature', (secret: string, body: string) => hmac(secret, body)],
    ['sha256', 'X-InfraAudit-Signature', (secret: string, body: string) => `sha256=${hmac(secret, body)}`],
    [
      'timestamped',
      'X-Driftwood-Signature',
      (secret: string, body: string, seconds: number) =>
        `t=${seconds},v1=${hmac(secret, `${seconds}.${body}`)}`,
    ],
  ] as const

  it.each(cases)(
    'are those of the subscription or the host: %s in %s',
    async (signature, header, expected) => {
      const to = await receiving()
      const names = { signature: header }
      const byHost = webhookApp(here, {
        delivery: { signature, signatureHeaders: { [signature]: names } },
      })
      const bySubscription = webhookApp(here)
      const ways = [
        { app: byHost, made: await subscribe(byHost, to.url()) },
        {
          app: bySubscription,
          made: await subscribe(bySubscription, to.url(), { signature, signature_headers: names }),
        },
      ]
      for (const { app, made } of ways) {
        expect(made).toMatchObject({ signature, verification: { scheme: signature, headers: [header] } })
        await publish(app, { id: 'ü' })
        await app.drifthook.runDue()
        const { headers, body } = await to.next()
        const seconds = app.clock.now() / 1000
        expect(headers[header.toLowerCase()]).toBe(expected(made.secret, body.toString(), seconds))
        expect(Object.keys(headers).filter((name) => name.startsWith('webhook-'))).toEqual([])
        expect(headers['x-drifthook-signature']).toBeUndefined()
        const attempt = (await app.acme.get(`/deliveries/${(await deliveryOf(app, made.id)).id}`)).body
          .attempts[0]
        expect(attempt.request_headers[header]).toBe('***')
      }
    },
  )

  it('of the subscription come before those of the host', async () => {
    const signatureHeaders = { hex: { signature: 'X-Host-Signature' } }
    const app = webhookApp(here, { delivery: { signatureHeaders } })
    const to = await receiving()
    const own = { signature: 'hex', signature_headers: { signature: 'X-Own-Signature' } }
    const made = await subscribe(app, to.url(), own)
    await publish(app)
    await app.drifthook.runDue()
    await app.acme.patch(`/webhooks/${made.id}`).send({ signature_headers: null }).expect(200)
    await publish(app)
    await app.drifthook.runDue()
    const names = to.requests.map(({ headers }) => Object.keys(headers).filter((name) => /sign/.test(name)))
    expect(names).toEqual([['x-own-signature'], ['x-host-signature']])
  })

  it.each([
    [{ signature: 'hex', headers: { 'X-Drifthook-Signature': 'x' } }, 'headers.X-Drifthook-Signature'],
    [{ signature: 'hex', headers: { 'x-DRIFTHOOK-signature': 'x' } }, 'headers.x-DRIFTHOOK-signature'],
    [
      {
        signature: 'sha256',
        signature_headers: { signature: 'X-Own' },
        headers: { 'x-own': 'x', other: 'y' },
      },
      'headers.x-own',
    ],
    [{ signature: 'hex', signature_headers: { id: 'X-Id' } }, 'signature_headers'],
    [{ signature_headers: { id: 'X-Same', signature: 'x-same' } }, 'signature_headers'],
    [{ signature_headers: { signature: 'Content-Type' } }, 'signature_headers.signature'],
    [{ signature_headers: { signature: 'no name' } }, 'signature_headers.signature'],
    [{ headers: { 'webhook-id': 'x' } }, 'headers.webhook-id'],
  ])('clash with nothing: %j is refused at %s', async (more, path) => {
    const app = webhookApp()
    const url = 'https://a.example/'
    const refused = await app.acme.post('/webhooks').send({ url, events: ['*'], ...more })
    expect(refused.status).toBe(400)
    expect(refused.body.errors).toMatchObject([{ path }])
    const made = await subscribe(app, url)
    const patched = await app.acme.patch(`/webhooks/${made.id}`).send(more)
    expect(patched.body).toMatchObject({ status: 400, errors: [{ path }] })
    expect(await deliveriesOf(app, made.id)).toEqual([])
  })

  it('are the host’s to choose where the scheme has them: anything else is no option', () => {
    type Given = Required<NonNullable<DrifthookOptions['delivery']>>['signatureHeaders']
    const make = (signatureHeaders: Given) => () => webhookApp(here, { delivery: { signatureHeaders } })
    const refused = (path: string) =>
      expect.objectContaining({ code: 'OPTION_INVALID', errors: [expect.objectContaining({ path })] })
    expect(make({ hex: { id: 'X-Id' } })).toThrow(refused('delivery.signatureHeaders.hex'))
    expect(make({ standard: { id: 'X-Same', timestamp: 'x-same' } })).toThrow(
      refused('delivery.signatureHeaders.standard'),
    )
    expect(make({ standard: { id: 'X-Id' }, hex: { signature: 'X-Signature' } })).not.toThrow()
  })

  it('are kept clear of a header that was given before', async () => {
    const app = webhookApp()
    const made = await subscribe(app, 'https://a.example/', { headers: { 'X-Drifthook-Signature': 'x' } })
    const path = `/webhooks/${made.id}`
    const clash = await app.acme.patch(path).send({ signature: 'hex' })
    expect(clash.body).toMatchObject({ status: 400, errors: [{ code: 'reserved_header' }] })
    const both = { signature: 'hex', signature_headers: { signature: 'X-Signed' } }
    expect((await app.acme.patch(path).send(both)).status).toBe(200)
    await app.acme.patch(path).send({ signature_headers: null }).expect(400)
    await app.acme.patch(path).send({ signature_headers: null, headers: {} }).expect(200)
  })
})
