import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRetryAfter } from '../../../src/services/deliveries/retry-after.js'

/** RFC 9110's example of a date, and ten seconds before it. */
const example = Date.UTC(1994, 10, 6, 8, 49, 37)
const now = example - 10_000
const in2026 = Date.UTC(2026, 0, 1)

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    ['007', 7_000],
    ['999999999999999999999', Number.MAX_SAFE_INTEGER],
    ['9'.repeat(400), Number.MAX_SAFE_INTEGER],
  ])('takes the seconds %s', (value, expected) => expect(parseRetryAfter(value, now)).toBe(expected))

  it.each([
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
    'Sun Nov 06 08:49:37 1994',
  ])('takes the date %s', (value) => {
    expect(parseRetryAfter(value, now)).toBe(10_000)
    expect(parseRetryAfter(value, example)).toBe(0)
    expect(parseRetryAfter(value, example + 86_400_000)).toBe(0)
  })

  it.each([
    ['Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
    ['Tuesday, 12-Jan-27 23:59:59 GMT', Date.UTC(2027, 0, 12, 23, 59, 59)],
    ['Wednesday, 13-Jan-27 00:00:00 GMT', Date.UTC(2027, 0, 13)],
    ['Sat Dec 31 00:00:00 2050', Date.UTC(2050, 11, 31)],
    // 50 years ahead at most; what would be further ahead is long past.
    ['Friday, 03-Jan-76 00:00:00 GMT', Date.UTC(2076, 0, 3)],
    ['Monday, 03-Jan-77 00:00:00 GMT', Date.UTC(1977, 0, 3)],
  ])('finds the instant of %s', (value, instant) =>
    expect(parseRetryAfter(value, in2026)).toBe(Math.max(0, instant - in2026)),
  )

  it('takes a two-digit year for the next century near its end', () => {
    const in2090 = Date.UTC(2090, 0, 1)
    const value = 'Thursday, 01-Jan-05 00:00:00 GMT'
    expect(parseRetryAfter(value, in2090)).toBe(Date.UTC(2105, 0, 1) - in2090)
  })

  it.each([
    [undefined],
    [''],
    [' '],
    ['-1'],
    ['+1'],
    ['1.5'],
    ['1e3'],
    ['0x10'],
    ['10 '],
    ['10s'],
    ['10, 20'],
    ['10\n'],
    ['\u0661\u0662'],
    ['\uff11\uff12'],
    ['NaN'],
    ['Infinity'],
    ['soon'],
    ['2027-01-12T00:00:00Z'],
    ['Sun, 06 Nov 1994 08:49:37'],
    ['Sun, 06 Nov 1994 08:49:37 UTC'],
    ['Sun, 06 Nov 1994 08:49:37 +0000'],
    ['Sun, 06 Nov 1994 08:49:37 GMT '],
    ['Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT'],
    ['Sun,  06 Nov 1994 08:49:37 GMT'],
    ['Sun, 6 Nov 1994 08:49:37 GMT'],
    ['sun, 06 nov 1994 08:49:37 gmt'],
    ['Sun, 06 Nov 94 08:49:37 GMT'],
    ['Sun, 06 Nov 11994 08:49:37 GMT'],
    ['Sun, 06-Nov-94 08:49:37 GMT'],
    ['Sunday, 06-Nov-1994 08:49:37 GMT'],
    ['Satday, 06-Nov-94 08:49:37 GMT'],
    ['Sun Nov 6 08:49:37 1994'],
    ['Sun Nov  6 08:49:37 1994 GMT'],
    // No such instant.
    ['Mon, 06 Nov 1994 08:49:37 GMT'],
    ['Monday, 06-Nov-94 08:49:37 GMT'],
    ['Fri, 30 Feb 2024 00:00:00 GMT'],
    ['Thu, 31 Nov 2050 00:00:00 GMT'],
    ['Wed, 00 Jan 2050 00:00:00 GMT'],
    ['Sun, 06 Nov 1994 24:00:00 GMT'],
    ['Sun, 06 Nov 1994 08:60:37 GMT'],
    ['Sat, 31 Dec 2016 23:59:60 GMT'],
    ['Sun, 06 Nov 1994 8:049:37 GMT'],
    ['Xyz, 06 Nov 1994 08:49:37 GMT'],
    ['Sun, 06 Xyz 1994 08:49:37 GMT'],
  ])('takes no %j', (value) => expect(parseRetryAfter(value, now)).toBeNull())

  it('reads back every date as it is written', () => {
    const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
    const seconds = fc.integer({ min: 0, max: Date.UTC(2070, 0, 1) / 1000 })
    fc.assert(
      fc.property(seconds, (second) => {
        const date = new Date(second * 1000)
        const fixed = date.toUTCString()
        const [, day = '', month, year = '', time] = fixed.split(' ')
        const spellings = [
          fixed,
          `${days[date.getUTCDay()]}, ${day}-${month}-${year.slice(2)} ${time} GMT`,
          `${fixed.slice(0, 3)} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`,
        ]
        // Two digits name a year of the last fifty or the next.
        const near = date.getTime() - 1_000
        for (const spelling of spellings) expect(parseRetryAfter(spelling, near)).toBe(1_000)
      }),
    )
  })

  it('is null or a safe whole number of milliseconds, never negative, whatever is sent', () => {
    const almost = fc.stringMatching(/^[0-9a-zA-Z,: -]{0,40}$/)
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), almost), fc.nat(4e12), (value, at) => {
        const read = parseRetryAfter(value, at)
        expect(read === null || (Number.isSafeInteger(read) && read >= 0)).toBe(true)
      }),
    )
  })
})
