/** Verifying the schemes of one header: `hex`, `sha256`, `timestamped`. */
import { describe, expect, it } from 'vitest'
import {
  newSecret,
  type SignatureScheme,
  sign,
  type VerifyOptions,
  verify,
} from '../../../src/signing/index.js'

const secret = newSecret()
const at = 1_750_000_000
const body = Buffer.from('{"event":"drift.detected"}')
const name = 'X-Drifthook-Signature'
const schemes = ['hex', 'sha256', 'timestamped'] as const
const signatureOf = (scheme: SignatureScheme, secrets = [secret]) =>
  sign({ scheme, id: 'msg_1', timestamp: at, body, secrets })[name] ?? ''

function judge(scheme: SignatureScheme, signature: unknown, options: Partial<VerifyOptions> = {}) {
  const headers = { [name]: signature } as Record<string, string>
  const result = verify({ scheme, headers, body, secret, now: () => at * 1000, ...options })
  return result.ok ? 'ok' : result.reason
}

const digest = signatureOf('hex')
const other = signatureOf('hex', [newSecret()])

describe.each(schemes)('verify in the scheme %s', (scheme) => {
  const signature = signatureOf(scheme)

  it('accepts headers of every shape, in any case', () => {
    for (const headers of [
      { [name]: signature },
      { [name.toLowerCase()]: signature },
      new Headers({ [name]: signature }),
      new Map([[name.toUpperCase(), signature]]),
      { cookie: undefined, 'set-cookie': ['a', 'b'], [name]: signature },
    ]) {
      expect(judge(scheme, null, { headers })).toBe('ok')
    }
  })

  it('finds the header under another name, and then only there', () => {
    const headerNames = { signature: 'X-InfraAudit-Signature' }
    const headers = { 'x-infraaudit-signature': signature }
    expect(judge(scheme, null, { headers, headerNames })).toBe('ok')
    expect(judge(scheme, null, { headers })).toBe('missing_header')
    expect(judge(scheme, signature, { headerNames })).toBe('missing_header')
  })

  it('needs the header, once', () => {
    expect(judge(scheme, undefined)).toBe('missing_header')
    expect(judge(scheme, '')).toBe('header_grammar')
    expect(judge(scheme, [signature])).toBe('header_grammar')
    expect(judge(scheme, [signature, signature])).toBe('header_grammar')
    expect(judge(scheme, null, { headers: { [name]: signature, [name.toLowerCase()]: signature } })).toBe(
      'header_grammar',
    )
    const repeated = new Headers({ [name]: signature })
    repeated.append(name, signature)
    expect(judge(scheme, null, { headers: repeated })).toBe('header_grammar')
  })

  it('refuses spaces, line breaks and what is too long', () => {
    for (const value of [` ${signature}`, `${signature} `, `${signature}\n`, `${signature}\0`]) {
      expect(judge(scheme, value)).toBe('header_grammar')
    }
    expect(judge(scheme, `${signature},v2=${'a'.repeat(5000)}`)).toBe('header_grammar')
  })

  it('refuses bodies that are not bytes', () => {
    const text = body.toString()
    for (const parsed of [text, JSON.parse(text), undefined, null, [...body]]) {
      expect(judge(scheme, signature, { body: parsed })).toBe('body_not_bytes')
    }
  })

  it('takes any text as a secret, but not none', () => {
    const secrets = ["It's a Secret to Everybody", 'Schlüssel 鍵', '52b9f5a2-4d19-4d0e-9b5e-0a3f6a2f7f10']
    for (const text of secrets) {
      expect(judge(scheme, signatureOf(scheme, [text]), { secret: text })).toBe('ok')
      expect(judge(scheme, signatureOf(scheme, [text]))).toBe('no_matching_signature')
    }
    expect(judge(scheme, signature, { secret: '' })).toBe('secret_invalid')
    expect(judge(scheme, signature, { secrets: [''] })).toBe('secret_invalid')
    expect(verify({ scheme, headers: { [name]: signature }, body })).toMatchObject({
      reason: 'secret_invalid',
    })
  })

  it('throws for what only the program can get wrong', () => {
    const invalid = expect.objectContaining({ code: 'INVALID_REQUEST' })
    expect(() => judge(scheme, signature, { headerNames: { signature: 'X Y' } })).toThrow(invalid)
    expect(() => judge(scheme, signature, { headerNames: { id: 'X-Id' } })).toThrow(invalid)
    expect(() => judge('__proto__' as SignatureScheme, signature)).toThrow(invalid)
  })
})

describe('the digest', () => {
  const spelt = { hex: '', sha256: 'sha256=', timestamped: `t=${at},v1=` }

  it.each(schemes)('is 64 lower-case hex digits: %s', (scheme) => {
    const own = judge(scheme, signatureOf(scheme))
    expect(own).toBe('ok')
    const right = signatureOf(scheme).slice(spelt[scheme].length)
    for (const wrong of [
      right.toUpperCase(),
      right.slice(0, 8),
      right.slice(0, -1),
      right.slice(0, -2),
      `${right}00`,
      `0x${right}`,
      `${right.slice(0, -1)}g`,
      Buffer.from(right, 'hex').toString('base64'),
    ]) {
      expect(judge(scheme, spelt[scheme] + wrong), wrong).toBe('header_grammar')
    }
  })

  it('follows exactly sha256= in the scheme sha256', () => {
    for (const prefix of ['', 'SHA256=', 'Sha256=', 'sha256:', 'sha256==', 'sha1=', 'sha256=sha256=', 'x=']) {
      expect(judge('sha256', prefix + digest)).toBe('header_grammar')
    }
    expect(judge('sha256', `sha256=${digest}`)).toBe('ok')
    expect(judge('hex', `sha256=${digest}`)).toBe('header_grammar')
  })

  it('is one where the header has room for one', () => {
    for (const separator of [',', ', ', ' ', '']) {
      expect(judge('hex', digest + separator + digest)).toBe('header_grammar')
      expect(judge('sha256', `sha256=${digest}${separator}sha256=${digest}`)).toBe('header_grammar')
    }
  })
})

describe('no time is signed by hex and sha256', () => {
  it.each(['hex', 'sha256'] as const)('so none is judged: %s', (scheme) => {
    expect(judge(scheme, signatureOf(scheme), { now: () => 0, toleranceSeconds: 0 })).toBe('ok')
  })
})

describe('a timestamped signature', () => {
  const signature = signatureOf('timestamped')
  const v1 = signature.slice(signature.indexOf('v1='))

  it('may stand among others, of other versions too', () => {
    const wrong = `v1=${other}`
    expect(judge('timestamped', `t=${at},${wrong},${v1}`)).toBe('ok')
    expect(judge('timestamped', `t=${at},${v1},v0=${other}`)).toBe('ok')
    expect(judge('timestamped', `t=${at},v0=abc,${v1}`)).toBe('ok')
    expect(judge('timestamped', `t=${at},${wrong},${wrong}`)).toBe('no_matching_signature')
    expect(judge('timestamped', `t=${at},${v1.replace('v1', 'v0')}`)).toBe('no_matching_signature')
  })

  it('is one of at most 16', () => {
    const others = Array(15).fill(`v1=${other}`)
    expect(judge('timestamped', [`t=${at}`, ...others, v1].join())).toBe('ok')
    expect(judge('timestamped', [`t=${at}`, ...others, v1, v1].join())).toBe('header_grammar')
  })

  it.each([
    ['no time', v1],
    ['the time last', `${v1},t=${at}`],
    ['two times', `t=${at},t=${at},${v1}`],
    ['no signature', `t=${at}`],
    ['an empty signature', `t=${at},`],
    ['a space', `t=${at}, ${v1}`],
    ['another separator', `t=${at};${v1}`],
    ['an upper-case name', `T=${at},${v1}`],
    ['an upper-case version', `t=${at},${v1.replace('v1', 'V1')}`],
    ['a part of another kind', `t=${at},${v1},x=1`],
  ])('is refused with %s', (_what, value) => {
    expect(judge('timestamped', value)).toBe('header_grammar')
  })

  it.each([
    ['1614265330abc'],
    ['+1750000000'],
    [' 1750000000'],
    ['1750000000.0'],
    ['1.75e9'],
    ['0x684ee180'],
    ['-1750000000'],
    ['01750000000'],
    ['１７５０００００００'],
    ['9'.repeat(16)],
    [''],
  ])('is refused with the time %j', (time) => {
    expect(judge('timestamped', `t=${time},${v1}`)).toBe('header_grammar')
  })

  it('is refused with another time', () => {
    expect(judge('timestamped', `t=${at + 1},${v1}`)).toBe('no_matching_signature')
  })

  it('may be off by the tolerance, both ways', () => {
    const later = (seconds: number, tolerance = {}) =>
      judge('timestamped', signature, { now: () => (at + seconds) * 1000, ...tolerance })
    expect(later(300)).toBe('ok')
    expect(later(301)).toBe('timestamp_too_old')
    expect(later(-300)).toBe('ok')
    expect(later(-301)).toBe('timestamp_too_new')
    // Zero is a tolerance, not the absence of one.
    expect(later(0, { toleranceSeconds: 0 })).toBe('ok')
    expect(later(1, { toleranceSeconds: 0 })).toBe('timestamp_too_old')
    expect(later(0, { toleranceSeconds: Number.NaN })).toBe('timestamp_too_old')
  })
})
