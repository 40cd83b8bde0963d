/** Other implementations as judges, both ways: they accept what we sign, and we what they sign. */
import { Webhooks } from '@octokit/webhooks'
import { Webhook as StandardWebhook } from 'standardwebhooks'
import { Webhook as SvixWebhook } from 'svix'
import { describe, expect, it } from 'vitest'
import { newSecret, sign, type VerifyOptions, verify } from '../../../src/signing/index.js'

const id = 'msg_1'
const now = Math.floor(Date.now() / 1000)
const [secret, old] = [newSecret(), newSecret()]
const bodies: [string, string][] = [
  ['ASCII', '{"event":"drift.detected"}'],
  ['every plane of Unicode', JSON.stringify({ name: 'Käse 日本 ♥ 🧀 \u2028', escape: '\u001b[34m' })],
]

const reasonOf = (options: VerifyOptions) => {
  const result = verify(options)
  return result.ok ? 'ok' : result.reason
}

const libraries = [
  ['standardwebhooks', StandardWebhook, 'webhook-'],
  ['svix', SvixWebhook, 'webhook-'],
  ['svix, under its own header names', SvixWebhook, 'svix-'],
] as const

describe.each(libraries)('%s', (_name, Webhook, prefix) => {
  const names = { id: `${prefix}id`, timestamp: `${prefix}timestamp`, signature: `${prefix}signature` }
  const judge = new Webhook(secret)

  it.each(bodies)('accepts what we sign: %s', (_what, text) => {
    const body = Buffer.from(text)
    const both = [old, secret]
    const headers = sign({ scheme: 'standard', id, timestamp: now, body, secrets: both, headers: names })
    expect(judge.verify(text, headers)).toEqual(JSON.parse(text))
    expect(judge.verify(body, headers)).toEqual(JSON.parse(text))
    expect(() => new Webhook(newSecret()).verify(text, headers)).toThrow()
  })

  it.each(bodies)('signs what we accept: %s', (_what, text) => {
    const headers = {
      [names.id]: id,
      [names.timestamp]: String(now),
      [names.signature]: judge.sign(id, new Date(now * 1000), text),
    }
    const received = { headers, headerNames: names, secrets: [old, secret] }
    expect(reasonOf({ ...received, body: Buffer.from(text) })).toBe('ok')
    expect(reasonOf({ ...received, body: Buffer.from(`${text} `) })).toBe('no_matching_signature')
  })

  it('hashes a lossy copy of bytes that are not UTF-8; we hash the bytes', () => {
    const body = Buffer.of(0x7b, 0xe4, 0xff, 0x00, 0x7d)
    const signature = judge.sign(id, new Date(now * 1000), body)
    const headers = { [names.id]: id, [names.timestamp]: String(now), [names.signature]: signature }
    expect(reasonOf({ headers, headerNames: names, secret, body })).toBe('no_matching_signature')
    const lossy = Buffer.from(body.toString())
    expect(reasonOf({ headers, headerNames: names, secret, body: lossy })).toBe('ok')
  })
})

describe('@octokit/webhooks', () => {
  const names = { signature: 'X-Hub-Signature-256' }
  const github = new Webhooks({ secret })
  const signed = (body: Uint8Array, secrets: string[]) =>
    sign({ scheme: 'sha256', id, timestamp: now, body, secrets, headers: names })['X-Hub-Signature-256'] ?? ''

  it.each(bodies)('accepts what we sign: %s', async (_what, text) => {
    expect(await github.verify(text, signed(Buffer.from(text), [secret]))).toBe(true)
    expect(await github.verify(text, signed(Buffer.from(text), [old]))).toBe(false)
    expect(await github.verify(`${text} `, signed(Buffer.from(text), [secret]))).toBe(false)
  })

  it.each(bodies)('signs what we accept: %s', async (_what, text) => {
    const headers = { 'x-hub-signature-256': await github.sign(text) }
    const received = { headers, headerNames: names, secrets: [old, secret], scheme: 'sha256' } as const
    expect(reasonOf({ ...received, body: Buffer.from(text) })).toBe('ok')
    expect(reasonOf({ ...received, body: Buffer.from(`${text} `) })).toBe('no_matching_signature')
  })

  it('accepts, while a rotation overlaps, with the old secret alone or beside the new one', async () => {
    const received = async (receiver: Webhooks) => {
      const seen: string[] = []
      receiver.on('ping', (event) => {
        seen.push(event.id)
      })
      receiver.onError(() => {})
      const signature = signed(Buffer.from('{}'), [secret, old])
      await receiver.verifyAndReceive({ id, name: 'ping', payload: '{}', signature }).catch(() => {})
      return seen
    }
    expect(await received(new Webhooks({ secret: old }))).toEqual([id])
    expect(await received(new Webhooks({ secret, additionalSecrets: [old] }))).toEqual([id])
    expect(await received(new Webhooks({ secret }))).toEqual([])
  })

  it('agrees with us on every spelling', async () => {
    const digest = (await github.sign('{}')).slice(7)
    const judged = [
      ['right', `sha256=${digest}`, true],
      ['upper-case digits', `sha256=${digest.toUpperCase()}`, false],
      ['an upper-case name', `SHA256=${digest}`, false],
      ['no name', digest, false],
      ['another name', `sha1=${digest}`, false],
      ['a shorter digest', `sha256=${digest.slice(0, 32)}`, false],
      ['a longer digest', `sha256=${digest}00`, false],
    ] as const
    for (const [what, signature, accepted] of judged) {
      expect(await github.verify('{}', signature), what).toBe(accepted)
      const headers = { 'x-hub-signature-256': signature }
      const received = {
        headers,
        headerNames: names,
        scheme: 'sha256',
        secret,
        body: Buffer.from('{}'),
      } as const
      expect(verify(received).ok, what).toBe(accepted)
    }
  })
})
