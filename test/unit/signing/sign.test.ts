import { describe, expect, it } from 'vitest'
import {
  newSecret,
  type SignatureScheme,
  type SignOptions,
  sign,
  signatureHeaders,
  signatureSchemes,
} from '../../../src/signing/index.js'

const [newest, older, oldest] = [newSecret(), newSecret(), newSecret()] as const
const message = { id: 'msg_1', timestamp: 1_700_000_000, body: Buffer.from('{}') }
const signed = (scheme: SignatureScheme, secrets: readonly string[], headers = {}) =>
  sign({ scheme, ...message, secrets, headers })
const one = (scheme: SignatureScheme, secret: string) => Object.values(signed(scheme, [secret])).at(-1) ?? ''

describe('sign', () => {
  it('has headers of its own in every scheme', () => {
    const names = Object.fromEntries(
      signatureSchemes.map((scheme) => [scheme, Object.keys(signed(scheme, [newest]))]),
    )
    expect(names).toEqual({
      standard: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
      hex: ['X-Drifthook-Signature'],
      sha256: ['X-Drifthook-Signature'],
      timestamped: ['X-Drifthook-Signature'],
    })
  })

  it('takes other names, in the case given', () => {
    const named = (scheme: SignatureScheme, headers: SignOptions['headers']) =>
      Object.keys(signed(scheme, [newest], headers))
    expect(named('hex', { signature: 'X-DriftGuard-Signature' })).toEqual(['X-DriftGuard-Signature'])
    expect(named('sha256', { signature: 'X-InfraAudit-Signature' })).toEqual(['X-InfraAudit-Signature'])
    expect(named('standard', { id: 'svix-id' })).toEqual([
      'svix-id',
      'webhook-timestamp',
      'webhook-signature',
    ])
    expect(named('hex', { signature: '__proto__' })).toEqual(['__proto__'])
  })

  it('signs once per secret, newest first, where a header has room for several', () => {
    const secrets = [newest, older, oldest]
    expect(signed('standard', secrets)['webhook-signature']).toBe(
      secrets.map((secret) => one('standard', secret)).join(' '),
    )
    const digests = secrets.map((secret) => one('timestamped', secret).replace('t=1700000000,', ''))
    expect(signed('timestamped', secrets)).toEqual({
      'X-Drifthook-Signature': `t=1700000000,${digests.join(',')}`,
    })
  })

  it.each(['hex', 'sha256'] as const)(
    'signs with the oldest secret where there is room for one: %s',
    (scheme) => {
      const all = signed(scheme, [newest, older, oldest])
      expect(all).toEqual(signed(scheme, [oldest]))
      expect(all).not.toEqual(signed(scheme, [newest]))
    },
  )

  it.each(signatureSchemes)('hashes bytes that are not UTF-8 as they are: %s', (scheme) => {
    const latin1 = Uint8Array.of(0x4b, 0xe4, 0x73, 0x65)
    const lossy = Buffer.from(new TextDecoder().decode(latin1))
    const of = (body: Uint8Array) => sign({ scheme, ...message, body, secrets: [newest] })
    expect(of(latin1)).not.toEqual(of(lossy))
    expect(of(latin1)).toEqual(of(Buffer.concat([Buffer.from('..'), latin1]).subarray(2)))
  })

  const wrong: [string, Partial<SignOptions>][] = [
    ['an id with a full stop', { id: 'msg.1' }],
    ['an id with a space', { id: 'msg 1' }],
    ['an id with a line break', { id: 'msg\n1' }],
    ['an empty id', { id: '' }],
    ['a fraction of a second', { timestamp: 1614265330.5 }],
    ['a negative time', { timestamp: -1 }],
    ['no time', { timestamp: Number.NaN }],
    ['a text body', { body: 'text' as unknown as Uint8Array }],
    ['no secrets', { secrets: [] }],
    ['too many secrets', { secrets: Array(17).fill(newest) }],
    ['an empty secret', { secrets: [''] }],
    ['an empty secret beside a good one', { secrets: ['', newest] }],
    ['no secret at all', { secrets: [undefined as unknown as string] }],
    ['a header name with a space', { headers: { signature: 'X Signature' } }],
    ['a header name with a line break', { headers: { signature: 'X-Signature\r\nX-Other' } }],
    ['a header name with a colon', { headers: { signature: 'X-Signature:' } }],
    ['a header name beyond ASCII', { headers: { signature: 'X-Signatür' } }],
    ['an empty header name', { headers: { signature: '' } }],
    ['a long header name', { headers: { signature: 'x'.repeat(101) } }],
    ['an unknown header', { headers: { constructor: 'x' } as SignOptions['headers'] & {} }],
    ['an unknown scheme', { scheme: 'constructor' as SignatureScheme }],
  ]
  describe.each(signatureSchemes)('in the scheme %s', (scheme) => {
    it.each(wrong)('refuses %s', (_what, over) => {
      expect(() => sign({ scheme, ...message, secrets: [newest], ...over })).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }),
      )
    })
  })

  it('needs base64 in the secrets of standard alone', () => {
    expect(() => signed('standard', ["It's a Secret to Everybody"])).toThrow(/whsec_/)
    expect(signed('hex', ["It's a Secret to Everybody"])).toBeTruthy()
  })
})

describe('signatureHeaders', () => {
  it('puts given names over the defaults', () => {
    expect(signatureHeaders('standard', { signature: 'X-Sig' })).toEqual({
      id: 'webhook-id',
      timestamp: 'webhook-timestamp',
      signature: 'X-Sig',
    })
    expect(signatureHeaders('timestamped')).toEqual({ signature: 'X-Drifthook-Signature' })
  })

  it('refuses headers that a scheme does not sign', () => {
    for (const scheme of ['hex', 'sha256', 'timestamped'] as const) {
      expect(() => signatureHeaders(scheme, { timestamp: 'X-Timestamp' })).toThrow(/signature\.$/)
    }
    expect(() => signatureHeaders('standard', { timestamp: 'X-Timestamp' })).not.toThrow()
  })

  it('refuses two headers of one name, in whatever case', () => {
    expect(() => signatureHeaders('standard', { id: 'X-Sig', signature: 'x-sig' })).toThrow(/different names/)
    expect(() => signatureHeaders('standard', { id: 'Webhook-Signature' })).toThrow(/different names/)
  })
})
