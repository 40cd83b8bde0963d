/** A webhook's URL is judged wherever it enters: PATCH and PUT refuse what POST refuses, and change nothing. */
import { describe, expect, it } from 'vitest'
import { receiver } from '../../src/testkit/receiver.js'
import { acme, testApp } from '../support/app.js'

const refused: [url: string, code: string][] = [
  ['https://127.0.0.1/', 'address_refused'],
  ['https://2130706433/', 'address_refused'],
  ['https://0177.0.0.1/', 'address_refused'],
  ['https://0x7f.1/', 'address_refused'],
  ['https://１２７.０.０.１/', 'address_refused'],
  ['https://localhost./', 'address_refused'],
  ['https://10.0.0.1/', 'address_refused'],
  ['https://169.254.169.254/latest/meta-data', 'address_refused'],
  ['https://100.100.100.200/', 'address_refused'],
  ['https://168.63.129.16/', 'address_refused'],
  ['https://0/', 'address_refused'],
  ['https://[::1]/', 'address_refused'],
  ['https://[::ffff:10.0.0.1]/', 'address_refused'],
  ['https://[64:ff9b::a9fe:a9fe]/', 'address_refused'],
  ['https://[2002:7f00:1::]/', 'address_refused'],
  ['https://[fd00:ec2::254]/', 'address_refused'],
  ['https://printer.local/', 'address_refused'],
  ['https://metadata.google.internal/', 'address_refused'],
  ['https://intranet/', 'address_refused'],
  ['http://example.com/', 'not_https'],
  ['http://127.0.0.1:3000/', 'not_https'],
  ['file:///etc/passwd', 'not_https'],
  ['https://user:pass@example.com/', 'invalid_url'],
  ['https://example.com:0/', 'invalid_url'],
  ['https://[fe80::1%25eth0]/', 'invalid_url'],
  ['https://example..com/', 'invalid_url'],
  ['nowhere', 'invalid_url'],
]

const accepted = [
  'https://hooks.example.com/in',
  'https://8.8.8.8/in',
  'https://134744072:8443/in',
  'https://[2606:4700::1111]/in',
  'https://[64:ff9b::808:808]/in',
  'https://bücher.example/in',
]

const first = 'https://first.example/in'
const at = (url: string) => ({ url, events: ['*'] })

describe('the URL of a webhook', () => {
  const { acme: api, drifthook } = testApp({ delivery: { allowLoopback: false } })

  it.each(refused)('%s is refused as %s by POST, PATCH and PUT alike', async (url, code) => {
    const made = await api.post('/webhooks').send(at(first))
    expect(made.status).toBe(201)
    const path = `/webhooks/${made.body.id}`
    const before = await api.get(path)

    const posted = await api.post('/webhooks').send(at(url))
    const patched = await api.patch(path).send({ url, enabled: false })
    const put = await api.put(path).send({ ...at(url), enabled: false })
    for (const answer of [posted, patched, put]) {
      expect(answer.status).toBe(400)
      expect(answer.body).toMatchObject({ code: 'INVALID_REQUEST', errors: [{ path: 'url', code }] })
    }
    expect(patched.body.errors).toEqual(posted.body.errors)
    expect(put.body.errors).toEqual(posted.body.errors)

    const after = await api.get(path)
    expect(after.body).toEqual(before.body)
    expect(after.body).toMatchObject({ url: first, enabled: true })
    expect((await api.delete(path)).status).toBe(204)
    expect((await api.get('/webhooks')).body.items).toEqual([])
  })

  it.each(accepted)('%s is accepted by all', async (url) => {
    const posted = await api.post('/webhooks').send(at(url))
    expect(posted.status).toBe(201)
    for (const method of ['patch', 'put'] as const) {
      const made = await api.post('/webhooks').send(at(first))
      const changed = await api[method](`/webhooks/${made.body.id}`).send({ url })
      expect(changed.status).toBe(200)
      expect(changed.body.url).toBe(posted.body.url)
      expect(changed.body.url).not.toBe(first)
    }
  })

  it('is judged in process as it is over HTTP', async () => {
    const made = await drifthook.subscriptions.create(acme, at(first))
    for (const [url, code] of refused) {
      const refusal = { code: 'INVALID_REQUEST', errors: [{ path: 'url', code }] }
      await expect(drifthook.subscriptions.create(acme, at(url))).rejects.toMatchObject(refusal)
      await expect(drifthook.subscriptions.update(acme, made.id, { url })).rejects.toMatchObject(refusal)
    }
    expect((await drifthook.subscriptions.update(acme, made.id, { url: accepted[0] })).url).toBe(accepted[0])
  })
})

describe('the URL of a webhook on this machine', () => {
  it('is accepted where loopback is allowed, on the ports it is allowed on', async () => {
    const there = await receiver()
    try {
      for (const allowLoopback of [true, [there.port]]) {
        const { acme: api } = testApp({ delivery: { allowLoopback } })
        const made = await api.post('/webhooks').send(at(there.url('/one')))
        expect(made.status).toBe(201)
        const path = `/webhooks/${made.body.id}`
        expect((await api.patch(path).send({ url: there.url('/two') })).status).toBe(200)
        const elsewhere = { url: 'http://10.0.0.1/' }
        expect((await api.patch(path).send(elsewhere)).status).toBe(400)
        expect((await api.post('/webhooks').send(at(elsewhere.url))).status).toBe(400)
        expect((await api.get(path)).body.url).toBe(there.url('/two'))
      }
      const { acme: api } = testApp({ delivery: { allowLoopback: [there.port + 1] } })
      const made = await api.post('/webhooks').send(at(first))
      const url = there.url()
      expect((await api.post('/webhooks').send(at(url))).status).toBe(400)
      expect((await api.patch(`/webhooks/${made.body.id}`).send({ url })).status).toBe(400)
    } finally {
      await there.close()
    }
  })
})
