import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { isDrifthookError } from '../../../src/errors.js'
import { newSecret, secretKey, secretPrefix, signStandard, verify } from '../../../src/signing/index.js'

const bytes = (text: string) => new TextEncoder().encode(text)

// The example published with the Standard Webhooks reference libraries.
const vector = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1614265330,
  body: bytes('{"test": 2432232314}'),
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}
const { id, timestamp, body } = vector

describe('signStandard', () => {
  it('matches the public vector', () => {
    expect(signStandard({ id, timestamp, body, secrets: [vector.secret] })).toEqual({
      'webhook-id': id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': vector.signature,
    })
  })

  it('signs once per secret, in their order', () => {
    const other = newSecret()
    const signed = signStandard({ id, timestamp, body, secrets: [other, vector.secret] })
    const tokens = signed['webhook-signature'].split(' ')
    expect(tokens).toHaveLength(2)
    expect(tokens[1]).toBe(vector.signature)
    expect(tokens[0]).not.toBe(vector.signature)
  })

  it('hashes bytes that are not UTF-8 as they are', () => {
    const latin1 = Uint8Array.of(0x4b, 0xe4, 0x73, 0x65)
    const lossy = bytes(new TextDecoder().decode(latin1))
    const sign = (content: Uint8Array) =>
      signStandard({ id, timestamp, body: content, secrets: [vector.secret] })
    expect(sign(latin1)).not.toEqual(sign(lossy))
  })

  it.each([
    ['an id with a full stop', { id: 'msg.1' }],
    ['an id with a space', { id: 'msg 1' }],
    ['an id with a line break', { id: 'msg\n1' }],
    ['an empty id', { id: '' }],
    ['a fraction of a second', { timestamp: 1614265330.5 }],
    ['a negative time', { timestamp: -1 }],
    ['no time', { timestamp: Number.NaN }],
    ['a text body', { body: 'text' as unknown as Uint8Array }],
    ['no secrets', { secrets: [] }],
    ['too many secrets', { secrets: Array(17).fill(vector.secret) }],
    ['a bad secret', { secrets: ['whsec_!'] }],
  ])('refuses %s', (_what, wrong) => {
    expect(() => signStandard({ id, timestamp, body, secrets: [vector.secret], ...wrong })).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })
})

describe('the standardwebhooks package', () => {
  const secret = newSecret()
  const text = JSON.stringify({ event: 'drift.detected', data: { name: 'Käse 日本' } })
  const seconds = Math.floor(Date.now() / 1000)

  it('accepts what we sign, with our own kind of secret', () => {
    const headers = signStandard({
      id,
      timestamp: seconds,
      body: bytes(text),
      secrets: [newSecret(), secret],
    })
    expect(new Webhook(secret).verify(text, headers)).toEqual(JSON.parse(text))
    expect(() => new Webhook(newSecret()).verify(text, headers)).toThrow()
  })

  it('signs what we accept', () => {
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': new Webhook(secret).sign(id, new Date(seconds * 1000), text),
    }
    expect(verify({ headers, body: bytes(text), secret })).toEqual({ ok: true })
    expect(verify({ headers, body: bytes(`${text} `), secret })).toMatchObject({
      reason: 'no_matching_signature',
    })
  })
})

describe('secrets', () => {
  it('are whsec_ and 64 hex digits, each new, and decode to 48 bytes', () => {
    const [a, b] = [newSecret(), newSecret()]
    expect(a).toMatch(/^whsec_[0-9a-f]{64}$/)
    expect(a).not.toBe(b)
    expect(secretKey(a)).toHaveLength(48)
  })

  it('show 14 characters', () => {
    expect(secretPrefix('whsec_0123456789abcdef')).toBe('whsec_01234567')
  })

  it('decode to the bytes after the prefix', () => {
    expect(secretKey('whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=').toString()).toBe('test'.repeat(8))
  })

  it.each([
    ['no prefix', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['another prefix', 'whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['nothing after the prefix', 'whsec_'],
    ['a character that is not base64', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!'],
    ['a space', 'whsec_MfKQ9r8GKYqrTwjU PD8ILPZIo2LaLaSw'],
    ['the URL-safe alphabet', `whsec_${'-_'.repeat(16)}`],
    ['missing padding', 'whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q'],
    ['spare bits set', 'whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3R='],
    ['fewer than 24 bytes', 'whsec_dGVzdA=='],
    ['no string', undefined as unknown as string],
  ])('with %s are refused, without repeating them', (_what, secret) => {
    let thrown: unknown
    try {
      secretKey(secret)
    } catch (error) {
      thrown = error
    }
    expect(isDrifthookError(thrown)).toBe(true)
    const rest = secret?.replace(/^whs.*?_/, '')
    if (rest) expect((thrown as Error).message).not.toContain(rest)
  })
})
