/** What is sealed is bound to its key and its place; sealing it anew changes the key alone. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDrifthookError } from '../../../src/index.js'
import { type SecretPlace, secretBox } from '../../../src/services/secret-box.js'

const key = (n: number) => new Uint8Array(32).fill(n)
const ring = (...ids: string[]) =>
  secretBox(new Map(ids.map((id) => [id, key(id.charCodeAt(0))])), ids[0] ?? '')
const place: SecretPlace = 'subscriptions/acme/wh_1/secret'

/** The code of what `open` throws, or what it returns. */
const outcome = (open: () => string): string => {
  try {
    return `opened: ${open()}`
  } catch (error) {
    return isDrifthookError(error) ? error.code : String(error)
  }
}

describe('what is sealed', () => {
  it.each<SecretPlace>([
    'monitors/acme/wh_1/secret',
    'subscriptions/globex/wh_1/secret',
    'subscriptions/acme/wh_2/secret',
    'subscriptions/acme/wh_1/url',
  ])('at another place is worth nothing: %s', (elsewhere) => {
    const box = ring('a')
    const sealed = box.seal('secret', place)
    expect(box.open(sealed, place)).toBe('secret')
    expect(outcome(() => box.open(sealed, elsewhere))).toBe('SECRET_UNREADABLE')
    expect(outcome(() => box.reseal(`v1.b.${sealed.slice(5)}`, place))).toBe('SECRET_UNREADABLE')
    expect(outcome(() => ring('b', 'a').reseal(sealed, elsewhere))).toBe('SECRET_UNREADABLE')
  })

  it('is not opened by a key whose id alone is the same', () => {
    const sealed = ring('a').seal('secret', place)
    const impostor = secretBox(new Map([['a', key(0)]]), 'a')
    expect(outcome(() => impostor.open(sealed, place))).toBe('SECRET_UNREADABLE')
  })

  it('names in its error what is missing, and shows nothing of itself', () => {
    const sealed = ring('a').seal('whsec_hidden', place)
    try {
      ring('b').open(sealed, place)
      expect.unreachable()
    } catch (error) {
      expect(String(error)).toContain('"a"')
      expect(String(error)).toContain('secretKey')
      expect(String(error)).not.toContain(sealed.slice(5, 20))
    }
  })

  it('sealed anew says the same under the first key, and needs the older one no more', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (plain) => {
        const old = ring('a').seal(plain, place)
        const anew = ring('b', 'a').reseal(old, place)
        expect(ring('b').open(anew, place)).toBe(plain)
        expect(outcome(() => ring('a').open(anew, place))).toBe('SECRET_UNREADABLE')
        // Doing it twice is doing it once.
        expect(ring('b', 'a').reseal(anew, place)).toBe(anew)
      }),
      { numRuns: 50 },
    )
  })

  it('is not mistaken for the first key’s where an id only begins like it', () => {
    const sealed = secretBox(new Map([['k10', key(1)]]), 'k10').seal('secret', place)
    const both = secretBox(
      new Map([
        ['k1', key(2)],
        ['k10', key(1)],
      ]),
      'k1',
    )
    expect(both.reseal(sealed, place)).toMatch(/^v1\.k1\./)
  })
})
