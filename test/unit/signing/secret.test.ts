import { describe, expect, it } from 'vitest'
import { isDrifthookError } from '../../../src/errors.js'
import { newSecret, secretKey, secretPrefix } from '../../../src/signing/index.js'

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
