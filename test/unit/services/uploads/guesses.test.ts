/** Unknown tokens, counted by network: who guesses waits, and nobody's memory is filled by it. */
import { describe, expect, it, vi } from 'vitest'
import type { SharedLimiter } from '../../../../src/services/shared-limiter.js'
import { tokenGuesses } from '../../../../src/services/uploads/guesses.js'
import { fakeClock } from '../../../../src/testkit/fake-clock.js'

const nobodyElse: SharedLimiter = { take: async () => null }

function scene(sharedLimiter = nobodyElse) {
  const clock = fakeClock()
  const answer = tokenGuesses({ clock, sharedLimiter })
  /** The codes of so many guesses, each once. */
  const codes = async (times: number, address: string | null) => {
    const found = new Set<string>()
    for (let n = 0; n < times; n++) found.add((await answer(address)).code)
    return [...found]
  }
  return { clock, answer, codes }
}

describe('unknown tokens', () => {
  it('of one network are answered twenty times a minute', async () => {
    const { codes, answer, clock } = scene()
    expect(await codes(20, '192.0.2.1')).toEqual(['TOKEN_UNKNOWN'])
    await clock.advance(59_000)
    const refused = await answer('192.0.2.1')
    expect(refused).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 1 })
    await clock.advance(1_000)
    expect(await codes(20, '192.0.2.1')).toEqual(['TOKEN_UNKNOWN'])
  })

  it('of senders nobody knows count together', async () => {
    const { codes } = scene()
    expect(await codes(21, null)).toEqual(['TOKEN_UNKNOWN', 'RATE_LIMITED'])
  })

  it('of more networks than are told apart count together, until there is room again', async () => {
    const { codes, answer, clock } = scene()
    for (let n = 0; n < 10_000; n++) await answer(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)
    expect(await codes(20, '192.0.2.1')).toEqual(['TOKEN_UNKNOWN'])
    expect(await codes(1, '192.0.2.2')).toEqual(['RATE_LIMITED'])
    // Whoever was there before is counted as before.
    expect(await codes(1, '10.0.0.1')).toEqual(['TOKEN_UNKNOWN'])
    await clock.advance(60_000)
    expect(await codes(20, '192.0.2.2')).toEqual(['TOKEN_UNKNOWN'])
  })

  it('are counted anew when the clock was set back', async () => {
    const { codes, clock } = scene()
    await codes(21, '192.0.2.1')
    await clock.advance(-3_600_000)
    expect(await codes(1, '192.0.2.1')).toEqual(['TOKEN_UNKNOWN'])
  })

  it('are counted for all processes where that can be had, and ask no more once they are over', async () => {
    const take = vi.fn(async () => ({ allowed: false, remaining: 0, resetMs: 1_500 }))
    const { answer, codes } = scene({ take })
    expect(await answer('2001:db8::1')).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 2 })
    expect(take).toHaveBeenCalledWith('unknown-token:2001:db8::/64', { points: 20, durationMs: 60_000 })
    await codes(100, '2001:db8::1')
    expect(take).toHaveBeenCalledTimes(20)
  })
})
