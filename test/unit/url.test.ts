import { describe, expect, it } from 'vitest'
import { createAddressGuard, type DrifthookOptions } from '../../src/index.js'
import { shownUrl } from '../../src/services/subscriptions/receiver-address.js'
import { parseUrl } from '../../src/url.js'

/** So many calls that the engine optimises what is called. */
const often = 300_000

describe('parseUrl', () => {
  it.each([
    'https://bücher.example/in',
    'https://example.com/größe',
    'https://例え.jp/',
    'https://a.example/',
  ])('reads %s however often it was called before', (text) => {
    for (let n = 0; n < often; n++) parseUrl(`https://example.com/${n % 100}`)
    expect(parseUrl(text)?.href).toBe(new URL(text).href)
  })

  it.each(['', 'nowhere', '//a', 'https://', 'https://a b'])('has nothing of %j', (text) => {
    expect(parseUrl(text)).toBeNull()
  })

  it('keeps what rests on it right: the guard lets names through, and credentials stay hidden', () => {
    const guard = createAddressGuard({} satisfies DrifthookOptions['delivery'])
    for (let n = 0; n < often / 10; n++) {
      guard.refusalOfUrl(`https://example.com/${n % 100}`)
      shownUrl(`https://example.com/?key=${n % 100}`)
    }
    expect(guard.refusalOfUrl('https://bücher.example/in')).toBeNull()
    expect(shownUrl('https://bücher.example/?key=größe')).toBe('https://xn--bcher-kva.example/?key=***')
  })
})
