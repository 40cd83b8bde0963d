/** Verifying in the scheme `standard`. What holds for every scheme is in `laws.test.ts`. */
import { describe, expect, it } from 'vitest'
import { newSecret, type SignOptions, sign, type VerifyOptions, verify } from '../../../src/signing/index.js'

const secret = newSecret()
const at = 1_750_000_000
const body = new TextEncoder().encode('{"event":"drift.detected"}')
const signed = signStandard({ id: 'msg_1', timestamp: at, body, secrets: [secret] })
const signature = signed['webhook-signature']

type Message = Omit<SignOptions, 'scheme' | 'headers'>
function signStandard(message: Message) {
  return sign({ scheme: 'standard', ...message }) as Record<
    'webhook-id' | 'webhook-timestamp' | 'webhook-signature',
    string
  >
}

function judge(options: Partial<VerifyOptions> = {}) {
  const result = verify({ headers: { ...signed }, body, secret, now: () => at * 1000, ...options })
  return result.ok ? 'ok' : result.reason
}
const withHeaders = (headers: VerifyOptions['headers']) => judge({ headers: { ...signed, ...headers } })

describe('verify', () => {
  it('accepts headers of every shape, in any case', () => {
    expect(judge({ headers: signed })).toBe('ok')
    expect(judge({ headers: new Headers(signed) })).toBe('ok')
    expect(judge({ headers: new Map(Object.entries(signed)) })).toBe('ok')
    const upper = Object.entries(signed).map(([name, value]) => [name.toUpperCase(), value] as const)
    expect(judge({ headers: Object.fromEntries(upper) })).toBe('ok')
    expect(judge({ headers: new Map(upper) })).toBe('ok')
    expect(judge({ headers: { host: 'x', cookie: undefined, 'set-cookie': ['a', 'b'], ...signed } })).toBe(
      'ok',
    )
  })

  it('accepts a Buffer and a view into a larger buffer', () => {
    const padded = Buffer.concat([Buffer.from('..'), body, Buffer.from('..')])
    expect(judge({ body: Buffer.from(body) })).toBe('ok')
    expect(judge({ body: padded.subarray(2, -2) })).toBe('ok')
    expect(judge({ body: padded })).toBe('no_matching_signature')
  })

  it('accepts any of several secrets, and any of several signatures', () => {
    const old = newSecret()
    const both = signStandard({ id: 'msg_1', timestamp: at, body, secrets: [old, secret] })
    expect(judge({ secret: newSecret(), secrets: [newSecret(), secret] })).toBe('ok')
    expect(judge({ headers: both })).toBe('ok')
    expect(judge({ headers: both, secret: old })).toBe('ok')
    expect(judge({ headers: both, secret: newSecret() })).toBe('no_matching_signature')
  })

  it('skips signatures of other versions, and needs one of its own', () => {
    expect(withHeaders({ 'webhook-signature': `v1a,QUJD v2,xyz ${signature}` })).toBe('ok')
    expect(withHeaders({ 'webhook-signature': 'v1a,QUJD v2,xyz' })).toBe('no_matching_signature')
    // What is right under one version's name is nothing under another's.
    expect(withHeaders({ 'webhook-signature': signature.replace('v1', 'v2') })).toBe('no_matching_signature')
  })

  it.each([['webhook-id'], ['webhook-timestamp'], ['webhook-signature']])('needs %s', (name) => {
    expect(withHeaders({ [name]: undefined })).toBe('missing_header')
    expect(withHeaders({ [name]: '' })).toBe('header_grammar')
    expect(withHeaders({ [name]: [signed[name as keyof typeof signed]] })).toBe('header_grammar')
    expect(withHeaders({ [name.toUpperCase()]: 'x' })).toBe('header_grammar')
    const repeated = new Headers(signed)
    repeated.append(name, signed[name as keyof typeof signed])
    expect(judge({ headers: repeated })).toBe('header_grammar')
  })

  it.each([
    ['1614265330abc'],
    ['+1750000000'],
    [' 1750000000'],
    ['1750000000 '],
    ['1750000000.0'],
    ['1.75e9'],
    ['0x684ee180'],
    ['-1750000000'],
    ['01750000000'],
    ['１７５０００００００'],
    ['9'.repeat(16)],
  ])('refuses the timestamp %j', (timestamp) => {
    expect(withHeaders({ 'webhook-timestamp': timestamp })).toBe('header_grammar')
  })

  it.each([['msg.1'], ['msg 1'], ['msg_1\r\n'], ['mäg'], ['x'.repeat(257)]])('refuses the id %j', (id) => {
    expect(withHeaders({ 'webhook-id': id })).toBe('header_grammar')
  })

  it('cannot be cut at another place', () => {
    // `a.1750000000.1750000000.x` could be the message a or the message a.1750000000.
    const content = new TextEncoder().encode(`${at}.x`)
    const headers = signStandard({ id: 'a', timestamp: at, body: content, secrets: [secret] })
    expect(judge({ headers, body: content })).toBe('ok')
    const moved = { ...headers, 'webhook-id': `a.${at}` }
    expect(judge({ headers: moved, body: new TextEncoder().encode('x') })).toBe('header_grammar')
  })

  it.each([
    ['no version', signature.slice(3)],
    ['no value', 'v1,'],
    ['another separator', signature.replace(',', '=')],
    ['two spaces', `${signature}  ${signature}`],
    ['a trailing space', `${signature} `],
    ['commas between', `${signature},${signature}`],
    ['a prefix of the signature', signature.slice(0, 12)],
    ['no padding', signature.slice(0, -1)],
    ['the URL-safe alphabet', `v1,${'-_'.repeat(21)}A=`],
    ['an upper-case version', signature.replace('v1', 'V1')],
    ['17 signatures', Array(17).fill(signature).join(' ')],
    ['more than 4096 characters', `${signature} v2,${'A'.repeat(1000)} `.repeat(4) + signature],
  ])('refuses a signature header with %s', (_what, value) => {
    expect(withHeaders({ 'webhook-signature': value })).toBe('header_grammar')
  })

  it('takes 16 signatures', () => {
    const others = Array.from({ length: 15 }, () => `v1,${Buffer.alloc(32, 7).toString('base64')}`)
    expect(withHeaders({ 'webhook-signature': [...others, signature].join(' ') })).toBe('ok')
  })

  it('allows the clock to be off by the tolerance, both ways', () => {
    const later = (seconds: number, toleranceSeconds?: number) =>
      judge({
        now: () => (at + seconds) * 1000,
        ...(toleranceSeconds === undefined ? {} : { toleranceSeconds }),
      })
    expect(later(300)).toBe('ok')
    expect(later(301)).toBe('timestamp_too_old')
    expect(later(-300)).toBe('ok')
    expect(later(-301)).toBe('timestamp_too_new')
    expect(later(0, 0)).toBe('ok')
    expect(later(1, 0)).toBe('timestamp_too_old')
    expect(later(-1, 0)).toBe('timestamp_too_new')
    // What is not a number refuses instead of switching the check off.
    expect(later(0, Number.NaN)).toBe('timestamp_too_old')
  })

  it('speaks of time only when the signature is right', () => {
    expect(judge({ now: () => 0, secret: newSecret() })).toBe('no_matching_signature')
  })

  it('refuses bodies that are not bytes', () => {
    const text = new TextDecoder().decode(body)
    for (const parsed of [text, JSON.parse(text), undefined, null, [...body]]) {
      expect(judge({ body: parsed })).toBe('body_not_bytes')
    }
  })

  it('refuses when a secret is unusable, even beside a good one', () => {
    expect(judge({ secret: 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' })).toBe('secret_invalid')
    expect(judge({ secrets: ['whsec_'] })).toBe('secret_invalid')
    expect(verify({ headers: signed, body })).toMatchObject({ reason: 'secret_invalid' })
    expect(verify({ headers: signed, body, secrets: [] })).toMatchObject({ reason: 'secret_invalid' })
  })
})
