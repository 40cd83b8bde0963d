/** What others published, or computed with other tools: we sign the same, and accept it. */
import { describe, expect, it } from 'vitest'
import { type SignOptions, sign, verify } from '../../../src/signing/index.js'

interface Vector extends Pick<SignOptions, 'scheme' | 'headers'> {
  secret: string
  id?: string
  timestamp?: number
  body: string
  expected: Record<string, string>
}

const hash = (signature: string) => ({ 'X-Hub-Signature-256': `sha256=${signature}` })
const hub = { scheme: 'sha256', headers: { signature: 'X-Hub-Signature-256' } } as const
const ping = '{"event":"ping","data":{}}'
const pingSecret = 'whsec_00112233445566778899aabbccddeeff'
const pingDigest = '26587428a1a56ed5a48038f1cce36c7ade860d6764ca80e71f8faf9ae17a1852'

const vectors: Record<string, Vector> = {
  'Standard Webhooks': {
    scheme: 'standard',
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: 1614265330,
    body: '{"test": 2432232314}',
    expected: {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
  },
  'GitLab 19': {
    scheme: 'standard',
    secret: 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
    id: 'msg_1',
    timestamp: 1700000000,
    body: ping,
    expected: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1700000000',
      'webhook-signature': 'v1,6NUH97QN0Dm3mM27b8kILfAqXPIQljC2U3f/TUrBxjo=',
    },
  },
  'the GitHub documentation': {
    ...hub,
    secret: "It's a Secret to Everybody",
    body: 'Hello, World!',
    expected: hash('757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'),
  },
  octokit: {
    ...hub,
    secret: 'mysecret',
    body: '{"foo":"bar"}',
    expected: hash('4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3'),
  },
  'octokit, indented': {
    ...hub,
    secret: 'mysecret',
    body: '{\n  "foo": "bar"\n}\n',
    expected: hash('e3eccac34c43c7dc1cbb905488b1b81347fcc700a7b025697a9d07862256023f'),
  },
  'octokit/webhooks.js issue 71, beyond ASCII': {
    ...hub,
    secret: 'development',
    body: '{\n  "foo": "Foo\\n\\u001B[34mbar: ♥♥♥♥♥♥♥♥\\nthis-is-lost\\u001B[0m\\u001B[2K"\n}\n',
    expected: hash('9dacf9003316b09be07df56d86a2d0d6872e42a1e6c72c3bad9ff915a7c5603e'),
  },
  DriftGuard: {
    scheme: 'hex',
    headers: { signature: 'X-DriftGuard-Signature' },
    secret: pingSecret,
    body: ping,
    expected: { 'X-DriftGuard-Signature': pingDigest },
  },
  'an earlier draft of DriftGuard': {
    scheme: 'timestamped',
    headers: { signature: 'X-DriftGuard-Signature' },
    secret: pingSecret,
    timestamp: 1700000000,
    body: ping,
    expected: {
      'X-DriftGuard-Signature':
        't=1700000000,v1=e64efd3666fa53b1b040429dfee92411f2c5eda50e216068841eba6a9c9c4a7d',
    },
  },
  InfraAudit: {
    scheme: 'sha256',
    headers: { signature: 'X-InfraAudit-Signature' },
    secret: pingSecret,
    body: ping,
    expected: { 'X-InfraAudit-Signature': `sha256=${pingDigest}` },
  },
  'the input of stripe-node': {
    scheme: 'timestamped',
    headers: { signature: 'Stripe-Signature' },
    secret: 'whsec_test_secret',
    timestamp: 1492774577,
    body: '{\n  "id": "evt_test_webhook",\n  "object": "event"\n}',
    expected: {
      'Stripe-Signature': 't=1492774577,v1=c2f890decbc5ede7c5060bb9a6d31e0626a4342bacb9aeae2adb1bcea72f9812',
    },
  },
}

describe.each(Object.entries(vectors))('%s', (_source, vector) => {
  const { scheme, headers, secret, id = 'msg_1', timestamp = 1, body: text, expected } = vector
  const names = headers === undefined ? {} : { headers }
  const body = Buffer.from(text)
  const judge = (content: Uint8Array, at = timestamp) =>
    verify({
      headers: expected,
      body: content,
      secret,
      scheme,
      ...(headers === undefined ? {} : { headerNames: headers }),
      now: () => at * 1000,
    })

  it('is what we sign', () => {
    expect(sign({ scheme, ...names, id, timestamp, body, secrets: [secret] })).toEqual(expected)
  })

  it('is accepted, and not with another body', () => {
    expect(judge(body)).toEqual({ ok: true })
    expect(judge(Buffer.from(`${text} `))).toMatchObject({ reason: 'no_matching_signature' })
  })

  it('ages where it says when', () => {
    const late =
      scheme === 'standard' || scheme === 'timestamped' ? { reason: 'timestamp_too_old' } : { ok: true }
    expect(judge(body, timestamp + 301)).toMatchObject(late)
  })
})

it('an Ed25519 signature beside the HMAC is skipped, and alone is none', () => {
  const { secret, body, expected } = vectors['Standard Webhooks'] as Vector
  // The same message, as Svix publishes it signed with its asymmetric scheme.
  const ed25519 =
    'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=='
  const judge = (signature: string) =>
    verify({
      headers: { ...expected, 'webhook-signature': signature },
      body: Buffer.from(body),
      secret,
      now: () => 1614265330_000,
    })
  expect(judge(`${ed25519} ${expected['webhook-signature']}`)).toEqual({ ok: true })
  expect(judge(ed25519)).toMatchObject({ reason: 'no_matching_signature' })
})
